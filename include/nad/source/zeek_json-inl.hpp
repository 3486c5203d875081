#pragma once

// Zeek's conn.log as JSON lines: keys with dots or inner objects, times as numbers or texts, absent for unset.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/source/json_source-inl.hpp"
#include "nad/source/zeek_fields-inl.hpp"

namespace nad::detail {

using JsonMembers = std::vector<std::pair<std::string, JsonValue>>;

inline std::optional<std::string_view> member(const JsonMembers& members, std::string_view zeek) {
  for (const auto& [key, value] : members) {
    if (zeek_spelling(key) == zeek) {
      return value.text;
    }
  }
  return std::nullopt;
}

/// All usual columns, whether they come or not, and what else the first lines have.
inline JsonPlan zeek_json_plan(const std::vector<JsonKeySample>& seen) {
  JsonPlan plan;
  plan.source = "zeek_conn";
  const auto sample = [&](std::string_view zeek) {
    return std::find_if(seen.begin(), seen.end(),
                        [&](const JsonKeySample& one) { return zeek_spelling(one.key) == zeek; });
  };
  for (const ZeekField& field : zeek_fields) {
    const auto found = sample(field.zeek);
    if (field.usual || found != seen.end()) {
      plan.add(field.zeek, zeek_column(field.zeek, field.type));
      if (field.zeek.starts_with("id.")) {
        plan.keys.emplace_back("id_" + std::string(field.zeek.substr(3)), plan.places - 1);
      }
    }
  }
  for (const JsonKeySample& one : seen) {
    if (zeek_rank(zeek_spelling(one.key)) == zeek_fields.size()) {
      plan.add(one.key, zeek_column(one.key, likely_type(one)));
    }
  }
  if (sample("_path") == seen.end()) {
    plan.keys.emplace_back("_path", plan.places++);  // looked at, but no column
  }
  put_in_zeek_order(plan.columns);
  plan.complete = [](const Table& table, ReadContext& context) {
    note_relative_times(table, context);
    return with_protocol_names(table);
  };
  return plan;
}

inline std::optional<JsonPlan> recognise_zeek_json(const Head& head, const std::string& file) {
  std::vector<JsonKeySample> seen;
  std::string other;  // a log of Zeek, but another one
  bool found = false;
  visit_head(head, [&](const JsonMembers& members) {
    if (!is_zeek_conn([&](std::string_view zeek) { return member(members, zeek).has_value(); })) {
      if (member(members, "ts") && (member(members, "uid") || member(members, "_path"))) {
        other = member(members, "_path").value_or("?");
      }
      return;
    }
    found = true;
    for (const std::pair<std::string, JsonValue>& member_here : members) {
      const std::string& key = member_here.first;
      auto known = std::find_if(seen.begin(), seen.end(), [&](const JsonKeySample& one) { return one.key == key; });
      if (known == seen.end()) {
        known = seen.insert(seen.end(), JsonKeySample{key});
      }
      look_at(*known, member_here.second);
    }
  });
  if (!found && !other.empty()) {
    throw Error(ErrorCode::bad_file, file + " is the Zeek log '" + shown(other) +
                                         "', which tells of no connections (no ts, id.orig_h, id.resp_h, proto and "
                                         "conn_state); give the conn.log of the same time");
  }
  return found ? std::optional(zeek_json_plan(seen)) : std::nullopt;
}

/// Streams of all logs in one name each record's log in "_path".
class ZeekJsonSource final : public JsonLinesSource {
 public:
  ZeekJsonSource(LineWindow window, const JsonPlan& plan, ReadContext& context)
      : JsonLinesSource(std::move(window), plan, context) {
    for (const auto& [key, place] : plan.keys) {
      path_ = key == "_path" ? place : path_;
      source_ = key == "id.orig_h" ? place : source_;
      state_ = key == "conn_state" ? place : state_;
    }
  }

 private:
  bool take_record(std::uint64_t line, const Record& record) override {
    if (path_ && !record[*path_].empty() && !record[*path_].starts_with("conn")) {
      context_.skip("log '" + shown(record[*path_]) + "'");
      return false;
    }
    if (record[source_].empty() || record[state_].empty()) {
      context_.bad_record("no connection", line, {}, "the record has no id.orig_h or no conn_state");
      return false;
    }
    keep(line, record);
    return true;
  }

  std::optional<std::size_t> path_;
  std::size_t source_ = 0;
  std::size_t state_ = 0;
};

}  // namespace nad::detail
