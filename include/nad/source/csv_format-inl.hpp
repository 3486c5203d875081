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
#include "nad/source/csv_notes-inl.hpp"
#include "nad/source/csv_values-inl.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/format-inl.hpp"

namespace nad::detail {

class CsvPlanner {
 public:
  CsvPlanner(std::string_view text, ReadContext& context)
      : text_(text),
        context_(context),
        options_(context.options),
        missing_(std::make_shared<std::vector<std::string>>(options_.missing.value_or(usual_missing()))) {
    check_options();
  }

  /// Nothing where not even the first record ends in this text.
  std::optional<DelimitedPlan> plan() {
    skip_separator_line();
    const FoundDialect found = find_dialect(text_.substr(skipped_bytes_), separator_options());
    dialect_ = found.dialect;
    fields_ = found.fields;
    records_ = sample_records(text_.substr(skipped_bytes_), dialect_, text_.size());
    if (records_.empty()) {
      if (without_blank_lines().empty()) {
        throw Error(ErrorCode::invalid_data, context_.name + " holds nothing but blank lines");
      }
      return std::nullopt;
    }
    sort_out_comments();
    find_header();
    find_trailing_separators();
    drop_ragged();
    name_columns();
    return plan_columns();
  }

 private:
  void check_options() const {
    const char separator = options_.separator.value_or(',');
    const char quote = options_.quote.value_or('"');
    const char comment = options_.comment.value_or('#');
    const auto ends_line = [](char c) { return c == '\n' || c == '\r'; };
    if (ends_line(separator) || separator == '\0' || ends_line(quote) || ends_line(comment) || separator == quote ||
        (comment != '\0' && (separator == comment || quote == comment))) {
      throw Error(ErrorCode::invalid_argument,
                  "separator, quote and comment must be three different characters that do not end a line");
    }
  }

  ReadOptions separator_options() const {
    ReadOptions options;
    options.separator = skipped_lines_ != 0 ? std::optional(told_separator_) : options_.separator;
    options.quote = options_.quote;
    options.comment = options_.comment;
    return options;
  }

  /// "sep=;" tells a spreadsheet program about what follows.
  void skip_separator_line() {
    const std::string_view line = text_.substr(0, text_.find('\n'));
    const std::string_view bare = line.substr(0, line.find('\r'));
    if (!options_.separator && bare.size() == 5 && bare.starts_with("sep=") && line.size() < text_.size()) {
      told_separator_ = bare[4];
      skipped_bytes_ = line.size() + 1;
      skipped_lines_ = 1;
    }
  }

  std::string_view without_blank_lines() const {
    const std::size_t begin = text_.find_first_not_of("\r\n", skipped_bytes_);
    return begin == std::string_view::npos ? std::string_view() : text_.substr(begin);
  }

  bool has_mark(const SampleRecord& record) const {
    return text_[skipped_bytes_ + record.begin] == '#' && options_.comment.value_or('#') == '#';
  }

  /// Lines that begin with '#' are remarks where they stand above everything or have not as many fields as the rows.
  /// One of them right above the rows may hold the names.
  void sort_out_comments() {
    if (options_.comment && *options_.comment != '#') {
      use_comment(*options_.comment);
      return;
    }
    std::size_t marked = 0;
    while (marked < records_.size() && has_mark(records_[marked])) {
      ++marked;
    }
    const bool rows = marked < records_.size();
    bool remarks =
        std::any_of(records_.begin() + static_cast<std::ptrdiff_t>(marked), records_.end(),
                    [&](const SampleRecord& record) { return has_mark(record) && record.fields.size() != fields_; });
    if (marked != 0) {
      SampleRecord candidate = records_[marked - 1];
      candidate.fields[0].erase(0, 1);
      const bool right_shape = candidate.fields.size() == fields_ && (marked == 1 ? rows || fields_ > 1 : fields_ > 1);
      const std::span<const SampleRecord> body = std::span(records_).subspan(marked);
      const bool below_names = rows && naming(body.front(), body.subspan(1)) == Naming::certain;
      if (right_shape && (rows || marked == 1) && options_.header.value_or(true) && !below_names &&
          naming(candidate, body) != Naming::no) {
        marked_header_ = std::move(candidate);
        --marked;
      }
      remarks = remarks || marked != 0;
    }
    if (remarks || options_.comment) {
      use_comment('#');
      if (!options_.comment) {
        context_.note("lines that begin with '#' are left out as remarks");
      }
    } else if (marked_header_) {
      records_.erase(records_.begin());
    }
    if (records_.empty() && !marked_header_) {
      throw Error(ErrorCode::invalid_data, context_.name + " holds only remarks, lines that begin with '" +
                                               std::string(1, dialect_.comment) + "'");
    }
  }

