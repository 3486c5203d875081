#pragma once

// Zeek's conn.log as lines: columns are bound by the names in "#fields", never by position.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/header_line-inl.hpp"
#include "nad/source/zeek_fields-inl.hpp"

namespace nad::detail {

/// "\x09" stands for a tab.
inline std::string zeek_unescaped(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    if (text.substr(at, 2) == "\\x" && at + 4 <= text.size() &&
        std::from_chars(text.data() + at + 2, text.data() + at + 4, value, 16).ptr == text.data() + at + 4) {
      result += static_cast<char>(value);
      at += 3;
    } else {
      result += text[at];
    }
  }
  return result;
}

/// What the lines that begin with '#' say.
class ZeekHeader {
 public:
  char separator = '\t';
  std::string unset = "-";
  std::string empty = "(empty)";
  std::string path;
  std::vector<std::string> fields;
  std::vector<std::string> types;

  /// Whether a line is part of a header; it may have blanks before its '#'.
  static bool is_part(std::string_view line) noexcept {
    const std::size_t begin = line.find_first_not_of(" \t");
    return begin != std::string_view::npos && line[begin] == '#';
  }

  /// False where the line says nothing that is known.
  bool take(std::string_view line) {
    line.remove_prefix(line.find('#'));
    if (line.starts_with("#separator")) {
      const std::string sign = zeek_unescaped(trimmed_blanks(line.substr(10)));
      separator = sign.empty() ? '\t' : sign.front();
      return true;
    }
    std::vector<std::string_view> parts = split_line(line, separator);
    const std::string_view word = parts.front();
    const std::string value(parts.size() > 1 ? parts[1] : std::string_view());
    parts.erase(parts.begin());
    if (word == "#unset_field") {
      unset = value;
    } else if (word == "#empty_field") {
      empty = value;
    } else if (word == "#path") {
      path = value;
    } else if (word == "#fields") {
      fields.assign(parts.begin(), parts.end());
    } else if (word == "#types") {
      types.assign(parts.begin(), parts.end());
    } else {
      return word == "#open" || word == "#close" || word == "#set_separator";
    }
    return true;
  }

 private:
  static std::string_view trimmed_blanks(std::string_view text) noexcept {
    return text.substr(0, 1) == " " || text.substr(0, 1) == "\t" ? text.substr(1) : text;
  }
};

inline ColumnType zeek_type(std::string_view type) noexcept {
  return type == "count" || type == "int" || type == "port" ? ColumnType::integer
         : type == "double" || type == "interval"           ? ColumnType::number
         : type == "bool"                                   ? ColumnType::boolean
         : type == "time"                                   ? ColumnType::time
         : type == "addr"                                   ? ColumnType::address
                                                            : ColumnType::category;
}

/// Part `index` of a text whose parts stand several blanks apart.
inline std::string_view spaced_part(std::string_view text, std::size_t index) noexcept {
  for (;; --index) {
    const std::size_t gap = std::min(text.find("  "), text.size());
    if (index == 0) {
      return text.substr(0, gap);
    }
    text.remove_prefix(std::min(text.find_first_not_of(' ', gap), text.size()));
  }
}

/// Some labelled logs write their labels behind the last field, three blanks apart, as if they were part of it.
inline void add_spaced_columns(DelimitedPlan& plan, const ZeekHeader& header, std::size_t place) {
  const std::string& names = header.fields[place];
  for (std::size_t index = 0; !spaced_part(names, index).empty(); ++index) {
    ColumnPlan column{zeek_column(spaced_part(names, index), ColumnType::category), place};
    column.parse = [index, missing = plan.missing](std::string_view text, ColumnBuilder& to) {
      const std::string_view part = spaced_part(text, index);
      if (std::find(missing.begin(), missing.end(), part) != missing.end()) {
        to.add_missing();
      } else if (is_utf8(part)) {
        to.add_text(part);
      } else {
        return false;
      }
      return true;
    };
    plan.columns.push_back(std::move(column));
  }
}

