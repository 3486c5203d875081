#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "nad/features/derived_columns-inl.hpp"
#include "nad/features/tcp_flags-inl.hpp"
#include "nad/features/traffic_features.hpp"
#include "nad/flow/connection_state-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::array<std::string_view, 9> traffic_columns = {
    "duration",    "bytes_sent", "bytes_received", "packets_sent", "packets_received",
    "packet_size", "flags",      "history",        "state"};

/// The amounts of the flows of a table, as far as they are there.
class Amounts {
 public:
  using Values = std::optional<std::vector<double>>;

  Amounts(const Table& table, const TrafficFeatures& step) {
    const auto read = [&](std::string_view name) -> Values {
      const auto& taken = step.learned.columns;
      if (std::find(taken.begin(), taken.end(), name) == taken.end()) {
        return std::nullopt;
      }
      std::vector<double> values = finite_numbers(numeric_column(table, name, TrafficFeatures::kind));
      for (double& value : values) {
        value = !is_nan(value) && value < 0.0 ? 0.0 : value;
      }
      return values;
    };
    duration = read("duration");
    bytes_sent = read("bytes_sent");
    bytes_received = read("bytes_received");
    packets_sent = read("packets_sent");
    packets_received = read("packets_received");
    packet_size = read("packet_size");
    bytes = sum(bytes_sent, bytes_received);
    packets = sum(packets_sent, packets_received);
  }

  Values duration;
  Values bytes_sent;
  Values bytes_received;
  Values packets_sent;
  Values packets_received;
  Values packet_size;
  Values bytes;    ///< of both directions, or of the one that there is
  Values packets;  ///< likewise

 private:
  static Values sum(const Values& a, const Values& b) {
    if (!a || !b) {
      return a ? a : b;
    }
    std::vector<double> both(a->size());
    for (std::size_t row = 0; row < both.size(); ++row) {
      both[row] = (*a)[row] + (*b)[row];
    }
    return both;
  }
};

/// A column of `function(first, second)`, where both are there.
template <class Function>
void add_of_two(AddedColumns& added, std::string name, const Amounts::Values& first, const Amounts::Values& second,
                Function function) {
  if (!first || !second) {
    return;
  }
  double* out = added.add_numbers(std::move(name));
  for (std::size_t row = 0; row < first->size(); ++row) {
    const double a = (*first)[row];
    const double b = (*second)[row];
    out[row] = is_nan(a) || is_nan(b) ? std::numeric_limits<double>::quiet_NaN() : bounded(function(a, b));
  }
}

inline double per_packet(double bytes, double packets) { return packets > 0.0 ? bytes / packets : 0.0; }

inline std::string_view packet_size_class(double size) noexcept {
  return size <= 64.0     ? "tiny"
         : size <= 256.0  ? "small"
         : size <= 1024.0 ? "medium"
         : size <= 1518.0 ? "full"
                          : "jumbo";
}

inline void add_packet_size_class(AddedColumns& added, const Amounts& amounts) {
  if (!amounts.packet_size && !(amounts.bytes && amounts.packets)) {
    return;
  }
  ColumnBuilder& builder = added.add("packet_size_class", ColumnType::category);
  const std::size_t rows = amounts.packet_size ? amounts.packet_size->size() : amounts.bytes->size();
  for (std::size_t row = 0; row < rows; ++row) {
    double size = std::numeric_limits<double>::quiet_NaN();
    if (amounts.packet_size) {
      size = (*amounts.packet_size)[row];
    } else if (!is_nan((*amounts.bytes)[row]) && !is_nan((*amounts.packets)[row])) {
      size = per_packet((*amounts.bytes)[row], (*amounts.packets)[row]);
    }
    if (is_nan(size)) {
      builder.add_missing();
    } else {
      builder.add_text(packet_size_class(size));
    }
  }
}

inline void add_flags(AddedColumns& added, const Column& column, bool is_history) {
  std::array<ColumnBuilder*, tcp_flag_names.size()> builders{};
  for (std::size_t bit = 0; bit < builders.size(); ++bit) {
    builders[bit] = &added.add("flags." + std::string(tcp_flag_names[bit]), ColumnType::boolean);
  }
  const auto read = [is_history](std::string_view text) {
    return is_history ? tcp_flags_of_history(text) : tcp_flags(text);
  };
  const MappedTexts flags(column, read);
  for (std::size_t row = 0; row < column.size(); ++row) {
    const std::optional<unsigned> bits = flags.is_missing(row) ? std::nullopt : flags[row];
    for (std::size_t bit = 0; bit < builders.size(); ++bit) {
      if (bits) {
        builders[bit]->add_boolean((*bits >> bit & 1U) != 0);
      } else {
        builders[bit]->add_missing();
      }
    }
  }
}