  void use_comment(char comment) {
    dialect_.comment = comment;
    if (comment != '\0') {
      records_.erase(
          std::remove_if(records_.begin(), records_.end(),
                         [&](const SampleRecord& record) { return text_[skipped_bytes_ + record.begin] == comment; }),
          records_.end());
    }
  }

  bool is_missing(std::string_view text) const {
    return is_among(text, *missing_) || is_among(without_blanks(text), *missing_);
  }

  ColumnSample sample_of(std::span<const SampleRecord> records, std::size_t place) const {
    ColumnSample sample;
    for (const SampleRecord& record : records) {
      if (place < record.fields.size() && !is_missing(record.fields[place])) {
        sample.add(record.fields[place]);
      }
    }
    return sample;
  }

  enum class Naming : std::uint8_t { no, perhaps, certain };

  /// Whether a record names the columns of those below it: no field of it is a value of another type than text; and
  /// where a column has such a type, the name does not fit it.
  Naming naming(const SampleRecord& record, std::span<const SampleRecord> below) const {
    std::size_t typed = 0;
    std::size_t fitting = 0;
    bool repeated = false;
    const bool same_shape = !below.empty() && record.fields.size() == fields_;
    for (std::size_t place = 0; place < record.fields.size(); ++place) {
      const std::string_view name = record.fields[place];
      if (is_missing(name)) {
        continue;
      }
      ColumnSample alone;
      alone.add(name);
      const ColumnType own = alone.guess({}, dialect_.separator == ';', true).type;
      ColumnGuess column;
      if (same_shape) {
        column = sample_of(below, place).guess({}, dialect_.separator == ';', true);
        repeated = repeated || std::any_of(below.begin(), below.end(), [&](const SampleRecord& row) {
                     return place < row.fields.size() && row.fields[place] == name;
                   });
      }
      if (column.type != ColumnType::category && column.type != ColumnType::text) {
        ++typed;
        fitting += fits(column, without_blanks(name)) ? 1U : 0U;
      } else if (own != ColumnType::category && own != ColumnType::text && own != ColumnType::boolean) {
        ++typed;
        ++fitting;
      }
    }
    if (typed != 0) {
      return 2 * fitting < typed ? Naming::certain : Naming::no;
    }
    return repeated || !options_.names.empty() ? Naming::no : Naming::perhaps;
  }

  void find_header() {
    if (marked_header_) {
      header_ = marked_header_->fields;
      end_header(*marked_header_);
      return;
    }
    if (options_.header.value_or(naming(records_.front(), std::span(records_).subspan(1)) != Naming::no)) {
      header_ = records_.front().fields;
      end_header(records_.front());
      records_.erase(records_.begin());
    } else {
      context_.note("the first line does not name the columns" +
                    std::string(options_.header ? "" : "; header=true says that it does"));
    }
  }

  void end_header(const SampleRecord& record) {
    skipped_lines_ += record.line + record.lines;
    header_bytes_ = skipped_bytes_ + record.end;
  }

  /// Lines that all end with a separator have one field less than it seems.
  void find_trailing_separators() {
    const auto row_ends_empty = [&](const SampleRecord& record) {
      return record.fields.size() != fields_ || record.fields.back().empty();
    };
    const bool rows_end_empty =
        fields_ > 1 && !records_.empty() && std::all_of(records_.begin(), records_.end(), row_ends_empty);
    if (!header_) {
      return;
    }
    const bool named_less = header_->size() + 1 == fields_;
    const bool last_nameless = header_->size() == fields_ && without_blanks(header_->back()).empty();
    if (rows_end_empty && (named_less || last_nameless)) {
      dialect_.trailing_separator = true;
      header_->resize(fields_ - 1);
    }
    fields_ = header_->size();
  }

  /// Only whole rows tell about the columns.
  void drop_ragged() {
    const std::size_t most = fields_ + (dialect_.trailing_separator ? 1 : 0);
    records_.erase(std::remove_if(records_.begin(), records_.end(),
                                  [&](const SampleRecord& record) {
                                    return record.fields.size() != fields_ && record.fields.size() != most;
                                  }),
                   records_.end());
  }

