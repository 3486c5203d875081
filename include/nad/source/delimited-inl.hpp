#pragma once

// Any text of separated fields, once a format has said what the fields are.

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nad/source/batch_source-inl.hpp"
#include "nad/source/column_decoder-inl.hpp"
#include "nad/source/field_grid-inl.hpp"

namespace nad::detail {

struct DelimitedPlan {
  Dialect dialect;
  std::size_t fields = 0;        ///< of a row
  std::size_t header_bytes = 0;  ///< to leave out at the front, whole lines
  std::uint64_t header_lines = 0;
  std::vector<ColumnPlan> columns;
  std::vector<std::string> missing = {""};  ///< texts that mean "no value"
  std::string source;
  /// What is still to be done with a batch: columns that follow from others.
  std::function<Table(Table)> complete = {};
  /// Looks at each field that its column cannot hold; true: the file will be read again.
  std::function<bool(const ColumnPlan& column, std::string_view text, std::uint64_t line)> contradicted = {};
  /// Looks at the lines that began with the comment character.
  std::function<void(const std::string& line, ReadContext&)> comment = {};
};

/// Bytes of a file, fit for a message.
inline std::string shown(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 60)) {
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return result + (text.size() > 60 ? "..." : "");
}

class DelimitedSource final : public BatchSource {
 public:
  DelimitedSource(LineWindow window, DelimitedPlan plan, ReadContext& context)
      : window_(std::move(window)),
        plan_(std::move(plan)),
        context_(context),
        grid_(plan_.dialect, plan_.fields),
        decoder_(plan_.columns, plan_.missing) {
    std::vector<Field> fields;
    fields.reserve(plan_.columns.size());
    for (const ColumnPlan& column : plan_.columns) {
      fields.push_back(column.field);
    }
    read_schema_ = Schema(std::move(fields), plan_.source);
    window_.consume(plan_.header_bytes, plan_.header_lines);
    schema_ = completed(decoder_.finish()).schema();
  }

  const Schema& schema() const override { return schema_; }

  std::optional<Table> next(std::size_t most) override {
    for (;;) {
      std::optional<Table> batch = next_rows(most);
      if (!batch || batch->rows() != 0) {
        return batch;
      }
    }
  }

 private:
  std::optional<Table> next_rows(std::size_t most) {
    std::vector<std::size_t> bad_rows;
    const bool estimate = most == std::numeric_limits<std::size_t>::max();
    while (decoder_.rows() < most && (next_row_ < grid_.rows() || next_grid())) {
      const std::size_t before = decoder_.rows();
      const std::size_t count = std::min(grid_.rows() - next_row_, most - before);
      decoder_.decode(grid_, next_row_, count);
      note_bad_fields(before, bad_rows);
      next_row_ += count;
      if (estimate && before == 0) {
        reserve_for_all(count);
      }
    }
    if (decoder_.rows() == 0) {
      return std::nullopt;
    }
    const std::size_t rows = decoder_.rows();
    Table batch = completed(decoder_.finish());
    if (!bad_rows.empty()) {
      batch = batch.take(all_but(bad_rows, rows));
    }
    context_.report.rows += batch.rows();
    return batch;
  }

  Table completed(std::vector<Column> columns) const {
    Table table(read_schema_, std::move(columns));
    return plan_.complete ? plan_.complete(std::move(table)) : table;
  }

  /// Cuts the next piece of text; false at the end.
  bool next_grid() {
    for (;;) {
      window_.consume(cut_bytes_, grid_.line_count());
      cut_bytes_ = 0;
      next_row_ = 0;
      std::string_view lines = window_.next_lines();
      if (lines.empty()) {
        grid_.cut({}, window_.line());
        return false;
      }
      cut_bytes_ = grid_.cut(lines, window_.line());
      while (cut_bytes_ == 0) {  // a record is longer than what is here
        if (!window_.more()) {
          context_.bad_record("a quote that is never closed", window_.line(), {},
                              "a quote is opened in the row that begins here and never closed");
          window_.consume(window_.all().size(), 0);
          return false;
        }
        lines = window_.lines();
        cut_bytes_ = grid_.cut(lines, window_.line());
      }
      context_.progress(window_.input());
      note_odd_lines();
      if (grid_.rows() != 0) {
        return true;
      }
    }
  }

  void note_odd_lines() {
    if (plan_.comment) {
      for (const std::string& line : grid_.comments()) {
        plan_.comment(line, context_);
      }
    }
    for (const RaggedRow& row : grid_.ragged()) {
      const std::string shape = std::to_string(row.fields) + (row.fields == 1 ? " field" : " fields") + " where " +
                                std::to_string(plan_.fields) + " belong";
      context_.bad_record(shape, row.line, {}, "the row has " + shape);
    }
  }

  /// Each row with a field that cannot be read counts once, for its first such field.
  void note_bad_fields(std::size_t before, std::vector<std::size_t>& bad_rows) {
    std::vector<BadField> bad = decoder_.bad();
    std::stable_sort(bad.begin(), bad.end(), [](const BadField& a, const BadField& b) { return a.row < b.row; });
    for (std::size_t i = 0; i < bad.size(); ++i) {
      const ColumnPlan& column = plan_.columns[bad[i].column];
      const std::string_view text = grid_.field(bad[i].row, column.place);
      const bool again = plan_.contradicted && plan_.contradicted(column, text, grid_.line(bad[i].row));
      if (again || (i != 0 && bad[i].row == bad[i - 1].row)) {
        continue;
      }
      const std::string kind = !is_utf8(text) ? "not UTF-8"
                               : text.find('\0') != std::string_view::npos
                                   ? "not a text: it holds a NUL byte"
                                   : "not of type " + std::string(name(column.field.type));
      context_.bad_record(
          "column '" + column.field.name + "': " + kind, grid_.line(bad[i].row), column.field.name,
          "'" + shown(text) + "' is " + kind + (is_utf8(text) ? column.hint : std::string(encoding_hint)));
      bad_rows.push_back(before + bad[i].row - next_row_);
    }
  }

  static constexpr std::string_view encoding_hint =
      " (files in another encoding are read with encoding=\"latin-1\" or \"windows-1252\")";

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
    if (input.total() > input.done() && input.done() != 0) {
      const double pieces = static_cast<double>(window_.all().size()) / static_cast<double>(cut_bytes_) *
                            static_cast<double>(input.total()) / static_cast<double>(input.done());
      decoder_.reserve(static_cast<std::size_t>(static_cast<double>(rows) * pieces * 1.1));
    }
  }

  LineWindow window_;
  DelimitedPlan plan_;
  ReadContext& context_;
  FieldGrid grid_;
  ColumnDecoder decoder_;
  Schema read_schema_;
  Schema schema_;
  std::size_t cut_bytes_ = 0;
  std::size_t next_row_ = 0;
};

}  // namespace nad::detail
