#pragma once

// Which steps suit a table.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nad/detail/not_a_number.hpp"
#include "nad/features/step.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// Columns that tell the attacks of one laboratory apart by how it was built, and nothing of attacks elsewhere.
inline constexpr std::array<std::string_view, 8> laboratory_columns = {"sttl",  "dttl",  "stcpb", "dtcpb",
                                                                       "Stime", "Ltime", "swin",  "dwin"};

/// What a line lost and sent again is its weather, and the most frequent false alert of a meter that counts it.
inline constexpr std::array<std::string_view, 4> weather_columns = {
    "retransmitted_packets_sent", "retransmitted_bytes_sent", "retransmitted_packets_received",
    "retransmitted_bytes_received"};

inline bool has_type(const Table& table, std::string_view name, ColumnType type) {
  const auto place = table.schema().find(name);
  return place && table.schema()[*place].type == type;
}

/// The values of a column by number, each value another; nothing where they are more than `most`.
inline std::optional<std::vector<std::int32_t>> numbered_values(const Column& column, std::size_t most) {
  if (column.type() == ColumnType::category) {
    return column.categories().size() > most
               ? std::nullopt
               : std::optional(std::vector<std::int32_t>(column.codes().begin(), column.codes().end()));
  }
  if (!column.is_numeric()) {
    return std::nullopt;
  }
  std::unordered_map<double, std::int32_t> known;
  std::vector<std::int32_t> numbers(column.size(), Dictionary::absent);
  for (std::size_t row = 0; row < column.size(); ++row) {
    double value = 0.0;
    column.copy_numbers(row, {&value, 1});
    if (!is_nan(value)) {
      numbers[row] = known.emplace(value, static_cast<std::int32_t>(known.size())).first->second;
      if (known.size() > most) {
        return std::nullopt;
      }
    }
  }
  return numbers;
}

/// Whether every value of `column` goes with one label only, and each label with one value: the answer by another name.
inline bool repeats_labels(const Column& column, const Column& labels) {
  constexpr std::size_t most_labels = 1000;
  constexpr std::size_t too_few = 20;  ///< records can agree by chance
  const auto label_of_row = numbered_values(labels, most_labels);
  const auto value_of_row = numbered_values(column, most_labels);
  if (!label_of_row || !value_of_row || column.size() < too_few) {
    return false;
  }
  std::vector<std::int32_t> label_of(most_labels + 1, Dictionary::absent);
  std::vector<std::int32_t> value_of(most_labels + 1, Dictionary::absent);
  std::size_t pairs = 0;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row) || labels.is_missing(row)) {
      continue;
    }
    std::int32_t& label = label_of[static_cast<std::size_t>((*value_of_row)[row])];
    std::int32_t& value = value_of[static_cast<std::size_t>((*label_of_row)[row])];
    if (label == Dictionary::absent && value == Dictionary::absent) {
      label = (*label_of_row)[row];
      value = (*value_of_row)[row];
      ++pairs;
    } else if (label != (*label_of_row)[row] || value != (*value_of_row)[row]) {
      return false;
    }
  }
  return pairs > 1;
}

/// Whether a column of whole numbers counts the rows.
inline bool counts_rows(const Column& column) {
  if (column.type() != ColumnType::integer || column.size() < 100 || column.missing_count() != 0) {
    return false;
  }
  const auto values = column.integers();
  for (std::size_t row = 1; row < values.size(); ++row) {
    if (values[row] != values[row - 1] + 1) {
      return false;
    }
  }
  return true;
}

/// Features that must not be learnt from, each with its reason.
inline void add_leaks(const Table& table, std::vector<FeatureStep>& steps) {
  const auto is_in = [](const auto& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> laboratory;
  std::vector<std::string> weather;
  std::vector<std::string> answers;
  std::vector<std::string> counters;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    const Field& field = table.schema()[place];
    if (field.role != Role::feature) {
      continue;
    }
    if (is_in(laboratory_columns, field.name)) {
      laboratory.push_back(field.name);
    } else if (is_in(weather_columns, field.name)) {
      weather.push_back(field.name);
    } else if (counts_rows(table.column(place))) {
      counters.push_back(field.name);
    }
    for (std::size_t other = 0; other < table.columns(); ++other) {
      if (table.schema()[other].role == Role::label && repeats_labels(table.column(place), table.column(other))) {
        answers.push_back(field.name);
        break;
      }
    }
  }
  const auto leave_out = [&](std::vector<std::string> names, const char* reason) {
    if (!names.empty()) {
      steps.emplace_back(LeaveOut{ColumnChoice(std::move(names)), reason});
    }
  };
  leave_out(std::move(laboratory), "it tells how the laboratory was built, not what an attack is");
  leave_out(std::move(weather), "it tells what the line lost, not what anyone did");
  leave_out(std::move(answers), "it gives the label under another name");
  leave_out(std::move(counters), "it counts the rows");
}

