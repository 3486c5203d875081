#pragma once

// Batches out of grids of fields: decoding, what is wrong with a row, what follows from other columns. How the fields
// are cut out of the text is the business of derived classes.

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/source/batch_source-inl.hpp"
#include "nad/source/column_decoder-inl.hpp"
#include "nad/source/field_grid-inl.hpp"

namespace nad::detail {

struct GridPlan {
  std::vector<ColumnPlan> columns;
  std::vector<std::string> missing = {""};  ///< texts that mean "no value"
  std::string source;
  /// The names of all fields as the file writes them: files joined end to end repeat them among the rows.
  std::vector<std::string> header = {};
  std::vector<std::string> notes = {};  ///< what the first lines show, for the report
  /// Looks at each field that its column cannot hold; true: the file will be read again.
  std::function<bool(const ColumnPlan& column, std::string_view text, std::uint64_t line)> contradicted = {};
  /// What is still to be done with a batch: columns that follow from others, records that are none.
  std::function<Table(const Table&, ReadContext&)> complete = {};
};

/// Bytes of a file, fit for a message.
inline std::string shown(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 60)) {
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return result + (text.size() > 60 ? "..." : "");
}

class GridSource : public BatchSource {
 public:
  const Schema& schema() const override { return schema_; }

  std::optional<Table> next(std::size_t most) override {
    for (;;) {
      std::optional<Table> batch = next_rows(most);
      if (!batch || batch->rows() != 0) {
        return batch;
      }
    }
  }

 protected:
  GridSource(GridPlan plan, LineWindow window, const Dialect& dialect, std::size_t fields, ReadContext& context)
      : window_(std::move(window)),
        context_(context),
        grid_(dialect, fields),
        plan_(std::move(plan)),
        decoder_(plan_.columns, plan_.missing) {
    std::vector<Field> read;
    read.reserve(plan_.columns.size());
    for (const ColumnPlan& column : plan_.columns) {
      read.push_back(column.field);
    }
    for (const std::string& note : plan_.notes) {
      context_.note(note);
    }
    read_schema_ = Schema(std::move(read), plan_.source);
    schema_ = completed(Table(read_schema_, decoder_.finish())).schema();
  }

  /// Fills the grid with more rows; false at the end.
  virtual bool next_grid() = 0;

  LineWindow window_;
  ReadContext& context_;
  FieldGrid grid_;
  std::size_t cut_bytes_ = 0;  ///< that the rows of the grid take of the window, which still holds them

 private:
  std::optional<Table> next_rows(std::size_t most) {
    std::vector<std::size_t> bad_rows;
    const bool estimate = most == std::numeric_limits<std::size_t>::max();
    while (decoder_.rows() < most && (next_row_ < grid_.rows() || more_rows())) {
      const std::size_t before = decoder_.rows();
      const std::size_t count = std::min(grid_.rows() - next_row_, most - before);
      decoder_.decode(grid_, next_row_, count);
      note_bad_fields(before, bad_rows);
      note_cleared();
      next_row_ += count;
      if (estimate && before == 0) {
        reserve_for_all(count);
      }
    }
    if (decoder_.rows() == 0) {
      return std::nullopt;
    }
    const std::size_t rows = decoder_.rows();
    Table batch(read_schema_, decoder_.finish());
    if (!bad_rows.empty()) {
      batch = batch.take(all_but(bad_rows, rows));
    }
    batch = completed(std::move(batch));
    context_.report.rows += batch.rows();
    return batch;
  }

  bool more_rows() {
    next_row_ = 0;
    return next_grid();
  }

  Table completed(Table table) const { return plan_.complete ? plan_.complete(table, context_) : std::move(table); }

