#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/start_thread.hpp"
#include "nad/flow/decoder.hpp"
#include "nad/flow/flow_options-inl.hpp"
#include "nad/flow/flow_shard-inl.hpp"
#include "nad/flow/sharded_meter.hpp"
#include "nad/table/time.hpp"

namespace nad {

namespace detail {

/// Takes frames on one thread, and gives tables on another of its own.
class FlowShards {
 public:
  using GiveRows = ShardedMeter::GiveRows;

  FlowShards(const FlowOptions& options, std::size_t shards, GiveRows give)
      : decoder_({.tunnels = options.tunnels}), clock_(10 * nanoseconds_per_second), give_(std::move(give)) {
    FlowOptions of_one = options;
    of_one.max_flows = std::max<std::size_t>(1, (options.max_flows + shards - 1) / shards);
    for (std::size_t shard = 0; shard < shards; ++shard) {
      shards_.push_back(std::make_unique<FlowShard>(of_one));
    }
    waiting_.resize(shards);
    merger_ = start_thread("joining flows", [this] { merge(); });
  }
  ~FlowShards() {
    close();
    if (merger_.joinable()) {
      merger_.join();
    }
  }
  FlowShards(const FlowShards&) = delete;
  FlowShards& operator=(const FlowShards&) = delete;

  void add(const Frame& frame) {
    Packet packet;
    if (decoder_.decode(frame, packet) != Decoded::packet) {
      return;
    }
    const std::int64_t moment = std::max(packet.time, std::numeric_limits<std::int64_t>::min() + 1);
    tick_ = clock_.advance(moment);
    late_ += packet.time < last_time_ ? 1U : 0U;
    last_time_ = packet.time;
    const FlowEnds hosts{packet.source, packet.destination, 0, 0, 0};
    const std::size_t shard = hash_ends(hosts, 0) % shards_.size();
    waiting_[shard].push_back({packet, tick_, number_++});
    constexpr std::size_t many = 8192;
    if (++waiting_packets_ == many) {
      hand_over(false);
    }
  }

  void advance(std::int64_t time) {
    tick_ = clock_.advance(std::max(time, std::numeric_limits<std::int64_t>::min() + 1));
    time_passed_ = true;
  }

  /// Also what is not much yet. What stopped another thread is thrown here.
  void hand_over(bool is_last) {
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
      if (!shards_[shard]->in().push({std::exchange(waiting_[shard], {}), tick_, is_last})) {
        join();
        throw Error(ErrorCode::invalid_argument, "the flows were finished; make another meter");
      }
    }
    waiting_packets_ = 0;
    time_passed_ = false;
  }
  bool has_waiting() const noexcept { return waiting_packets_ != 0 || time_passed_; }

  /// Ends all flows, and waits until their rows were given.
  void finish() {
    hand_over(true);
    for (const std::unique_ptr<FlowShard>& shard : shards_) {
      shard->in().close();
    }
    join();
  }

  /// For the thread that adds frames.
  FlowStats stats() const {
    FlowStats stats;
    {
      const std::lock_guard lock(mutex_);
      stats = flow_stats_;
    }
    stats.frames = decoder_.frames();
    stats.packets = decoder_.count(Decoded::packet);
    stats.not_ip = decoder_.count(Decoded::not_ip);
    for (std::size_t kind = 0; kind < decoded_kinds; ++kind) {
      const auto decoded = static_cast<Decoded>(kind);
      if (is_malformed(decoded) && decoder_.count(decoded) != 0) {
        stats.malformed[decoded] = decoder_.count(decoded);
      }
    }
    stats.lone_fragments = decoder_.lone_fragments();
    stats.late = late_;
    return stats;
  }

 private:
  void join() {
    if (merger_.joinable()) {
      merger_.join();
    }
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

  void close() {
    for (const std::unique_ptr<FlowShard>& shard : shards_) {
      shard->in().close();
      shard->out().close();
    }
  }

  void merge() {
    try {
      for (;;) {
        std::vector<Table> rows;
        std::vector<std::vector<FlowOrder>> orders;
        std::vector<Table> flushed;
        std::vector<std::vector<FlowOrder>> flushed_orders;
        FlowStats stats;
        for (const std::unique_ptr<FlowShard>& shard : shards_) {
          std::optional<ShardFlows> flows = shard->out().pop();
          if (!flows) {
            if (shard->failure()) {
              std::rethrow_exception(shard->failure());
            }
            return;
          }
          rows.push_back(std::move(flows->rows));
          orders.push_back(std::move(flows->orders));
          flushed.push_back(std::move(flows->flushed));
          flushed_orders.push_back(std::move(flows->flushed_orders));
          stats.flows += flows->stats.flows;
          stats.interim += flows->stats.interim;
          stats.evicted += flows->stats.evicted;
          stats.evicted_half_open += flows->stats.evicted_half_open;
          stats.open += flows->stats.open;
          stats.bytes += flows->stats.bytes;
        }
        {
          const std::lock_guard lock(mutex_);
          flow_stats_ = stats;
        }
        for (Table table : {merge_shards(rows, orders), merge_shards(flushed, flushed_orders)}) {
          if (table.rows() != 0) {
            give_(std::move(table));
          }
        }
      }
    } catch (...) {
      failure_ = std::current_exception();
      close();
    }
  }

  Decoder decoder_;
  WindowClock clock_;
  GiveRows give_;
  std::vector<std::unique_ptr<FlowShard>> shards_;
  std::vector<std::vector<ShardPackets::Numbered>> waiting_;
  std::size_t waiting_packets_ = 0;
  bool time_passed_ = false;
  std::int64_t tick_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_time_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t number_ = 0;
  std::uint64_t late_ = 0;
  mutable std::mutex mutex_;
  FlowStats flow_stats_;
  std::exception_ptr failure_;
  std::thread merger_;
};

inline std::unique_ptr<FlowShards> make_flow_shards(const FlowOptions& options, std::size_t shards,
                                                    ShardedMeter::GiveRows give) {
  check(options);
  if (shards == 0 || shards > 64) {
    throw Error(ErrorCode::invalid_argument,
                "shards is " + std::to_string(shards) + "; give 1 to 64 threads that make flows");
  }
  if (options.schema != FlowSchema::flow) {
    throw Error(ErrorCode::invalid_argument,
                "the windows of the schema 'kdd28' belong to one thread; give shards=1, or the schema 'flow'");
  }
  return std::make_unique<FlowShards>(options, shards, std::move(give));
}

}  // namespace detail

NAD_INLINE ShardedMeter::ShardedMeter(const FlowOptions& options, std::size_t shards, GiveRows give)
    : shards_(detail::make_flow_shards(options, shards, std::move(give))) {}
NAD_INLINE ShardedMeter::~ShardedMeter() = default;
NAD_INLINE void ShardedMeter::add(const Frame& frame) { shards_->add(frame); }
NAD_INLINE void ShardedMeter::advance(std::int64_t time) { shards_->advance(time); }
NAD_INLINE void ShardedMeter::hand_over() {
  if (shards_->has_waiting()) {
    shards_->hand_over(false);
  }
}
NAD_INLINE void ShardedMeter::finish() { shards_->finish(); }
NAD_INLINE FlowStats ShardedMeter::stats() const { return shards_->stats(); }

}  // namespace nad
