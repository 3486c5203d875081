#pragma once

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

#include "nad/core/error.hpp"
#include "nad/source/write_csv.hpp"

namespace nad {

namespace detail {

/// Puts lines together and hands them on in large pieces.
class CsvWriter {
 public:
  CsvWriter(std::ostream& stream, const CsvOptions& options, std::string name)
      : stream_(stream), separator_(options.separator), name_(std::move(name)) {
    if (std::string_view("\"\r\n\0", 4).find(separator_) != std::string_view::npos) {
      throw Error(ErrorCode::invalid_argument,
                  "the separator of a CSV file cannot be a quote, the end of a line or NUL");
    }
  }

  void put_text(std::string_view text) {
    const bool quoted = text.empty() || text.front() == ' ' || text.back() == ' ' || text.front() == '\t' ||
                        text.back() == '\t' || text.find_first_of("\"\r\n") != std::string_view::npos ||
                        text.find(separator_) != std::string_view::npos;
    put_separator();
    if (!quoted) {
      line_ += text;
      return;
    }
    line_ += '"';
    for (const char c : text) {
      line_ += c;
      if (c == '"') {
        line_ += c;
      }
    }
    line_ += '"';
  }

  void put_missing() { put_separator(); }

  void end_line() {
    line_ += '\n';
    first_ = true;
    if (line_.size() >= piece) {
      flush();
    }
  }

  void flush() {
    stream_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
    line_.clear();
    if (!stream_) {
      const std::string why = errno == 0 ? "" : ": " + std::generic_category().message(errno);
      throw Error(ErrorCode::io, "cannot write " + name_ + why);
    }
  }

 private:
  void put_separator() {
    if (!first_) {
      line_ += separator_;
    }
    first_ = false;
  }

  static constexpr std::size_t piece = std::size_t{1} << 16U;

  std::ostream& stream_;
  char separator_;
  std::string name_;
  std::string line_;
  bool first_ = true;
};

inline void put_csv_value(CsvWriter& writer, const Column& column, std::size_t row) {
  if (column.is_missing(row)) {
    writer.put_missing();
    return;
  }
  if (column.type() == ColumnType::category || column.type() == ColumnType::text) {
    writer.put_text(column.text(row));
    return;
  }
  std::string text = column.format(row);
  if (column.type() == ColumnType::time) {
    text[text.find(' ')] = 'T';
    text += 'Z';
  }
  writer.put_text(text);
}

inline void write_csv_to(const Table& table, std::ostream& stream, const CsvOptions& options, const std::string& name) {
  errno = 0;
  CsvWriter writer(stream, options, name);
  if (options.header && table.columns() != 0) {
    for (const Field& field : table.schema()) {
      writer.put_text(field.name);
    }
    writer.end_line();
  }
  const bool alone = table.columns() == 1;  // a line without anything would be none
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (alone && table.column(0).is_missing(row)) {
      writer.put_text("");
    } else {
      for (std::size_t place = 0; place < table.columns(); ++place) {
        put_csv_value(writer, table.column(place), row);
      }
    }
    writer.end_line();
  }
  writer.flush();
}

}  // namespace detail

NAD_INLINE void write_csv(const Table& table, const std::filesystem::path& path, const CsvOptions& options) {
  errno = 0;
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  if (!stream) {
    throw Error(ErrorCode::io,
                "cannot open " + path.string() + " for writing: " + std::generic_category().message(errno));
  }
  detail::write_csv_to(table, stream, options, path.string());
  stream.close();
  if (!stream) {
    throw Error(ErrorCode::io, "cannot write " + path.string() + ": " + std::generic_category().message(errno));
  }
}

NAD_INLINE void write_csv(const Table& table, std::ostream& stream, const CsvOptions& options) {
  detail::write_csv_to(table, stream, options, "to the stream");
}

}  // namespace nad
