#pragma once

// Where a table has what an alert tells of a record, whatever the table calls it and holds it as: a frame of the host's
// has addresses as texts, and columns with names of its own.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/flow/protocol_names-inl.hpp"
#include "nad/model/monitor_times-inl.hpp"
#include "nad/source/flow_names-inl.hpp"
#include "nad/table/address.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

/// Places of columns; empty where the table has no such column.
struct AlertColumns {
  using Place = std::optional<std::size_t>;

  Place src_ip, dst_ip, src_port, dst_port, protocol, service, community_id, flow_id, interface, vlan, inner_vlan;
  Place packets_sent, packets_received, bytes_sent, bytes_received, state, ended, interim;
  std::vector<bool> used = {};  ///< of all columns: those that are one of these

  bool counts() const noexcept { return packets_sent || packets_received || bytes_sent || bytes_received; }
};

inline constexpr std::array<std::pair<std::string_view, AlertColumns::Place AlertColumns::*>, 18> alert_fields = {{
    {"src_ip", &AlertColumns::src_ip},
    {"dst_ip", &AlertColumns::dst_ip},
    {"src_port", &AlertColumns::src_port},
    {"dst_port", &AlertColumns::dst_port},
    {"protocol", &AlertColumns::protocol},
    {"service", &AlertColumns::service},
    {"community_id", &AlertColumns::community_id},
    {"flow_id", &AlertColumns::flow_id},
    {"interface", &AlertColumns::interface},
    {"vlan", &AlertColumns::vlan},
    {"inner_vlan", &AlertColumns::inner_vlan},
    {"packets_sent", &AlertColumns::packets_sent},
    {"packets_received", &AlertColumns::packets_received},
    {"bytes_sent", &AlertColumns::bytes_sent},
    {"bytes_received", &AlertColumns::bytes_received},
    {"state", &AlertColumns::state},
    {"ended", &AlertColumns::ended},
    {"interim", &AlertColumns::interim},
}};

/// Names beside those by which flow tables are known: of Zeek, of nfdump, of KDD Cup 99, and for the two ends.
inline constexpr std::array<NamedColumn, 30> more_end_names = {{
    {"idorigh", "src_ip"},
    {"idresph", "dst_ip"},
    {"idorigp", "src_port"},
    {"idrespp", "dst_port"},
    {"origh", "src_ip"},
    {"resph", "dst_ip"},
    {"origp", "src_port"},
    {"respp", "dst_port"},
    {"sa", "src_ip"},
    {"da", "dst_ip"},
    {"sp", "src_port"},
    {"dp", "dst_port"},
    {"pr", "protocol"},
    {"protocoltype", "protocol"},
    {"srchost", "src_ip"},
    {"dsthost", "dst_ip"},
    {"client", "src_ip"},
    {"server", "dst_ip"},
    {"clientip", "src_ip"},
    {"serverip", "dst_ip"},
    {"clientaddress", "src_ip"},
    {"serveraddress", "dst_ip"},
    {"clientaddr", "src_ip"},
    {"serveraddr", "dst_ip"},
    {"clientport", "src_port"},
    {"serverport", "dst_port"},
    {"initiatorip", "src_ip"},
    {"responderip", "dst_ip"},
    {"initiatorport", "src_port"},
    {"responderport", "dst_port"},
}};

/// The field that a name stands for, or "".
inline std::string_view alert_field_of(std::string_view name) {
  const std::string plain = plain_name(name);
  for (const NamedColumn& known : more_end_names) {
    if (known.plain == plain) {
      return known.name;
    }
  }
  for (const NamedColumn& known : flow_names) {
    if (known.plain == plain) {
      return known.name;
    }
  }
  return {};
}

using GivenColumns = std::map<std::string, std::string, std::less<>>;

inline bool is_alert_field(std::string_view name) noexcept {
  return std::any_of(alert_fields.begin(), alert_fields.end(), [&](const auto& one) { return one.first == name; });
}

inline void check_given_columns(const GivenColumns& given) {
  const auto unknown =
      std::find_if(given.begin(), given.end(), [](const auto& one) { return !is_alert_field(one.first); });
  if (unknown != given.end()) {
    std::string message = "alerts have no field '" + unknown->first + "' of a record; give one of ";
    for (const auto& one : alert_fields) {
      message.append(one.first == alert_fields.front().first ? "" : ", ").append(one.first);
    }
    throw Error(ErrorCode::invalid_argument, message);
  }
}

