#pragma once

// Any text of separated fields that no other format knows: its dialect, its line of names and its types are found out
// from its beginning, or told by the options.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/detail/nearest_name.hpp"
#include "nad/source/csv_layout-inl.hpp"
#include "nad/source/csv_notes-inl.hpp"
#include "nad/source/csv_values-inl.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/format-inl.hpp"

namespace nad::detail {

class CsvPlanner {
 public:
  CsvPlanner(const CsvLayout& layout, ReadContext& context)
      : layout_(layout), context_(context), options_(context.options) {}

  DelimitedPlan plan() {
    name_columns();
    return plan_columns();
  }

 private:
  void name_columns() {
    if (!options_.names.empty() && options_.names.size() != layout_.fields()) {
      throw Error(ErrorCode::invalid_argument, "names gives " + std::to_string(options_.names.size()) +
                                                   " names, the rows of " + context_.name + " have " +
                                                   std::to_string(layout_.fields()) + " fields");
    }
    const bool told = !options_.names.empty();
    const CleanNames clean =
        clean_names(told ? options_.names : layout_.header().value_or(std::vector<std::string>(layout_.fields())));
    if (told || layout_.header()) {
      note_columns(context_, clean.invented, "without a name: called after the place");
    }
    note_columns(context_, clean.numbered, "of a name that was there before: a number is put behind it");
    names_ = clean.names;
    for (const auto& [name, type] : options_.types) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
        const std::string nearest = nearest_name(name, names_);
        throw Error(ErrorCode::invalid_argument, "types names a column '" + name + "', which " + context_.name +
                                                     " does not have" +
                                                     (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
      }
    }
  }

  ColumnGuess guess_column(const ColumnSample& sample, const std::string& name, bool decimal_comma) const {
    const auto told = options_.types.find(name);
    if (told != options_.types.end()) {
      const ColumnGuess guess = sample.guess_as(told->second, layout_.dialect().separator == ';', options_.day_first);
      if (guess.undecided) {
        throw Error(ErrorCode::invalid_data, context_.name + ": column '" + name +
                                                 "' does not show whether the day or the month comes first; say "
                                                 "day_first=true or false");
      }
      return guess;
    }
    ColumnGuess guess = sample.guess(name, decimal_comma, options_.day_first);
    const auto learnt = context_.second.columns.find(name);
    if (learnt != context_.second.columns.end()) {
      guess.padded = guess.padded || learnt->second.padded;
      if (learnt->second.type == ColumnType::text) {
        guess.type = guess.few ? ColumnType::category : ColumnType::text;
      } else {
        guess.type = learnt->second.type;
      }
      if (guess.type != ColumnType::time) {
        guess.epoch.reset();
        guess.dates.reset();
      }
      guess.decimal_comma = guess.decimal_comma && guess.type == ColumnType::number;
    }
    return guess;
  }

  Role role_of(const std::string& name, std::size_t place, const ColumnGuess& guess) const {
    const bool row_number = guess.counts_up && place == 0 && layout_.header() &&
                            (without_blanks((*layout_.header())[0]).empty() || joined_words(name) == "unnamed0" ||
                             joined_words(name) == "index");
    const Role role = guess_role(name, guess.type);
    return row_number && role == Role::feature ? Role::identifier : role;
  }

  /// "tcp, 80, http"
  bool blanks_follow_separators() const {
    bool some = false;
    for (const SampleRecord& record : layout_.records()) {
      for (std::size_t place = 1; place < record.fields.size(); ++place) {
        const std::string& field = record.fields[place];
        if (!field.empty() && !record.quoted[place]) {
          if (field.front() != ' ') {
            return false;
          }
          some = true;
        }
      }
    }
    return some;
  }

