#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "nad/alert/deduplicator.hpp"
#include "nad/alert/deduplicator_state-inl.hpp"
#include "nad/core/error.hpp"
#include "nad/table/time.hpp"

namespace nad {

namespace detail {

inline std::int64_t nanoseconds_of(double seconds) noexcept {
  return static_cast<std::int64_t>(seconds * static_cast<double>(nanoseconds_per_second));
}

inline void check_period(double seconds, const char* option) {
  constexpr double century = 100.0 * 366.0 * 86400.0;
  if (!(seconds > 0.0 && seconds <= century)) {
    throw Error(ErrorCode::invalid_argument,
                std::string(option) + " is " + std::to_string(seconds) + "; give seconds above 0, up to a century");
  }
}

}  // namespace detail

NAD_INLINE void DeduplicatorOptions::check() const {
  key.check();
  detail::check_period(update_seconds, "update_seconds");
  detail::check_period(quiet_seconds, "quiet_seconds");
  detail::check_period(report_seconds, "report_seconds");
  std::uint64_t before = 1;
  for (const std::uint64_t number : updates_at) {
    if (number <= before) {
      throw Error(ErrorCode::invalid_argument, "updates_at holds " + std::to_string(number) + " behind " +
                                                   std::to_string(before) + "; give rising numbers from 2");
    }
    before = number;
  }
  if (growth == 1) {
    throw Error(ErrorCode::invalid_argument, "growth is 1, with which updates never end; give 0 (none) or 2 and more");
  }
  if (!(records_per_minute >= 0.0 && records_per_minute <= 1e9)) {
    throw Error(ErrorCode::invalid_argument, "records_per_minute is " + std::to_string(records_per_minute) +
                                                 "; give a number from 0 (no limit) to a billion");
  }
  if (!(burst >= 1.0 && burst <= 1e9)) {
    throw Error(ErrorCode::invalid_argument,
                "burst is " + std::to_string(burst) + "; give a number from 1 to a billion");
  }
  if (most_keys == 0) {
    throw Error(ErrorCode::invalid_argument, "most_keys is 0; give 1 or more");
  }
}

NAD_INLINE Deduplicator::Deduplicator(DeduplicatorOptions options) : options_(std::move(options)) {
  options_.check();
  update_after_ = detail::nanoseconds_of(options_.update_seconds);
  quiet_after_ = detail::nanoseconds_of(options_.quiet_seconds);
  report_after_ = detail::nanoseconds_of(options_.report_seconds);
  const double refill = options_.records_per_minute > 0.0 ? 60.0 * options_.burst / options_.records_per_minute : 0.0;
  longest_step_ = std::max({update_after_, quiet_after_, report_after_, detail::nanoseconds_of(std::min(refill, 3e9))});
  tokens_ = options_.burst;
}

NAD_INLINE std::vector<Alert> Deduplicator::add(const Alert& alert) { return add(alert, alert.last_seen); }

NAD_INLINE std::vector<Alert> Deduplicator::add(const Alert& alert, std::int64_t now) { return add(alert, now, 0); }

NAD_INLINE std::vector<Alert> Deduplicator::add(const Alert& alert, std::int64_t now, std::uint64_t number) {
  if (number != 0 && !complete_) {
    throw Error(ErrorCode::invalid_argument,
                "an alert lacks something, and nobody can be asked for it; call on_incomplete() first");
  }
  std::vector<Alert> records;
  tick(now);
  run_due(records);
  stats_.given += alert.count;
  if (alert.kind == AlertKind::suppressed) {  // another deduplicator's report
    stats_.written += alert.count;
    ++stats_.records;
    records.push_back(alert);
    if (number != 0) {
      complete_(records.back(), number);
    }
    return records;
  }
  const std::string key = alert.key.empty() ? alert_key(alert, options_.key) : alert.key;
  const auto found = by_key_.find(key);
  const Place place = found == by_key_.end() ? open(key, alert, records) : found->second;
  take_in(*place, alert, number);
  open_.splice(open_.end(), open_, place);
  if (place->total >= place->next_update || clock_ - place->last_record >= update_after_) {
    write(*place, AlertKind::update, records);
  }
  schedule(place);
  return records;
}

NAD_INLINE std::vector<Alert> Deduplicator::advance(std::int64_t now) {
  std::vector<Alert> records;
  tick(now);
  run_due(records);
  return records;
}

NAD_INLINE std::vector<Alert> Deduplicator::flush() {
  std::vector<Alert> records;
  while (!open_.empty()) {
    close(open_.begin(), records);
  }
  if (held_count_ != 0) {
    report(records);
  }
  return records;
}

NAD_INLINE DeduplicatorStats Deduplicator::stats() const noexcept {
  DeduplicatorStats stats = stats_;
  stats.pending = stats.given - stats.written;
  stats.keys = open_.size();
  return stats;
}

/// Time goes on by what the given times go on. One that lies far behind means that somebody has set the clock: the own
/// one goes on from there.
NAD_INLINE void Deduplicator::tick(std::int64_t now) noexcept {
  if (!has_time_) {
    has_time_ = true;
    reference_ = now;
    return;
  }
  if (now > reference_) {
    const auto passed = static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(reference_);
    const auto step = static_cast<std::int64_t>(std::min(passed, static_cast<std::uint64_t>(longest_step_)));
    constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max() / 4;
    clock_ = std::min(clock_ + step, end_of_time);
    reference_ = now;
  } else if (static_cast<std::uint64_t>(reference_) - static_cast<std::uint64_t>(now) >
             static_cast<std::uint64_t>(quiet_after_)) {
    reference_ = now;
  }
}

NAD_INLINE void Deduplicator::run_due(std::vector<Alert>& records) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first.first <= clock_) {
    const Place place = by_deadline_.begin()->second;
    if (clock_ - place->last_alert >= quiet_after_) {
      close(place, records);
      continue;
    }
    if (place->pending != 0 && clock_ - place->last_record >= update_after_) {
      write(*place, AlertKind::update, records);
    }
    by_deadline_.erase(by_deadline_.begin());
    place->deadline = deadline_of(*place);
    by_deadline_.emplace(std::pair(place->deadline, place->number), place);
  }
  if (held_count_ != 0 && clock_ >= report_due_) {
    report(records);
  }
}