  /// Each row with a field that cannot be read counts once, for its first such field.
  void note_bad_fields(std::size_t before, std::vector<std::size_t>& bad_rows) {
    std::vector<BadField> bad = decoder_.bad();
    std::stable_sort(bad.begin(), bad.end(), [](const BadField& a, const BadField& b) { return a.row < b.row; });
    for (std::size_t i = 0; i < bad.size(); ++i) {
      const bool first_of_row = i == 0 || bad[i].row != bad[i - 1].row;
      if (first_of_row) {
        bad_rows.push_back(before + bad[i].row - next_row_);
      }
      if (repeats_header(bad[i].row)) {
        if (first_of_row) {
          context_.skip("a repeated line of names");
        }
        continue;
      }
      const ColumnPlan& column = plan_.columns[bad[i].column];
      const std::string_view text = grid_.field(bad[i].row, column.place);
      const bool again = plan_.contradicted && plan_.contradicted(column, text, grid_.line(bad[i].row));
      if (!again && first_of_row) {
        refuse(column, bad[i].outside, text, grid_.line(bad[i].row));
      }
    }
  }

  void note_cleared() {
    for (const std::size_t place : decoder_.cleared()) {
      const ColumnPlan& column = plan_.columns[place];
      context_.note("values of '" + column.field.name + "' that are " +
                    column.range->outside(column.field.type == ColumnType::integer) + " are taken as missing");
    }
  }

  /// "column 'timestamp' ('ts' in the file)"
  static std::string column_words(const Field& field) {
    std::string_view origin = field.origin;
    origin.remove_prefix(std::min(origin.find_first_not_of(" \t"), origin.size()));
    origin = origin.substr(0, origin.find_last_not_of(" \t") + 1);
    return "column '" + field.name + "'" +
           (origin.empty() || origin == field.name ? "" : " ('" + std::string(origin) + "' in the file)");
  }

  void refuse(const ColumnPlan& column, bool outside, std::string_view text, std::uint64_t line) {
    const bool sound = is_readable(text);
    const std::string kind = outside         ? column.range->outside(column.field.type == ColumnType::integer)
                             : sound         ? "not of type " + std::string(name(column.field.type))
                             : is_utf8(text) ? "no text: it holds a NUL byte"
                                             : "not UTF-8";
    std::string hint;
    if (outside) {
      // the value itself says it
    } else if (sound) {
      hint = column.hint;
    } else if (!is_utf8(text)) {
      hint = " (files in another encoding are read with encoding=\"latin-1\" or \"windows-1252\")";
    }
    context_.bad_record("column '" + column.field.name + "': " + kind, line, column_words(column.field),
                        "'" + shown(text) + "' is " + kind + hint);
  }

  bool repeats_header(std::size_t row) const {
    for (std::size_t place = 0; place < plan_.header.size(); ++place) {
      if (grid_.field(row, place) != plan_.header[place]) {
        return false;
      }
    }
    return !plan_.header.empty();
  }

  static std::vector<std::size_t> all_but(const std::vector<std::size_t>& left_out, std::size_t count) {
    std::vector<std::size_t> kept;
    kept.reserve(count);
    auto next = left_out.begin();
    for (std::size_t row = 0; row < count; ++row) {
      if (next != left_out.end() && *next == row) {
        ++next;
      } else {
        kept.push_back(row);
      }
    }
    return kept;
  }

  /// The first piece tells how many rows the file has, about. Of what was read, much still waits in the window.
  void reserve_for_all(std::size_t rows) {
    const ByteInput& input = window_.input();
    if (input.total() > input.done() && input.done() != 0 && cut_bytes_ != 0) {
      const double pieces = static_cast<double>(window_.all().size()) / static_cast<double>(cut_bytes_) *
                            static_cast<double>(input.total()) / static_cast<double>(input.done());
      decoder_.reserve(static_cast<std::size_t>(static_cast<double>(rows) * pieces * 1.1));
    }
  }

  GridPlan plan_;
  ColumnDecoder decoder_;
  Schema read_schema_;
  Schema schema_;
  std::size_t next_row_ = 0;
};

}  // namespace nad::detail
