#pragma once

#include <algorithm>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>
#include <system_error>

#include "nad/alert/allow_condition-inl.hpp"
#include "nad/alert/allow_list.hpp"
#include "nad/alert/allow_parser-inl.hpp"
#include "nad/alert/format.hpp"
#include "nad/core/error.hpp"
#include "nad/table/time.hpp"

namespace nad {

NAD_INLINE bool AllowRule::matches(const Alert& alert) const {
  if (conditions.empty() || alert.kind == AlertKind::suppressed || (until && alert.last_seen >= *until)) {
    return false;
  }
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const AllowCondition& condition) { return condition.holds(alert); });
}

NAD_INLINE std::string AllowRule::to_string() const {
  std::string text;
  for (const AllowCondition& condition : conditions) {
    text += (text.empty() ? "" : " ") + condition.to_string();
  }
  if (!who.empty()) {
    text += " who=" + detail::quoted_where_needed(who);
  }
  if (!why.empty()) {
    text += " why=" + detail::quoted_where_needed(why);
  }
  if (until) {
    std::string time = format_time(*until);
    time[10] = 'T';
    text += " until=" + time + "Z";
  }
  return text;
}

NAD_INLINE AllowList AllowList::parse(std::string_view text, const std::string& file) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") {
    text.remove_prefix(3);
  }
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const bool is_json = begin != std::string_view::npos && (text[begin] == '[' || text[begin] == '{');
  return is_json ? detail::parse_allow_json(text, file) : detail::parse_allow_lines(text, file);
}

NAD_INLINE AllowList AllowList::read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad() || std::filesystem::is_directory(path)) {
    throw Error(ErrorCode::io,
                "cannot read the allow-list '" + path.string() + "': there is no such file, or it may not be read");
  }
  return parse(text, path.string());
}

NAD_INLINE void AllowList::add(AllowRule rule) {
  if (rule.conditions.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "the rule has no condition and would hide every alert; give one, such as src=10.0.3.17");
  }
  rules_.push_back(std::move(rule));
}

NAD_INLINE const AllowRule* AllowList::match(const Alert& alert) const {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [&](const AllowRule& rule) { return rule.matches(alert); });
  return found == rules_.end() ? nullptr : &*found;
}

NAD_INLINE std::string AllowList::to_string() const {
  std::string text;
  for (const AllowRule& rule : rules_) {
    text += rule.to_string() + "\n";
  }
  return text;
}

NAD_INLINE FilterReport filter_alerts(const AllowList& allowed, std::istream& in, std::ostream& out) {
  FilterReport report;
  report.by_rule.assign(allowed.rules().size(), 0);
  for (std::string line; std::getline(in, line);) {
    const bool has_end = !in.eof();
    ++report.lines;
    const AllowRule* rule = nullptr;
    try {
      rule = allowed.match(alert_from_eve(line));
    } catch (const Error&) {
      ++report.unreadable;
    }
    if (rule != nullptr) {
      ++report.allowed;
      ++report.by_rule[static_cast<std::size_t>(rule - allowed.rules().data())];
      continue;
    }
    out << line;
    if (has_end) {
      out << '\n';
    }
  }
  if (in.bad() || !out.flush()) {
    throw Error(ErrorCode::io, "filtering alerts stopped behind line " + std::to_string(report.lines) +
                                   ": the file cannot be read any further, or the result cannot be written");
  }
  return report;
}

NAD_INLINE FilterReport filter_alerts(const AllowList& allowed, const std::filesystem::path& from,
                                      const std::filesystem::path& to) {
  std::error_code ignored;
  if (std::filesystem::equivalent(from, to, ignored)) {
    throw Error(ErrorCode::invalid_argument,
                "'" + from.string() + "' cannot be filtered into itself; name another file for the result");
  }
  std::ifstream in(from, std::ios::binary);
  if (!in) {
    throw Error(ErrorCode::io, "cannot read '" + from.string() + "': there is no such file, or it may not be read");
  }
  std::ofstream out(to, std::ios::binary);
  if (!out) {
    throw Error(ErrorCode::io, "cannot write '" + to.string() + "': its folder does not exist, or may not be written");
  }
  return filter_alerts(allowed, in, out);
}

}  // namespace nad
