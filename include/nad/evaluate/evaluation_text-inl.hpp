#pragma once

// An evaluation for people.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nad/detail/not_a_number.hpp"
#include "nad/evaluate/evaluation.hpp"
#include "nad/table/group_words-inl.hpp"
#include "nad/table/print.hpp"
#include "nad/table/print_numbers-inl.hpp"

namespace nad {

namespace detail {

struct TextCell {
  std::string text;
  std::size_t width = 0;  ///< in characters
};

/// Lines whose cells stand below one another: the first column to the left, the others to the right.
class TextTable {
 public:
  void add(std::vector<TextCell> cells) { lines_.push_back(std::move(cells)); }

  std::string text() const {
    std::vector<std::size_t> widths;
    for (const std::vector<TextCell>& line : lines_) {
      widths.resize(std::max(widths.size(), line.size()), 0);
      for (std::size_t column = 0; column < line.size(); ++column) {
        widths[column] = std::max(widths[column], line[column].width);
      }
    }
    std::string text;
    for (const std::vector<TextCell>& line : lines_) {
      std::string out;
      for (std::size_t column = 0; column < line.size(); ++column) {
        const std::string room(widths[column] - line[column].width, ' ');
        out += column == 0 ? "  " + line[column].text + room : "  " + room + line[column].text;
      }
      out.erase(out.find_last_not_of(' ') + 1);
      text += out + "\n";
    }
    return text;
  }

