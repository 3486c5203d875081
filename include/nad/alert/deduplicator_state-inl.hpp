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
#include "nad/detail/json_writer.hpp"
#include "nad/detail/kept_bytes.hpp"
#include "nad/detail/kept_json.hpp"

namespace nad {

NAD_INLINE std::string Deduplicator::save_state() const {
  detail::JsonWriter json;
  json.begin('{').key("version").integer(1);
  json.key("has_time").truth(has_time_).key("reference").integer(reference_).key("clock").integer(clock_);
  json.key("refilled").integer(refilled_).key("tokens").value(tokens_);
  json.key("given").integer(stats_.given).key("written").integer(stats_.written);
  json.key("records").integer(stats_.records).key("held_back").integer(stats_.held_back);
  json.key("evicted").integer(stats_.evicted).key("open").begin('[');
  for (const OpenKey& entry : open_) {
    json.begin('{').key("key").text(detail::text_of_bytes(entry.key)).key("pending").integer(entry.pending);
    json.key("total").integer(entry.total).key("first_seen").integer(entry.first_seen);
    json.key("last_seen").integer(entry.last_seen).key("last_alert").integer(entry.last_alert);
    json.key("last_record").integer(entry.last_record).key("number").integer(entry.number);
    json.key("is_shown").truth(entry.is_shown);
    if (entry.pending != 0) {
      json.key("strongest").text(to_eve(entry.strongest));
    }
    json.end('}');
  }
  json.end(']');
  if (held_count_ != 0) {
    json.key("held").begin('{').key("keys").begin('[');
    for (const auto& [key, count] : held_) {
      json.begin('[').text(detail::text_of_bytes(key)).integer(count).end(']');
    }
    json.end(']').key("elsewhere").integer(held_elsewhere_).key("due").integer(report_due_);
    json.key("about").text(to_eve(held_about_)).end('}');
  }
  return json.end('}').take();
}

NAD_INLINE void Deduplicator::restore_state(std::string_view text) {
  Deduplicator restored(options_);
  try {
    const detail::KeptJson<nlohmann::json> kept(text);
    const nlohmann::json& state = *kept;
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
      restored.restore_key(detail::bytes_of_text(saved.at("key").get<std::string>()), [&](OpenKey& entry) {
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
        restored.held_[detail::bytes_of_text(pair.at(0).get<std::string>())] +=
            detail::kept_number<std::uint64_t>(pair.at(1));
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
