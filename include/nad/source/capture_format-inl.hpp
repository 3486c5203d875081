#pragma once

// Captures of packets, read as flows.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nad/detail/input-inl.hpp"
#include "nad/flow/capture.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/source/batch_source-inl.hpp"

namespace nad::detail {

inline constexpr std::string_view capture_format_name = "pcap";

/// The beginning of an input, and the input as if nobody had looked.
class PeekedInput final : public ByteInput {
 public:
  PeekedInput(std::unique_ptr<ByteInput> input, std::size_t count) : input_(std::move(input)), begin_(count, '\0') {
    std::size_t come = 0;
    std::size_t all = 0;
    do {
      come = input_->read(begin_.data() + all, count - all);
      all += come;
    } while (come != 0 && all < count);
    begin_.resize(all);
  }

  /// Before anything was read.
  std::string_view begin() const noexcept { return begin_; }

  std::size_t read(char* to, std::size_t room) override {
    if (given_ == begin_.size()) {
      return input_->read(to, room);
    }
    const std::size_t count = begin_.copy(to, room, given_);
    given_ += count;
    return count;
  }
  std::uint64_t total() const override { return input_->total(); }
  std::uint64_t done() const override { return input_->done(); }

 private:
  std::unique_ptr<ByteInput> input_;
  std::string begin_;
  std::size_t given_ = 0;
};

class CaptureSource final : public BatchSource {
 public:
  CaptureSource(std::unique_ptr<ByteInput> bytes, ReadContext& context)
      : capture_(std::move(bytes), context.name), meter_(context.options.flow), context_(context) {}

  const Schema& schema() const override { return meter_.schema(); }

  std::optional<Table> next(std::size_t most) override {
    constexpr unsigned rarely = 1U << 12U;
    constexpr unsigned often = 1U << 16U;
    Frame frame;
    while (!at_end_ && meter_.ended() < most) {
      if (!capture_.next(frame)) {
        at_end_ = true;
        meter_.end_all();
        tell();
        break;
      }
      meter_.add(frame);
      if (++since_prepared_ == rarely) {
        since_prepared_ = 0;
        meter_.prepare(most);
      }
      if (++since_progress_ == often) {
        since_progress_ = 0;
        context_.progress(capture_.bytes_done(), capture_.bytes_total());
      }
    }
    if (meter_.ended() == 0) {
      return std::nullopt;
    }
    Table batch = meter_.take(most);
    context_.report.rows += batch.rows();
    return batch;
  }

 private:
  /// What a person should know of a capture that was read to its end.
  void tell() {
    const FlowStats stats = meter_.stats();
    const CaptureReport& report = capture_.report();
    std::map<std::string, std::uint64_t>& skipped = context_.report.skipped;
    for (const auto& [kind, count] : stats.malformed) {
      skipped[std::string(describe(kind))] += count;
    }
    for (const auto& [link, count] : report.left_out) {
      skipped["packet of " + link + ", which nad does not decode"] += count;
    }
    for (const std::string& note : report.notes) {
      context_.note(note);
    }
    if (report.dropped != 0) {
      context_.note("the program that captured lost " + std::to_string(report.dropped) + " packets");
    }
    if (stats.evicted != 0) {
      context_.note(std::to_string(stats.evicted) + " flows ended early because more than " +
                    std::to_string(meter_.options().max_flows) + " were open; raise max_flows to keep them whole");
    }
    if (stats.frames != 0 && stats.packets == 0) {
      context_.note("none of the " + std::to_string(stats.frames) + " packets is a whole packet of IP");
    }
  }

  Capture capture_;
  FlowMeter meter_;
  ReadContext& context_;
  unsigned since_prepared_ = 0;
  unsigned since_progress_ = 0;
  bool at_end_ = false;
};

}  // namespace nad::detail