inline DelimitedPlan zeek_tsv_plan(const ZeekHeader& header) {
  DelimitedPlan plan;
  plan.dialect.separator = header.separator;
  plan.dialect.quote = '\0';
  plan.fields = header.fields.size();
  plan.missing = {"", header.unset, header.empty};
  plan.source = "zeek_conn";
  plan.header = header.fields;
  for (std::size_t place = 0; place < header.fields.size(); ++place) {
    const std::string& name = header.fields[place];
    if (name.find("  ") != std::string::npos && place + 1 == header.fields.size()) {
      add_spaced_columns(plan, header, place);
      continue;
    }
    const bool typed = header.types.size() == header.fields.size();
    plan.columns.push_back({zeek_column(name, typed ? zeek_type(header.types[place]) : ColumnType::category), place});
  }
  put_in_zeek_order(plan.columns);
  plan.complete = [](const Table& table, ReadContext& context) {
    note_relative_times(table, context);
    return with_protocol_names(table);
  };
  return plan;
}

inline void refuse_unless_zeek_conn(const ZeekHeader& header, const std::string& file) {
  const auto has = [&](std::string_view wanted) {
    return std::any_of(header.fields.begin(), header.fields.end(),
                       [&](const std::string& field) { return zeek_spelling(field) == wanted; });
  };
  if (header.fields.empty()) {
    throw Error(ErrorCode::bad_file,
                file + " begins like a Zeek log but has no line '#fields'; its first lines are " + "missing");
  }
  if (!is_zeek_conn(has)) {
    throw Error(ErrorCode::bad_file, file + " is the Zeek log '" + (header.path.empty() ? "?" : header.path) +
                                         "', which tells of no connections (no ts, id.orig_h, id.resp_h, proto and "
                                         "conn_state); give the conn.log of the same time");
  }
}

/// Logs joined end to end repeat their header; another log among them cannot be told in the same columns.
inline auto zeek_header_check(ZeekHeader header) {
  return
      [header = std::move(header), file_header = ZeekHeader()](const CommentLine& line, ReadContext& context) mutable {
        file_header.separator = header.separator;
        file_header.fields = header.fields;
        file_header.unset = header.unset;
        if (!file_header.take(line.text)) {
          context.skip("a line that begins with '#'");
        } else if (file_header.fields != header.fields || file_header.separator != header.separator ||
                   file_header.unset != header.unset) {
          throw Error(ErrorCode::invalid_data, context.place(line.line) +
                                                   "another log begins here, with another header ('" +
                                                   shown(line.text) + "'); read the logs one by one");
        }
      };
}

/// With the header that Zeek writes, or with a single line of names.
inline std::optional<DelimitedPlan> recognise_zeek_tsv(const Head& head, const std::string& file) {
  ZeekHeader header;
  std::size_t lines = 0;
  if (ZeekHeader::is_part(head.line(0))) {
    std::size_t known = 0;
    for (; lines < head.lines() && ZeekHeader::is_part(head.line(lines)); ++lines) {
      if (lines != 0 && !header.fields.empty() && head.line(lines).starts_with("#separator")) {
        break;  // a second header is checked when it is read
      }
      known += header.take(head.line(lines)) ? 1U : 0U;
    }
    if (known < 2 && header.fields.empty()) {
      return std::nullopt;
    }
    refuse_unless_zeek_conn(header, file);
  } else {
    header.separator = likely_separator(head.line(0));
    const std::vector<std::string> names = split_quoted_line(head.line(0), header.separator);
    header.fields = names;
    const auto has = [&](std::string_view wanted) {
      return std::any_of(names.begin(), names.end(),
                         [&](const std::string& name) { return zeek_spelling(name) == wanted; });
    };
    if (!is_zeek_conn(has)) {
      return std::nullopt;
    }
    lines = 1;
  }
  DelimitedPlan plan = zeek_tsv_plan(header);
  plan.dialect.comment = '#';
  plan.dialect.quote = header.separator == '\t' ? '\0' : '"';
  plan.header_bytes = head.line_end(lines - 1);
  plan.header_lines = lines;
  plan.comment = zeek_header_check(std::move(header));
  return plan;
}

}  // namespace nad::detail
