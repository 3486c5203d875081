#pragma once

// What a monitor does with each batch of records, and what it keeps in mind between them.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/alert/allow_list.hpp"
#include "nad/alert/posix_io-inl.hpp"
#include "nad/core/error.hpp"
#include "nad/model/monitor.hpp"
#include "nad/model/monitor_alerts-inl.hpp"
#include "nad/model/monitor_checkpoint-inl.hpp"
#include "nad/model/monitor_clocks-inl.hpp"
#include "nad/model/monitor_marks-inl.hpp"
#include "nad/model/monitor_retrain-inl.hpp"
#include "nad/model/monitor_sinks-inl.hpp"
#include "nad/model/monitor_times-inl.hpp"
#include "nad/model/monitor_troubles-inl.hpp"
#include "nad/model/record_scorer.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

class MonitorState {
 public:
  MonitorState(const Model& model, const MonitorOptions& given)
      : options(given),
        scorer_(model),
        alerts_(model, given),
        drift_(model.calibration(), given.drift),
        retrainer_(given.retrain, model),
        allowed_(std::make_shared<const AllowList>()),
        marks_(given.replay_records, static_cast<std::int64_t>(given.replay_seconds * 1e9)),
        checkpoint_due_(given.checkpoint_seconds),
        stats_due_(given.stats_seconds) {
    if (retrainer_.is_on() && model.options().training == Training::labelled) {
      throw Error(ErrorCode::invalid_argument,
                  "this model learnt from labels, which live records do not have; monitor it without retrain");
    }
    looks_back_ = model.pipeline().looks_back();
    version_ = given.alerts.version;
  }

  const MonitorOptions options;
  MonitorSinks sinks;
  std::function<void(const Alert&)> on_alert;
  std::function<void(const MonitorStats&)> on_stats;
  std::function<void(const Table&, const Findings&)> on_records;
  std::function<void(const std::string&)> on_note;
  std::atomic<bool> is_running{false};

  void allow(AllowList allowed) {
    auto shared = std::make_shared<const AllowList>(std::move(allowed));
    const std::lock_guard lock(mutex_);
    allowed_ = std::move(shared);
  }

  Model model() const {
    const std::lock_guard lock(mutex_);
    return scorer_.model();
  }

  MonitorStats stats() const {
    MonitorStats stats;
    {
      const std::lock_guard lock(mutex_);
      stats = published_;
    }
    stats.sinks = sinks.report();
    return stats;
  }

  /// Before the first record of a run.
  void begin(RecordSource& source) {
    begun_ = std::chrono::steady_clock::now();
    records_at_begin_ = counts_.records;
    counts_.source = source.describe();
    source.expect(scorer_.inputs());
    source.prepare();
    marks_.clear();
    muted_ = 0;
    notes_told_ = 0;
    if (!options.checkpoint.empty()) {
      lock_checkpoint();
      if (const std::optional<MonitorCheckpoint> checkpoint = MonitorCheckpoint::load(options.checkpoint)) {
        restore(*checkpoint, source);
      } else {
        mark(source);
      }
    }
    publish(source);
  }

  void take(Table records, RecordSource& source) {
    if (muted_ != 0) {
      const auto again = static_cast<std::size_t>(std::min<std::uint64_t>(muted_, records.rows()));
      static_cast<void>(look_only(records.slice(0, again)));
      muted_ -= again;
      counts_.replayed += again;
      records = records.slice(again, records.rows() - again);
    }
    if (records.rows() != 0) {
      judge(records);
    }
    mark(source);
    last_came_ = std::chrono::steady_clock::now();
    publish(source);
  }

  /// Nothing came. Time passes for what happens now.
  void idle(RecordSource& source) {
    constexpr std::chrono::seconds patience(1);
    const auto passed = std::chrono::steady_clock::now() - last_came_;
    if (has_time_ && source.is_live() && muted_ == 0 && passed >= patience) {
      const auto more = std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count();
      write(alerts_.advance(add_saturated(latest_, more)));
    }
    publish(source);
  }