 private:
  std::vector<std::vector<TextCell>> lines_;
};

inline TextCell cell_of(std::string text) {
  // a byte that goes on with a character of UTF-8 takes no place
  const auto width = std::count_if(text.begin(), text.end(),
                                   [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; });
  return {std::move(text), static_cast<std::size_t>(width)};
}

/// "0.9644"; as many digits as tell it from 1: "0.999994".
inline std::string figure_text(double value) {
  if (is_nan(value)) {
    return "-";
  }
  int digits = 4;
  const double rest = 1.0 - std::abs(value);
  if (rest > 0.0 && rest < 0.001) {
    digits = std::min(7, 1 - static_cast<int>(std::floor(std::log10(rest))));
  }
  std::string text = plain(value, digits);
  if (rest > 0.0 && text.starts_with(value < 0.0 ? "-1" : "1")) {  // what is not 1 must not be written as 1
    return value < 0.0 ? "> -1" : "< 1";
  }
  return text;
}

inline TextCell figure_cell(double value) { return cell_of(figure_text(value)); }

inline TextCell range_cell(const Interval& interval) {
  return cell_of(is_nan(interval.low) ? "" : figure_text(interval.low) + " - " + figure_text(interval.high));
}

/// A threshold: six digits.
inline std::string threshold_digits(double value) {
  return has_plain_form(value) ? plain(value, decimals_of(value, 6)) : scientific(value, 6);
}

/// Rows as whole numbers, weights with two digits.
inline std::string amount_text(double amount) {
  return with_thousands(plain(amount, amount == std::floor(amount) ? 0 : 2));
}

inline TextCell amount_cell(double amount) { return cell_of(amount_text(amount)); }

/// "0.1 %".
inline std::string rate_text(double share) { return plain(100.0 * share, decimals_of(100.0 * share, 3)) + " %"; }

inline std::string seconds_text(double seconds) {
  if (is_nan(seconds)) {
    return "-";
  }
  const std::pair<double, const char*> units[] = {{86400.0, " d"}, {3600.0, " h"}, {60.0, " min"}};
  for (const auto& [length, unit] : units) {
    if (seconds >= 2.0 * length) {
      return plain(seconds / length, 1) + unit;
    }
  }
  return plain(seconds, seconds < 10.0 && seconds > 0.0 ? 2 : 0) + " s";
}

inline std::string rows_text(const Evaluation& evaluation) {
  const double total = evaluation.attacks + evaluation.normals;
  return with_thousands(std::to_string(evaluation.rows)) + " rows: " + amount_text(evaluation.normals) + " normal, " +
         amount_text(evaluation.attacks) + " attacks (" + rate_text(evaluation.attacks / total) + ")\n";
}

inline std::string ranking_text(const Evaluation& evaluation) {
  const bool has_intervals = evaluation.replicates > 0;
  const std::string confidence = rate_text(evaluation.confidence) + " interval";
  TextTable table;
  table.add({cell_of("whatever the threshold"), cell_of("value"), cell_of(has_intervals ? confidence : ""),
             cell_of("threshold")});
  const auto add = [&](const std::string& name, const Interval& interval) {
    table.add({cell_of(name), figure_cell(interval.value), range_cell(interval), cell_of("")});
  };
  add("ROC-AUC", evaluation.roc_auc);
  add("PR-AUC (average precision)", evaluation.average_precision);
  add("ROC-AUC up to " + rate_text(evaluation.max_fpr) + " false positives", evaluation.partial_auc);
  for (const RateEvaluation& rate : evaluation.rates) {
    table.add({cell_of("recall at " + rate_text(rate.false_positive_rate) + " false positives"),
               figure_cell(rate.recall.value), range_cell(rate.recall), cell_of(threshold_digits(rate.threshold))});
  }
  std::string text = table.text();
  if (evaluation.groups > 0) {
    text += "  (the intervals draw whole groups of rows: " + with_thousands(std::to_string(evaluation.groups)) +
            " of them)\n";
  }
  return text;
}

inline std::string threshold_text(const Evaluation& evaluation) {
  const Confusion& counts = evaluation.confusion;
  std::string text =
      "threshold " + threshold_digits(evaluation.threshold) +
      (evaluation.is_threshold_chosen ? ", chosen on these rows for the largest F1: too good for others\n" : "\n");
  TextTable confusion;
  confusion.add({cell_of(""), cell_of("no alert"), cell_of("alert"), cell_of("precision"), cell_of("recall"),
                 cell_of("f1-score"), cell_of("support")});
  const Confusion other{counts.true_positives, counts.false_negatives, counts.false_positives, counts.true_negatives};
  confusion.add({cell_of("normal"), amount_cell(counts.true_negatives), amount_cell(counts.false_positives),
                 figure_cell(other.precision()), figure_cell(other.recall()), figure_cell(other.f1()),
                 amount_cell(counts.normals())});
  confusion.add({cell_of("attack"), amount_cell(counts.false_negatives), amount_cell(counts.true_positives),
                 figure_cell(counts.precision()), figure_cell(counts.recall()), figure_cell(counts.f1()),
                 amount_cell(counts.attacks())});
  text += confusion.text() + "\n";
  TextTable table;
  const auto add = [&](const char* name, const Interval& interval) {
    table.add({cell_of(name), figure_cell(interval.value), range_cell(interval)});
  };
  add("precision: alerts that are attacks", evaluation.precision);
  add("recall: attacks that are found", evaluation.recall);
  add("false positive rate", evaluation.false_positive_rate);
  add("F1", evaluation.f1);
  add("accuracy", evaluation.accuracy);
  add("balanced accuracy", evaluation.balanced_accuracy);
  add("Matthews correlation", evaluation.matthews);
  return text + table.text();
}

inline std::string families_text(const Evaluation& evaluation) {
  if (evaluation.families.empty()) {
    return "";
  }
  TextTable table;
  std::vector<TextCell> header = {cell_of("family"),
                                  cell_of("attacks"),
                                  cell_of("found"),
                                  cell_of("recall"),
                                  cell_of(evaluation.replicates > 0 ? "interval" : ""),
                                  cell_of("ROC-AUC")};
  for (const RateEvaluation& rate : evaluation.rates) {
    header.push_back(cell_of("at " + rate_text(rate.false_positive_rate)));
  }
  if (evaluation.delays) {
    header.push_back(cell_of("episodes"));
  }
  table.add(std::move(header));
  for (const FamilyEvaluation& family : evaluation.families) {
    std::vector<TextCell> line = {cell_of(printable(family.name, 24)), amount_cell(family.attacks),
                                  amount_cell(family.found),           figure_cell(family.recall.value),
                                  range_cell(family.recall),           figure_cell(family.roc_auc.value)};
    for (const Interval& recall : family.recall_at_rate) {
      line.push_back(figure_cell(recall.value));
    }
    if (evaluation.delays) {
      line.push_back(cell_of(std::to_string(family.episodes_detected) + " of " + std::to_string(family.episodes)));
    }
    table.add(std::move(line));
  }
  return "\n" + table.text();
}

inline std::string time_text(const Evaluation& evaluation) {
  std::string text;
  if (!is_nan(evaluation.per_day.alerts)) {
    text += "\n" + amount_text(std::round(evaluation.per_day.alerts)) + " alerts a day, " +
            amount_text(std::round(evaluation.per_day.false_alerts)) + " of them false; the records span " +
            seconds_text(86400.0 * evaluation.per_day.days) + "\n";
  }
  if (evaluation.delays) {
    const DelaySummary& delays = *evaluation.delays;
    text += (text.empty() ? "\n" : "") + std::to_string(delays.detected) + " of " + std::to_string(delays.episodes) +
            (delays.episodes == 1 ? " episode" : " episodes") + " of attacks noticed";
    if (delays.detected > 0) {
      const bool has_times = !is_nan(delays.median_seconds);
      const bool at_once = has_times ? delays.median_seconds == 0.0 : delays.median_rows == 0.0;
      text += std::string(", half of them ") +
              (at_once     ? "at their first record"
               : has_times ? "within " + seconds_text(delays.median_seconds)
                           : "after " + amount_text(delays.median_rows) + " records of theirs");
      text += has_times ? ", the last after " + seconds_text(delays.longest_seconds) : "";
    }
    text += "\n";
  }
  return text;
}

}  // namespace detail

NAD_INLINE std::string to_text(const Evaluation& evaluation) {
  return detail::rows_text(evaluation) + "\n" + detail::ranking_text(evaluation) + "\n" +
         detail::threshold_text(evaluation) + detail::families_text(evaluation) + detail::time_text(evaluation);
}

}  // namespace nad