NAD_INLINE std::int64_t Deduplicator::deadline_of(const OpenKey& entry) const noexcept {
  const std::int64_t quiet = entry.last_alert + quiet_after_;
  return entry.pending == 0 ? quiet : std::min(quiet, entry.last_record + update_after_);
}

/// Each alert puts the deadline off; it is moved when it comes.
NAD_INLINE void Deduplicator::schedule(Place place) {
  const std::int64_t deadline = deadline_of(*place);
  if (deadline < place->deadline) {
    by_deadline_.erase(std::pair(place->deadline, place->number));
    place->deadline = deadline;
    by_deadline_.emplace(std::pair(place->deadline, place->number), place);
  }
}

NAD_INLINE Deduplicator::Place Deduplicator::open(const std::string& key, const Alert& alert,
                                                  std::vector<Alert>& records) {
  while (open_.size() >= options_.most_keys) {
    ++stats_.evicted;
    close(open_.begin(), records);
  }
  const Place place = open_.emplace(open_.end());
  place->key = key;
  place->first_seen = alert.first_seen;
  place->last_seen = alert.last_seen;
  place->last_alert = clock_;
  place->last_record = clock_;
  place->number = ++opened_;
  place->deadline = deadline_of(*place);
  by_key_.emplace(place->key, place);
  by_deadline_.emplace(std::pair(place->deadline, place->number), place);
  return place;
}

NAD_INLINE void Deduplicator::on_incomplete(Complete complete) { complete_ = std::move(complete); }

NAD_INLINE void Deduplicator::complete() {
  for (const std::string& key : incomplete_) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end() && found->second->incomplete != 0) {
      complete_(found->second->strongest, std::exchange(found->second->incomplete, 0));
    }
  }
  incomplete_.clear();
}

NAD_INLINE void Deduplicator::take_in(OpenKey& entry, const Alert& alert, std::uint64_t number) {
  const bool is_stronger = entry.pending == 0 || alert.p_value < entry.strongest.p_value ||
                           (!(alert.p_value > entry.strongest.p_value) && alert.score >= entry.strongest.score);
  if (is_stronger) {
    if (number != 0 && entry.incomplete == 0) {
      incomplete_.push_back(entry.key);
    }
    entry.strongest = alert;
    entry.incomplete = number;
  }
  entry.pending += alert.count;
  entry.total += alert.count;
  entry.first_seen = std::min(entry.first_seen, alert.first_seen);
  entry.last_seen = std::max(entry.last_seen, alert.last_seen);
  entry.last_alert = clock_;
}

