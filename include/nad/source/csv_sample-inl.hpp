#pragma once

// The beginning of a text table, cut into records to find out what it is.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/field_grid-inl.hpp"

namespace nad::detail {

struct SampleRecord {
  std::uint64_t line = 0;  ///< of the text, from 0
  std::size_t begin = 0;
  std::size_t end = 0;      ///< behind its newline
  std::uint64_t lines = 0;  ///< how many it takes
  std::vector<std::string> fields = {};
  std::vector<bool> quoted = {};  ///< the field stood between quotes

  bool is_blank() const { return fields.size() == 1 && fields[0].empty() && !quoted[0]; }
};

/// Cuts the record at `record.begin` as FieldGrid does; false where the text ends in the middle of it.
inline bool cut_record(std::string_view text, const Dialect& dialect, SampleRecord& record) {
  record.fields.clear();
  record.quoted.clear();
  std::size_t at = record.begin;
  for (;;) {
    std::string field;
    std::size_t quoted = at;
    while (dialect.blank_before_quote && quoted < text.size() && text[quoted] == ' ') {
      ++quoted;
    }
    const bool is_quoted = dialect.quote != '\0' && quoted < text.size() && text[quoted] == dialect.quote;
    if (is_quoted) {
      at = quoted + 1;
      for (;;) {
        const std::size_t quote = text.find(dialect.quote, at);
        if (quote == std::string_view::npos) {
          return false;
        }
        field.append(text.substr(at, quote - at));
        at = quote + 1;
        if (at == text.size() || text[at] != dialect.quote) {
          break;
        }
        field += dialect.quote;
        ++at;
      }
    }
    std::size_t end = at;
    while (end < text.size() && text[end] != dialect.separator && text[end] != '\n') {
      ++end;
    }
    if (end == text.size()) {
      return false;
    }
    const bool last = text[end] == '\n';
    field.append(text.substr(at, (last && end != at && text[end - 1] == '\r' ? end - 1 : end) - at));
    record.fields.push_back(std::move(field));
    record.quoted.push_back(is_quoted);
    at = end + 1;
    if (last) {
      const std::string_view whole = text.substr(record.begin, at - record.begin);
      record.end = at;
      record.lines = static_cast<std::uint64_t>(std::count(whole.begin(), whole.end(), '\n'));
      return true;
    }
  }
}

/// The records at the beginning of a text, blank ones left out, up to so many.
inline std::vector<SampleRecord> sample_records(std::string_view text, const Dialect& dialect, std::size_t most) {
  std::vector<SampleRecord> records;
  SampleRecord next;
  while (records.size() < most && next.begin < text.size()) {
    if (dialect.comment != '\0' && text[next.begin] == dialect.comment) {
      next.begin = std::min(text.find('\n', next.begin), text.size() - 1) + 1;
      ++next.line;
      continue;
    }
    if (!cut_record(text, dialect, next)) {
      break;
    }
    const std::size_t end = next.end;
    const std::uint64_t line = next.line + next.lines;
    if (!next.is_blank()) {
      records.push_back(std::move(next));
    }
    next = {};
    next.begin = end;
    next.line = line;
  }
  return records;
}

}  // namespace nad::detail