  void name_columns() {
    if (!options_.names.empty() && options_.names.size() != fields_) {
      throw Error(ErrorCode::invalid_argument, "names gives " + std::to_string(options_.names.size()) +
                                                   " names, the rows of " + context_.name + " have " +
                                                   std::to_string(fields_) + " fields");
    }
    const bool told = !options_.names.empty();
    const CleanNames clean = clean_names(told ? options_.names : header_.value_or(std::vector<std::string>(fields_)));
    for (const std::string& name : clean.names) {
      if (!is_readable(name)) {
        throw Error(ErrorCode::invalid_data,
                    context_.place(skipped_lines_) + "the name '" + shown(name) +
                        "' is not UTF-8; give encoding=" + "\"latin-1\" or \"windows-1252\" if the file is written so");
      }
    }
    if (told || header_) {
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
      const ColumnGuess guess = sample.guess_as(told->second, dialect_.separator == ';', options_.day_first);
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
    const bool row_number =
        guess.counts_up && place == 0 && header_ &&
        (without_blanks((*header_)[0]).empty() || joined_words(name) == "unnamed0" || joined_words(name) == "index");
    return names_label(name)                                                           ? Role::label
           : guess.type == ColumnType::time                                            ? Role::moment
           : guess.type == ColumnType::address || row_number || names_identifier(name) ? Role::identifier
                                                                                       : Role::feature;
  }

  /// "tcp, 80, http"
  bool blanks_follow_separators() const {
    bool some = false;
    for (const SampleRecord& record : records_) {
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
    samples.reserve(fields_);
    for (std::size_t place = 0; place < fields_; ++place) {
      samples.push_back(sample_of(records_, place));
    }
    const bool decimal_comma =
        dialect_.separator == ';' &&
        std::none_of(samples.begin(), samples.end(), [](const auto& sample) { return sample.has_decimal_point(); }) &&
        std::any_of(samples.begin(), samples.end(), [](const auto& sample) { return sample.has_certain_comma(); });
    const bool blanks_follow = blanks_follow_separators();
    DelimitedPlan plan;
    plan.dialect = dialect_;
    plan.fields = fields_;
    plan.header_bytes = header_ ? header_bytes_ : skipped_bytes_;
    plan.header_lines = skipped_lines_;
    plan.missing = *missing_;
    plan.header = header_.value_or(std::vector<std::string>());
    plan.source = "csv";
    auto guesses = std::make_shared<std::vector<ColumnGuess>>();
    for (std::size_t place = 0; place < fields_; ++place) {
      ColumnGuess guess = guess_column(samples[place], names_[place], decimal_comma);
      if (guess.type == ColumnType::text || guess.type == ColumnType::category) {
        guess.padded = blanks_follow && place != 0;  // else the blanks belong to the text
      }
      const std::string written = header_ ? (*header_)[place] : std::string();
      Field field{names_[place], guess.type, role_of(names_[place], place, guess),
                  written == names_[place] ? std::string() : written};
      ColumnPlan column = plan_column(std::move(field), place, guess, missing_);
      if (!options_.types.contains(names_[place])) {
        column.hint = ", which its first " + std::to_string(records_.size()) +
                      (records_.size() == 1 ? " row lets" : " rows let") + " expect (types={\"" + names_[place] +
                      "\": \"text\"} keeps every value)";
      }
      plan.columns.push_back(std::move(column));
      guesses->push_back(guess);
    }
    note_guesses(context_, names_, *guesses, options_.types);
    follow_columns(plan, guesses);
    return plan;
  }

  void follow_columns(DelimitedPlan& plan, const std::shared_ptr<std::vector<ColumnGuess>>& guesses) {
    ReadContext& context = context_;
    plan.contradicted = [&context, guesses, missing = missing_](const ColumnPlan& column, std::string_view text,
                                                                std::uint64_t line) {
      return learn_from(context, (*guesses)[column.place], column, text, line, *missing);
    };
    if (dialect_.comment != '\0') {
      plan.comment = [separator = dialect_.separator, fields = fields_](const CommentLine& line, ReadContext& to) {
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

  std::string_view text_;
  ReadContext& context_;
  const ReadOptions& options_;
  std::shared_ptr<const std::vector<std::string>> missing_;
  Dialect dialect_;
  std::size_t fields_ = 1;
  char told_separator_ = ',';
  std::size_t skipped_bytes_ = 0;    ///< in front of all records
  std::uint64_t skipped_lines_ = 0;  ///< to leave out at the front, also the line of names
  std::size_t header_bytes_ = 0;
  std::vector<SampleRecord> records_;
  std::optional<SampleRecord> marked_header_;
  std::optional<std::vector<std::string>> header_;
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
  std::optional<DelimitedPlan> plan = CsvPlanner(window.lines(), context).plan();
  while (!plan) {  // the first record is longer than what is here
    if (!window.more()) {
      throw Error(ErrorCode::invalid_data,
                  context.place(window.line()) +
                      "a quote is opened in the first record and never closed; give quote='\\0' where quotes are "
                      "ordinary characters");
    }
    plan = CsvPlanner(window.lines(), context).plan();
  }
  return std::make_unique<DelimitedSource>(std::move(window), std::move(*plan), context);
}

}  // namespace nad::detail
