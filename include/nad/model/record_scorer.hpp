#pragma once

/// Records that come one after the other, each judged at once: the score, the p-value and the reasons that
/// `Model::detect` gives for a table of them, bit for bit.
///
///   nad::RecordScorer scorer(nad::Model::load("office.nad"));
///   const std::size_t sent = scorer.place("bytes_sent");
///   const std::size_t service = scorer.place("service");
///   for (;;) {
///     scorer.set(sent, 1032.0);
///     scorer.set(service, "http");                            // and so on; what is not set keeps its last value
///     if (scorer.score().is_alert) std::cout << scorer.explain() << '\n';
///   }
///
/// A scorer belongs to one thread; many of them may be made of one model. It remembers what steps that look back need,
/// and nothing else of the records. Where no step derives columns, a record of values that were seen before allocates
/// nothing; reasons are looked for only when they are asked for.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/model/finding.hpp"
#include "nad/model/model.hpp"
#include "nad/table/address.hpp"
#include "nad/table/schema.hpp"
#include "nad/table/table.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

namespace detail {
class OneRecord;
}

/// What a model says of one record.
struct RecordScore {
  float score = 0.0F;     ///< the detector's; higher is more anomalous
  PValue p;               ///< how likely a normal record gets such a score or a higher one
  bool is_alert = false;  ///< the score is above the model's threshold

  friend bool operator==(const RecordScore&, const RecordScore&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(score, p);
    detail::archive_field(archive, "whether a record is an alert", is_alert);
  }
};

class NAD_API RecordScorer {
 public:
  /// Of a model that was fitted. Later changes of the model given do not reach the scorer. `records` were scored
  /// before, by another scorer: findings go on with their numbers, and steps that look back begin anew.
  explicit RecordScorer(Model model, std::size_t records = 0);
  ~RecordScorer();
  RecordScorer(RecordScorer&&) noexcept;
  RecordScorer& operator=(RecordScorer&&) noexcept;

  const Model& model() const noexcept { return model_; }

  /// The place of an input by its name; an error with the nearest name where there is none.
  std::size_t place(std::string_view name) const;
  /// What the places hold.
  const Schema& inputs() const noexcept;

  // An error where the value is not of the input's type; numbers go into number, integer and boolean inputs.
  void set(std::size_t place, double value);
  void set(std::size_t place, std::string_view text);
  void set(std::size_t place, const Address& address);
  void set_time(std::size_t place, std::int64_t nanoseconds);
  void set_missing(std::size_t place);
  /// Everything is missing, as at first.
  void clear();

  /// Judges the record that was set. Each call is a record of its own, also where nothing was set in between.
  RecordScore score();
  /// The finding of the record that was scored last, reported or not. An error where something was set since.
  Finding explain(std::size_t most_reasons = 5) const;
  /// Judges the record that was set; a finding with its reasons where it is reported.
  std::optional<Finding> detect(std::size_t most_reasons = 5);

  /// Judges many records as if they had come one by one; rows are those of the table. Runs and beats of
  /// sources go on from one table to the next; records that come one by one have no source, and are in none.
  Findings detect(const Table& records, const DetectOptions& options = {}, const FitControl& control = {});
  /// Findings of some rows of the table that was judged last, reported or not, with their reasons: for those who do
  /// not need the reasons of all. An error where a record was scored since.
  std::vector<Finding> explain_rows(std::span<const std::size_t> rows, std::size_t most_reasons = 5,
                                    const FitControl& control = {}) const;

  /// What sources did so far, for a program that stops and starts again.
  SourceWatch& sources() noexcept { return sources_; }
  const SourceWatch& sources() const noexcept { return sources_; }

  /// How many were scored. A finding's row is the number of its record, counted from 0.
  std::size_t records() const noexcept { return records_; }

 private:
  Model model_;
  std::unique_ptr<detail::OneRecord> record_;
  std::size_t records_ = 0;
  std::size_t records_before_ = 0;   ///< of another scorer
  std::optional<RecordScore> last_;  ///< nothing once something was set
  SourceWatch sources_;
  Table columns_;  ///< of the table that was judged last
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/record_scorer-inl.hpp"
#endif
