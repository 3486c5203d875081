#pragma once

/// Findings become alerts: what a model says of a record, with all that the record itself tells.
///
///   const nad::AlertMaker maker(model, {.id = "office"});
///   for (const nad::Finding& finding : model.detect(flows).reported) sink.write(maker.make(flows, finding));
///
/// Any table will do: what it has of the columns that all flow logs share (timestamp to state; see the README of
/// include/nad) goes into the fields of their own, also under the names that logs give them ("id.orig_h", "Source IP",
/// "client_port") and where a frame holds addresses and ports as texts. `columns` tells of other names. Other texts go
/// into `Alert::names`, for allow-lists. Where the table has no community_id, it is computed from the ends of the flow.
///
/// `anomaly_class` is the strongest reason in two or three words: "high bytes_sent", "low duration", "rare state",
/// "new service" (never seen), "missing duration", "unusual dst_port" (together with the rest); the family where the
/// model learnt from labels; "run of unusual records" where the record is reported for what it adds to others of its
/// source alone; "anomaly" where there are no reasons.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nad/alert/alert.hpp"
#include "nad/config.hpp"
#include "nad/model/finding.hpp"
#include "nad/model/model.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// The class of records that are not reported for themselves.
inline constexpr std::string_view run_class = "run of unusual records";
inline constexpr std::string_view beat_class = "steady beat";

struct AlertMakerOptions {
  std::string id = "nad";     ///< what the model is called
  std::uint64_t version = 1;  ///< of the model
  /// The time of its latest training record, nanoseconds since 1970; a model does not keep it.
  std::optional<std::int64_t> trained_until = {};
  std::string interface = {};  ///< where the records come from, where they do not say it
  SeverityRule severity = {};
  std::size_t most_names = 16;  ///< texts of the record that go into `Alert::names`
  /// What the records call src_ip, dst_ip, src_port, dst_port, protocol, service, ...: {{"src_ip", "asked_by"}}. What
  /// is not given is found by its name. A record without such a column is an error.
  std::map<std::string, std::string, std::less<>> columns = {};
};

namespace detail {
class KnownAlertColumns;
}

class NAD_API AlertMaker {
 public:
  /// Of a model that was fitted; the maker does not need it any more then.
  explicit AlertMaker(const Model& model, AlertMakerOptions options = {});

  /// An error where `AlertMakerOptions::columns` names one that the records do not have; `make` says so, too.
  void check(const Table& records) const;
  /// `finding` is about a row of `records`. `now` is the time of the alert where the record has none.
  Alert make(const Table& records, const Finding& finding, std::int64_t now = 0) const;
  /// Reasons and members of an alert whose finding had none yet; the class stays, and so does what is said of a run.
  static void add_reasons(Alert& alert, const Finding& finding);

  const AlertModel& model() const noexcept { return model_; }

 private:
  AlertMakerOptions options_;
  AlertModel model_;
  std::string detector_;
  float threshold_ = 0.0F;
  std::uint64_t n_calibration_ = 0;
  std::optional<double> expected_alerts_per_day_;
  Schema inputs_;
  std::shared_ptr<detail::KnownAlertColumns> columns_;
};

/// When a record ended, or happened: its column last_seen, else timestamp and duration, else its first moment.
NAD_API std::optional<std::int64_t> record_time(const Table& records, std::size_t row);

/// "high bytes_sent": see above.
NAD_API std::string anomaly_class_of(const Reason& reason);
NAD_API std::string anomaly_class_of(const Finding& finding);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/alerts-inl.hpp"
#endif
