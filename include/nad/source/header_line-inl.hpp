#pragma once

// Lines of names, and what the rows below them seem to hold.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/field_values-inl.hpp"
#include "nad/source/format-inl.hpp"
#include "nad/table/column.hpp"

namespace nad::detail {

/// The fields of a line, some of them perhaps between quotes; quotes go, blanks stay.
inline std::vector<std::string> split_quoted_line(std::string_view line, char separator) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;  // a doubled quote inside a field is dropped: only names and samples are read so
    } else if (c == separator && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// A name without blanks around it and without the '#' that some tools put before a header.
inline std::string_view bare_name(std::string_view name) noexcept {
  constexpr std::string_view blanks = " \t#";
  const std::size_t begin = name.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view()
                                         : name.substr(begin, name.find_last_not_of(" \t") + 1 - begin);
}

/// "totfwdpkts" for " Tot Fwd Pkts": letters and digits, in lower case.
inline std::string plain_name(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (is_digit(c) || (c >= 'a' && c <= 'z')) {
      result += c;
    } else if (c >= 'A' && c <= 'Z') {
      result += static_cast<char>(c | 0x20);
    }
  }
  return result;
}

/// The separator that gives the most fields.
inline char likely_separator(std::string_view line) noexcept {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char separator : {',', '\t', ';', '|'}) {
    const std::ptrdiff_t count = std::count(line.begin(), line.end(), separator);
    if (count > most) {
      most = count;
      best = separator;
    }
  }
  return best;
}

/// `names` with a number behind those that come again.
inline std::vector<std::string> distinct_names(std::vector<std::string> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      names[i] = "column_" + std::to_string(i + 1);
    }
    const std::string name = names[i];
    for (int again = 1; std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
                        names.begin() + static_cast<std::ptrdiff_t>(i);
         ++again) {
      names[i] = name + "." + std::to_string(again);
    }
  }
  return names;
}

/// So many rows tell the types of columns that have no known name.
inline constexpr std::size_t typing_rows = 200;

/// Number or category, by the rows of the head from line `first` on. Whole numbers there do not promise that later ones
/// are whole, so they are numbers, too.
inline std::vector<ColumnType> likely_types(const Head& head, std::size_t first, char separator,
                                            const std::vector<std::string>& names,
                                            const std::vector<std::string>& missing) {
  const std::size_t columns = names.size();
  std::vector<ColumnType> types(columns, ColumnType::number);
  std::vector<bool> seen(columns);
  const std::size_t last = std::min(head.lines(), first + typing_rows);
  for (std::size_t index = first; index < last; ++index) {
    const std::vector<std::string> row = split_quoted_line(head.line(index), separator);
    if (row.size() != columns || row == names || head.text()[head.line_end(index) - 1] != '\n') {
      continue;  // ragged, the names again, or cut by the end of the head
    }
    for (std::size_t place = 0; place < columns; ++place) {
      double value = 0.0;
      if (!row[place].empty() && std::find(missing.begin(), missing.end(), row[place]) == missing.end()) {
        seen[place] = true;
        types[place] = parse_number(row[place], value) ? types[place] : ColumnType::category;
      }
    }
  }
  for (std::size_t place = 0; place < columns; ++place) {
    if (!seen[place]) {
      types[place] = ColumnType::category;  // whatever comes can be kept
    }
  }
  return types;
}

}  // namespace nad::detail
