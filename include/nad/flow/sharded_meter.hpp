#pragma once

/// Packets become flows in several threads, and the rows come in the order in which one meter would give them.
///
///   nad::ShardedMeter meter({}, /*shards=*/4, [&](nad::Table rows) { use(rows); });   // on a thread of the meter
///   for (nad::Frame frame; capture.next(frame);) meter.add(frame);
///   meter.finish();                                          // all rows were given
///
/// All flows between two hosts belong to one thread, with both directions and all fragments. Rows come when some
/// thousands of packets have been added, or when `hand_over` is called. They are those of a `FlowMeter`, as long as no
/// flow has to be evicted: each thread may hold its share of `max_flows`.

#include <cstddef>
#include <functional>
#include <memory>

#include "nad/config.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/flow/flow_options.hpp"
#include "nad/flow/frame.hpp"
#include "nad/table/table.hpp"

namespace nad {

namespace detail {
class FlowShards;
}

class NAD_API ShardedMeter {
 public:
  using GiveRows = std::function<void(Table)>;

  /// An error where the schema is not "flow": the windows of KDD Cup 99 belong to one thread.
  ShardedMeter(const FlowOptions& options, std::size_t shards, GiveRows give);
  /// Without `finish`, what goes on is forgotten.
  ~ShardedMeter();
  ShardedMeter(const ShardedMeter&) = delete;
  ShardedMeter& operator=(const ShardedMeter&) = delete;

  void add(const Frame& frame);
  /// As `FlowMeter::advance`; the threads know with the next `hand_over`.
  void advance(std::int64_t time);
  /// Lets the threads have what was added so far, little as it may be.
  void hand_over();
  /// Ends all flows, and waits until their rows were given. Nothing can be added then.
  void finish();

  /// For the thread that adds frames; flows are those of some moments ago.
  FlowStats stats() const;

 private:
  std::unique_ptr<detail::FlowShards> shards_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/sharded_meter-inl.hpp"
#endif
