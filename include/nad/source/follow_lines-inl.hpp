#pragma once

// Pieces of a text become tables, each piece as if it stood behind the header of its file.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/source/read.hpp"
#include "nad/source/record_source_parts-inl.hpp"

namespace nad::detail {

/// The line at the beginning of a text, with its newline.
inline std::string_view first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  return text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
}

inline bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class LogLines {
 public:
  LogLines(std::string name, const SourceOptions& options, SharedSourceStats& stats)
      : name_(std::move(name)),
        batch_rows_(std::max<std::size_t>(1, options.batch_rows)),
        given_(options.read),
        stats_(stats) {}

  void expect(const Schema& inputs) { expected_ = inputs; }

  /// Another file begins, with a header of its own.
  void begin_file() {
    header_known_ = false;
    header_.clear();
  }

  /// Finds the header in the beginning of a file whose rest is read from somewhere else.
  void learn_header(std::string_view beginning) { static_cast<void>(find_header(beginning, true)); }

  /// Takes whole lines from the front of a text, and says how many bytes: 0 where more must come first. `complete`:
  /// nothing will follow.
  std::size_t take(std::string_view lines, bool complete, std::optional<Table>& table) {
    std::size_t used = 0;
    if (header_known_ && starts_header(lines)) {
      begin_file();
    }
    if (!header_known_) {
      const std::optional<std::size_t> header = find_header(lines, complete);
      if (!header) {
        return 0;
      }
      used = *header;
      lines.remove_prefix(used);
    }
    const std::size_t cut = cut_lines(lines, complete);
    if (cut != 0) {
      table = read_lines(lines.substr(0, cut));
    }
    return used + cut;
  }

 private:
  static bool starts_header(std::string_view text) { return text.starts_with("#separator"); }

  /// How many bytes the header takes; nothing where that cannot be seen yet.
  std::optional<std::size_t> find_header(std::string_view text, bool complete) {
    std::size_t first = 0;  // behind comments
    bool of_zeek = false;
    while (first < text.size()) {
      const std::string_view line = first_line(text.substr(first));
      if (!is_blank_line(line) && line.front() != '#') {
        break;
      }
      of_zeek = of_zeek || line.starts_with("#fields");
      first += line.size();
    }
    const std::string_view rest = text.substr(first);
    if (rest.empty()) {
      return complete ? std::optional(text.size()) : std::nullopt;
    }
    if (rest.front() == '{') {
      header_known_ = true;
      header_.clear();
      learn_format(first_lines(rest));
      return first;
    }
    if (of_zeek) {
      header_known_ = true;
      header_ = text.substr(0, first);
      learn_format(first_lines(text, first));
      return first;
    }
    const std::string_view names = first_line(rest);
    const std::size_t second = first + names.size();
    bool is_header = false;
    if (second == text.size()) {
      const std::optional<bool> alone = is_header_alone(text);
      if (!alone && !complete) {
        return std::nullopt;  // one line alone may be names or values
      }
      is_header = alone.value_or(false);
    } else {
      const Schema with_names = learn_format(first_lines(text, second));
      is_header =
          !same_columns(with_names, std::string(text.substr(0, first)) + std::string(first_lines(text.substr(second))));
    }
    header_known_ = true;
    header_ = text.substr(0, is_header ? second : first);
    header_given_ = is_header;
    return header_.size();
  }

  /// Enough lines to see of what format they are, behind a header of so many bytes.
  std::string_view first_lines(std::string_view text, std::size_t header = 0) const {
    const std::size_t enough = header + (std::size_t{1} << 18U);
    if (text.size() <= enough) {
      return text;
    }
    const std::size_t end = text.rfind('\n', enough);
    return end == std::string_view::npos ? text : text.substr(0, end + 1);
  }

  /// Reads some lines to see of what format they are, and which columns they have.
  Schema learn_format(std::string_view text) {
    ReadOptions options = given_;
    options.format = format_.empty() ? options.format : format_;
    Schema schema = schema_of(std::string(text), options);
    if (schema.source() == "wireshark_csv") {
      throw Error(ErrorCode::invalid_argument,
                  name_ +
                      " is a packet list of Wireshark, which cannot be followed because flows are made of many of "
                      "its lines; watch the interface or the captures instead");
    }
    format_ = schema.source();
    options_ = with_expected_types(given_, schema, expected_);
    options_.format = format_;
    may_lack_ = format_ == "zeek_conn" || format_ == "suricata_eve";
    return schema;
  }

  Schema schema_of(const std::string& text, const ReadOptions& options) const {
    std::istringstream stream(text);
    return Reader(stream, options, name_).schema();
  }

  /// Whether a line alone is names; nothing where only the next one will tell.
  std::optional<bool> is_header_alone(std::string_view text) {
    try {
      static_cast<void>(learn_format(text));
      std::istringstream stream{std::string(text)};
      const bool is_known = format_ != "csv";
      return is_known ? std::optional(read(stream, options_).rows() == 0) : std::nullopt;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  /// Whether a text has these columns although it lacks the line that may name them.
  bool same_columns(const Schema& columns, const std::string& text) const {
    ReadOptions options = given_;
    options.format = format_;
    try {
      const Schema other = schema_of(text, options);
      return other.size() == columns.size() &&
             std::equal(columns.begin(), columns.end(), other.begin(),
                        [](const Field& a, const Field& b) { return a.name == b.name; });
    } catch (const Error&) {
      return false;
    }
  }

  /// Where whole records end: not within quotes, where fields may have them, and before another header.
  std::size_t cut_lines(std::string_view text, bool complete) const {
    constexpr std::size_t longest = std::size_t{1} << 20U;  // a quote that is never closed is none
    const bool may_quote = !may_lack_ && (text.find('"') != std::string_view::npos);
    bool quoted = false;
    std::size_t end = 0;
    std::size_t lines = 0;
    for (std::size_t at = 0; at < text.size() && lines < batch_rows_;) {
      const std::string_view line = first_line(text.substr(at));
      if (at != 0 && starts_header(line)) {
        break;
      }
      if (may_quote) {
        quoted = (std::count(line.begin(), line.end(), '"') % 2 != 0) != quoted;
      }
      at += line.size();
      if (!quoted || at - end > longest) {
        end = at;
        ++lines;
      }
    }
    return end == 0 && complete ? text.size() : end;
  }

  std::optional<Table> read_lines(std::string_view lines) {
    std::istringstream stream(header_ + std::string(lines));
    ReadReport report;
    ReadOptions options = options_;
    if (format_ == "csv" && !options.header) {
      options.header = header_given_;
    }
    options.batch_rows = static_cast<std::size_t>(-1);
    try {
      Reader reader(stream, options, name_);
      std::optional<Table> table = reader.next();
      stats_.add(reader.report());
      if (!table) {
        return std::nullopt;
      }
      return conforming(std::move(*table), expected_, may_lack_);
    } catch (const Error& error) {
      const bool is_content = error.code() == ErrorCode::invalid_data || error.code() == ErrorCode::bad_file;
      if (!is_content || given_.on_error == OnError::raise) {
        throw;
      }
      std::size_t count = 0;
      while (!lines.empty()) {
        const std::string_view line = first_line(lines);
        count += is_blank_line(line) || line.front() == '#' ? 0U : 1U;
        lines.remove_prefix(line.size());
      }
      if (count != 0) {
        stats_.skip_records("not of the format " + format_, count);
        stats_.note(short_note(error.what()));
      }
      return std::nullopt;
    }
  }

  std::string name_;
  std::size_t batch_rows_;
  ReadOptions given_;
  ReadOptions options_;
  SharedSourceStats& stats_;
  Schema expected_;
  std::string header_;
  std::string format_;
  bool header_known_ = false;
  bool header_given_ = false;
  bool may_lack_ = false;
};

}  // namespace nad::detail