  DelimitedPlan plan_columns() {
    std::vector<ColumnSample> samples;
    samples.reserve(layout_.fields());
    for (std::size_t place = 0; place < layout_.fields(); ++place) {
      samples.push_back(layout_.sample_of(place));
    }
    const bool decimal_comma =
        layout_.dialect().separator == ';' &&
        std::none_of(samples.begin(), samples.end(), [](const auto& sample) { return sample.has_decimal_point(); }) &&
        std::any_of(samples.begin(), samples.end(), [](const auto& sample) { return sample.has_certain_comma(); });
    const bool blanks_follow = blanks_follow_separators();
    DelimitedPlan plan;
    plan.dialect = layout_.dialect();
    plan.fields = layout_.fields();
    plan.header_bytes = layout_.header_bytes();
    plan.header_lines = layout_.header_lines();
    plan.missing = *layout_.missing();
    plan.header = layout_.header().value_or(std::vector<std::string>());
    plan.source = "csv";
    auto guesses = std::make_shared<std::vector<ColumnGuess>>();
    for (std::size_t place = 0; place < layout_.fields(); ++place) {
      ColumnGuess guess = guess_column(samples[place], names_[place], decimal_comma);
      if (guess.type == ColumnType::text || guess.type == ColumnType::category) {
        guess.padded = blanks_follow && place != 0;  // else the blanks belong to the text
      }
      const std::string written = layout_.header() ? (*layout_.header())[place] : std::string();
      Field field{names_[place], guess.type, role_of(names_[place], place, guess),
                  written == names_[place] ? std::string() : written};
      ColumnPlan column = plan_column(std::move(field), place, guess, layout_.missing());
      if (!options_.types.contains(names_[place])) {
        column.hint = ", which its first " + std::to_string(layout_.records().size()) +
                      (layout_.records().size() == 1 ? " row lets" : " rows let") + " expect (types={\"" +
                      names_[place] + "\": \"text\"} keeps every value)";
      }
      plan.columns.push_back(std::move(column));
      guesses->push_back(guess);
    }
    note_guesses(context_, names_, *guesses, options_.types);
    note_outliers(*guesses);
    follow_columns(plan, guesses);
    return plan;
  }

  /// One bad value among many good ones makes texts of a whole column.
  void note_outliers(const std::vector<ColumnGuess>& guesses) {
    for (std::size_t place = 0; place < guesses.size(); ++place) {
      const std::string& name = names_[place];
      const bool texts = guesses[place].type == ColumnType::category || guesses[place].type == ColumnType::text;
      if (texts && !guesses[place].undecided && !names_label(name) && !options_.types.contains(name) &&
          !context_.second.columns.contains(name)) {
        const std::string note = layout_.outliers_of(place, name).note(guesses[place].type, true);
        if (!note.empty()) {
          context_.note(note);
        }
      }
    }
  }

  void follow_columns(DelimitedPlan& plan, const std::shared_ptr<std::vector<ColumnGuess>>& guesses) {
    ReadContext& context = context_;
    plan.contradicted = [&context, guesses, missing = layout_.missing()](const ColumnPlan& column,
                                                                         std::string_view text, std::uint64_t line) {
      return learn_from(context, (*guesses)[column.place], column, text, line, *missing);
    };
    if (layout_.dialect().comment != '\0') {
      plan.comment = [separator = layout_.dialect().separator, fields = layout_.fields()](const CommentLine& line,
                                                                                          ReadContext& to) {
        if (fields > 1 && split_line(line.text, separator).size() == fields) {
          to.skip("a row that begins like a remark");
        }
      };
    }
    if (context_.second.possible) {
      plan.complete = [guesses](const Table& table, ReadContext& to) {
        learn_unseen(to, *guesses, table);
        return table;
      };
    }
  }

  const CsvLayout& layout_;
  ReadContext& context_;
  const ReadOptions& options_;
  std::vector<std::string> names_;
};

/// Whether a text is written in braces or brackets or tags: no table of separated fields.
inline bool is_markup(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(begin);
  return text.front() == '{' || text.starts_with("[{") || text.starts_with("[\n") || text.starts_with("<?xml") ||
         text.starts_with("<!") || text.starts_with("<html");
}

inline std::unique_ptr<BatchSource> open_csv(const Head& head, LineWindow& window, ReadContext& context) {
  if (context.options.format == "auto" && is_markup(head.text())) {
    return nullptr;
  }
  std::optional<DelimitedPlan> plan;
  while (!plan) {
    CsvLayout layout(window.lines(), context);
    if (layout.find()) {
      plan = CsvPlanner(layout, context).plan();
    } else {
      const std::string obstacle = layout.obstacle();  // of text that moves when more comes
      if (!window.more()) {                            // the first record may be longer than what is here
        throw Error(ErrorCode::invalid_data, obstacle);
      }
    }
  }
  return std::make_unique<DelimitedSource>(std::move(window), std::move(*plan), context);
}

}  // namespace nad::detail
