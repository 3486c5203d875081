#pragma once

/// From records to findings: a feature pipeline, a detector and a threshold as one value and one file.
///
///   nad::Model model({.training = nad::Training::clean, .threshold = nad::ThresholdRule::alerts_per_day(20)});
///   model.fit(nad::read("last_week.log"));               // believed to be normal
///   std::cout << model.describe();                       // what was chosen, and why
///   nad::Findings findings = model.detect(nad::read("today.log"));
///   for (const nad::Finding& finding : findings.reported) std::cout << finding << '\n';
///   model.save("office.nad");
///   nad::Model same = nad::Model::load("office.nad");    // in any program that links nad
///
/// A model chooses its pipeline and its detector by the table and by what the training records are; both can be given.
/// Labels (the column that is named so, too), identifiers and addresses are never learnt from unless a step of a given
/// pipeline names them.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/progress.hpp"
#include "nad/detector/detector.hpp"
#include "nad/features/importance.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/model/finding.hpp"
#include "nad/model/model_options.hpp"
#include "nad/model/usual_values.hpp"
#include "nad/table/table.hpp"
#include "nad/threshold/beats.hpp"
#include "nad/threshold/calibration.hpp"
#include "nad/threshold/runs.hpp"
#include "nad/threshold/threshold_rule.hpp"

namespace nad {

class BoostedTrees;
class RecordScorer;

/// What sources did in the records so far.
struct SourceWatch {
  RunWatch runs = {};
  BeatWatch beats = {};
};

namespace detail {
class ReasonColumns;
}

class NAD_API Model {
 public:
  static constexpr std::string_view kind_name = "model";
  using Options = ModelOptions;

  /// Chooses pipeline and detector when it is fitted.
  explicit Model(Options options = {});
  /// With this detector; only the pipeline is chosen.
  explicit Model(const Detector& detector, Options options = {});

  /// The steps of this pipeline are used, in the place of those that would be chosen. Only before `fit`.
  void set_pipeline(const FeaturePipeline& pipeline);

  void fit(const Table& table, const FitControl& control = {});

  Findings detect(const Table& table, const DetectOptions& options = {}, const FitControl& control = {}) const;
  /// One a record; higher is more anomalous.
  std::vector<float> anomaly_score(const Table& table, const FitControl& control = {}) const;
  /// What each record is, as a place in `families()`: the most likely kind of attack where the score is above the
  /// threshold, else normal. Only for a model that learnt from labels by boosted trees.
  std::vector<std::int32_t> predict(const Table& table, const FitControl& control = {}) const;
  /// Findings for these rows of a table, reported or not, in the order given, with all their reasons.
  std::vector<Finding> explain(const Table& table, std::span<const std::size_t> rows,
                               const FitControl& control = {}) const;

  const Options& options() const noexcept { return options_; }
  bool is_fitted() const noexcept { return is_fitted_; }
  const FeaturePipeline& pipeline() const noexcept { return pipeline_; }
  /// An error before `fit` where none was given.
  const Detector& detector() const;
  /// What scores normal records get; of nothing before `fit`.
  const Calibration& calibration() const noexcept { return calibration_; }
  std::optional<double> records_per_day() const noexcept { return records_per_day_; }
  /// What runs of normal sources reach; not fitted where the training table did not tell.
  const RunCalibration& run_calibration() const noexcept { return run_calibration_; }
  /// Evidence above it is reported; nothing where the threshold is not in alerts a day, or nothing is known of runs.
  const std::optional<ScoreLimit>& run_limit() const noexcept { return run_limit_; }
  /// Which services are visited at a steady beat; not fitted where the training table did not tell.
  const BeatCalibration& beat_calibration() const noexcept { return beat_calibration_; }
  /// Evidence of a new steady beat above it is reported; nothing where the threshold is not in alerts a day, or nothing
  /// is known of beats.
  const std::optional<ScoreLimit>& beat_limit() const noexcept { return beat_limit_; }
  /// What the labels are called, the normal ones first; empty without labels.
  const std::vector<std::string>& families() const noexcept { return families_; }

  const ThresholdRule& threshold_rule() const noexcept { return rule_; }
  /// An error before `fit`.
  const ScoreLimit& threshold() const;
  /// Another threshold for what is already learnt. An error where the rule needs what the model does not know.
  void set_threshold(const ThresholdRule& rule);
  /// The same, with labelled records for `f_beta`.
  void set_threshold(const ThresholdRule& rule, const Table& labelled, const FitControl& control = {});
  void set_records_per_day(double records);