inline void add_state_class(AddedColumns& added, const Column& column) {
  ColumnBuilder& builder = added.add("state.class", ColumnType::category);
  const MappedTexts states(column, &connection_state);
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (states.is_missing(row)) {
      builder.add_missing();
    } else {
      builder.add_text(name(states[row].state));
    }
  }
}

inline bool has_flag_pairs(const Column& column) {
  const MappedTexts pairs(column, &is_flag_pair);
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!pairs.is_missing(row) && pairs[row]) {
      return true;
    }
  }
  return false;
}

}  // namespace detail

NAD_INLINE void TrafficFeatures::fit(const Table& table) {
  Learned fitted;
  fitted.fitted = true;
  if (table.has("flags")) {
    fitted.flags_from = "flags";
  } else if (table.has("history")) {
    fitted.flags_from = "history";
  } else if (table.has("state") && detail::has_flag_pairs(table["state"])) {
    fitted.flags_from = "state";
  }
  for (const std::string_view name : detail::traffic_columns) {
    const bool is_read = (name != "flags" && name != "history") || name == fitted.flags_from;
    if (is_read && table.has(name)) {
      fitted.columns.emplace_back(name);
    }
  }
  learned = std::move(fitted);
}

NAD_INLINE std::vector<std::string> TrafficFeatures::inputs() const {
  return learned.fitted ? learned.columns
                        : std::vector<std::string>(detail::traffic_columns.begin(), detail::traffic_columns.end());
}

NAD_INLINE Table TrafficFeatures::apply(const Table& table, StepState* /*state*/) const {
  if (!learned.fitted) {
    throw Error(ErrorCode::not_fitted, "this traffic_features step has not learnt which columns there are; call fit()");
  }
  if (!detail::is_finite(shortest_duration) || shortest_duration <= 0.0) {
    throw Error(ErrorCode::invalid_argument, "traffic_features: shortest_duration must be seconds above 0");
  }
  const detail::Amounts amounts(table, *this);
  detail::AddedColumns added(table, kind);
  const auto rate = [this](double amount, double seconds) { return amount / std::max(seconds, shortest_duration); };
  const auto share = [](double sent, double received) {
    const double larger = std::max(sent, received);  // divided by first, as the sum may overflow
    return larger > 0.0 ? sent / larger / (sent / larger + received / larger) : 0.5;
  };
  detail::add_of_two(added, "bytes_sent_per_packet", amounts.bytes_sent, amounts.packets_sent, &detail::per_packet);
  detail::add_of_two(added, "bytes_received_per_packet", amounts.bytes_received, amounts.packets_received,
                     &detail::per_packet);
  detail::add_of_two(added, "bytes_per_second", amounts.bytes, amounts.duration, rate);
  detail::add_of_two(added, "packets_per_second", amounts.packets, amounts.duration, rate);
  detail::add_of_two(added, "bytes_ratio", amounts.bytes_sent, amounts.bytes_received, share);
  detail::add_of_two(added, "packets_ratio", amounts.packets_sent, amounts.packets_received, share);
  detail::add_packet_size_class(added, amounts);
  if (!learned.flags_from.empty()) {
    detail::add_flags(added, table[learned.flags_from], learned.flags_from == "history");
  }
  if (std::find(learned.columns.begin(), learned.columns.end(), "state") != learned.columns.end()) {
    detail::add_state_class(added, table["state"]);
  }
  return added.finish();
}

NAD_INLINE void TrafficFeatures::check_learned() const {
  const auto known = [](const std::string& name) {
    return std::find(detail::traffic_columns.begin(), detail::traffic_columns.end(), name) !=
           detail::traffic_columns.end();
  };
  const bool reads_flags = learned.flags_from.empty() || std::find(learned.columns.begin(), learned.columns.end(),
                                                                   learned.flags_from) != learned.columns.end();
  if (!std::all_of(learned.columns.begin(), learned.columns.end(), known) || !reads_flags) {
    throw Error(ErrorCode::bad_file,
                "what the traffic_features step learnt does not fit together; the model is damaged");
  }
}

}  // namespace nad