NAD_INLINE void Deduplicator::close(Place place, std::vector<Alert>& records) {
  write(*place, AlertKind::closing, records);
  by_key_.erase(place->key);
  by_deadline_.erase(std::pair(place->deadline, place->number));
  open_.erase(place);
}

NAD_INLINE void Deduplicator::write(OpenKey& entry, AlertKind kind, std::vector<Alert>& records) {
  if (entry.pending == 0) {
    return;
  }
  entry.last_record = clock_;
  entry.next_update = update_after(entry.total);
  Alert& record = entry.strongest;
  const bool leaves = take_token();
  if (leaves && entry.incomplete != 0) {
    complete_(record, entry.incomplete);
  }
  record.kind = entry.is_shown ? kind : AlertKind::first;
  record.key = entry.key;
  record.count = entry.pending;
  record.total = entry.total;
  record.first_seen = entry.first_seen;
  record.last_seen = entry.last_seen;
  if (leaves) {
    stats_.written += entry.pending;
    ++stats_.records;
    entry.is_shown = true;
    records.push_back(std::move(record));
  } else {
    hold_back(entry);
  }
  entry.strongest = Alert();
  entry.incomplete = 0;
  entry.pending = 0;
}

NAD_INLINE void Deduplicator::hold_back(const OpenKey& entry) {
  const Alert& alert = entry.strongest;
  if (held_count_ == 0) {
    report_due_ = clock_ + report_after_;
    held_about_ = Alert();
    held_about_.kind = AlertKind::suppressed;
    held_about_.anomaly_class = "suppressed";
    held_about_.severity = alert.severity;
    held_about_.p_value = alert.p_value;
    held_about_.first_seen = alert.first_seen;
    held_about_.last_seen = alert.last_seen;
  }
  held_about_.severity = std::min(held_about_.severity, alert.severity);
  held_about_.p_value = std::min(held_about_.p_value, alert.p_value);
  held_about_.score = std::max(held_about_.score, alert.score);
  held_about_.threshold = alert.threshold;
  held_about_.model = alert.model;
  held_about_.first_seen = std::min(held_about_.first_seen, alert.first_seen);
  held_about_.last_seen = std::max(held_about_.last_seen, alert.last_seen);
  held_count_ += entry.pending;
  stats_.held_back += entry.pending;
  const auto found = held_.find(entry.key);
  if (found != held_.end()) {
    found->second += entry.pending;
  } else if (held_.size() < options_.most_keys) {
    held_.emplace(entry.key, entry.pending);
  } else {
    held_elsewhere_ += entry.pending;
  }
}

/// Outside of the limit: there is one of them in each period.
NAD_INLINE void Deduplicator::report(std::vector<Alert>& records) {
  Alert record = std::move(held_about_);
  record.count = held_count_;
  record.total = held_count_;
  record.suppressed.reserve(held_.size());
  for (const auto& held : held_) {
    record.suppressed.push_back({held.first, held.second});
  }
  std::sort(record.suppressed.begin(), record.suppressed.end(), [](const SuppressedKey& a, const SuppressedKey& b) {
    return a.count != b.count ? a.count > b.count : a.key < b.key;
  });
  record.suppressed_elsewhere = held_elsewhere_;
  while (record.suppressed.size() > options_.most_listed) {
    record.suppressed_elsewhere += record.suppressed.back().count;
    record.suppressed.pop_back();
  }
  record.key = "suppressed";
  stats_.written += held_count_;
  ++stats_.records;
  held_.clear();
  held_elsewhere_ = 0;
  held_count_ = 0;
  records.push_back(std::move(record));
}

NAD_INLINE bool Deduplicator::take_token() noexcept {
  if (options_.records_per_minute <= 0.0) {
    return true;
  }
  const double minutes = static_cast<double>(clock_ - refilled_) / (60.0 * static_cast<double>(nanoseconds_per_second));
  tokens_ = std::min(options_.burst, tokens_ + minutes * options_.records_per_minute);
  refilled_ = clock_;
  if (tokens_ < 1.0) {
    return false;
  }
  tokens_ -= 1.0;
  return true;
}

NAD_INLINE std::uint64_t Deduplicator::update_after(std::uint64_t total) const noexcept {
  constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t next = 1;
  for (const std::uint64_t number : options_.updates_at) {
    next = number;
    if (next > total) {
      return next;
    }
  }
  while (next <= total) {
    if (options_.growth < 2 || next > never / options_.growth) {
      return never;
    }
    next *= options_.growth;
  }
  return next;
}

}  // namespace nad
