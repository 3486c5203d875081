#pragma once

/// How a file is read, and what is said about it afterwards.
///
///   nad::ReadReport report;
///   nad::read("flows.csv", {.on_error = nad::OnError::skip, .types = {{"port", nad::ColumnType::category}}}, &report);

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nad/core/progress.hpp"
#include "nad/table/column.hpp"

namespace nad {

enum class OnError : std::uint8_t {
  raise,  ///< the first malformed row is an error
  skip,   ///< malformed rows are counted by reason and left out
};

struct ReadOptions {
  std::string format = "auto";  ///< one of `formats()`, where the content alone does not say it
  OnError on_error = OnError::raise;
  std::size_t batch_rows = 65536;  ///< rows that `Reader::next` gives at most
  std::string encoding = "utf-8";  ///< of text: "utf-8", "latin-1" or "windows-1252"
  // For text tables that no other format knows (`csv`). Nothing: found out.
  std::optional<char> separator = {};
  std::optional<char> quote = {};                        ///< '\0': quotes are ordinary characters
  std::optional<char> comment = {};                      ///< lines that begin with it are left out; '\0': none are
  std::optional<bool> header = {};                       ///< whether the first line names the columns
  std::vector<std::string> names = {};                   ///< what the columns are called, in their order
  std::map<std::string, ColumnType> types = {};          ///< column name -> type
  std::optional<bool> day_first = {};                    ///< of dates like 7/4/2017, where they do not show it
  std::optional<std::vector<std::string>> missing = {};  ///< the texts that mean "no value"
  ProgressCallback progress = {};                        ///< bytes done, of all where that is known
};

struct ReadReport {
  std::string format;
  std::uint64_t rows = 0;                        ///< in the table
  std::map<std::string, std::uint64_t> skipped;  ///< reason -> records left out
  std::vector<std::string> notes;                ///< what a person should know about the file
  std::uint64_t skipped_rows() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : skipped) {
      sum += count;
    }
    return sum;
  }
};

}  // namespace nad
