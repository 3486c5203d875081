#pragma once

// Flows as records of KDD Cup 99: the columns 1 to 9 and 23 to 41, behind them who it was.
//
// As in the data set, UDP is always SF, each packet of ICMP is a record with the bytes behind its IP header, durations
// are whole seconds, rates have two decimals, and the windows look at records in the order in which they ended.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/flow_rows-inl.hpp"
#include "nad/flow/host_counters-inl.hpp"
#include "nad/flow/kdd_services-inl.hpp"
#include "nad/flow/protocol_names-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

class KddRows final : public FlowRows {
 public:
  explicit KddRows(std::uint16_t community_seed)
      : community_seed_(community_seed), windows_(2.0, 511, 255, most_hosts) {
    std::vector<Field> fields = {
        {"duration", ColumnType::integer}, {"protocol_type", ColumnType::category}, {"service", ColumnType::category},
        {"flag", ColumnType::category},    {"src_bytes", ColumnType::integer},      {"dst_bytes", ColumnType::integer},
        {"land", ColumnType::integer},     {"wrong_fragment", ColumnType::integer}, {"urgent", ColumnType::integer}};
    for (const char* name : {"count", "srv_count"}) {
      fields.push_back({name, ColumnType::integer});
    }
    for (const char* name : {"serror_rate", "srv_serror_rate", "rerror_rate", "srv_rerror_rate", "same_srv_rate",
                             "diff_srv_rate", "srv_diff_host_rate"}) {
      fields.push_back({name, ColumnType::number});
    }
    for (const char* name : {"dst_host_count", "dst_host_srv_count"}) {
      fields.push_back({name, ColumnType::integer});
    }
    for (const char* name : {"dst_host_same_srv_rate", "dst_host_diff_srv_rate", "dst_host_same_src_port_rate",
                             "dst_host_srv_diff_host_rate", "dst_host_serror_rate", "dst_host_srv_serror_rate",
                             "dst_host_rerror_rate", "dst_host_srv_rerror_rate"}) {
      fields.push_back({name, ColumnType::number});
    }
    for (const std::string_view name : {"timestamp", "community_id", "src_ip", "src_port", "dst_ip"}) {
      fields.push_back(flow_field(name));
    }
    fields.push_back({"dst_port", ColumnType::integer, Role::identifier});
    fields.push_back({"interim", ColumnType::boolean, Role::identifier});
    fields.push_back({"ended", ColumnType::category, Role::identifier});
    set_fields(std::move(fields), "pcap");
  }

  void add(FlowSpan flows) override {
    using F = const FlowRecord&;
    constexpr std::size_t urg = 5;
    integers(flows, [](F flow) { return (flow.last - flow.first) / nanoseconds_per_second; });
    words(
        flows, [](F flow) { return is_icmp(flow) ? protocol_icmp : flow.ends.protocol; },
        [](int number) { return name_of_protocol(static_cast<std::uint8_t>(number)); });
    texts(flows, [](F flow) { return kdd_service(flow.ends); });
    texts(flows, [](F flow) { return flag_of(flow); });
    integers(flows, [](F flow) { return flow.sides[0].payload_bytes; });
    integers(flows, [](F flow) { return flow.sides[1].payload_bytes; });
    integers(flows, [](F flow) { return is_land(flow) && !is_icmp(flow) ? 1 : 0; });
    integers(flows, [](F flow) { return flow.wrong_fragments; });
    integers(flows, [](F flow) { return std::uint64_t{flow.sides[0].flags[urg]} + flow.sides[1].flags[urg]; });
    counts_.clear();
    for (const FlowRecord* flow : flows) {
      counts_.push_back(windows_.add(record_of(*flow)));
    }
    add_window(flows, &HostCounters::Counts::time, true);
    add_window(flows, &HostCounters::Counts::host, false);
    integers(flows, [](F flow) { return flow.first; });
    community_ids(flows, community_seed_);
    addresses(flows, [](F flow) { return flow.ends.source; });
    integers(flows, [](F flow) { return flow.ends.source_port; });
    addresses(flows, [](F flow) { return flow.ends.destination; });
    integers(flows, [](F flow) { return flow.ends.destination_port; });
    booleans(flows, [](F flow) { return flow.ending == FlowEnding::open; });
    words(
        flows, [](F flow) { return static_cast<int>(flow.ending); },
        [](int ending) { return name(static_cast<FlowEnding>(ending)); });
  }

