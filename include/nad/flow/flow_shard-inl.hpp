#pragma once

// One of several threads that make flows of the packets of one capture, and how their rows come together.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "nad/detail/start_thread.hpp"
#include "nad/flow/flow_engine-inl.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/flow/shared_rows-inl.hpp"
#include "nad/table/combining.hpp"

namespace nad::detail {

/// A few values on the way from one thread to another, in their order.
template <class Value>
class HandOver {
 public:
  explicit HandOver(std::size_t most) : most_(most) {}

  /// False where nobody takes anything any more.
  bool push(Value value) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [this] { return values_.size() < most_ || closed_; });
    if (closed_) {
      return false;
    }
    values_.push_back(std::move(value));
    has_come_.notify_one();
    return true;
  }

  /// Nothing when it was closed and is empty.
  std::optional<Value> pop() {
    std::unique_lock lock(mutex_);
    has_come_.wait(lock, [this] { return !values_.empty() || closed_; });
    if (values_.empty()) {
      return std::nullopt;
    }
    Value value = std::move(values_.front());
    values_.pop_front();
    has_room_.notify_one();
    return value;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    has_come_.notify_all();
    has_room_.notify_all();
  }

 private:
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable has_come_;
  std::condition_variable has_room_;
  std::deque<Value> values_;
  bool closed_ = false;
};

/// Packets of some time, of one shard; every shard gets one for each such time.
struct ShardPackets {
  struct Numbered {
    Packet packet;
    std::int64_t tick = 0;
    std::uint64_t number = 0;
  };
  std::vector<Numbered> packets;
  std::int64_t until = 0;  ///< the time of the last packet of all shards
  bool is_last = false;
};

struct ShardFlows {
  Table rows;
  std::vector<FlowOrder> orders;
  Table flushed;  ///< what went on at the end
  std::vector<FlowOrder> flushed_orders;
  FlowStats stats;
};

/// One thread that makes flows.
class FlowShard {
 public:
  explicit FlowShard(const FlowOptions& options)
      : engine_(options), rows_(options.community_seed), thread_(start_thread("making flows", [this] { run(); })) {}
  ~FlowShard() {
    in_.close();
    out_.close();
    thread_.join();
  }
  FlowShard(const FlowShard&) = delete;
  FlowShard& operator=(const FlowShard&) = delete;

  HandOver<ShardPackets>& in() noexcept { return in_; }
  HandOver<ShardFlows>& out() noexcept { return out_; }
  /// What stopped the thread, once `out` gives nothing any more.
  const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  void run() {
    try {
      make_flows();
    } catch (...) {
      failure_ = std::current_exception();
    }
    in_.close();
    out_.close();
  }

  void make_flows() {
    while (std::optional<ShardPackets> given = in_.pop()) {
      for (const ShardPackets::Numbered& one : given->packets) {
        engine_.add_numbered(one.packet, one.tick, one.number);
      }
      engine_.advance(given->until);
      ShardFlows flows;
      flows.rows = take(flows.orders);
      if (given->is_last) {
        engine_.end_all();
        flows.flushed = take(flows.flushed_orders);
      }
      flows.stats.flows = engine_.counts().flows;
      flows.stats.interim = engine_.counts().interim;
      flows.stats.evicted = engine_.counts().evicted;
      flows.stats.evicted_half_open = engine_.counts().evicted_half_open;
      flows.stats.open = engine_.open();
      flows.stats.bytes = engine_.bytes();
      if (!out_.push(std::move(flows))) {
        return;
      }
    }
  }

  Table take(std::vector<FlowOrder>& orders) {
    engine_.take_ordered([&](FlowSpan flows, std::span<const FlowOrder> of_them) {
      rows_.add(flows);
      orders.insert(orders.end(), of_them.begin(), of_them.end());
    });
    return orders.empty() ? Table() : rows_.finish();
  }

  static constexpr std::size_t most_waiting = 4;

  FlowEngine engine_;
  SharedFlowRows rows_;
  HandOver<ShardPackets> in_{most_waiting};
  HandOver<ShardFlows> out_{most_waiting};
  std::exception_ptr failure_;
  std::thread thread_;  ///< last: it uses the others
};

/// Rows of several shards become one table.
inline Table merge_shards(const std::vector<Table>& tables, const std::vector<std::vector<FlowOrder>>& orders) {
  std::vector<Table> some;
  std::vector<FlowOrder> order;
  for (std::size_t shard = 0; shard < tables.size(); ++shard) {
    if (tables[shard].rows() != 0) {
      some.push_back(tables[shard]);
      order.insert(order.end(), orders[shard].begin(), orders[shard].end());
    }
  }
  if (some.empty()) {
    return {};
  }
  const Table all = some.size() == 1 ? some.front() : concatenate(some);
  std::vector<std::size_t> places(order.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) { return order[a] < order[b]; });
  return some.size() == 1 ? all : all.take(places);
}

}  // namespace nad::detail
