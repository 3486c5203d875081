#pragma once

#include <algorithm>
#include <ostream>
#include <vector>

#include "nad/table/print.hpp"
#include "nad/table/print_numbers-inl.hpp"
#include "nad/table/printable-inl.hpp"

namespace nad {

namespace detail {

/// One column as it is shown.
struct ShownColumn {
  Cell name;
  Cell type;
  std::vector<Cell> cells;
  std::vector<bool> missing;
  bool to_the_right = false;

  std::size_t width() const noexcept {
    std::size_t widest = std::max(name.width, type.width);
    for (const Cell& cell : cells) {
      widest = std::max(widest, cell.width);
    }
    return widest;
  }
};

inline ShownColumn show_column(const Table& table, std::size_t place, const std::vector<std::size_t>& rows,
                               std::size_t cell_width, std::size_t digits) {
  const Column& column = table.column(place);
  ShownColumn shown;
  shown.name = printable_cell(table.schema()[place].name, cell_width);
  shown.type = printable_cell(name(column.type()), cell_width);
  shown.to_the_right = column.type() == ColumnType::number || column.type() == ColumnType::integer;
  std::vector<std::string> numbers;
  if (column.type() == ColumnType::number) {
    numbers = format_numbers(column, rows, digits);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool missing = column.is_missing(rows[i]);
    const bool is_text = column.type() == ColumnType::text || column.type() == ColumnType::category;
    shown.missing.push_back(missing);
    if (missing) {
      shown.cells.push_back({"–", 1});
    } else if (is_text) {
      shown.cells.push_back(printable_cell(column.text(rows[i]), cell_width));
    } else {
      std::string text = numbers.empty() ? column.format(rows[i]) : std::move(numbers[i]);
      const std::size_t width = text.size();
      shown.cells.push_back({std::move(text), width});
    }
  }
  return shown;
}

/// The first rows and the last, at most `most` in all.
struct ShownRows {
  std::vector<std::size_t> rows;
  std::size_t before_gap = 0;  ///< rows above those left out; all where none is

  ShownRows(std::size_t of, std::size_t most) {
    const std::size_t count = std::min(of, most);
    before_gap = of > most ? (count + 1) / 2 : count;
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back(i < before_gap ? i : of - count + i);
    }
  }

  bool gap() const noexcept { return before_gap < rows.size(); }
};

/// "494,021 rows"
inline std::string counted(std::size_t count, const char* noun) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text + " " + noun + (count == 1 ? "" : "s");
}

inline std::string shape(const Table& table) {
  return counted(table.rows(), "row") + " × " + counted(table.columns(), "column");
}

/// Which columns are shown: those from the left that fit, and the label where it would not be among them.
struct ShownColumns {
  std::vector<std::size_t> places;
  std::vector<std::size_t> hidden;

  /// `widths` with the space before each column; `gap` is what a column of dots takes.
  ShownColumns(const Table& table, const std::vector<std::size_t>& widths, std::size_t room, std::size_t gap) {
    std::size_t all = 0;
    for (const std::size_t width : widths) {
      all += width;
    }
    const bool all_fit = all <= room;
    std::size_t label = widths.size();
    for (std::size_t place = 0; place < widths.size() && label == widths.size(); ++place) {
      if (table.schema()[place].role == Role::label && widths[place] + gap <= room / 2) {
        label = place;
      }
    }
    std::size_t used = all_fit ? 0 : gap + (label < widths.size() ? widths[label] : 0);
    bool open = true;
    for (std::size_t place = 0; place < widths.size(); ++place) {
      open = open && (place == label || used + widths[place] <= room || (place == 0 && label == widths.size()));
      if (open || place == label) {
        places.push_back(place);
        used += place == label && !all_fit ? 0 : widths[place];
      } else {
        hidden.push_back(place);
      }
    }
  }
};

inline Cell rule(std::size_t width) {
  Cell line;
  for (; line.width < width; ++line.width) {
    line.text += "─";
  }
  return line;
}

