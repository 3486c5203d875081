#pragma once

// What a deduplicator knows, as JSON, so that a program that starts again goes on where it stopped.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "nad/alert/deduplicator.hpp"
#include "nad/alert/format.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/json_numbers.hpp"

namespace nad {

NAD_INLINE std::string Deduplicator::save_state() const {
  using State = nlohmann::ordered_json;
  State state = {{"version", 1},
                 {"has_time", has_time_},
                 {"reference", reference_},
                 {"clock", clock_},
                 {"refilled", refilled_},
                 {"tokens", tokens_},
                 {"given", stats_.given},
                 {"written", stats_.written},
                 {"records", stats_.records},
                 {"held_back", stats_.held_back},
                 {"evicted", stats_.evicted}};
  State open = State::array();
  for (const OpenKey& entry : open_) {
    State saved = {{"key", entry.key},
                   {"pending", entry.pending},
                   {"total", entry.total},
                   {"first_seen", entry.first_seen},
                   {"last_seen", entry.last_seen},
                   {"last_alert", entry.last_alert},
                   {"last_record", entry.last_record},
                   {"number", entry.number},
                   {"is_shown", entry.is_shown}};
    if (entry.pending != 0) {
      saved["strongest"] = to_eve(entry.strongest);
    }
    open.push_back(std::move(saved));
  }
  state["open"] = std::move(open);
  if (held_count_ != 0) {
    State keys = State::array();
    for (const auto& held : held_) {
      keys.push_back({held.first, held.second});
    }
    state["held"] = {{"keys", std::move(keys)},
                     {"elsewhere", held_elsewhere_},
                     {"due", report_due_},
                     {"about", to_eve(held_about_)}};
  }
  // keys may hold what is no UTF-8, as names on a network may
  return state.dump(-1, ' ', false, State::error_handler_t::replace);
}

NAD_INLINE void Deduplicator::restore_state(std::string_view text) {
  Deduplicator restored(options_);
  try {
    const auto state = nlohmann::ordered_json::parse(text);
    if (detail::kept_number<int>(state.at("version")) != 1) {
      throw Error(ErrorCode::bad_file, "the state of the deduplicator was written by a newer version of nad");
    }
    detail::take_kept(state.at("has_time"), restored.has_time_);
    detail::take_kept(state.at("reference"), restored.reference_);
    detail::take_kept(state.at("clock"), restored.clock_);
    detail::take_kept(state.at("refilled"), restored.refilled_);
    detail::take_kept(state.at("tokens"), restored.tokens_);
    detail::take_kept(state.at("given"), restored.stats_.given);
    detail::take_kept(state.at("written"), restored.stats_.written);
    detail::take_kept(state.at("records"), restored.stats_.records);
    detail::take_kept(state.at("held_back"), restored.stats_.held_back);
    detail::take_kept(state.at("evicted"), restored.stats_.evicted);
    for (const auto& saved : state.at("open")) {
      restored.restore_key(saved.at("key").get<std::string>(), [&](OpenKey& entry) {
        detail::take_kept(saved.at("pending"), entry.pending);
        detail::take_kept(saved.at("total"), entry.total);
        detail::take_kept(saved.at("first_seen"), entry.first_seen);
        detail::take_kept(saved.at("last_seen"), entry.last_seen);
        detail::take_kept(saved.at("last_alert"), entry.last_alert);
        detail::take_kept(saved.at("last_record"), entry.last_record);
        detail::take_kept(saved.at("number"), entry.number);
        detail::take_kept(saved.at("is_shown"), entry.is_shown);
        if (entry.pending != 0) {
          entry.strongest = alert_from_eve(saved.at("strongest").get<std::string>());
        }
      });
    }
    if (state.contains("held")) {
      const auto& held = state.at("held");
      for (const auto& pair : held.at("keys")) {
        restored.held_[pair.at(0).get<std::string>()] += detail::kept_number<std::uint64_t>(pair.at(1));
        restored.held_count_ += detail::kept_number<std::uint64_t>(pair.at(1));
      }
      detail::take_kept(held.at("elsewhere"), restored.held_elsewhere_);
      restored.held_count_ += restored.held_elsewhere_;
      detail::take_kept(held.at("due"), restored.report_due_);
      restored.held_about_ = alert_from_eve(held.at("about").get<std::string>());
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::bad_file, "the state of the deduplicator is damaged: it is not what save_state wrote");
  }
  restored.check_state();
  restored.complete_ = std::move(complete_);
  *this = std::move(restored);
}

/// Periods may be others than those that the state was saved with, so what follows from them is computed anew.
template <class Fill>
void Deduplicator::restore_key(const std::string& key, const Fill& fill) {
  const Place place = open_.emplace(open_.end());
  place->key = key;
  fill(*place);
  place->next_update = update_after(place->total);
  opened_ = std::max(opened_, place->number);
  place->deadline = deadline_of(*place);
  by_key_.emplace(place->key, place);
  by_deadline_.emplace(std::pair(place->deadline, place->number), place);
}

NAD_INLINE void Deduplicator::check_state() const {
  constexpr std::int64_t most = std::int64_t{1} << 61U;
  const auto is_time = [&](std::int64_t time) { return time >= 0 && time <= most; };
  bool is_sound = by_key_.size() == open_.size() && is_time(clock_) && is_time(refilled_) && refilled_ <= clock_ &&
                  is_time(report_due_) && tokens_ >= 0.0 && tokens_ <= 1e9 && stats_.written <= stats_.given;
  std::uint64_t pending = held_count_;
  std::set<std::uint64_t> numbers;
  for (const OpenKey& entry : open_) {
    is_sound = is_sound && numbers.insert(entry.number).second && entry.number <= std::uint64_t{1} << 61U;
    is_sound = is_sound && is_time(entry.last_alert) && is_time(entry.last_record) && entry.last_alert <= clock_ &&
               entry.last_record <= clock_ && entry.pending <= entry.total;
    pending += entry.pending;
  }
  if (!is_sound || pending != stats_.given - stats_.written) {
    throw Error(ErrorCode::bad_file, "the state of the deduplicator is damaged: its numbers contradict each other");
  }
}

}  // namespace nad
