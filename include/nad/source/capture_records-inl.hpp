#pragma once

// Frames become records on a thread of their own.

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/input-inl.hpp"
#include "nad/detail/json_numbers.hpp"
#include "nad/detail/start_thread.hpp"
#include "nad/flow/capture.hpp"
#include "nad/flow/decoder.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/flow/sharded_meter.hpp"
#include "nad/flow/window_clock-inl.hpp"
#include "nad/source/record_source_captures.hpp"
#include "nad/source/record_source_parts-inl.hpp"
#include "nad/source/record_source_queue-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// Frames of files or of an interface.
class FrameGiver {
 public:
  enum class Given : std::uint8_t { frame, nothing_now, end };

  FrameGiver() = default;
  virtual ~FrameGiver() = default;
  FrameGiver(const FrameGiver&) = delete;
  FrameGiver& operator=(const FrameGiver&) = delete;

  virtual Given next(Frame& frame) = 0;
  virtual void tell(SourceStats& stats) = 0;
};

class FileFrames final : public FrameGiver {
 public:
  explicit FileFrames(Capture capture) : capture_(std::move(capture)) {}
  Given next(Frame& frame) override { return capture_.next(frame) ? Given::frame : Given::end; }
  void tell(SourceStats& stats) override {
    const CaptureReport& report = capture_.report();
    stats.packets = report.packets;
    stats.packets_lost = report.dropped;
    stats.notes = report.notes;
    for (const auto& [link, count] : report.left_out) {
      stats.skipped["packet of " + link + ", which nad does not decode"] += count;
    }
  }

 private:
  Capture capture_;
};

class LiveFrames final : public FrameGiver {
 public:
  LiveFrames(const std::string& interface, const LiveOptions& options) : capture_(interface, options) {}
  Given next(Frame& frame) override {
    constexpr double patience = 0.1;
    return capture_.next(frame, patience) ? Given::frame : Given::nothing_now;
  }
  void tell(SourceStats& stats) override {
    const LiveStats live = capture_.stats();
    stats.packets = live.given;
    stats.packets_lost = live.dropped + live.dropped_by_interface;
  }

 private:
  LiveCapture capture_;
};

class CaptureRecords final : public RecordSource {
 public:
  using Open = std::function<std::unique_ptr<FrameGiver>()>;

