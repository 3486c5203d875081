#pragma once

/// Tables as people read them.
///
///   std::cout << flows;
///   std::string wide = nad::to_string(flows, {.rows = 40, .width = 200});
///   std::string cell = nad::to_html(flows);            // for notebooks
///
/// Text from records is shown, never obeyed: control characters, marks that turn the direction of writing and invisible
/// ones appear as escapes (\x1b, \u202e), bytes that are not UTF-8 as U+FFFD.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "nad/config.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct PrintOptions {
  std::size_t rows = 10;        ///< more are cut in the middle
  std::size_t width = 120;      ///< of a line, in characters; columns that do not fit are named below the table
  std::size_t cell_width = 32;  ///< longer texts are cut
  std::size_t digits = 6;       ///< of a number, at most
};

/// The first and last rows, aligned, with the type below each name and the shape in the last line. Column width counts
/// a wide character (Chinese, emoji) as two. The columns from the left are shown as far as they fit, a column with the
/// role of label in any case. No end of line at the end.
NAD_API std::string to_string(const Table& table, const PrintOptions& options = {});

/// As `to_string` with its defaults, and an end of line.
NAD_API std::ostream& operator<<(std::ostream& stream, const Table& table);

struct HtmlOptions {
  std::size_t rows = 10;
  std::size_t columns = 30;
  std::size_t cell_width = 60;
  std::size_t digits = 6;
};

/// An HTML fragment that needs nothing else and takes the colours of the page around it, light or dark.
NAD_API std::string to_html(const Table& table, const HtmlOptions& options = {});

/// A text as `to_string` would show it: harmless on a terminal, and cut to `width` columns with "…" at the end.
NAD_API std::string printable(std::string_view text, std::size_t width = static_cast<std::size_t>(-1));

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/print-inl.hpp"
#endif
