#pragma once

// Any text of separated fields, once a format has said what the fields are.

#include <functional>
#include <string>
#include <utility>

#include "nad/source/grid_source-inl.hpp"

namespace nad::detail {

struct DelimitedPlan : GridPlan {
  Dialect dialect;
  std::size_t fields = 0;        ///< of a row
  std::size_t header_bytes = 0;  ///< to leave out at the front, whole lines
  std::uint64_t header_lines = 0;
  /// The text ends with a line that begins so ("Summary" and what follows it); "": with its last line.
  std::string end_marker = {};
  /// Looks at the lines that began with the comment character.
  std::function<void(const CommentLine& line, ReadContext&)> comment = {};
};

class DelimitedSource final : public GridSource {
 public:
  DelimitedSource(LineWindow window, DelimitedPlan plan, ReadContext& context)
      : GridSource(static_cast<const GridPlan&>(plan), std::move(window), plan.dialect, plan.fields, context),
        fields_(plan.fields),
        end_marker_(std::move(plan.end_marker)),
        comment_(std::move(plan.comment)) {
    window_.consume(plan.header_bytes, plan.header_lines);
  }

 private:
  /// Cuts the next piece of text; false at the end.
  bool next_grid() override {
    for (;;) {
      window_.consume(cut_bytes_, grid_.line_count());
      cut_bytes_ = 0;
      std::string_view lines = before_end(window_.next_lines());
      if (lines.empty()) {
        grid_.cut({}, window_.line());
        return false;
      }
      cut_bytes_ = grid_.cut(lines, window_.line());
      for (bool more = true; cut_bytes_ == 0 && more;) {  // a record is longer than what is here
        more = window_.more();
        lines = window_.lines();
        cut_bytes_ = grid_.cut(lines, window_.line());
      }
      if (cut_bytes_ == 0) {
        context_.bad_record("a quote that is never closed", window_.line(), {},
                            "a quote is opened in the row that begins here and never closed");
        window_.consume(lines.find('\n') + 1, 1);  // the lines below it may be sound
        continue;
      }
      context_.progress(window_.input());
      note_odd_lines();
      if (grid_.rows() != 0) {
        return true;
      }
    }
  }

  /// What stands before the line that ends the rows, where there is one.
  std::string_view before_end(std::string_view lines) {
    if (end_marker_.empty()) {
      return lines;
    }
    for (std::size_t at = 0; (at = lines.find(end_marker_, at)) != std::string_view::npos; ++at) {
      if (at == 0 || lines[at - 1] == '\n') {
        context_.note("the lines behind the rows, from '" + end_marker_ + "' on, are left out");
        return lines.substr(0, at);
      }
    }
    return lines;
  }

  void note_odd_lines() {
    if (comment_) {
      for (const CommentLine& line : grid_.comments()) {
        comment_(line, context_);
      }
    }
    for (const RaggedRow& row : grid_.ragged()) {
      const std::string shape = std::to_string(row.fields) + (row.fields == 1 ? " field" : " fields") + " where " +
                                std::to_string(fields_) + " belong";
      context_.bad_record(shape, row.line, {}, "the row has " + shape);
    }
  }

  std::size_t fields_;
  std::string end_marker_;
  std::function<void(const CommentLine& line, ReadContext&)> comment_;
};

}  // namespace nad::detail
