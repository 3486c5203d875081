#pragma once

// Reads allow-lists, as lines or as JSON.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "nad/alert/allow_condition-inl.hpp"
#include "nad/alert/allow_list.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/kept_json.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

inline constexpr std::string_view allow_blanks = " \t\r";

/// `column=value,"a value"` taken off the front of a line.
class AllowLine {
 public:
  explicit AllowLine(std::string_view line) : line_(line) {}

  /// False at the end of the line or where a comment begins.
  bool next(std::string& column, std::vector<std::string>& values) {
    const std::size_t begin = line_.find_first_not_of(allow_blanks, at_);
    if (begin == std::string_view::npos || line_[begin] == '#') {
      return false;
    }
    const std::size_t equals = line_.find_first_of("= \t\r", begin);
    if (equals == std::string_view::npos || line_[equals] != '=') {
      fail("'" + std::string(line_.substr(begin, equals - begin)) + "' has no value; write column=value");
    }
    column = line_.substr(begin, equals - begin);
    at_ = equals + 1;
    values.assign(1, take_value());
    while (at_ < line_.size() && line_[at_] == ',') {
      ++at_;
      values.push_back(take_value());
    }
    if (at_ < line_.size() && allow_blanks.find(line_[at_]) == std::string_view::npos) {
      fail("a blank must stand behind the value of '" + column + "'");
    }
    return true;
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw Error(ErrorCode::invalid_argument, what); }

  std::string take_value() {
    if (at_ >= line_.size() || line_[at_] != '"') {
      const std::size_t end = std::min(line_.find_first_of(" \t\r,#\"", at_), line_.size());
      std::string value(line_.substr(at_, end - at_));
      at_ = end;
      return value;
    }
    std::string value;
    for (++at_; at_ < line_.size() && line_[at_] != '"'; ++at_) {
      if (line_[at_] == '\\' && at_ + 1 < line_.size()) {
        ++at_;
      }
      value += line_[at_];
    }
    if (at_ >= line_.size()) {
      fail("a quote is not closed");
    }
    ++at_;
    return value;
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

/// One word of a rule, whichever way it was written.
inline void add_to_rule(AllowRule& rule, const std::string& column, std::vector<std::string> values) {
  const auto only = [&]() -> const std::string& {
    if (values.size() != 1 || values.front().empty()) {
      throw Error(ErrorCode::invalid_argument, "'" + column + "' has one value, which is a text");
    }
    return values.front();
  };
  if (column == "who") {
    rule.who = only();
  } else if (column == "why") {
    rule.why = only();
  } else if (column == "until") {
    rule.until = parse_time(only());
    if (!rule.until) {
      throw Error(ErrorCode::invalid_argument,
                  "until is '" + values.front() + "'; give a time such as 2027-01-01 or 2027-01-01T12:00+01:00");
    }
  } else {
    const auto is_same = [&](const AllowCondition& condition) { return condition.column() == column; };
    if (std::any_of(rule.conditions.begin(), rule.conditions.end(), is_same)) {
      throw Error(ErrorCode::invalid_argument,
                  "'" + column + "' stands there twice; separate its alternatives by commas");
    }
    rule.conditions.emplace_back(column, std::move(values));
  }
}

inline std::string allow_place(const std::string& file, std::size_t line) {
  return (file.empty() ? "line " : file + ":") + std::to_string(line) + ": ";
}

template <class Read>
void read_allow_rule(AllowList& list, const std::string& file, std::size_t line, const Read& read) {
  AllowRule rule;
  rule.line = line;
  try {
    read(rule);
    const bool is_blank = rule.conditions.empty() && rule.who.empty() && rule.why.empty() && !rule.until;
    if (!is_blank) {
      list.add(std::move(rule));
    }
  } catch (const Error& error) {
    throw Error(ErrorCode::invalid_argument, allow_place(file, line) + error.what());
  }
}

inline AllowList parse_allow_lines(std::string_view text, const std::string& file) {
  AllowList list;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    read_allow_rule(list, file, ++number, [&](AllowRule& rule) {
      AllowLine line(text.substr(0, end));
      std::string column;
      std::vector<std::string> values;
      while (line.next(column, values)) {
        add_to_rule(rule, column, values);
      }
    });
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

/// The lines on which the objects of a JSON list begin; the text is known to be JSON.
inline std::vector<std::size_t> lines_of_objects(std::string_view text) {
  std::vector<std::size_t> lines;
  std::size_t line = 1;
  std::size_t depth = 0;
  bool is_text = false;
  bool begins = false;  // behind the bracket or a comma of the list itself
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    line += c == '\n' ? 1 : 0;
    if (is_text) {
      at += c == '\\' ? 1 : 0;
      is_text = c != '"';
      continue;
    }
    if (begins && depth == 1 && c != ']' && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      lines.push_back(line);
      begins = false;
    }
    is_text = c == '"';
    depth += c == '[' || c == '{' ? 1 : 0;
    depth -= c == ']' || c == '}' ? 1 : 0;
    begins = begins || (depth == 1 && (c == ',' || c == '['));
  }
  return lines;
}

inline std::string allow_text(const nlohmann::ordered_json& value, const std::string& column) {
  if (value.is_number_integer()) {
    return value.dump();
  }
  if (!value.is_string()) {
    throw Error(ErrorCode::invalid_argument, "'" + column + "' is " + std::string(value.type_name()) +
                                                 "; give a text, a whole number or a list of them");
  }
  return value.get<std::string>();
}

inline AllowList parse_allow_json(std::string_view text, const std::string& file) {
  const KeptJson<nlohmann::ordered_json> kept(text);
  if (!kept.is_json()) {
    const std::size_t wrong = kept.wrong_byte();
    const std::string_view before = text.substr(0, wrong == 0 ? 0 : std::min(wrong - 1, text.size()));
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    throw Error(ErrorCode::invalid_argument, allow_place(file, line) +
                                                 "this is no JSON; a comma, a quote or a bracket " +
                                                 "is missing or too many here, or before");
  }
  const nlohmann::ordered_json& entries = *kept;
  if (!entries.is_array()) {
    throw Error(ErrorCode::invalid_argument,
                allow_place(file, 1) + "an allow-list is a JSON list of rules, such as [{\"dst_port\": 443}]");
  }
  const std::vector<std::size_t> lines = lines_of_objects(text);
  AllowList list;
  for (std::size_t number = 0; number < entries.size(); ++number) {
    read_allow_rule(list, file, lines.at(number), [&](AllowRule& rule) {
      if (!entries[number].is_object() || entries[number].empty()) {
        throw Error(ErrorCode::invalid_argument, "a rule is an object, such as {\"dst_port\": 443}");
      }
      for (const auto& entry : entries[number].items()) {
        std::vector<std::string> values;
        if (entry.value().is_array()) {
          for (const auto& value : entry.value()) {
            values.push_back(allow_text(value, entry.key()));
          }
        } else {
          values.push_back(allow_text(entry.value(), entry.key()));
        }
        add_to_rule(rule, entry.key(), std::move(values));
      }
    });
  }
  return list;
}

}  // namespace nad::detail
