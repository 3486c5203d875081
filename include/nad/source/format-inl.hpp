#pragma once

// How a format is recognised: by the first lines, never by the name of the file.

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace nad::detail {

/// The beginning of a text.
class Head {
 public:
  explicit Head(std::string_view text) : text_(text) {
    for (std::size_t begin = 0; begin < text_.size() && begins_.size() < most_lines;) {
      begins_.push_back(begin);
      const std::size_t end = text_.find('\n', begin);
      begin = end == std::string_view::npos ? text_.size() : end + 1;
      ends_.push_back(begin);
    }
  }

  std::string_view text() const noexcept { return text_; }
  std::size_t lines() const noexcept { return begins_.size(); }

  /// Without its end; "" behind the last.
  std::string_view line(std::size_t index) const noexcept {
    if (index >= lines()) {
      return {};
    }
    std::string_view line = text_.substr(begins_[index], ends_[index] - begins_[index]);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
      line.remove_suffix(1);
    }
    return line;
  }

  /// Where the next line begins.
  std::size_t line_end(std::size_t index) const noexcept { return ends_[index]; }

 private:
  static constexpr std::size_t most_lines = 1000;
  std::string_view text_;
  std::vector<std::size_t> begins_;
  std::vector<std::size_t> ends_;
};

/// The fields of a line without quotes.
inline std::vector<std::string_view> split_line(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) {
      return fields;
    }
    line.remove_prefix(end + 1);
  }
}

/// Without a line of names, so many rows tell the format: one malformed row among them must not.
inline constexpr std::size_t first_rows = 20;

/// Whether at least half of the first rows are of a kind, and the first line is not one of many names.
template <class IsKind>
bool most_first_rows(const Head& head, char separator, const IsKind& is_kind) {
  std::size_t rows = 0;
  std::size_t sound = 0;
  for (std::size_t index = 0; index < head.lines() && rows < first_rows; ++index) {
    const std::string_view line = head.line(index);
    if (line.empty()) {
      continue;
    }
    const bool is_sound = is_kind(line);
    sound += is_sound ? 1U : 0U;
    if (rows++ == 0 && !is_sound) {
      const std::vector<std::string_view> fields = split_line(line, separator);
      if (fields.size() > 9 && std::none_of(fields.begin(), fields.end(), [](std::string_view field) {
            return !field.empty() && field[0] >= '0' && field[0] <= '9';
          })) {
        return false;
      }
    }
  }
  return sound != 0 && 2 * sound >= rows;
}

}  // namespace nad::detail
