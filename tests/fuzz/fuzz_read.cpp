// The input is a file of records, behind two bytes that choose the options it is read with.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

#include "use_table.hpp"

namespace {

nad::ReadOptions options_of(std::uint8_t first, std::uint8_t second) {
  nad::ReadOptions options;
  options.on_error = (first & 1U) != 0 ? nad::OnError::skip : nad::OnError::raise;
  options.format = (first & 2U) != 0 ? "csv" : "auto";
  const std::array<const char*, 4> encodings = {"utf-8", "utf-8", "latin-1", "windows-1252"};
  options.encoding = encodings[(first >> 2U) & 3U];
  if (options.format != "csv") {
    return options;
  }
  const std::array<std::optional<char>, 8> separators = {std::nullopt, std::nullopt, ',', ';', '\t', ' ', '|', 'a'};
  options.separator = separators[(first >> 4U) & 7U];
  const std::array<std::optional<char>, 4> quotes = {std::nullopt, std::nullopt, '\'', '\0'};
  options.quote = quotes[second & 3U];
  const std::array<std::optional<bool>, 4> choices = {std::nullopt, std::nullopt, true, false};
  options.header = choices[(second >> 2U) & 3U];
  options.day_first = choices[(second >> 4U) & 3U];
  const std::array<std::optional<char>, 4> comments = {std::nullopt, std::nullopt, '%', '\0'};
  options.comment = comments[(second >> 6U) & 3U];
  return options;
}

std::optional<nad::Table> read(const std::string& text, const nad::ReadOptions& options, nad::ReadReport& report) {
  try {
    std::istringstream stream(text);
    return nad::read(stream, options, &report);
  } catch (const nad::Error& error) {
    require(nad::detail::is_utf8(error.what()));
    return std::nullopt;
  }
}

/// In small batches; nothing where that is an error, which it may be where the whole file is none.
std::optional<nad::Table> read_batches(const std::string& text, const nad::ReadOptions& options) {
  try {
    std::istringstream stream(text);
    nad::Reader reader(stream, options);
    std::optional<nad::Table> all;
    while (const std::optional<nad::Table> batch = reader.next()) {
      require(batch->rows() != 0 && batch->rows() <= options.batch_rows && batch->schema() == reader.schema());
      all = all ? nad::concatenate({*all, *batch}) : *batch;
    }
    require(reader.report().rows == (all ? all->rows() : 0));
    return all;
  } catch (const nad::Error&) {
    return std::nullopt;
  }
}

bool same(const nad::Table& a, const nad::Table& b) {
  for (std::size_t place = 0; place < a.columns(); ++place) {
    for (std::size_t row = 0; row < a.rows(); ++row) {
      if (a.column(place).format(row) != b.column(place).format(row)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  nad::ReadOptions options = options_of(data[0], data[1]);
  const std::string text(data + 2, data + size);
  nad::ReadReport report;
  const std::optional<nad::Table> whole = read(text, options, report);
  if (whole) {
    require(report.rows == whole->rows());
    require(!report.format.empty() && report.format == whole->schema().source());
    use_table(*whole);
    for (const std::string& note : report.notes) {
      require(nad::detail::is_utf8(note));
    }
    for (const auto& [reason, count] : report.skipped) {
      require(nad::detail::is_utf8(reason) && count != 0);
    }
  }
  options.batch_rows = 1 + data[0] % 7U;
  const std::optional<nad::Table> joined = read_batches(text, options);
  if (whole && joined && whole->schema() == joined->schema() && whole->rows() == joined->rows()) {
    require(same(*whole, *joined));
  }
  return 0;
}
