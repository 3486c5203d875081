#pragma once

// What every format gives: batches of one schema. And how it speaks of what is wrong.

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detail/utf8.hpp"
#include "nad/source/line_window-inl.hpp"
#include "nad/source/read_options.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

/// What reading a whole file taught about a column that its beginning did not show.
struct LearntColumn {
  ColumnType type = ColumnType::text;
  bool padded = false;  ///< blanks stand around values
  std::string why = {};
};

/// The second reading of a file whose columns turned out to be of other types than its beginning let expect.
struct SecondReading {
  bool possible = false;
  bool wanted = false;
  std::map<std::string, LearntColumn> columns = {};
  std::optional<bool> day_first = {};  ///< of dates whose order the beginning did not show
};

/// A message that quotes a file, as UTF-8 whatever the file holds.
inline std::string readable(std::string text) {
  if (!is_utf8(text)) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 127; }, '?');
  }
  return text;
}

/// As somebody can read it who did not write the file: cut where it goes on and on.
inline std::string short_note(const std::string& text) {
  constexpr std::size_t most = 500;
  std::size_t end = std::min(text.size(), most);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;  // not in the middle of a letter
  }
  return readable(end < text.size() ? text.substr(0, end) + "..." : text);
}

/// The options, the report and the name of what is read, for all that take part.
struct ReadContext {
  std::string name;
  ReadOptions options;
  ReadReport report;
  SecondReading second = {};
  bool takes_day_first = false;  ///< the format asks for the option

  /// "conn.log, line 7, column 'duration': "
  std::string place(std::uint64_t line, const std::string& column = {}) const {
    return name + ", line " + std::to_string(line) + (column.empty() ? "" : ", " + column) + ": ";
  }

  /// A record that cannot be used: an error, or one more of its kind. `reason` groups such records; `detail` tells of
  /// this one.
  void bad_record(const std::string& reason, std::uint64_t line, const std::string& column, const std::string& detail) {
    if (options.on_error == OnError::raise) {
      throw Error(ErrorCode::invalid_data, readable(place(line, column) + detail) +
                                               "; mend the file, or leave such rows out with on_error=\"skip\"");
    }
    skip(reason);
  }

  /// One more record left out. A hostile file may have any number of reasons.
  void skip(const std::string& told) {
    const std::string reason = readable(told);
    constexpr std::size_t most_reasons = 200;
    const bool room = report.skipped.size() < most_reasons || report.skipped.contains(reason);
    ++report.skipped[room ? reason : "other reasons"];
  }

  void note(const std::string& told) {
    const std::string text = short_note(told);
    if (std::find(report.notes.begin(), report.notes.end(), text) == report.notes.end()) {
      report.notes.push_back(text);
    }
  }

  void progress(const ByteInput& input) const { progress(input.done(), input.total()); }
  void progress(std::uint64_t done, std::uint64_t total) const {
    if (options.progress &&
        !options.progress({"reading", static_cast<std::size_t>(done), static_cast<std::size_t>(total)})) {
      throw Error(ErrorCode::cancelled, "cancelled while reading " + name);
    }
  }
};

class BatchSource {
 public:
  BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;
  virtual ~BatchSource() = default;

  virtual const Schema& schema() const = 0;
  /// Up to `most` rows; nothing at the end.
  virtual std::optional<Table> next(std::size_t most) = 0;
};

}  // namespace nad::detail