  /// What each column contributes to the scores of calibration records: shares that add up to 1, the largest first; all
  /// 0 where none contributes anything. An error before `fit`.
  const std::vector<ColumnImportance>& importance() const;
  /// What is usual in each column of normal training records: what reasons are worded with.
  const UsualValues& usual_values() const noexcept { return usual_; }
  /// What whoever trained the model should know of the records that the last `fit` was given; not part of a file, where
  /// `describe` keeps it.
  const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  /// What was chosen and learnt, and why, for people.
  std::string describe() const;

  /// `note`: free text for people, kept in the header; UTF-8.
  void save(const std::filesystem::path& path, const std::string& note = "") const;
  std::vector<std::byte> save_bytes(const std::string& note = "") const;
  static Model load(const std::filesystem::path& path);
  static Model load_bytes(std::span<const std::byte> bytes);

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  friend class RecordScorer;  // whose findings are those of `detect`

  void check_options() const;
  void require_fitted(const char* verb) const;
  /// Of which records the threshold promises something.
  std::string threshold_words() const;
  /// An error that names every column that is missing or of another type.
  void require_fit(const Schema& schema) const;
  void learn(const Table& given, const FitControl& control);
  void choose_pipeline(const Table& table);
  void choose_detector(std::size_t rows);
  void fit_detector(const Matrix& x, std::span<const std::int32_t> classes, const FitControl& control);
  /// By the rows that were held out, or where there are none those that were learnt from.
  /// The scores of the normal ones of these rows.
  std::vector<float> calibrate(const Table& columns, std::span<const std::size_t> learnt,
                               std::span<const std::size_t> held_out, std::span<const std::int32_t> classes,
                               const FitControl& control);
  /// By the held-out rows, their scores, and the order in which they came.
  void calibrate_runs(const Table& records, std::span<const std::size_t> held_out, std::span<const float> scores,
                      const std::vector<std::vector<std::size_t>>& spells);
  /// By all records that the model learns from, and when each of them ended.
  void calibrate_beats(const Table& records, std::span<const std::int64_t> times);
  std::string runs_words() const;
  std::string beats_words() const;
  /// What can be expected where the threshold asks for more than the calibration records can tell; "" where it does
  /// not.
  std::string beyond_calibration() const;
  /// Says what p-values compare with.
  void tell_calibration(bool held_out, std::size_t records);
  void warn(const std::string& note);
  void learn_importance(const Matrix& x, const Table& columns, const FitControl& control);
  std::vector<float> scores_of(const Table& columns, const FitControl& control) const;
  /// `records` are what `columns` were made of, and `watch` goes on with them.
  Findings detect_in(const Table& records, const Table& columns, SourceWatch& watch, const DetectOptions& options,
                     const FitControl& control) const;
  /// The records of sources that are beyond one of the limits for what sources do, in rising order.
  std::vector<std::pair<std::size_t, SourceRun>> runs_in(const Table& records, std::span<const float> scores,
                                                         SourceWatch& watch) const;
  /// Findings of rows with known scores; `most` reasons each.
  std::vector<Finding> findings_of(const Table& columns, std::span<const std::size_t> rows,
                                   std::span<const float> scores, std::size_t most, std::size_t explained,
                                   const FitControl& control) const;
  /// Null where the detector cannot tell families of attacks.
  const BoostedTrees* teller() const noexcept;
  ThresholdEvidence evidence() const noexcept;
  /// What the threshold means; nothing changes where that is an error.
  void set_limits(const ThresholdRule& rule);
  std::optional<ScoreLimit> limit_of_runs(const ThresholdRule& rule) const;
  std::optional<ScoreLimit> limit_of_beats(const ThresholdRule& rule) const;
  void restore();

  Options options_;
  FeaturePipeline pipeline_;
  std::shared_ptr<const Detector> detector_;  ///< never changed, so copies share it
  bool pipeline_is_given_ = false;
  bool detector_is_given_ = false;
  bool is_fitted_ = false;
  std::uint64_t training_records_ = 0;
  Calibration calibration_;
  std::optional<double> records_per_day_;
  std::optional<float> best_score_;
  std::optional<float> highest_attack_;  ///< the score of a held-out one
  ThresholdRule rule_;
  ScoreLimit limit_;
  RunCalibration run_calibration_;
  std::optional<ScoreLimit> run_limit_;  ///< follows from the others
  BeatCalibration beat_calibration_;
  std::optional<ScoreLimit> beat_limit_;  ///< follows from the others
  std::vector<std::string> families_;
  UsualValues usual_;
  std::shared_ptr<const detail::ReasonColumns> reason_columns_;  ///< follows from the others
  std::vector<ColumnImportance> importance_;
  std::vector<std::string> choices_;  ///< sentences for `describe`
  std::vector<std::string> warnings_;
};

}  // namespace nad

#include "nad/model/model_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/model/model-inl.hpp"
#endif
