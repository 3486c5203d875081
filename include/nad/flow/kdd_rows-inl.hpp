#pragma once

// Flows as records of KDD Cup 99: the columns 1 to 9 and 23 to 41, behind them who it was.
//
// As in the data set, UDP is always SF, each packet of ICMP is a record with the bytes behind its IP header, durations
// are whole seconds, rates have two decimals, and the windows look at records in the order in which they ended.

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/flow_rows-inl.hpp"
#include "nad/flow/host_counters-inl.hpp"
#include "nad/flow/kdd_services-inl.hpp"
#include "nad/flow/protocol_names-inl.hpp"

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
    set_fields(std::move(fields), "pcap");
  }

  void add(const FlowRecord& flow) override {
    const bool is_icmp = flow.ends.protocol == protocol_icmp || flow.ends.protocol == protocol_icmpv6;
    constexpr std::size_t urg = 5;
    const std::string_view flag =
        is_icmp || flow.ends.protocol == protocol_udp ? std::string_view("SF") : connection_word(flow);
    integer(static_cast<std::uint64_t>((flow.last - flow.first) / nanoseconds_per_second));
    protocols_.add(next(), is_icmp ? protocol_icmp : flow.ends.protocol,
                   [&] { return is_icmp ? std::string("icmp") : name_of_protocol(flow.ends.protocol); });
    next().add_text(kdd_service(flow.ends));
    next().add_text(flag);
    integer(flow.sides[0].payload_bytes);
    integer(flow.sides[1].payload_bytes);
    integer(is_land(flow) && !is_icmp ? 1 : 0);
    integer(flow.wrong_fragments);
    integer(std::uint64_t{flow.sides[0].flags[urg]} + flow.sides[1].flags[urg]);
    const StateError error = flow.is_tcp() ? connection_state(flag).error : StateError::none;
    const RecordKey port = {0,
                            flow.ends.destination_port + (is_icmp ? std::uint64_t{flow.ends.source_port} << 16U : 0)};
    const HostCounters::Counts counts = windows_.add(
        {flow.first, key_of(flow.ends.destination), port, {0, flow.ends.protocol}, {0, flow.ends.source_port}, error});
    add_window(counts.time, true);
    add_window(counts.host, false);
    const std::array<char, community_id_size> id = write_community_id(flow.ends, community_seed_);
    next().add_time(flow.first);
    next().add_text({id.data(), id.size()});
    next().add_address(flow.ends.source);
    integer(flow.ends.source_port);
    next().add_address(flow.ends.destination);
    integer(flow.ends.destination_port);
    next().add_boolean(flow.ending == FlowEnding::open);
  }

 private:
  static constexpr std::size_t most_hosts = 16384;

  void forget_words() override { protocols_.clear(); }

  static RecordKey key_of(const Address& address) noexcept {
    RecordKey key;
    std::memcpy(&key.high, address.bytes().data(), sizeof key.high);
    std::memcpy(&key.low, address.bytes().data() + sizeof key.high, sizeof key.low);
    return key;
  }

  void rate(std::uint32_t part, std::uint32_t all) {
    const double share = static_cast<double>(part) / static_cast<double>(all);
    next().add_number(std::round(share * 100.0) / 100.0);
  }

  void add_errors(const WindowCounts& counts) {
    rate(counts.host_errors.serror, counts.host);
    rate(counts.service_errors.serror, counts.service);
    rate(counts.host_errors.rerror, counts.host);
    rate(counts.service_errors.rerror, counts.service);
  }

  /// The window of time has its errors first, that of the host has them last.
  void add_window(const WindowCounts& counts, bool of_time) {
    integer(counts.host);
    integer(counts.service);
    if (of_time) {
      add_errors(counts);
    }
    rate(counts.same_service, counts.host);
    rate(counts.services > 1 ? counts.services : 0, counts.host);
    if (!of_time) {
      rate(counts.same_src_port, counts.host);
    }
    rate(counts.hosts > 1 ? counts.hosts : 0, counts.service);
    if (!of_time) {
      add_errors(counts);
    }
  }

  std::uint16_t community_seed_;
  HostCounters windows_;
  Words protocols_;
};

}  // namespace nad::detail