/// Whether the times are of the calendar (not of a clock that a capture began with zero) and cover a week: less cannot
/// teach which hours and days are usual, and would make every other hour an anomaly.
inline bool covers_a_week(const Column& moments) {
  constexpr std::int64_t day = 86'400 * nanoseconds_per_second;
  constexpr std::int64_t begin_of_1990 = 7305 * day;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (std::size_t row = 0; row < moments.size(); ++row) {
    if (!moments.is_missing(row)) {
      first = std::min(first, moments.times()[row]);
      last = std::max(last, moments.times()[row]);
    }
  }
  return first >= begin_of_1990 && last > first && last - first >= 6 * day;  // a week may lack its first and last hours
}

/// What flows say between their columns.
inline void add_derived(const Table& table, std::vector<FeatureStep>& steps) {
  const bool timed = has_type(table, "timestamp", ColumnType::time);
  const bool addressed =
      has_type(table, "src_ip", ColumnType::address) && has_type(table, "dst_ip", ColumnType::address);
  const bool ported = has_type(table, "dst_port", ColumnType::integer);
  if (timed && covers_a_week(table["timestamp"])) {
    steps.emplace_back(TimeParts{.gap = false});
  }
  if (addressed) {
    steps.emplace_back(AddressFeatures{});
    steps.emplace_back(
        LeaveOut{ColumnChoice({"src_ip.value", "src_ip.prefix_rarity", "dst_ip.value", "dst_ip.prefix_rarity"}),
                 "it tells who it was; what kind of address it is remains"});
  }
  if (ported) {
    steps.emplace_back(PortFeatures{.columns = {"dst_port"}});
  }
  if (table.has("bytes_sent") && table.has("bytes_received")) {
    steps.emplace_back(TrafficFeatures{});
  }
  if (timed && addressed && ported) {
    HostWindows windows;
    windows.src_port = table.has("src_port") ? windows.src_port : "";
    windows.protocol = table.has("protocol") ? windows.protocol : "";
    windows.state = table.has("state") ? windows.state : "";
    steps.emplace_back(windows);
    steps.emplace_back(
        RollingWindows{.functions = {Rolling::count}, .distinct = {"dst_ip", "dst_port"}, .state = windows.state});
  }
  if (ported) {
    steps.emplace_back(LeaveOut{ColumnChoice({"dst_port"}), "its number means nothing; its service and class do"});
  }
}

inline constexpr std::string_view size_view = "size";
inline constexpr std::string_view rank_view = "rank";

/// Fills gaps, flags novelty, tames heavy tails, and brings all to one scale; where two views are asked for, beside
/// what is scaled by ranks: how rare a value is among those of training, however far it lies from them.
inline std::vector<FeatureStep> automatic_steps(const Table& table, bool two_views) {
  std::vector<FeatureStep> steps;
  add_leaks(table, steps);
  add_derived(table, steps);
  steps.emplace_back(Impute{});
  bool categories = false;
  for (const Field& field : table.schema()) {
    categories = categories || (field.type == ColumnType::category && field.role == Role::feature);
  }
  const bool derived_categories = std::any_of(steps.begin(), steps.end(), [](const FeatureStep& step) {
    return std::holds_alternative<PortFeatures>(step) || std::holds_alternative<TrafficFeatures>(step);
  });
  if (categories || derived_categories) {
    steps.emplace_back(OneHot{.unseen_as_most_frequent = true});
    steps.emplace_back(Novelty{.by_chance = true});
  }
  if (two_views) {
    steps.emplace_back(View{std::string(size_view)});
  }
  steps.emplace_back(Log1p{});
  steps.emplace_back(Standardise{.clip = 10.0});
  if (two_views) {
    steps.emplace_back(View{std::string(rank_view)});
    steps.emplace_back(RankScale{});
  }
  return steps;
}

}  // namespace nad::detail
