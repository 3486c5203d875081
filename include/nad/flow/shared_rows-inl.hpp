#pragma once

// The schema "flow": the columns that flow logs share, and what packets tell beyond them.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/flow_rows-inl.hpp"
#include "nad/flow/protocol_names-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"

namespace nad::detail {

/// Of values whose sum and sum of squares are known.
inline double mean_of(std::uint64_t count, double sum) noexcept {
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}
inline double deviation_of(std::uint64_t count, double sum, double squares) noexcept {
  const double mean = mean_of(count, sum);
  return std::sqrt(std::max(mean_of(count, squares) - mean * mean, 0.0));
}

class SharedFlowRows final : public FlowRows {
 public:
  explicit SharedFlowRows(std::uint16_t community_seed) : community_seed_(community_seed) {
    std::vector<Field> fields;
    for (const std::string_view name :
         {"timestamp", "community_id", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "duration", "bytes_sent",
          "bytes_received", "packets_sent", "packets_received", "ip_bytes_sent", "ip_bytes_received", "state",
          "history", "flags"}) {
      fields.push_back(flow_field(name));
    }
    fields.push_back({"last_seen", ColumnType::time, Role::identifier});
    fields.push_back({"interim", ColumnType::boolean, Role::identifier});
    fields.push_back({"ended", ColumnType::category, Role::identifier});
    fields.push_back({"vlan", ColumnType::integer, Role::identifier});
    fields.push_back({"inner_vlan", ColumnType::integer, Role::identifier});
    fields.push_back({"land", ColumnType::boolean});
    fields.push_back({"wrong_fragments", ColumnType::integer});
    for (const char* way : {"_sent", "_received"}) {
      for (const char* name : {"retransmitted_packets", "retransmitted_bytes", "first_window", "fin", "syn", "rst",
                               "psh", "ack", "urg", "ece", "cwr"}) {
        fields.push_back({std::string(name) + way, ColumnType::integer});
      }
      for (const char* name :
           {"size_mean", "size_std", "size_min", "size_max", "gap_mean", "gap_std", "gap_min", "gap_max"}) {
        fields.push_back({std::string(name) + way, ColumnType::number});
      }
    }
    set_fields(std::move(fields), "pcap");
  }

  void add(FlowSpan flows) override {
    using F = const FlowRecord&;
    integers(flows, [](F flow) { return flow.first; });
    community_ids(flows, community_seed_);
    addresses(flows, [](F flow) { return flow.ends.source; });
    integers(flows, [](F flow) { return flow.ends.source_port; });
    addresses(flows, [](F flow) { return flow.ends.destination; });
    integers(flows, [](F flow) { return flow.ends.destination_port; });
    words(
        flows, [](F flow) { return flow.ends.protocol; },
        [](int number) { return name_of_protocol(static_cast<std::uint8_t>(number)); });
    numbers(flows, [](F flow) { return static_cast<double>(flow.last - flow.first) / 1e9; });
    for (std::uint64_t FlowSide::*const amount : {&FlowSide::payload_bytes, &FlowSide::packets, &FlowSide::ip_bytes}) {
      for (const std::size_t side : {0U, 1U}) {
        integers(flows, [amount, side](F flow) { return flow.sides[side].*amount; });
      }
    }
    texts(flows, [](F flow) { return connection_word(flow); });
    texts(flows, [](F flow) { return flow.history.text(); });
    words(
        flows, [](F flow) { return flow.is_tcp() ? flags_of(flow) : -1; }, &letters_of);
    integers(flows, [](F flow) { return flow.last; });
    booleans(flows, [](F flow) { return flow.ending == FlowEnding::open; });
    words(
        flows, [](F flow) { return static_cast<int>(flow.ending); },
        [](int ending) { return name(static_cast<FlowEnding>(ending)); });
    for (const std::size_t tag : {0U, 1U}) {
      integers(
          flows, [tag](F flow) { return flow.vlan[tag]; }, [tag](F flow) { return tag < flow.vlan_tags; });
    }
    booleans(flows, [](F flow) { return is_land(flow); });
    integers(flows, [](F flow) { return flow.wrong_fragments; });
    add_side(flows, 0);
    add_side(flows, 1);
  }

 private:
  static int flags_of(const FlowRecord& flow) noexcept {
    int bits = 0;
    for (std::size_t flag = 0; flag < 8; ++flag) {
      bits |= (flow.sides[0].flags[flag] | flow.sides[1].flags[flag]) != 0 ? 1 << flag : 0;
    }
    return bits;
  }

  /// "SAPF": the flags of both sides, as packet lists have them.
  static std::string letters_of(int flags) {
    constexpr std::array<std::pair<char, unsigned>, 8> letters = {{{'S', tcp_syn},
                                                                   {'A', tcp_ack},
                                                                   {'P', tcp_psh},
                                                                   {'F', tcp_fin},
                                                                   {'R', tcp_rst},
                                                                   {'U', tcp_urg},
                                                                   {'E', tcp_ece},
                                                                   {'C', tcp_cwr}}};
    std::string word;
    for (const auto& [letter, bit] : letters) {
      word += (static_cast<unsigned>(flags) & bit) != 0 ? std::string(1, letter) : "";
    }
    return word.empty() ? "none" : word;
  }

  void add_side(FlowSpan flows, std::size_t side) {
    using F = const FlowRecord&;
    integers(flows, [side](F flow) { return flow.sides[side].retransmitted_packets; });
    integers(flows, [side](F flow) { return flow.sides[side].retransmitted_bytes; });
    integers(
        flows, [side](F flow) { return flow.tcp[side].first_window; },
        [side](F flow) { return flow.is_tcp() && flow.sides[side].packets != 0; });
    for (std::size_t flag = 0; flag < 8; ++flag) {
      integers(flows, [side, flag](F flow) { return flow.sides[side].flags[flag]; });
    }
    numbers(flows, [side](F flow) {
      return mean_of(flow.sides[side].packets, static_cast<double>(flow.sides[side].ip_bytes));
    });
    numbers(flows, [side](F flow) {
      const FlowSide& one = flow.sides[side];
      return deviation_of(one.packets, static_cast<double>(one.ip_bytes), one.size_squares);
    });
    numbers(flows, [side](F flow) { return flow.sides[side].packets == 0 ? 0U : flow.sides[side].size_min; });
    numbers(flows, [side](F flow) { return flow.sides[side].size_max; });
    numbers(flows, [side](F flow) {
      return mean_of(gaps_of(flow.sides[side]), static_cast<double>(flow.sides[side].gap_sum)) / 1e9;
    });
    numbers(flows, [side](F flow) {
      const FlowSide& one = flow.sides[side];
      return deviation_of(gaps_of(one), static_cast<double>(one.gap_sum), one.gap_squares) / 1e9;
    });
    numbers(flows, [side](F flow) {
      return gaps_of(flow.sides[side]) == 0 ? 0.0 : static_cast<double>(flow.sides[side].gap_min) / 1e9;
    });
    numbers(flows, [side](F flow) { return static_cast<double>(flow.sides[side].gap_max) / 1e9; });
  }

  static std::uint64_t gaps_of(const FlowSide& side) noexcept { return side.packets < 2 ? 0 : side.packets - 1; }

  std::uint16_t community_seed_;
};

}  // namespace nad::detail
