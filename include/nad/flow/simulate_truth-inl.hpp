#pragma once

// The truth about all flows as a table, and as CSV.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/capture_writer_sink-inl.hpp"
#include "nad/flow/simulate_flow-inl.hpp"
#include "nad/table/column_builder.hpp"

namespace nad::detail::simulate {

class TruthRows {
 public:
  void add(const SimulatedFlow& flow) {
    Row& row = rows_.emplace_back();
    row.flow = flow;
    row.flow.scenario = {};
    row.scenario = place_of(flow.scenario);
    row.size = std::min(flow.history.size(), row.history.size());
    std::copy_n(flow.history.begin(), row.size, row.history.begin());
  }

  /// In the order in which they began.
  Table table() {
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const Row& a, const Row& b) { return a.flow.first < b.flow.first; });
    using enum ColumnType;
    add_column("timestamp", time, Role::moment, [](auto& to, const Row& row) { to.add_time(row.flow.first); });
    add_column("src_ip", address, Role::identifier, [](auto& to, const Row& row) { to.add_address(row.flow.source); });
    add_number("src_port", Role::identifier, [](const SimulatedFlow& flow) { return flow.source_port; });
    add_column("dst_ip", address, Role::identifier,
               [](auto& to, const Row& row) { to.add_address(row.flow.destination); });
    add_number("dst_port", Role::feature, [](const SimulatedFlow& flow) { return flow.destination_port; });
    add_column("protocol", category, Role::feature,
               [](auto& to, const Row& row) { to.add_text(protocol(row.flow.protocol)); });
    add_column("duration", number, Role::feature, [](auto& to, const Row& row) {
      to.add_number(static_cast<double>(row.flow.last - row.flow.first) / 1e9);
    });
    const auto count = [&](const char* name, std::uint64_t SimulatedFlow::*member) {
      add_number(name, Role::feature, [&](const SimulatedFlow& flow) { return flow.*member; });
    };
    count("bytes_sent", &SimulatedFlow::bytes_sent);
    count("bytes_received", &SimulatedFlow::bytes_received);
    count("packets_sent", &SimulatedFlow::packets_sent);
    count("packets_received", &SimulatedFlow::packets_received);
    count("ip_bytes_sent", &SimulatedFlow::ip_bytes_sent);
    count("ip_bytes_received", &SimulatedFlow::ip_bytes_received);
    add_column("state", category, Role::feature, [](auto& to, const Row& row) { to.add_text(row.flow.state); });
    add_column("history", category, Role::feature, [](auto& to, const Row& row) {
      row.size == 0 ? to.add_missing() : to.add_text(std::string_view(row.history.data(), row.size));
    });
    add_column("label", category, Role::label, [](auto& to, const Row& row) { to.add_text(row.flow.label); });
    add_column("is_anomaly", boolean, Role::label,
               [](auto& to, const Row& row) { to.add_boolean(row.flow.label != "normal"); });
    count("retransmitted_sent", &SimulatedFlow::retransmitted_sent);
    count("retransmitted_received", &SimulatedFlow::retransmitted_received);
    add_column("end", time, Role::moment, [](auto& to, const Row& row) { to.add_time(row.flow.last); });
    add_column("scenario", category, Role::label,
               [&](auto& to, const Row& row) { to.add_text(scenarios_[row.scenario]); });
    return {Schema(std::move(fields_), "simulator"), std::move(columns_)};
  }

 private:
  struct Row {
    SimulatedFlow flow;
    std::array<char, 32> history = {};
    std::size_t size = 0;
    std::size_t scenario = 0;
  };

  /// The names are gone when the run is over.
  std::size_t place_of(std::string_view scenario) {
    const auto found = std::find(scenarios_.begin(), scenarios_.end(), scenario);
    if (found == scenarios_.end()) {
      scenarios_.emplace_back(scenario);
      return scenarios_.size() - 1;
    }
    return static_cast<std::size_t>(found - scenarios_.begin());
  }

  static std::string_view protocol(std::uint8_t number) noexcept {
    return number == 6 ? "tcp" : number == 17 ? "udp" : number == 1 ? "icmp" : "ipv6-icmp";
  }

  template <class Put>
  void add_column(const char* name, ColumnType type, Role role, const Put& put) {
    ColumnBuilder builder(type);
    builder.reserve(rows_.size());
    for (const Row& row : rows_) {
      put(builder, row);
    }
    fields_.push_back({name, type, role});
    columns_.push_back(builder.finish());
  }

  template <class Get>
  void add_number(const char* name, Role role, const Get& get) {
    add_column(name, ColumnType::integer, role,
               [&](auto& to, const Row& row) { to.add_integer(static_cast<std::int64_t>(get(row.flow))); });
  }

  std::vector<Row> rows_;
  std::vector<std::string> scenarios_;
  std::vector<Field> fields_;
  std::vector<Column> columns_;
};

/// As `write_csv` writes the same table. No value needs quotes, but for names of scenarios that people chose.
inline void write_truth(const Table& table, const std::filesystem::path& path) {
  CaptureFileSink file(path);
  std::string text;
  const auto hand_on = [&] {
    file.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    text.clear();
  };
  const auto put = [&](std::string_view value) {
    if (value.find_first_of(",\"\r\n ") == std::string_view::npos) {
      text += value;
      return;
    }
    text += '"';
    for (const char c : value) {
      text.append(c == '"' ? 2 : 1, c);
    }
    text += '"';
  };
  for (std::size_t place = 0; place < table.columns(); ++place) {
    text.append(place == 0 ? "" : ",").append(table.schema()[place].name);
  }
  text += '\n';
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t place = 0; place < table.columns(); ++place) {
      text.append(place == 0 ? "" : ",");
      const Column& column = table.column(place);
      if (column.is_missing(row)) {
        continue;
      }
      std::string value = column.format(row);
      if (column.type() == ColumnType::time) {
        value[value.find(' ')] = 'T';
        value += 'Z';
      }
      put(value);
    }
    text += '\n';
    if (text.size() > (std::size_t{1} << 18U)) {
      hand_on();
    }
  }
  hand_on();
  file.finish();
}

}  // namespace nad::detail::simulate