 private:
  static constexpr std::size_t most_hosts = 16384;
  using Window = WindowCounts HostCounters::Counts::*;

  static bool is_icmp(const FlowRecord& flow) noexcept {
    return flow.ends.protocol == protocol_icmp || flow.ends.protocol == protocol_icmpv6;
  }

  static std::string_view flag_of(const FlowRecord& flow) noexcept {
    return is_icmp(flow) || flow.ends.protocol == protocol_udp ? std::string_view("SF") : connection_word(flow);
  }

  static HostRecord record_of(const FlowRecord& flow) {
    HostRecord record;
    record.moment = flow.first;
    std::memcpy(&record.host.high, flow.ends.destination.bytes().data(), sizeof record.host.high);
    std::memcpy(&record.host.low, flow.ends.destination.bytes().data() + sizeof record.host.high,
                sizeof record.host.low);
    // a service of ICMP is a type with its code
    record.port.low = flow.ends.destination_port + (is_icmp(flow) ? std::uint64_t{flow.ends.source_port} << 16U : 0U);
    record.protocol.low = flow.ends.protocol;
    record.src_port.low = flow.ends.source_port;
    record.error = flow.is_tcp() ? connection_state(flag_of(flow)).error : StateError::none;
    return record;
  }

  /// The part of all that `count` of a window is.
  template <class Count>
  void rates(FlowSpan flows, Window window, std::uint32_t WindowCounts::*all, const Count& count) {
    const HostCounters::Counts* counts = counts_.data();
    numbers(flows, [&](const FlowRecord& /*flow*/) {
      const WindowCounts& now = (counts++)->*window;
      const double share = static_cast<double>(count(now)) / static_cast<double>(now.*all);
      return std::round(share * 100.0) / 100.0;
    });
  }

  void amounts(FlowSpan flows, Window window, std::uint32_t WindowCounts::*amount) {
    const HostCounters::Counts* counts = counts_.data();
    integers(flows, [&](const FlowRecord& /*flow*/) { return ((counts++)->*window).*amount; });
  }

  void add_errors(FlowSpan flows, Window window) {
    using W = const WindowCounts&;
    rates(flows, window, &WindowCounts::host, [](W now) { return now.host_errors.serror; });
    rates(flows, window, &WindowCounts::service, [](W now) { return now.service_errors.serror; });
    rates(flows, window, &WindowCounts::host, [](W now) { return now.host_errors.rerror; });
    rates(flows, window, &WindowCounts::service, [](W now) { return now.service_errors.rerror; });
  }

  /// The window of time has its errors first, that of the host has them last.
  void add_window(FlowSpan flows, Window window, bool of_time) {
    using W = const WindowCounts&;
    amounts(flows, window, &WindowCounts::host);
    amounts(flows, window, &WindowCounts::service);
    if (of_time) {
      add_errors(flows, window);
    }
    rates(flows, window, &WindowCounts::host, [](W now) { return now.same_service; });
    rates(flows, window, &WindowCounts::host, [](W now) { return now.services > 1 ? now.services : 0; });
    if (!of_time) {
      rates(flows, window, &WindowCounts::host, [](W now) { return now.same_src_port; });
    }
    rates(flows, window, &WindowCounts::service, [](W now) { return now.hosts > 1 ? now.hosts : 0; });
    if (!of_time) {
      add_errors(flows, window);
    }
  }

  std::uint16_t community_seed_;
  HostCounters windows_;
  std::vector<HostCounters::Counts> counts_;  ///< of the flows that are being added
};

}  // namespace nad::detail
