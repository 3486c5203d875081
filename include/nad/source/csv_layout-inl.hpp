#pragma once

// Where the records of a text table begin, how they are cut, and which line names their columns.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/batch_source-inl.hpp"
#include "nad/source/csv_dialect-inl.hpp"
#include "nad/source/csv_outliers-inl.hpp"
#include "nad/source/csv_values-inl.hpp"

namespace nad::detail {

class CsvLayout {
 public:
  CsvLayout(std::string_view text, ReadContext& context)
      : text_(text),
        context_(context),
        options_(context.options),
        missing_(std::make_shared<std::vector<std::string>>(options_.missing.value_or(usual_missing()))) {
    check_options();
  }

  /// False where this text does not hold even one record; then `obstacle()` says why.
  bool find() {
    skip_separator_line();
    const FoundDialect found = find_dialect(text_.substr(skipped_bytes_), separator_options());
    dialect_ = found.dialect;
    fields_ = found.fields;
    records_ = sample_records(text_.substr(skipped_bytes_), dialect_, text_.size());
    if (!records_.empty()) {
      sort_out_comments();
    }
    if (records_.empty() && !marked_header_) {
      return false;
    }
    find_header();
    find_trailing_separators();
    drop_ragged();
    return true;
  }

  std::string obstacle() const {
    if (text_.find_first_not_of("\r\n", skipped_bytes_) == std::string_view::npos) {
      return context_.name + " holds nothing but blank lines";
    }
    if (dialect_.comment != '\0') {
      return context_.name + " holds only remarks, lines that begin with '" + std::string(1, dialect_.comment) + "'";
    }
    return context_.place(1 + skipped_lines_) +
           "a quote is opened in the first record and never closed; give quote='\\0' where quotes are ordinary "
           "characters";
  }

  const Dialect& dialect() const noexcept { return dialect_; }
  /// Of each row.
  std::size_t fields() const noexcept { return fields_; }
  /// The first rows.
  const std::vector<SampleRecord>& records() const noexcept { return records_; }
  /// The names as they are written.
  const std::optional<std::vector<std::string>>& header() const noexcept { return header_; }
  /// To leave out at the front: the names and what stands above them.
  std::size_t header_bytes() const noexcept { return header_ ? header_bytes_ : skipped_bytes_; }
  std::uint64_t header_lines() const noexcept { return skipped_lines_; }
  const std::shared_ptr<const std::vector<std::string>>& missing() const noexcept { return missing_; }

  ColumnSample sample_of(std::size_t place) const { return sample_of(records_, place, {}); }

  /// For a column that became texts.
  OutlierCounts outliers_of(std::size_t place, const std::string& name) const {
    OutlierCounts counts(name);
    const std::uint64_t first_line = skipped_bytes_ == 0 ? 1 : 2;
    for (const SampleRecord& record : records_) {
      if (place < record.fields.size() && !is_missing(record.fields[place])) {
        counts.add(without_blanks(record.fields[place]), first_line + record.line);
      }
    }
    return counts;
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

  /// Without the records that say the same as `left_out`.
  ColumnSample sample_of(std::span<const SampleRecord> records, std::size_t place, const SampleRecord& left_out) const {
    ColumnSample sample;
    for (const SampleRecord& record : records) {
      if (record.fields != left_out.fields && place < record.fields.size() && !is_missing(record.fields[place]) &&
          is_readable(record.fields[place])) {  // else the row is malformed and says nothing about its column
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
      // a name may be called "true"; what is a number or a time stands among its like
      const bool is_value = own != ColumnType::category && own != ColumnType::text && own != ColumnType::boolean;
      ColumnGuess column;
      if (same_shape) {
        column = sample_of(below, place, record).guess({}, dialect_.separator == ';', true);
        repeated = repeated || std::any_of(below.begin(), below.end(), [&](const SampleRecord& row) {
                     return place < row.fields.size() && row.fields[place] == name;
                   });
      }
      if (is_value || (column.type != ColumnType::category && column.type != ColumnType::text)) {
        ++typed;
        fitting += is_value || fits(column, without_blanks(name)) ? 1U : 0U;
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
    } else if (options_.header.value_or(naming(records_.front(), std::span(records_).subspan(1)) != Naming::no)) {
      header_ = records_.front().fields;
      end_header(records_.front());
      // also where files that were joined repeat it
      records_.erase(std::remove_if(records_.begin(), records_.end(),
                                    [&](const SampleRecord& record) { return record.fields == *header_; }),
                     records_.end());
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
};

}  // namespace nad::detail