  /// What is due from time to time.
  void look_after(RecordSource& source) {
    take_over();
    try {
      retrainer_.begin(scorer_.model());
    } catch (const Error& error) {
      tell_error(error.what());
    }
    if (!options.checkpoint.empty() && checkpoint_due_.is_over() && muted_ == 0 && sinks.are_done()) {
      try {
        save(source);
        checkpoint_fails_ = false;
      } catch (const Error& error) {  // the next one may succeed
        counts_.last_error = error.what();
        if (!std::exchange(checkpoint_fails_, true)) {  // told once
          tell(counts_.last_error);
        }
      }
      checkpoint_due_.begin();
    }
    if (const auto now = std::chrono::steady_clock::now(); troubles_.is_due(now)) {
      for (const std::string& note : troubles_.news(sinks.report(), source.stats(), now)) {
        tell(note);
      }
    }
    if (options.stats_seconds > 0.0 && stats_due_.has_passed()) {
      report(source);
    }
  }

  /// Whether the next run goes on where this one ends, so that nothing has to be cut short.
  bool goes_on(const RecordSource& source) const { return !options.checkpoint.empty() && !source.position().empty(); }

  /// What a source still held when the run was stopped.
  void take_rest(RecordSource& source) {
    Period patience(options.stop_seconds);
    while (!source.ended() && !patience.is_over()) {
      constexpr double moment = 0.1;
      if (std::optional<Table> records = source.next(moment); records && records->rows() != 0) {
        take(std::move(*records), source);
      }
    }
    if (!source.ended()) {
      tell_error("stopped before all that " + source.describe() + " held was judged; give stop_seconds more");
    }
  }

  /// The end of a run. Keys go on counting in the next one where there is a checkpoint and the source goes on.
  void finish(RecordSource& source) {
    retrainer_.stop();
    if (options.checkpoint.empty() || source.ended()) {
      write(alerts_.flush());
    }
    publish(source);
    if (options.stats_seconds > 0.0) {
      report(source);
    }
    sinks.flush();
    if (!options.checkpoint.empty() && muted_ == 0) {
      if (sinks.are_done()) {
        save(source);
      } else {
        tell_error("a sink has not delivered all of its alerts, so the checkpoint stays as it was before them");
      }
    }
    publish(source);
    checkpoint_lock_.reset();
  }

  /// The end of a run that an error ends: what was found before reaches the sinks. With a checkpoint the next run goes
  /// on from there.
  void abandon(RecordSource& source) noexcept {
    try {
      retrainer_.stop();
      alerts_.end();
      if (options.checkpoint.empty()) {
        for (const Alert& record : alerts_.flush()) {
          ++counts_.written;
          sinks.write(record);
        }
      }
      sinks.flush();
      publish(source);
    } catch (const std::exception& error) {  // the first error is the one that is thrown
      counts_.last_error = error.what();
    }
    checkpoint_lock_.reset();
  }

 private:
  /// Fills windows, and says nothing. What was judged once counts once in the runs of its source.
  Findings look_only(const Table& records) {
    return scorer_.detect(records, {.most_reasons = 0, .most_explained = 0, .runs = false}, {.n_jobs = options.n_jobs});
  }

  void judge(const Table& records) {
    const Findings findings = scorer_.detect(records, alerts_.wanted(records.rows()), {.n_jobs = options.n_jobs});
    std::vector<const Finding*> reported(records.rows());
    for (const Finding& finding : findings.reported) {
      reported[finding.row] = &finding;
    }
    std::shared_ptr<const AllowList> allowed;
    {
      const std::lock_guard lock(mutex_);
      allowed = allowed_;
    }
    alerts_.begin(scorer_, records, *allowed);
    const RecordTimes times(records);
    std::vector<std::size_t> normal;
    normal.reserve(records.rows());
    for (std::size_t row = 0; row < records.rows(); ++row) {
      const std::optional<std::int64_t> time = times.of(row);
      const std::int64_t now = time ? *time : time_by_the_wall();
      write(alerts_.advance(now));
      latest_ = has_time_ ? std::max(latest_, now) : now;
      has_time_ = true;
      ++counts_.records;
      if (reported[row] == nullptr || !raise(*reported[row], now)) {
        normal.push_back(row);
      }
      watch_drift(findings.scores[row]);
    }
    alerts_.end();
    retrainer_.add(records, normal, times);
    if (retrainer_.is_on()) {
      remember(records);
    }
    if (on_records) {
      on_records(records, findings);
    }
  }

  /// False where an allow-list knows it.
  bool raise(const Finding& finding, std::int64_t now) {
    ++counts_.reported;
    const std::optional<std::vector<Alert>> due = alerts_.raise(finding, now);
    if (!due) {
      ++counts_.allowed;
      return false;
    }
    ++counts_.alerts;
    write(*due);
    return true;
  }