inline std::string aligned(const Cell& cell, std::size_t width, bool to_the_right) {
  const std::string space(width - std::min(width, cell.width), ' ');
  return to_the_right ? space + cell.text : cell.text + space;
}

/// Writes lines whose columns are padded to one width, with no spaces at the end.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) {}

  void put(const Cell& cell, std::size_t width, bool to_the_right) {
    line_ += (line_.empty() ? "" : "  ") + aligned(cell, width, to_the_right);
  }
  void end_line() {
    line_.erase(line_.find_last_not_of(' ') + 1);
    out_ += line_ + "\n";
    line_.clear();
  }

 private:
  std::string& out_;
  std::string line_;
};

/// "… 3 more columns: a, b, c" in lines of at most `width`, a few of them.
inline std::string more_columns(const Table& table, const std::vector<std::size_t>& hidden, std::size_t width) {
  constexpr std::size_t most_lines = 4;
  const std::string count = std::to_string(hidden.size());
  std::string text = "… " + count + (hidden.size() == 1 ? " more column:" : " more columns:");
  std::size_t at = text.size() - 2;  // "…" is three bytes wide and one place
  std::size_t lines = 1;
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const Cell name = printable_cell(table.schema()[hidden[i]].name, 40);
    const bool last = i + 1 == hidden.size();
    if (at + 1 + name.width + (last ? 0 : 1) > width) {
      if (lines == most_lines) {
        text += " …";
        break;
      }
      text += "\n ";
      at = 1;
      ++lines;
    }
    text += " " + name.text + (last ? "" : ",");
    at += 1 + name.width + (last ? 0 : 1);
  }
  return text + "\n";
}

inline std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// With spaces as wide as a digit, for points to stay aligned in letters of any width.
inline std::string digit_wide(std::string_view text) {
  std::string wide;
  for (const char c : text) {
    wide += c == ' ' ? std::string_view("\u2007") : std::string_view(&c, 1);
  }
  return wide;
}

/// Colours are those of the page; lines and quiet text are half transparent, which reads on light and on dark.
inline constexpr std::string_view html_style =
    "<style>.nad-table{overflow-x:auto;font-size:.9em}"
    ".nad-table table{border-collapse:collapse;border:0;font-variant-numeric:tabular-nums}"
    ".nad-table th,.nad-table td{padding:.25em .7em;border:0;border-bottom:1px solid rgba(128,128,128,.25);"
    "text-align:left;white-space:pre;font-weight:normal}"
    ".nad-table thead th{border-bottom:1px solid rgba(128,128,128,.7);font-weight:600;vertical-align:bottom}"
    ".nad-table .nad-right{text-align:right}"
    ".nad-table small,.nad-table p,.nad-table .nad-quiet{opacity:.65;font-weight:normal}"
    ".nad-table p{margin:.4em 0}</style>";

}  // namespace detail

