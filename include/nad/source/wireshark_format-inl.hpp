#pragma once

// Packet lists of Wireshark: what "Export Packet Dissections as CSV" writes, and what tshark writes with -T fields:
//
//   tshark -r f.pcap -T fields -E header=y -E separator=, -E quote=d -E occurrence=f -e frame.time_epoch -e ip.src
//     -e ip.dst -e ipv6.src -e ipv6.dst -e ip.proto -e tcp.srcport -e tcp.dstport -e udp.srcport -e udp.dstport
//     -e tcp.flags -e frame.len -e _ws.col.Protocol
//
// Prefer the second: the first has ports and flags only in "Info", and only for packets without a higher protocol.
// Flows in which any had to be guessed are marked in the column "degraded". Rows are flows, in the order of their ends.
// Bytes are those of frames.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/source/packet_rows-inl.hpp"
#include "nad/source/slashed_times-inl.hpp"
#include "nad/table/column_builder.hpp"

namespace nad::detail {

class PacketListSource final : public BatchSource {
 public:
  PacketListSource(LineWindow window, DelimitedPlan plan, ReadContext& context)
      : packets_(std::move(window), std::move(plan), context), context_(context) {
    std::vector<Field> fields;
    for (const char* name :
         {"timestamp", "src_ip", "src_port", "dst_ip", "dst_port", "src_mac", "dst_mac", "protocol", "service",
          "duration", "bytes_sent", "bytes_received", "packets_sent", "packets_received", "flags"}) {
      fields.push_back(flow_field(name));
    }
    fields.push_back({"src_name", ColumnType::text, Role::identifier, "Source"});
    fields.push_back({"dst_name", ColumnType::text, Role::identifier, "Destination"});
    fields.push_back({"degraded", ColumnType::boolean, Role::identifier});
    schema_ = Schema(std::move(fields), "wireshark_csv");
  }

  const Schema& schema() const override { return schema_; }

  std::optional<Table> next(std::size_t most) override {
    std::vector<ColumnBuilder> builders;
    for (const Field& field : schema_) {
      builders.emplace_back(field.type);
    }
    std::size_t rows = 0;
    while (rows < most && (!flows_.ended().empty() || more_packets())) {
      for (; rows < most && !flows_.ended().empty(); ++rows) {
        add_row(builders, flows_.ended().front());
        flows_.ended().pop_front();
      }
    }
    if (rows == 0) {
      return std::nullopt;
    }
    std::vector<Column> columns;
    columns.reserve(builders.size());
    for (ColumnBuilder& builder : builders) {
      columns.push_back(builder.finish());
    }
    context_.report.rows += rows;
    return Table(schema_, std::move(columns));
  }

 private:
  static constexpr std::size_t packets_at_once = 8192;

  /// Reads some packets; false when all flows have ended.
  bool more_packets() {
    if (at_end_) {
      return false;
    }
    const std::optional<Table> table = packets_.next(packets_at_once);
    if (!table) {
      at_end_ = true;
      flows_.end_all();
      context_.note(std::to_string(packets_read_) + " packets were joined into flows");
      if (flows_.crowded()) {
        context_.note("there were more than " + std::to_string(PacketFlows::most_flows) +
                      " flows at a time: those silent for longest were ended early");
      }
      return !flows_.ended().empty();
    }
    context_.report.rows -= table->rows();  // rows are flows
    if (packets_read_ == 0) {
      note_relative_times(table->rename("time", "timestamp"), context_);
    }
    packets_read_ += table->rows();
    const PacketRows packets(*table);
    for (std::size_t row = 0; row < table->rows(); ++row) {
      flows_.add(packets.packet(row));
    }
    return true;
  }

  static void add_end(ColumnBuilder& address, ColumnBuilder& hardware, ColumnBuilder& name, const std::string& text) {
    const std::optional<Address> parsed = Address::parse(text);
    const bool is_hardware = !parsed && is_hardware_address(text);
    parsed ? address.add_address(*parsed) : address.add_missing();
    is_hardware ? hardware.add_text(text) : hardware.add_missing();
    parsed || is_hardware || text.empty() ? name.add_missing() : name.add_text(text);
  }

  static void add_port(ColumnBuilder& builder, std::int64_t port) {
    port < 0 ? builder.add_missing() : builder.add_integer(port);
  }

  static void add_text(ColumnBuilder& builder, const std::string& text) {
    text.empty() ? builder.add_missing() : builder.add_text(text);
  }

  /// "SAPF": the flags of both sides.
  static std::string flag_letters(unsigned flags) {
    std::string letters;
    for (const auto& [letter, bit] : {std::pair{'S', tcp_syn},
                                      {'A', tcp_ack},
                                      {'P', tcp_psh},
                                      {'F', tcp_fin},
                                      {'R', tcp_rst},
                                      {'U', tcp_urg},
                                      {'E', tcp_ece},
                                      {'C', tcp_cwr}}) {
      letters += (flags & bit) != 0 ? std::string(1, letter) : "";
    }
    return letters.empty() ? "none" : letters;
  }

  static void add_row(std::vector<ColumnBuilder>& to, const ListedFlow& flow) {
    to[0].add_time(flow.first);
    add_end(to[1], to[5], to[15], flow.source);
    add_port(to[2], flow.source_port);
    add_end(to[3], to[6], to[16], flow.target);
    add_port(to[4], flow.target_port);
    add_text(to[7], flow.protocol);
    add_text(to[8], flow.service);
    to[9].add_number(static_cast<double>(flow.last - flow.first) / 1e9);
    to[10].add_integer(flow.bytes_sent);
    to[11].add_integer(flow.bytes_received);
    to[12].add_integer(flow.packets_sent);
    to[13].add_integer(flow.packets_received);
    add_text(to[14], flow.protocol == "tcp" && flow.flags_known ? flag_letters(flow.flags) : "");
    to[17].add_boolean(flow.degraded);
  }

  DelimitedSource packets_;
  ReadContext& context_;
  PacketFlows flows_;
  Schema schema_;
  std::uint64_t packets_read_ = 0;
  bool at_end_ = false;
};

inline std::unique_ptr<BatchSource> open_wireshark_csv(const Head& head, LineWindow& window, ReadContext& context) {
  const NameLine line(head.line(0), likely_separator(head.line(0)));
  const bool list = line.has_all({"time", "source", "destination", "protocol", "info"});
  const bool fields = (line.has("ipsrc") || line.has("ipv6src")) &&
                      std::any_of(line.names.begin(), line.names.end(),
                                  [](const std::string& name) { return bare_name(name).starts_with("frame."); });
  if (!list && !fields) {
    return nullptr;
  }
  DelimitedPlan plan = packet_list_plan(head, line);
  if (find_column(plan, "time") == nullptr) {
    throw Error(ErrorCode::invalid_data,
                context.name + " is a packet list without times; export it with frame.time_epoch");
  }
  read_slashed_times(plan, head, context);
  return std::make_unique<PacketListSource>(std::move(window), std::move(plan), context);
}

}  // namespace nad::detail