  void write(const std::vector<Alert>& records) {
    for (const Alert& record : records) {
      ++counts_.written;
      sinks.write(record);
    }
    for (const Alert& record : records) {  // what this throws keeps nothing from the sinks
      if (on_alert) {
        on_alert(record);
      }
    }
  }

  void watch_drift(float score) {
    const bool is_full = ++scores_ % std::max<std::uint64_t>(1, options.drift.window) == 0;
    if (drift_.add(score)) {
      ++counts_.drifts;
      counts_.drift = drift_.last().to_string();
      if (!drifts_) {
        tell("the scores are unlike those that the model was calibrated on: " + counts_.drift);
      }
      drifts_ = true;
    } else if (is_full) {  // a window that was as usual
      drifts_ = false;
    }
  }

  /// The records just before, to fill the windows of a new model.
  void remember(const Table& records) {
    recent_.push_back(records);
    recent_rows_ += records.rows();
    while (recent_.size() > 1 && recent_rows_ - recent_.front().rows() >= options.replay_records) {
      recent_rows_ -= recent_.front().rows();
      recent_.pop_front();
    }
  }

  void take_over() {
    std::optional<TrainedModel> trained = retrainer_.take();
    if (!trained) {
      return;
    }
    if (!trained->model) {
      tell_error("learning from what came failed: " + trained->error);
      return;
    }
    RecordScorer scorer(*trained->model);
    AlertMakerOptions about = options.alerts;
    about.version = version_ + 1;
    about.trained_until = trained->until;
    AlertMaker maker(*trained->model, about);
    scorer.sources() = scorer_.sources();
    {
      const std::lock_guard lock(mutex_);
      scorer_ = std::move(scorer);
    }
    for (const Table& records : recent_) {
      static_cast<void>(look_only(records));
    }
    alerts_.change(std::move(maker));
    drift_ = DriftMonitor(trained->model->calibration(), options.drift);
    scores_ = 0;
    looks_back_ = trained->model->pipeline().looks_back();
    ++version_;
    ++counts_.trainings;
    tell("model version " + std::to_string(version_) + " has learnt from what came, and takes over");
  }

  // see monitor_restart-inl.hpp
  void lock_checkpoint();
  void mark(RecordSource& source);
  void save(RecordSource& source);
  void restore(const MonitorCheckpoint& checkpoint, RecordSource& source);
  std::vector<std::pair<const char*, std::uint64_t*>> stored_counts();

  void publish(RecordSource& source) {
    alerts_.tell(counts_);
    counts_.input = source.stats();
    counts_.time = has_time_ ? latest_ : 0;
    counts_.model_version = version_;
    counts_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    const auto since = static_cast<double>(counts_.records - records_at_begin_);
    counts_.records_per_second = counts_.seconds > 0.0 ? since / counts_.seconds : 0.0;
    for (; notes_told_ < counts_.input.notes.size(); ++notes_told_) {
      tell(counts_.input.notes[notes_told_]);
    }
    const std::lock_guard lock(mutex_);
    published_ = counts_;
  }

  void report(RecordSource& source) {
    publish(source);
    const MonitorStats now = stats();
    if (on_stats) {
      on_stats(now);
    }
    sinks.write_stats(now.to_json());
  }

  void tell(const std::string& note) const {
    if (on_note) {
      on_note(note);
    }
  }

  void tell_error(const std::string& error) {
    counts_.last_error = error;
    tell(error);
  }

  RecordScorer scorer_;
  MonitorAlerts alerts_;
  DriftMonitor drift_;
  Retrainer retrainer_;
  bool looks_back_ = false;
  bool drifts_ = false;
  std::uint64_t scores_ = 0;  ///< that the drift monitor has seen
  std::uint64_t version_ = 1;

  mutable std::mutex mutex_;  ///< of the scorer's model, the allow-list and what is published
  std::shared_ptr<const AllowList> allowed_;
  MonitorStats published_;

  MonitorStats counts_;
  std::size_t notes_told_ = 0;
  MonitorTroubles troubles_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_came_ = std::chrono::steady_clock::now();
  std::uint64_t records_at_begin_ = 0;
  bool has_time_ = false;
  std::int64_t latest_ = 0;  ///< the time of the latest record
  std::uint64_t muted_ = 0;  ///< so many records are still to be read again
  ReplayMarks marks_;
  Descriptor checkpoint_lock_;  ///< of a run
  std::deque<Table> recent_;    ///< where the model may change
  std::size_t recent_rows_ = 0;
  Period checkpoint_due_;
  bool checkpoint_fails_ = false;
  Period stats_due_;
};

}  // namespace nad::detail
