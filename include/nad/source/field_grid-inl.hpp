#pragma once

// Lines of separated fields, cut into a grid: where each field of each row ends.

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/simd/active_kernels.hpp"

namespace nad::detail {

struct Dialect {
  char separator = ',';
  char quote = '"';                 ///< '\0': none
  char comment = '\0';              ///< lines that begin with it are left out; '\0': none
  bool trailing_separator = false;  ///< a last, empty field does not count
};

/// A row that has not as many fields as it should.
struct RaggedRow {
  std::uint64_t line;
  std::size_t fields;
};

struct CommentLine {
  std::uint64_t line;
  std::string text;
};

/// Rows of equally many fields. A field begins one byte behind the end of the one before it.
class FieldGrid {
 public:
  FieldGrid(const Dialect& dialect, std::size_t columns) : dialect_(dialect), columns_(columns) {}

  std::size_t rows() const noexcept { return rows_; }
  std::size_t columns() const noexcept { return columns_; }

  std::string_view field(std::size_t row, std::size_t column) const noexcept {
    const std::size_t place = row * columns_ + column;
    const std::uint32_t begin = ends_[place] + 1U;
    std::uint32_t end = ends_[place + 1];
    if (column + 1 == columns_ && plain_ && end != begin && text_[end - 1] == '\r') {
      --end;  // Windows ends lines with "\r\n"
    }
    return {text_ + begin, end - begin};
  }

  /// Calls `body(i, text)` for field `column` of row first + i, for i below `count`.
  template <class Body>
  void for_each(std::size_t column, std::size_t first, std::size_t count, const Body& body) const {
    if (column + 1 == columns_) {
      for (std::size_t i = 0; i < count; ++i) {
        body(i, field(first + i, column));
      }
      return;
    }
    const std::uint32_t* ends = ends_.data() + first * columns_ + column;
    for (std::size_t i = 0; i < count; ++i, ends += columns_) {
      const std::uint32_t begin = ends[0] + 1U;
      body(i, std::string_view(text_ + begin, ends[1] - begin));
    }
  }

  /// The line in the file that a row begins in.
  std::uint64_t line(std::size_t row) const noexcept { return lines_.empty() ? first_line_ + row : lines_[row]; }
  const std::vector<RaggedRow>& ragged() const noexcept { return ragged_; }
  const std::vector<CommentLine>& comments() const noexcept { return comments_; }
  /// How many lines the bytes had that were cut.
  std::uint64_t line_count() const noexcept { return line_count_; }

  /// Cuts whole lines; returns how many bytes of them became rows. What is left begins a row whose quotes do not close
  /// in this text.
  std::size_t cut(std::string_view lines, std::uint64_t first_line) {
    rows_ = 0;
    first_line_ = first_line;
    lines_.clear();
    ragged_.clear();
    comments_.clear();
    if (!cut_plain(lines)) {
      return cut_carefully(lines);
    }
    return lines.size();
  }

  /// Forgets all rows; `add_row` brings new ones, which were cut by somebody else.
  void clear() {
    cut_carefully({});
    rows_ = 0;
    lines_.clear();
    ragged_.clear();
    comments_.clear();
  }

  void add_row(std::uint64_t line, std::span<const std::string_view> fields) {
    for (const std::string_view field : fields) {
      scratch_.append(field);
      ends_.push_back(static_cast<std::uint32_t>(scratch_.size()));
      scratch_ += '\n';
    }
    lines_.push_back(line);
    ++rows_;
    text_ = scratch_.data();
  }

 private:
  /// Text without quotes, comments, blank lines and ragged rows: separators are found, and that is all.
  bool cut_plain(std::string_view lines) {
    if (lines.size() > UINT32_MAX || (dialect_.quote != '\0' && has(lines, dialect_.quote)) ||
        (dialect_.comment != '\0' && has(lines, dialect_.comment)) || dialect_.trailing_separator) {
      return false;
    }
    if (ends_.size() < lines.size() + 9) {
      ends_.resize(lines.size() + 9);
    }
    ends_[0] = before_first;
    const simd::ByteCounts found =
        simd::active_kernels().find_bytes(lines.data(), lines.size(), dialect_.separator, '\n', ends_.data() + 1);
    rows_ = found.both / columns_;
    if (found.both % columns_ != 0 || found.b != rows_) {
      return false;
    }
    for (std::size_t row = 1; row <= rows_; ++row) {  // every newline must end a row
      if (lines[ends_[row * columns_]] != '\n') {
        return false;
      }
    }
    if (columns_ == 1 && lines.find("\n\n") != std::string_view::npos) {
      return false;
    }
    text_ = lines.data();
    line_count_ = rows_;
    plain_ = true;
    return true;
  }

