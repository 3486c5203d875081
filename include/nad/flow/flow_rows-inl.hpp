#pragma once

// Flows become rows of a table.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/community_id-inl.hpp"
#include "nad/flow/protocol_names-inl.hpp"
#include "nad/flow/shared_columns-inl.hpp"
#include "nad/flow/tcp_flow-inl.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

class FlowRows {
 public:
  FlowRows() = default;
  FlowRows(const FlowRows&) = delete;
  FlowRows& operator=(const FlowRows&) = delete;
  virtual ~FlowRows() = default;

  virtual void add(const FlowRecord& flow) = 0;

  const Schema& schema() const noexcept { return schema_; }
  /// How many were added.
  std::size_t size() const noexcept { return builders_.front().size(); }
  /// What was added so far, which begins anew.
  Table finish() {
    std::vector<Column> columns;
    columns.reserve(builders_.size());
    for (ColumnBuilder& builder : builders_) {
      columns.push_back(builder.finish());
    }
    forget_words();
    return {schema_, std::move(columns)};
  }

 protected:
  /// Words of a category that come again and again, by a small number.
  class Words {
   public:
    template <class Word>
    void add(ColumnBuilder& builder, std::size_t number, const Word& word) {
      if (number >= codes_.size()) {
        codes_.resize(number + 1, Dictionary::absent);
      }
      if (codes_[number] == Dictionary::absent) {
        codes_[number] = builder.raw_categories().add(word());
      }
      builder.raw_codes().push_back(codes_[number]);
      builder.added(1);
    }
    void clear() { codes_.clear(); }

   private:
    std::vector<std::int32_t> codes_;
  };

  void set_fields(std::vector<Field> fields, const std::string& source) {
    builders_.clear();
    builders_.reserve(fields.size());
    for (const Field& field : fields) {
      builders_.emplace_back(field.type);
    }
    schema_ = Schema(std::move(fields), source);
  }

  virtual void forget_words() {}

  /// The column after the last that was asked for; a row goes through all of them.
  ColumnBuilder& next() noexcept {
    ColumnBuilder& builder = builders_[place_];
    place_ = place_ + 1 == builders_.size() ? 0 : place_ + 1;
    return builder;
  }
  void integer(std::uint64_t value) { next().add_integer(static_cast<std::int64_t>(value)); }

  static bool is_land(const FlowRecord& flow) noexcept {
    return flow.ends.source == flow.ends.destination && flow.ends.source_port == flow.ends.destination_port;
  }

 private:
  Schema schema_;
  std::vector<ColumnBuilder> builders_;
  std::size_t place_ = 0;
};

/// Mean and standard deviation of values whose sum and sum of squares are known.
struct Spread {
  double mean = 0.0;
  double deviation = 0.0;

  Spread(std::uint64_t count, double sum, double squares) {
    if (count != 0) {
      const auto n = static_cast<double>(count);
      mean = sum / n;
      deviation = std::sqrt(std::max(squares / n - mean * mean, 0.0));
    }
  }
};

/// The schema "flow".
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

  void add(const FlowRecord& flow) override {
    const std::array<char, community_id_size> id = write_community_id(flow.ends, community_seed_);
    next().add_time(flow.first);
    next().add_text({id.data(), id.size()});
    next().add_address(flow.ends.source);
    integer(flow.ends.source_port);
    next().add_address(flow.ends.destination);
    integer(flow.ends.destination_port);
    protocols_.add(next(), flow.ends.protocol, [&] { return name_of_protocol(flow.ends.protocol); });
    next().add_number(static_cast<double>(flow.last - flow.first) / 1e9);
    integer(flow.sides[0].payload_bytes);
    integer(flow.sides[1].payload_bytes);
    integer(flow.sides[0].packets);
    integer(flow.sides[1].packets);
    integer(flow.sides[0].ip_bytes);
    integer(flow.sides[1].ip_bytes);
    next().add_text(connection_word(flow));
    ColumnBuilder& history = next();
    flow.history.size == 0 ? history.add_missing() : history.add_text(flow.history.text());
    add_flags(flow);
    next().add_time(flow.last);
    next().add_boolean(flow.ending == FlowEnding::open);
    endings_.add(next(), static_cast<std::size_t>(flow.ending), [&] { return name(flow.ending); });
    for (std::size_t tag = 0; tag < flow.vlan.size(); ++tag) {
      ColumnBuilder& vlan = next();
      tag < flow.vlan_tags ? vlan.add_integer(flow.vlan.at(tag)) : vlan.add_missing();
    }
    next().add_boolean(is_land(flow));
    integer(flow.wrong_fragments);
    for (std::size_t side = 0; side < flow.sides.size(); ++side) {
      add_side(flow, flow.sides.at(side), flow.tcp.at(side));
    }
  }

 private:
  void forget_words() override {
    protocols_.clear();
    endings_.clear();
    flags_.clear();
  }

  /// "SAPF": the flags of both sides, as packet lists have them.
  void add_flags(const FlowRecord& flow) {
    ColumnBuilder& builder = next();
    if (!flow.is_tcp()) {
      builder.add_missing();
      return;
    }
    std::size_t bits = 0;
    for (std::size_t flag = 0; flag < 8; ++flag) {
      bits |= flow.sides[0].flags[flag] + flow.sides[1].flags[flag] != 0 ? std::size_t{1} << flag : 0U;
    }
    flags_.add(builder, bits, [bits] {
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
        word += (bits & bit) != 0 ? std::string(1, letter) : "";
      }
      return word.empty() ? "none" : word;
    });
  }

  void add_side(const FlowRecord& flow, const FlowSide& side, const TcpEnd& end) {
    integer(side.retransmitted_packets);
    integer(side.retransmitted_bytes);
    ColumnBuilder& window = next();
    flow.is_tcp() && side.packets != 0 ? window.add_integer(end.first_window) : window.add_missing();
    for (const std::uint32_t packets : side.flags) {
      integer(packets);
    }
    const Spread sizes(side.packets, static_cast<double>(side.ip_bytes), side.size_squares);
    next().add_number(sizes.mean);
    next().add_number(sizes.deviation);
    next().add_number(side.packets == 0 ? 0.0 : side.size_min);
    next().add_number(side.size_max);
    const std::uint64_t gaps = side.packets < 2 ? 0 : side.packets - 1;
    const Spread between(gaps, static_cast<double>(side.gap_sum), side.gap_squares);
    next().add_number(between.mean / 1e9);
    next().add_number(between.deviation / 1e9);
    next().add_number(gaps == 0 ? 0.0 : static_cast<double>(side.gap_min) / 1e9);
    next().add_number(static_cast<double>(side.gap_max) / 1e9);
  }

  std::uint16_t community_seed_;
  Words protocols_;
  Words endings_;
  Words flags_;
};

}  // namespace nad::detail
