#pragma once

/// Few records for many alerts that are alike, and a limit for all of them together.
///
///   nad::Deduplicator deduplicator;
///   for (const nad::Alert& alert : alerts)
///     for (const nad::Alert& record : deduplicator.add(alert)) sink.write(record);
///   for (const nad::Alert& record : deduplicator.flush()) sink.write(record);
///
/// The first alert of a key (see alert_key) is a record at once. Its like are counted, and written when there are 2,
/// 10, 100, ... of them, when ten minutes have passed since the last record, and when the key has been quiet for ten
/// minutes. No more than 60 records a minute leave; what that holds back comes once a minute in a record of its own,
/// with counts by key. Whatever happens, the counts of all records add up to the counts of the alerts given:
///
///   stats.given == stats.written + stats.pending        // and after flush() nothing is pending
///
/// Time is that of the alerts (last_seen), or what the caller says: the same alerts give the same records, however fast
/// they are read.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nad/alert/alert.hpp"
#include "nad/config.hpp"

namespace nad {

struct DeduplicatorOptions {
  AlertKeyOptions key = {};
  std::vector<std::uint64_t> updates_at = {2, 10};  ///< rising numbers of alerts of a key, from 2
  std::uint64_t growth = 10;                        ///< then at so many times the last, and so on; 0: no more
  double update_seconds = 600.0;                    ///< alerts wait no longer than this to be in a record
  double quiet_seconds = 600.0;      ///< a key without alerts for so long is closed, and begins anew with its next
  double records_per_minute = 60.0;  ///< of all keys together; 0: no limit
  double burst = 60.0;               ///< records that may leave at once after a pause
  double report_seconds = 60.0;      ///< how often what the limit held back is reported
  std::size_t most_keys = 10'000;    ///< then the key that has been quiet longest is closed
  std::size_t most_listed = 20;      ///< keys that a report of the limit lists; the others are one number

  /// An error where one of them makes no sense.
  NAD_API void check() const;
};

struct DeduplicatorStats {
  std::uint64_t given = 0;      ///< alerts, by their counts
  std::uint64_t written = 0;    ///< alerts that records stand for, those of the limit's reports among them
  std::uint64_t pending = 0;    ///< alerts that no record stands for yet
  std::uint64_t records = 0;    ///< that have left
  std::uint64_t held_back = 0;  ///< alerts that were due when the limit was reached
  std::uint64_t evicted = 0;    ///< keys that were closed to make room
  std::size_t keys = 0;         ///< that are open

  friend bool operator==(const DeduplicatorStats&, const DeduplicatorStats&) = default;
};

class NAD_API Deduplicator {
 public:
  explicit Deduplicator(DeduplicatorOptions options = {});
  Deduplicator(const Deduplicator&) = delete;
  Deduplicator& operator=(const Deduplicator&) = delete;
  Deduplicator(Deduplicator&&) = default;
  Deduplicator& operator=(Deduplicator&&) = default;
  ~Deduplicator() = default;

  /// The records that are due now, in their order. An alert that has a key keeps it.
  std::vector<Alert> add(const Alert& alert);
  /// The same, at a time that the caller knows: nanoseconds since any moment.
  std::vector<Alert> add(const Alert& alert, std::int64_t now);
  /// Alerts may be given without what takes long to find out, such as their reasons, and with a number above 0 in its
  /// place: the function of `on_incomplete` is asked for the rest of those that leave. Of alerts that are only counted
  /// nothing is asked.
  std::vector<Alert> add(const Alert& alert, std::int64_t now, std::uint64_t number);
  using Complete = std::function<void(Alert& alert, std::uint64_t number)>;
  /// `complete` fills in what the alert of a number lacks; its class and its counts stay what they are for the key.
  void on_incomplete(Complete complete);
  /// Asks for the rest of all that may leave later: before the numbers lose their meaning, and before `save_state`.
  void complete();
  /// What is due by then without another alert.
  std::vector<Alert> advance(std::int64_t now);
  /// The end: closes every key, and reports what was held back.
  std::vector<Alert> flush();

  /// All that it knows, as JSON, for a program that stops and starts again.
  std::string save_state() const;
  /// Goes on where `save_state` was called, perhaps with other options; what it knew before is forgotten. On an error
  /// nothing changes.
  void restore_state(std::string_view text);

  DeduplicatorStats stats() const noexcept;
  const DeduplicatorOptions& options() const noexcept { return options_; }

 private:
  struct OpenKey {
    std::string key;
    Alert strongest = {};  ///< of those that no record stands for yet
    std::uint64_t pending = 0;
    std::uint64_t total = 0;
    std::uint64_t next_update = 0;
    std::int64_t first_seen = 0;
    std::int64_t last_seen = 0;
    std::int64_t last_alert = 0;  ///< by the own clock, as the next two
    std::int64_t last_record = 0;
    std::int64_t deadline = 0;  ///< nothing is due before
    std::uint64_t number = 0;
    std::uint64_t incomplete = 0;  ///< the number of the strongest one, where it lacks something
    bool is_shown = false;         ///< a record of it has left
  };
  using Place = std::list<OpenKey>::iterator;

  void tick(std::int64_t now) noexcept;
  /// Brings its deadline forward where that is necessary.
  void schedule(Place place);
  void run_due(std::vector<Alert>& records);
  Place open(const std::string& key, const Alert& alert, std::vector<Alert>& records);
  void take_in(OpenKey& entry, const Alert& alert, std::uint64_t number);
  void close(Place place, std::vector<Alert>& records);
  void write(OpenKey& entry, AlertKind kind, std::vector<Alert>& records);
  void hold_back(const OpenKey& entry);
  void report(std::vector<Alert>& records);
  bool take_token() noexcept;
  std::uint64_t update_after(std::uint64_t total) const noexcept;
  template <class Fill>
  void restore_key(const std::string& key, const Fill& fill);
  void check_state() const;
  std::int64_t deadline_of(const OpenKey& entry) const noexcept;

  DeduplicatorOptions options_;
  std::int64_t update_after_ = 0;  ///< the periods in nanoseconds
  std::int64_t quiet_after_ = 0;
  std::int64_t report_after_ = 0;
  std::int64_t longest_step_ = 0;  ///< a longer pause changes nothing that this one does not

  std::list<OpenKey> open_;  ///< the one that has been quiet longest first
  std::unordered_map<std::string_view, Place> by_key_;
  std::map<std::pair<std::int64_t, std::uint64_t>, Place> by_deadline_;
  std::uint64_t opened_ = 0;

  bool has_time_ = false;
  std::int64_t reference_ = 0;  ///< the latest time that was given
  std::int64_t clock_ = 0;      ///< the own clock: never goes back
  std::int64_t refilled_ = 0;
  double tokens_ = 0.0;

  std::map<std::string, std::uint64_t> held_;  ///< since the last report
  std::uint64_t held_elsewhere_ = 0;
  Alert held_about_ = {};  ///< what the report says beside the counts
  std::uint64_t held_count_ = 0;
  std::int64_t report_due_ = 0;

  DeduplicatorStats stats_;
  Complete complete_;
  std::vector<std::string> incomplete_;  ///< keys that may have something to be completed
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/deduplicator-inl.hpp"
#endif