NAD_INLINE std::string to_string(const Table& table, const PrintOptions& options) {
  const detail::ShownRows rows(table.rows(), options.rows);
  const detail::Cell dots = {"…", 1};
  const std::size_t number_width = rows.rows.empty() ? 0 : std::to_string(rows.rows.back()).size();
  std::vector<detail::ShownColumn> columns;
  std::vector<std::size_t> widths;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    columns.push_back(detail::show_column(table, place, rows.rows, options.cell_width, options.digits));
    widths.push_back(columns.back().width() + 2);
  }
  const std::size_t room = options.width - std::min(options.width, number_width);
  const detail::ShownColumns shown(table, widths, room, 3);

  std::string text;
  detail::LineWriter writer(text);
  const auto put_line = [&](const detail::Cell& number, const auto& cell_of) {
    writer.put(number, number_width, true);
    std::size_t expected = 0;  // where a place is left out, dots stand for all that are
    for (const std::size_t place : shown.places) {
      if (place != expected) {
        writer.put(dots, 1, false);
      }
      expected = place + 1;
      writer.put(cell_of(columns[place]), widths[place] - 2, columns[place].to_the_right);
    }
    if (expected != table.columns()) {
      writer.put(dots, 1, false);
    }
    writer.end_line();
  };
  if (table.columns() != 0) {
    put_line({}, [](const detail::ShownColumn& column) -> const detail::Cell& { return column.name; });
    put_line({}, [](const detail::ShownColumn& column) -> const detail::Cell& { return column.type; });
    put_line(detail::rule(number_width),
             [](const detail::ShownColumn& column) { return detail::rule(column.width()); });
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      if (i == rows.before_gap) {
        put_line(dots, [&](const detail::ShownColumn&) -> const detail::Cell& { return dots; });
      }
      const std::string number = std::to_string(rows.rows[i]);
      put_line({number, number.size()},
               [&](const detail::ShownColumn& column) -> const detail::Cell& { return column.cells[i]; });
    }
  }
  if (!shown.hidden.empty()) {
    text += detail::more_columns(table, shown.hidden, options.width);
  }
  return text + detail::shape(table);
}

NAD_INLINE std::ostream& operator<<(std::ostream& stream, const Table& table) {
  return stream << to_string(table) << '\n';
}

NAD_INLINE std::string to_html(const Table& table, const HtmlOptions& options) {
  const detail::ShownRows rows(table.rows(), options.rows);
  const detail::ShownColumns shown(table, std::vector<std::size_t>(table.columns(), 1), options.columns, 0);
  std::string html = "<div class=\"nad-table\">" + std::string(detail::html_style) + "<table><thead><tr><th></th>";
  std::vector<detail::ShownColumn> columns;
  std::size_t expected = 0;  // where a place is left out, dots stand for all that are
  std::vector<bool> gap_before;
  for (const std::size_t place : shown.places) {
    columns.push_back(detail::show_column(table, place, rows.rows, options.cell_width, options.digits));
    gap_before.push_back(place != expected);
    expected = place + 1;
  }
  const bool gap_at_end = expected != table.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Role role = table.schema()[shown.places[i]].role;
    html += gap_before[i] ? "<th>…</th>" : "";
    html += columns[i].to_the_right ? "<th class=\"nad-right\">" : "<th>";
    html += detail::escape_html(columns[i].name.text) + "<br><small>" + columns[i].type.text;
    html += (role == Role::feature ? "" : " · " + std::string(name(role))) + "</small></th>";
  }
  html += gap_at_end ? "<th>…</th>" : "";
  html += "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    if (i == rows.before_gap) {
      const std::size_t across = columns.size() + (gap_at_end ? 1U : 0U) +
                                 static_cast<std::size_t>(std::count(gap_before.begin(), gap_before.end(), true));
      html += "<tr><th class=\"nad-right nad-quiet\">…</th><td class=\"nad-quiet\" colspan=\"" +
              std::to_string(across) + "\">…</td></tr>\n";
    }
    html += "<tr><th class=\"nad-right nad-quiet\">" + std::to_string(rows.rows[i]) + "</th>";
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const bool right = columns[j].to_the_right;
      const bool quiet = columns[j].missing[i];
      html += gap_before[j] ? "<td></td>" : "";
      html += right && quiet ? "<td class=\"nad-right nad-quiet\">"
              : right        ? "<td class=\"nad-right\">"
              : quiet        ? "<td class=\"nad-quiet\">"
                             : "<td>";
      html += detail::escape_html(right ? detail::digit_wide(columns[j].cells[i].text) : columns[j].cells[i].text);
      html += "</td>";
    }
    html += gap_at_end ? "<td></td></tr>\n" : "</tr>\n";
  }
  html += "</tbody></table>";
  if (!shown.hidden.empty()) {
    html += "<p>" + detail::escape_html(detail::more_columns(table, shown.hidden, 120)) + "</p>";
  }
  return html + "<p>" + detail::shape(table) + "</p></div>";
}

}  // namespace nad