/// What the host says first, then the names that all flow logs share, then what else is known.
inline AlertColumns alert_columns_of(const Schema& schema, const GivenColumns& given) {
  AlertColumns columns;
  columns.used.resize(schema.size());
  for (const auto& [field, member] : alert_fields) {
    const auto told = given.find(field);
    columns.*member = told != given.end() ? std::optional(schema.place(told->second)) : schema.find(field);
    if (columns.*member) {
      columns.used[*(columns.*member)] = true;
    }
  }
  for (std::size_t place = 0; place < schema.size(); ++place) {
    const std::string_view name = columns.used[place] ? std::string_view() : alert_field_of(schema[place].name);
    for (const auto& [field, member] : alert_fields) {
      if (field == name && !(columns.*member)) {
        columns.*member = place;
        columns.used[place] = true;
      }
    }
  }
  return columns;
}

/// Those of the table that was asked about last: alerts come from the same one, or from others like it.
class KnownAlertColumns {
 public:
  explicit KnownAlertColumns(GivenColumns given) : given_(std::move(given)) { check_given_columns(given_); }

  AlertColumns of(const Schema& schema) {
    const std::lock_guard lock(mutex_);
    if (!known_ || schema_ != schema) {
      known_ = alert_columns_of(schema, given_);
      schema_ = schema;
    }
    return *known_;
  }

 private:
  GivenColumns given_;
  std::mutex mutex_;
  Schema schema_;
  std::optional<AlertColumns> known_;
};

/// One row of a table, asked for what may not be there.
class AlertRecord {
 public:
  using Place = AlertColumns::Place;

  AlertRecord(const Table& table, std::size_t row) : table_(table), row_(row) {}

  bool has(Place place) const { return place && !table_.column(*place).is_missing(row_); }

  /// Of a category or a text.
  std::string text(Place place) const {
    return has_text(place) ? std::string(table_.column(*place).text(row_)) : std::string();
  }

  /// A whole number, whatever it is held as; "443" and 443.0 are 443.
  std::optional<std::int64_t> integer(Place place) const {
    if (!has(place)) {
      return std::nullopt;
    }
    const Column& column = table_.column(*place);
    if (column.type() == ColumnType::integer) {
      return column.integers()[row_];
    }
    if (column.type() == ColumnType::number) {
      const double number = column.numbers()[row_];
      return std::abs(number) < 0x1p53 ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
    }
    if (!has_text(place)) {
      return std::nullopt;
    }
    const std::string_view digits = trimmed(column.text(row_));
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return failure == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
  }

  std::optional<Address> address(Place place) const {
    if (has(place) && table_.column(*place).type() == ColumnType::address) {
      return table_.column(*place).addresses()[row_];
    }
    return has_text(place) ? Address::parse(trimmed(table_.column(*place).text(row_))) : std::nullopt;
  }

  /// 0 where there is none, or a negative one.
  std::uint64_t count(Place place) const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(place).value_or(0)));
  }

  std::optional<std::uint16_t> port(Place place) const {
    const std::optional<std::int64_t> number = integer(place);
    return number && *number >= 0 && *number <= 65535 ? std::optional(static_cast<std::uint16_t>(*number))
                                                      : std::nullopt;
  }

  bool truth(Place place) const {
    return has(place) && table_.column(*place).type() == ColumnType::boolean &&
           table_.column(*place).booleans()[row_] != 0;
  }

  /// "tcp" for "TCP", 6 and "6".
  std::string protocol(Place place) const {
    const std::optional<std::int64_t> number = integer(place);
    if (number) {
      return *number >= 0 && *number <= 255 ? name_of_protocol(static_cast<std::uint8_t>(*number)) : std::string();
    }
    std::string name = lower_case(trimmed(text(place)));
    for (const auto& [spelling, usual] : protocol_spellings) {
      name = name == spelling ? std::string(usual) : name;
    }
    return name;
  }

  std::optional<std::int64_t> begin() const { return RecordTimes(table_).begin_of(row_); }
  std::optional<std::int64_t> end() const { return RecordTimes(table_).of(row_); }

 private:
  bool has_text(Place place) const {
    return has(place) &&
           (table_.column(*place).type() == ColumnType::category || table_.column(*place).type() == ColumnType::text);
  }

  const Table& table_;
  std::size_t row_;
};

}  // namespace nad::detail
