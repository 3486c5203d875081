#pragma once

// Lines of separated fields, cut into a grid: where each field of each row ends.

#include <algorithm>
#include <cstdint>
#include <cstring>
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
  bool blank_before_quote = false;  ///< blanks may stand before a quote that opens
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

/// Rows of equally many fields. A field begins one byte behind the end of the one before it, and at least eight bytes
/// can be read from where it begins.
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

  /// Cuts whole lines, behind which `slack` bytes can be read; returns how many bytes of them became rows. What is left
  /// begins a row whose quotes do not close in this text.
  std::size_t cut(std::string_view lines, std::uint64_t first_line) {
    rows_ = 0;
    first_line_ = first_line;
    lines_.clear();
    ragged_.clear();
    comments_.clear();
    if (cut_plain(lines)) {
      return lines.size();
    }
    const std::size_t used = cut_quickly(lines);
    return used == std::string_view::npos ? cut_carefully(lines) : used;
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
    use_scratch();
  }

 private:
  static constexpr std::size_t slack = 16;

  /// Fields lie in `scratch_`, behind which can be read, too.
  void use_scratch() {
    scratch_.append(slack, '\0');
    scratch_.resize(scratch_.size() - slack);
    text_ = scratch_.data();
  }

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

  /// Text whose quotes, if it has any, surround whole fields; with comments, blank lines and ragged rows among the
  /// rows. Fields are copied to `scratch_`. Returns what `cut` does, or npos where quotes stand elsewhere.
  std::size_t cut_quickly(std::string_view lines) {
    if (lines.empty() || lines.size() > UINT32_MAX) {
      return std::string_view::npos;
    }
    if (places_.size() < lines.size() + 9) {
      places_.resize(lines.size() + 9);
    }
    simd::QuotedCounts found = {0, 0, 0, 0, false, true};
    const bool quoted = dialect_.quote != '\0' && has(lines, dialect_.quote);
    if (quoted) {
      found = simd::active_kernels().find_unquoted(lines.data(), lines.size(), dialect_.separator, '\n', dialect_.quote,
                                                   places_.data());
    } else {
      found.both =
          simd::active_kernels().find_bytes(lines.data(), lines.size(), dialect_.separator, '\n', places_.data()).both;
    }
    if (!found.sound) {
      return std::string_view::npos;
    }
    start_copying(lines.size(), found.both);
    std::uint64_t line = first_line_;
    std::size_t begin = 0;
    for (std::size_t first = 0; first < found.both;) {
      std::size_t last = first;
      while (last < found.both && lines[places_[last]] != '\n') {
        ++last;
      }
      if (last == found.both) {
        break;  // a quote is still open
      }
      const std::string_view row = lines.substr(begin, places_[last] - begin);
      if (dialect_.comment != '\0' && !row.empty() && row.front() == dialect_.comment) {
        if (quoted && has(row, dialect_.quote)) {
          return std::string_view::npos;
        }
        comments_.push_back({line, std::string(row)});
      } else if (row.find_first_not_of('\r') != std::string_view::npos &&
                 !copy_row(lines, first, last, begin, line, quoted, found.doubled != 0)) {
        return std::string_view::npos;
      }
      line += 1;
      if (found.b_inside != 0) {
        line += static_cast<std::uint64_t>(std::count(row.begin(), row.end(), '\n'));
      }
      begin = places_[last] + std::size_t{1};
      first = last + 1;
    }
    text_ = scratch_.data();
    line_count_ = line - first_line_;
    return begin;
  }

  void start_copying(std::size_t bytes, std::size_t fields) {
    plain_ = false;
    rows_ = 0;
    lines_.clear();
    ragged_.clear();
    comments_.clear();
    if (scratch_.size() < bytes + slack) {
      scratch_.resize(bytes + slack);
    }
    if (ends_.size() < fields + 1) {
      ends_.resize(fields + 1);
    }
    ends_[0] = before_first;
  }

  /// Copies the fields that end at places [first, last]; false where a quote does not surround a whole field.
  bool copy_row(std::string_view lines, std::size_t first, std::size_t last, std::size_t begin, std::uint64_t line,
                bool quoted, bool doubled) {
    std::size_t fields = last - first + 1;
    if (dialect_.trailing_separator && fields == columns_ + 1) {
      const std::size_t behind = places_[last - 1] + std::size_t{1};
      if (lines.substr(behind, places_[last] - behind).find_first_not_of('\r') == std::string_view::npos) {
        --fields;
      }
    }
    if (fields != columns_) {
      ragged_.push_back({line, fields});
      return !quoted || sound_quotes(lines, first, last, begin);
    }
    std::uint32_t* ends = ends_.data() + rows_ * columns_;
    char* out = scratch_.data() + (rows_ == 0 ? 0 : *ends + std::size_t{1});
    for (std::size_t i = first; i < first + fields; ++i) {
      std::size_t end = places_[i];
      const std::size_t next = end + 1;
      if (i == last && end != begin && lines[end - 1] == '\r') {
        --end;  // Windows ends lines with "\r\n"
      }
      if (quoted && begin != end && lines[begin] == dialect_.quote) {
        ++begin;
        if (begin == end || lines[end - 1] != dialect_.quote) {
          return false;
        }
        --end;
        out = doubled ? copy_undoubled(lines.substr(begin, end - begin), out) : copy(lines, begin, end, out);
      } else {
        out = copy(lines, begin, end, out);
      }
      *++ends = static_cast<std::uint32_t>(out - scratch_.data());
      *out++ = '\n';
      begin = next;
    }
    lines_.push_back(line);
    ++rows_;
    return true;
  }

  /// Whether fields that begin with a quote end with one.
  bool sound_quotes(std::string_view lines, std::size_t first, std::size_t last, std::size_t begin) const {
    for (std::size_t i = first; i <= last; ++i) {
      std::string_view field = lines.substr(begin, places_[i] - begin);
      begin = places_[i] + std::size_t{1};
      if (i == last && field.ends_with('\r')) {
        field.remove_suffix(1);
      }
      if (field.starts_with(dialect_.quote) && (field.size() == 1 || !field.ends_with(dialect_.quote))) {
        return false;
      }
    }
    return true;
  }

  static char* copy(std::string_view lines, std::size_t begin, std::size_t end, char* out) {
    const std::size_t size = end - begin;
    if (size <= 16 && begin + 16 <= lines.size()) {  // most fields are short: one move, and what is too much is
      std::memcpy(out, lines.data() + begin, 16);    // written over by the next field
    } else {
      std::memcpy(out, lines.data() + begin, size);
    }
    return out + size;
  }

  /// Of two quotes, one.
  char* copy_undoubled(std::string_view text, char* out) const {
    for (;;) {
      const std::size_t quote = text.find(dialect_.quote);
      const std::size_t size = quote == std::string_view::npos ? text.size() : quote + 1;
      out = std::copy_n(text.data(), size, out);
      if (quote == std::string_view::npos) {
        return out;
      }
      text.remove_prefix(quote + 2);
    }
  }

  static bool has(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

  /// Character by character: quotes may stand anywhere. Fields are copied to `scratch_`, without their quotes, one byte
  /// apart.
  std::size_t cut_carefully(std::string_view lines) {
    plain_ = false;
    lines_.clear();
    ragged_.clear();
    comments_.clear();
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
    use_scratch();
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
      const std::size_t opening = dialect_.blank_before_quote ? lines.find_first_not_of(' ', at) : at;
      if (dialect_.quote != '\0' && lines[opening] == dialect_.quote) {
        const std::size_t closed = copy_quoted(lines, opening + 1);
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
  std::vector<std::uint32_t> places_;
  bool plain_ = true;
};

}  // namespace nad::detail
