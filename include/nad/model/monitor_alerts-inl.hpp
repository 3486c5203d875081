#pragma once

// Records that are reported, on their way to becoming few alerts.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/allow_list.hpp"
#include "nad/alert/deduplicator.hpp"
#include "nad/alert/key_folder.hpp"
#include "nad/alert/known_classes-inl.hpp"
#include "nad/model/alerts.hpp"
#include "nad/model/monitor_options.hpp"
#include "nad/model/record_scorer.hpp"

namespace nad::detail {

/// What is known is left out, scans and floods become one key each, and what is alike is counted. Reasons are looked
/// for where a record will show them, and where the key of an alert depends on them.
class MonitorAlerts {
 public:
  MonitorAlerts(const Model& model, const MonitorOptions& options)
      : options_(options),
        maker_(model, options.alerts),
        deduplicator_(options.deduplicator),
        folder_(options.folder),
        classes_(options.explain_first, static_cast<std::int64_t>(options.deduplicator.quiet_seconds * 1e9),
                 options.deduplicator.most_keys) {
    classless_.by_class = false;
    deduplicator_.on_incomplete([this](Alert& alert, std::uint64_t number) { complete(alert, number); });
  }
  MonitorAlerts(const MonitorAlerts&) = delete;
  MonitorAlerts& operator=(const MonitorAlerts&) = delete;

  /// How findings are to be made for `raise`.
  DetectOptions wanted(std::size_t rows) const {
    return explains_each() ? DetectOptions{.most_reasons = options_.most_reasons, .most_explained = rows}
                           : DetectOptions{.most_reasons = 0, .most_explained = 0};
  }

  /// A batch begins, which the scorer has just judged.
  void begin(const RecordScorer& scorer, const Table& records, const AllowList& allowed) {
    maker_.check(records);
    scorer_ = &scorer;
    records_ = &records;
    allowed_ = &allowed;
    constexpr std::array<std::string_view, 3> made_of_reasons = {"class", "signature", "signature_id"};
    allows_by_class_ = std::any_of(allowed.rules().begin(), allowed.rules().end(), [&](const AllowRule& rule) {
      return std::any_of(rule.conditions.begin(), rule.conditions.end(), [&](const AllowCondition& condition) {
        return std::find(made_of_reasons.begin(), made_of_reasons.end(), condition.column()) != made_of_reasons.end();
      });
    });
  }

  /// A record of the batch that is reported; nothing where an allow-list knows it, else what has become due.
  std::optional<std::vector<Alert>> raise(const Finding& finding, std::int64_t now) {
    Alert alert = maker_.make(*records_, finding, now);
    bool lacks_reasons = !explains_each();
    const auto explain = [&] {
      lacks_reasons = false;
      const Finding explained = explained_row(finding.row);
      AlertMaker::add_reasons(alert, explained);
      if (!is_of_source(alert)) {
        alert.anomaly_class = anomaly_class_of(explained);
      }
    };
    if (lacks_reasons && allows_by_class_) {
      explain();
    }
    if (allowed_->match(alert) != nullptr) {
      return std::nullopt;
    }
    const bool is_folded = folder_.fold(alert);
    folded_ += is_folded ? 1U : 0U;
    if (!is_folded && lacks_reasons && class_is_of_key(alert, finding)) {
      const std::string key = alert_key(alert, classless_);
      if (const std::string* const known = classes_.find(key, alert.score, now)) {
        alert.anomaly_class = *known;
      } else {
        explain();
        classes_.learn(key, alert.anomaly_class, alert.score, now);
      }
    }
    return deduplicator_.add(alert, now, lacks_reasons ? finding.row + 1 : 0);
  }

  /// The batch ends: what may leave later gets its reasons now.
  void end() { deduplicator_.complete(); }

  std::vector<Alert> advance(std::int64_t now) { return deduplicator_.advance(now); }
  std::vector<Alert> flush() { return deduplicator_.flush(); }

  const AlertMaker& maker() const noexcept { return maker_; }
  void change(AlertMaker maker) { maker_ = std::move(maker); }
  void tell(MonitorStats& stats) const {
    stats.deduplicator = deduplicator_.stats();
    stats.folded = folded_;
    stats.explained = explained_;
  }

  template <class Checkpoint>
  void save(Checkpoint& checkpoint) const {
    checkpoint.set("deduplicator", deduplicator_.save_state());
    checkpoint.set("folder", folder_.save_state());
    checkpoint.set("classes", classes_.save_state());
    checkpoint.set_number("folded", folded_);
    checkpoint.set_number("explained", explained_);
  }

  template <class Checkpoint>
  void restore(const Checkpoint& checkpoint) {
    deduplicator_.restore_state(checkpoint.text("deduplicator"));
    folder_.restore_state(checkpoint.text("folder"));
    classes_.restore_state(checkpoint.text("classes"));
    folded_ = checkpoint.number("folded");
    explained_ = checkpoint.number("explained");
  }

 private:
  bool explains_each() const noexcept { return options_.explain_first == 0 || options_.most_reasons == 0; }

  /// Whether the key of an alert that is not folded tells its class, and the class is made of reasons.
  bool class_is_of_key(const Alert& alert, const Finding& finding) const {
    return options_.deduplicator.key.by_class && alert.key.empty() && finding.family.empty() && !is_of_source(alert);
  }

  /// Whether what its source did is what it is about.
  static bool is_of_source(const Alert& alert) {
    return alert.anomaly_class == run_class || alert.anomaly_class == beat_class;
  }

  Finding explained_row(std::size_t row) {
    ++explained_;
    return std::move(scorer_->explain_rows({&row, 1}, options_.most_reasons, {.n_jobs = options_.n_jobs}).front());
  }

  /// What the deduplicator asks for.
  void complete(Alert& alert, std::uint64_t number) {
    const Finding explained = explained_row(static_cast<std::size_t>(number - 1));
    AlertMaker::add_reasons(alert, explained);
    if (!is_of_source(alert) && !class_is_of_key(alert, explained)) {
      alert.anomaly_class = anomaly_class_of(explained);
    }
  }

  MonitorOptions options_;
  AlertMaker maker_;
  Deduplicator deduplicator_;
  KeyFolder folder_;
  KnownClasses classes_;
  AlertKeyOptions classless_ = options_.deduplicator.key;
  std::uint64_t folded_ = 0;
  std::uint64_t explained_ = 0;

  // of the batch
  const RecordScorer* scorer_ = nullptr;
  const Table* records_ = nullptr;
  const AllowList* allowed_ = nullptr;
  bool allows_by_class_ = false;
};

}  // namespace nad::detail