  CaptureRecords(std::string name, bool live, const CaptureSourceOptions& options, Open open)
      : name_(std::move(name)),
        is_live_(live),
        options_(options),
        open_(std::move(open)),
        queue_(options.most_tables, !live) {
    if (options_.shards == 0 || options_.shards > 64) {
      throw Error(ErrorCode::invalid_argument,
                  "shards is " + std::to_string(options_.shards) + "; give 1 to 64 threads that make flows");
    }
    if (options_.shards > 1 && options_.source.read.flow.schema != FlowSchema::flow) {
      throw Error(ErrorCode::invalid_argument,
                  "the windows of the schema 'kdd28' belong to one thread; give shards=1, or the schema 'flow'");
    }
    static_cast<void>(FlowMeter(options_.source.read.flow));  // which checks its options
  }
  ~CaptureRecords() override {
    stopped_ = true;
    queue_.close();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  bool ended() const override { return begun_ && queue_.ended() && !failure(); }
  bool is_live() const override { return is_live_; }
  std::string describe() const override { return name_; }

  bool wind_up() override {
    if (is_live_ && begun_) {
      queue_.wait_from_now_on();
      winding_up_ = true;
    }
    return is_live_ && begun_;
  }

  SourceStats stats() const override {
    SourceStats stats = stats_.get();
    stats.records = queue_.records();
    stats.lost = queue_.lost();
    return stats;
  }

  void prepare() override {
    if (is_live_ && !giver_) {
      giver_ = open_();
    }
  }

  std::optional<Table> next(double seconds) override {
    if (!begun_) {
      if (!giver_) {
        giver_ = open_();
      }
      thread_ = start_thread("reading " + name_, [this] { run(); });
      begun_ = true;
    }
    for (;;) {
      std::optional<Table> table = queue_.pop(seconds);
      if (!table) {
        if (const std::exception_ptr failed = queue_.ended() ? take_failure() : nullptr) {
          std::rethrow_exception(failed);
        }
        return std::nullopt;
      }
      const std::uint64_t before = given_;
      given_ += table->rows();
      if (given_ <= passed_over_) {
        continue;
      }
      if (before < passed_over_) {
        const auto rows = static_cast<std::size_t>(given_ - passed_over_);
        return table->slice(table->rows() - rows, rows);
      }
      return table;
    }
  }

  std::string position() const override {
    if (is_live_) {
      return "";
    }
    JsonWriter json;
    json.begin('{').key("capture").text(text_of_bytes(name_));
    json.key("records").integer(std::max(given_, passed_over_));
    return json.end('}').take();
  }

  void go_to(std::string_view position) override {
    if (is_live_) {
      RecordSource::go_to(position);
    }
    read_position(position, describe(), [&](const nlohmann::json& saved) {
      if (bytes_of_text(saved.at("capture").get<std::string>()) != name_) {
        refuse_position(describe());
      }
      take_kept(saved.at("records"), passed_over_);
    });
  }

 private:
  std::exception_ptr failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  std::exception_ptr take_failure() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failure_, nullptr);
  }

  void run() {
    try {
      if (options_.shards > 1) {
        run_shards();
      } else {
        run_alone();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    queue_.close();
  }

  void run_alone() {
    FlowMeter meter(options_.source.read.flow);
    const std::size_t batch = std::max<std::size_t>(1, options_.source.batch_rows);
    const auto give = [&] {
      if (meter.ended() != 0) {
        queue_.push(meter.take(batch));
      }
    };
    constexpr unsigned rarely = 1U << 12U;
    each_frame(
        [&](const Frame& frame) {
          meter.add(frame);
          if (meter.ended() >= batch) {
            give();
          } else if (++since_prepared_ == rarely) {
            since_prepared_ = 0;
            meter.prepare(batch);
          }
        },
        [&](std::int64_t time) { meter.advance(time); }, give, [&] { tell(meter.stats()); });
    meter.end_all();
    while (meter.ended() != 0 && !stopped_) {
      give();
    }
    tell(meter.stats());
  }

  void run_shards() {
    ShardedMeter meter(options_.source.read.flow, options_.shards, [this](const Table& rows) {
      const std::size_t batch = std::max<std::size_t>(1, options_.source.batch_rows);
      for (std::size_t first = 0; first < rows.rows(); first += batch) {
        queue_.push(rows.slice(first, std::min(batch, rows.rows() - first)));
      }
    });
    each_frame([&](const Frame& frame) { meter.add(frame); }, [&](std::int64_t time) { meter.advance(time); },
               [&] { meter.hand_over(); }, [&] { tell(meter.stats()); });
    meter.finish();
    tell(meter.stats());
  }

  /// Nothing has come for a moment: what is on its way is not older than this.
  static std::int64_t time_of_silence() {
    const auto now = std::chrono::system_clock::now().time_since_epoch() - std::chrono::seconds(1);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  }

  /// `hurry` is called where records have waited long enough.
  template <class Add, class PassTime, class Hurry, class Tell>
  void each_frame(const Add& add, const PassTime& pass_time, const Hurry& hurry, const Tell& tell_more) {
    using Clock = std::chrono::steady_clock;
    constexpr unsigned often = 1U << 8U;
    constexpr std::int64_t moment = nanoseconds_per_second / 10;
    Clock::time_point hurried = Clock::now();
    unsigned frames = 0;
    std::int64_t looked = 0;  // when, by the time of frames: few of them are no reason to look seldom
    Frame frame;
    while (!stopped_ && !winding_up_) {
      const FrameGiver::Given given = giver_->next(frame);
      if (given == FrameGiver::Given::end) {
        return;
      }
      if (given == FrameGiver::Given::frame) {
        add(frame);
        const bool is_later = frame.time < looked || frame.time >= add_saturated(looked, moment);
        if (++frames % often != 0 && !(is_live_ && is_later)) {
          continue;
        }
        looked = frame.time;
      }
      if (given == FrameGiver::Given::nothing_now) {
        pass_time(time_of_silence());
      }
      const Clock::time_point now = Clock::now();
      if (now - hurried >= waiting_time(options_.source.most_wait)) {
        hurried = now;
        hurry();
        tell_more();
      }
    }
  }

  void tell(const FlowStats& flows) {
    SourceStats stats;
    giver_->tell(stats);
    for (const auto& [kind, count] : flows.malformed) {
      stats.skipped[std::string(nad::describe(kind))] += count;
    }
    if (flows.evicted != 0) {
      stats.notes.push_back(std::to_string(flows.evicted) +
                            " flows ended early because too many were open; raise max_flows to keep them whole");
    }
    stats_.set(std::move(stats));
  }

  std::string name_;
  bool is_live_;
  CaptureSourceOptions options_;
  Open open_;
  TableQueue queue_;
  SharedSourceStats stats_;
  std::unique_ptr<FrameGiver> giver_;
  bool begun_ = false;
  std::uint64_t given_ = 0;
  std::uint64_t passed_over_ = 0;
  unsigned since_prepared_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> winding_up_{false};
  mutable std::mutex mutex_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace nad::detail
