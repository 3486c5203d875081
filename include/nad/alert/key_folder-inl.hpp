#pragma once

#include <algorithm>

#include <nlohmann/json.hpp>

#include "nad/alert/deduplicator-inl.hpp"
#include "nad/alert/key_folder.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"
#include "nad/detail/json_numbers.hpp"
#include "nad/detail/json_writer.hpp"
#include "nad/detail/kept_bytes.hpp"
#include "nad/detail/kept_json.hpp"
#include "nad/flow/window_clock-inl.hpp"

namespace nad {

NAD_INLINE void KeyFolderOptions::check() const {
  detail::check_period(quiet_seconds, "quiet_seconds");
  if (fold_at == 1 || fold_at > 10'000) {
    throw Error(ErrorCode::invalid_argument,
                "fold_at is " + std::to_string(fold_at) + "; give 0 (never), or 2 to 10,000 keys that become one");
  }
  if (most_groups < 3) {
    throw Error(ErrorCode::invalid_argument,
                "most_groups is " + std::to_string(most_groups) + "; give 3 or more: each alert belongs to three");
  }
}

NAD_INLINE KeyFolder::KeyFolder(const KeyFolderOptions& options) : options_(options) {
  options_.check();
  quiet_after_ = detail::nanoseconds_of(options_.quiet_seconds);
}

NAD_INLINE bool KeyFolder::fold(Alert& alert) {
  if (options_.fold_at == 0 || alert.kind == AlertKind::suppressed) {
    return false;
  }
  // a time far behind means that somebody has set the clock
  const bool is_later = !has_time_ || alert.last_seen > now_;
  if (is_later || static_cast<std::uint64_t>(now_) - static_cast<std::uint64_t>(alert.last_seen) >
                      static_cast<std::uint64_t>(quiet_after_)) {
    now_ = alert.last_seen;
    has_time_ = true;
  }
  const std::string src = alert.src ? alert.src->to_string() : "";
  const std::string dst = alert.dst ? alert.dst->to_string() : "";
  const std::string port = alert.dst_port ? std::to_string(*alert.dst_port) : "";
  const auto becomes = [&](std::string key, std::string_view about) {
    const bool is_folded = count(key, detail::hash_text(about));
    if (is_folded) {
      alert.key = std::move(key);
    }
    return is_folded;
  };
  return (!src.empty() && becomes(src + "|*|*", dst + "|" + port)) ||
         (!dst.empty() && !port.empty() && becomes("*|" + dst + "|" + port, src)) ||
         (!dst.empty() && becomes("*|" + dst + "|*", src));
}

NAD_INLINE bool KeyFolder::count(const std::string& key, std::uint64_t about) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    while (groups_.size() >= options_.most_groups) {
      by_key_.erase(groups_.front().key);
      groups_.pop_front();
    }
    const Place added = groups_.insert(groups_.end(), Group{key, now_});
    by_key_.emplace(added->key, added);
    added->open.emplace_back(about, now_);
    return false;
  }
  Group& group = *found->second;
  const std::int64_t oldest = detail::add_saturated(now_, -quiet_after_);
  if (group.last < oldest) {
    group.is_folded = false;
    group.open.clear();
  }
  group.last = now_;
  groups_.splice(groups_.end(), groups_, found->second);
  if (group.is_folded) {
    return true;
  }
  std::erase_if(group.open, [&](const auto& one) { return one.second < oldest; });
  const auto known =
      std::find_if(group.open.begin(), group.open.end(), [&](const auto& one) { return one.first == about; });
  if (known != group.open.end()) {
    known->second = now_;
    return false;
  }
  group.open.emplace_back(about, now_);
  if (group.open.size() < options_.fold_at) {
    return false;
  }
  group.is_folded = true;
  group.open = {};
  return true;
}

NAD_INLINE std::string KeyFolder::save_state() const {
  detail::JsonWriter json;
  json.begin('{').key("version").integer(1);
  json.key("has_time").truth(has_time_).key("now").integer(now_).key("groups").begin('[');
  for (const Group& group : groups_) {
    json.begin('[').text(detail::text_of_bytes(group.key)).integer(group.last).truth(group.is_folded).begin('[');
    for (const auto& [about, when] : group.open) {
      json.begin('[').integer(about).integer(when).end(']');
    }
    json.end(']').end(']');
  }
  return json.end(']').end('}').take();
}

NAD_INLINE void KeyFolder::restore_state(std::string_view text) {
  KeyFolder restored(options_);
  try {
    const detail::KeptJson<nlohmann::json> kept(text);
    const nlohmann::json& state = *kept;
    if (detail::kept_number<int>(state.at("version")) != 1) {
      throw Error(ErrorCode::bad_file, "the state of the folded keys was written by a newer version of nad");
    }
    detail::take_kept(state.at("has_time"), restored.has_time_);
    detail::take_kept(state.at("now"), restored.now_);
    for (const auto& saved : state.at("groups")) {
      Group group{detail::bytes_of_text(saved.at(0).get<std::string>()), detail::kept_number<std::int64_t>(saved.at(1)),
                  saved.at(2).get<bool>()};
      for (const auto& one : saved.at(3)) {
        group.open.emplace_back(detail::kept_number<std::uint64_t>(one.at(0)),
                                detail::kept_number<std::int64_t>(one.at(1)));
      }
      if (restored.by_key_.contains(group.key)) {
        throw Error(ErrorCode::bad_file, "the state of the folded keys is damaged: one is there twice");
      }
      const Place added = restored.groups_.insert(restored.groups_.end(), std::move(group));
      restored.by_key_.emplace(added->key, added);
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::bad_file, "the state of the folded keys is damaged: it is not what save_state wrote");
  }
  *this = std::move(restored);
}

}  // namespace nad