  static bool has(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

  /// Character by character. Fields are copied to `scratch_`, without their quotes, one byte apart.
  std::size_t cut_carefully(std::string_view lines) {
    plain_ = false;
    scratch_.clear();
    ends_.assign(1, before_first);
    rows_ = 0;
    std::uint64_t line = first_line_;
    std::size_t at = 0;
    while (at < lines.size()) {
      const std::size_t line_end = lines.find('\n', at);
      if (dialect_.comment != '\0' && lines[at] == dialect_.comment) {
        comments_.push_back({line, std::string(lines.substr(at, line_end - at))});
      } else if (lines.substr(at, line_end - at).find_first_not_of('\r') != std::string_view::npos) {
        const std::size_t kept = scratch_.size();
        const std::size_t next = cut_row(lines, at, line);
        if (next == std::string_view::npos) {
          scratch_.resize(kept);
          ends_.resize(rows_ * columns_ + 1);
          break;
        }
        at = next;
        continue;
      }
      at = line_end + 1;
      ++line;
    }
    text_ = scratch_.data();
    line_count_ = line - first_line_;
    return at;
  }

  /// Cuts one row; returns where the next begins, or npos where its quotes do not close. `line` moves on.
  std::size_t cut_row(std::string_view lines, std::size_t at, std::uint64_t& line) {
    const std::size_t kept = scratch_.size();
    const std::uint64_t begun = line;
    std::size_t fields = 0;
    bool last = false;
    while (!last) {
      if (dialect_.quote != '\0' && lines[at] == dialect_.quote) {
        const std::size_t closed = copy_quoted(lines, at + 1);
        if (closed == std::string_view::npos) {
          line = begun;
          return closed;
        }
        line += static_cast<std::uint64_t>(std::count(lines.begin() + static_cast<std::ptrdiff_t>(at),
                                                      lines.begin() + static_cast<std::ptrdiff_t>(closed), '\n'));
        at = closed;
      }
      const std::size_t begin = at;
      while (lines[at] != dialect_.separator && lines[at] != '\n') {
        ++at;
      }
      last = lines[at] == '\n';
      const std::size_t end = last && at != begin && lines[at - 1] == '\r' ? at - 1 : at;
      scratch_.append(lines.substr(begin, end - begin));
      ends_.push_back(static_cast<std::uint32_t>(scratch_.size()));
      scratch_ += '\n';
      ++fields;
      ++at;
    }
    ++line;
    if (dialect_.trailing_separator && fields == columns_ + 1 && ends_.back() == ends_[ends_.size() - 2] + 1U) {
      ends_.pop_back();
      scratch_.pop_back();
      --fields;
    }
    if (fields == columns_) {
      lines_.push_back(begun);
      ++rows_;
    } else {
      ragged_.push_back({begun, fields});
      scratch_.resize(kept);
      ends_.resize(rows_ * columns_ + 1);
    }
    return at;
  }

  /// Copies what stands between quotes, of which two mean one; returns the place behind the last.
  std::size_t copy_quoted(std::string_view lines, std::size_t at) {
    for (;;) {
      const std::size_t quote = lines.find(dialect_.quote, at);
      if (quote == std::string_view::npos) {
        return quote;
      }
      scratch_.append(lines.substr(at, quote - at));
      if (quote + 1 >= lines.size() || lines[quote + 1] != dialect_.quote) {
        return quote + 1;
      }
      scratch_ += dialect_.quote;
      at = quote + 2;
    }
  }

  static constexpr std::uint32_t before_first = UINT32_MAX;  ///< one more is where the first field begins

  Dialect dialect_;
  std::size_t columns_;
  const char* text_ = nullptr;
  std::vector<std::uint32_t> ends_{before_first};  ///< of all fields, row by row, behind a first entry
  std::size_t rows_ = 0;
  std::uint64_t first_line_ = 1;
  std::uint64_t line_count_ = 0;
  std::vector<std::uint64_t> lines_;
  std::vector<RaggedRow> ragged_;
  std::vector<CommentLine> comments_;
  std::string scratch_;
  bool plain_ = true;
};

}  // namespace nad::detail
