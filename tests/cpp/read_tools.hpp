#pragma once

// What the tests of the formats share.

#include <cstdint>
#include <map>
#include <sstream>
#include <string>

#include "messages.hpp"
#include "nad/core/error.hpp"
#include "nad/source/read.hpp"

namespace tests {

inline nad::Table read_text(const std::string& text, const nad::ReadOptions& options = {},
                            nad::ReadReport* report = nullptr) {
  std::istringstream stream(text);
  return nad::read(stream, options, report);
}

inline std::string ten_megabytes_of(char c) {
  std::string text;
  text.resize(10'000'000, c);
  return text;
}

/// What the error says; "no error" where there is none.
inline std::string message_of(const std::string& text, const nad::ReadOptions& options = {}) {
  try {
    read_text(text, options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

inline bool has_note(const nad::ReadReport& report, const std::string& part) {
  for (const std::string& note : report.notes) {
    if (contains(note, part)) {
      return true;
    }
  }
  return false;
}

/// How often each value of a column comes; "" where it is missing.
inline std::map<std::string, std::size_t> counts(const nad::Column& column) {
  std::map<std::string, std::size_t> result;
  for (std::size_t row = 0; row < column.size(); ++row) {
    ++result[column.format(row)];
  }
  return result;
}

inline std::int64_t sum(const nad::Column& column) {
  std::int64_t result = 0;
  for (std::size_t row = 0; row < column.size(); ++row) {
    result += column.is_missing(row) ? 0 : column.integers()[row];
  }
  return result;
}

/// Whether all columns of one table are in another, with the same type, role and values.
inline std::string first_difference(const nad::Table& expected, const nad::Table& actual) {
  if (expected.rows() != actual.rows()) {
    return std::to_string(actual.rows()) + " rows";
  }
  for (const nad::Field& field : expected.schema()) {
    const auto place = actual.schema().find(field.name);
    if (!place || actual.schema()[*place].type != field.type || actual.schema()[*place].role != field.role) {
      return "field " + field.name;
    }
    for (std::size_t row = 0; row < expected.rows(); ++row) {
      if (expected[field.name].format(row) != actual.column(*place).format(row) ||
          expected[field.name].is_missing(row) != actual.column(*place).is_missing(row)) {
        return field.name + " of row " + std::to_string(row) + ": '" + actual.column(*place).format(row) +
               "' instead of '" + expected[field.name].format(row) + "'";
      }
    }
  }
  return "";
}

}  // namespace tests
