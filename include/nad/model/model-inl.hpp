#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/utf8.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/model/finding-inl.hpp"
#include "nad/model/labels-inl.hpp"
#include "nad/model/model.hpp"
#include "nad/model/model_file-inl.hpp"
#include "nad/model/model_fit-inl.hpp"
#include "nad/model/model_runs-inl.hpp"
#include "nad/model/model_threshold-inl.hpp"
#include "nad/threshold/drift.hpp"
#include "nad/threshold/false_discovery.hpp"

namespace nad {

NAD_INLINE void Model::check_options() const {
  if (!is_known(options_.training)) {
    throw Error(ErrorCode::invalid_argument, "training is none of " + detail::quoted_words(options_.training));
  }
  if (!(options_.calibration > 0.0 && options_.calibration <= 0.5)) {
    throw Error(ErrorCode::invalid_argument, "calibration is " + std::to_string(options_.calibration) +
                                                 "; give the share of records to hold out, above 0 and at most 0.5");
  }
  if (options_.records_per_day && !(*options_.records_per_day > 0.0 && detail::is_finite(*options_.records_per_day))) {
    throw Error(ErrorCode::invalid_argument, "records_per_day is " + std::to_string(*options_.records_per_day) +
                                                 "; give how many records a day brings, above 0");
  }
  if (options_.threshold) {
    options_.threshold->check();
  }
}

namespace detail {

/// Puts the highest scores first, among equals the first row; gives the scores of the rows as they lie then.
inline std::vector<float> sort_by_score(std::vector<std::size_t>& rows, std::span<const float> all) {
  std::vector<std::pair<float, std::size_t>> order;
  order.reserve(rows.size());
  for (const std::size_t row : rows) {
    order.emplace_back(-all[row], row);
  }
  std::sort(order.begin(), order.end());
  std::vector<float> scores(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    scores[i] = -order[i].first;
    rows[i] = order[i].second;
  }
  return scores;
}

}  // namespace detail

NAD_INLINE Model::Model(Options options) : options_(std::move(options)) {
  check_options();
  rule_ = options_.threshold.value_or(ThresholdRule::false_positive_rate(0.01));
}

NAD_INLINE Model::Model(const Detector& detector, Options options) : Model(std::move(options)) {
  detector_ = detector.clone();
  detector_is_given_ = true;
}

NAD_INLINE void Model::set_pipeline(const FeaturePipeline& pipeline) {
  if (is_fitted_) {
    throw Error(ErrorCode::invalid_argument, "this model has learnt by another pipeline; make a new one");
  }
  pipeline_ = pipeline;
  pipeline_is_given_ = true;
}

NAD_INLINE void Model::require_fitted(const char* verb) const {
  if (!is_fitted_) {
    throw Error(ErrorCode::not_fitted,
                std::string("this model has not learnt anything yet; call fit() or load one before ") + verb);
  }
}

NAD_INLINE const Detector& Model::detector() const {
  if (!detector_) {
    throw Error(ErrorCode::not_fitted, "this model has not chosen a detector yet; call fit()");
  }
  return *detector_;
}

NAD_INLINE const std::vector<ColumnImportance>& Model::importance() const {
  require_fitted("asking for the importance of columns");
  return importance_;
}

NAD_INLINE void Model::require_fit(const Schema& schema) const {
  std::string missing;
  std::string other;
  std::size_t count = 0;
  for (const Field& wanted : pipeline_.inputs()) {
    const auto place = schema.find(wanted.name);
    if (!place) {
      missing += (missing.empty() ? "'" : ", '") + wanted.name + "'";
      ++count;
    }
  }
  if (count == 0) {
    return;  // a type that does not fit is refused, by name, where the column is read
  }
  for (const Field& field : schema) {
    if (!pipeline_.inputs().find(field.name) && field.role == Role::feature) {
      other += (other.empty() ? "'" : ", '") + field.name + "'";
    }
  }
  throw Error(ErrorCode::invalid_data,
              "the table" + (schema.source().empty() ? "" : " (" + schema.source() + ")") +
                  " does not fit this model, which learnt from " + std::to_string(pipeline_.inputs().size()) +
                  " columns" + (pipeline_.inputs().source().empty() ? "" : " of " + pipeline_.inputs().source()) +
                  ": it lacks " + std::to_string(count) + " of them, " + missing +
                  (other.empty() ? "" : "; it has columns that the model does not know, " + other) +
                  "; give records of the same kind, or fit a model on these");
}

NAD_INLINE std::vector<float> Model::scores_of(const Table& columns, const FitControl& control) const {
  // A thread takes records through features and detector: what these need of a large table stays small, and the batches
  // of a monitor are enough for several threads.
  constexpr std::size_t most = 65'536;
  constexpr std::size_t least = 512;
  const std::size_t jobs = resolve_jobs(control.n_jobs);
  const std::size_t share = (columns.rows() + 2 * jobs - 1) / (2 * jobs);
  const std::size_t grain = jobs == 1 ? most : std::clamp(share, least, std::max(least, most / jobs));
  std::vector<float> scores(columns.rows());
  parallel_for(scores.size(), control, {.grain = grain, .stage = "scoring"}, [&](std::size_t begin, std::size_t end) {
    const Matrix x = pipeline_.transform_columns(columns.slice(begin, end - begin), {.n_jobs = 1});
    detector_->anomaly_score(x, std::span(scores).subspan(begin, end - begin), {.n_jobs = 1});
  });
  return scores;
}

NAD_INLINE std::vector<float> Model::anomaly_score(const Table& table, const FitControl& control) const {
  require_fitted("scoring");
  require_fit(table.schema());
  return scores_of(pipeline_.columns(table), control);
}

NAD_INLINE Findings Model::detect(const Table& table, const DetectOptions& options, const FitControl& control) const {
  require_fitted("detecting");
  require_fit(table.schema());
  SourceWatch watch;
  return detect_in(table, pipeline_.columns(table), watch, options, control);
}

NAD_INLINE Findings Model::detect_in(const Table& records, const Table& columns, SourceWatch& watch,
                                     const DetectOptions& options, const FitControl& control) const {
  Findings findings;
  findings.limit = limit_;
  findings.scores = scores_of(columns, control);
  std::vector<std::size_t> rows;
  std::vector<std::pair<std::size_t, SourceRun>> runs;
  if (options.false_discovery_rate) {
    std::vector<double> p(findings.scores.size());
    std::transform(findings.scores.begin(), findings.scores.end(), p.begin(),
                   [this](float score) { return calibration_.conformal_p_value(score); });
    const Discoveries found = benjamini_hochberg(p, *options.false_discovery_rate);
    for (std::size_t row = 0; row < p.size(); ++row) {
      if (found.reported[row] != 0) {
        rows.push_back(row);
      }
    }
  } else {
    for (std::size_t row = 0; row < findings.scores.size(); ++row) {
      if (findings.scores[row] > limit_.score) {
        rows.push_back(row);
      }
    }
    if (options.runs) {
      runs = runs_in(records, findings.scores, watch);
      for (const auto& [row, run] : runs) {
        if (!(findings.scores[row] > limit_.score)) {
          rows.push_back(row);
        }
      }
    }
  }
  const std::vector<float> scores = detail::sort_by_score(rows, findings.scores);
  if (options.false_discovery_rate) {
    // what was reported lies above it, everything else below
    const float highest = std::numeric_limits<float>::max();
    const float least = rows.empty() ? highest : scores.back();
    findings.limit = {rows.empty() ? highest : std::nextafter(least, -highest), false};
  }
  findings.reported = findings_of(columns, rows, scores, options.most_reasons, options.most_explained, control);
  for (Finding& finding : findings.reported) {
    const auto run = std::lower_bound(runs.begin(), runs.end(), finding.row,
                                      [](const auto& one, std::size_t row) { return one.first < row; });
    if (run != runs.end() && run->first == finding.row) {
      finding.run = run->second;
    }
  }
  if (!findings.scores.empty()) {
    findings.drift = drift(calibration_, findings.scores, {.limit = limit_.score});
  }
  return findings;
}

NAD_INLINE std::vector<Finding> Model::explain(const Table& table, std::span<const std::size_t> rows,
                                               const FitControl& control) const {
  require_fitted("explaining");
  require_fit(table.schema());
  for (const std::size_t row : rows) {
    if (row >= table.rows()) {
      throw Error(ErrorCode::invalid_argument,
                  "there is no row " + std::to_string(row) + "; the table has " + std::to_string(table.rows()));
    }
  }
  const Table columns = pipeline_.columns(table);
  const std::vector<float> scores = scores_of(columns.take(rows), {.n_jobs = control.n_jobs});
  return findings_of(columns, rows, scores, columns.columns(), rows.size(), control);
}

NAD_INLINE std::vector<Finding> Model::findings_of(const Table& columns, std::span<const std::size_t> rows,
                                                   std::span<const float> scores, std::size_t most,
                                                   std::size_t explained, const FitControl& control) const {
  constexpr double ten = 2.302585092994045684;  // log(10)
  std::vector<Finding> findings(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    findings[i].row = rows[i];
    findings[i].score = scores[i];
    if (i > 0 && scores[i] == scores[i - 1]) {  // floods are alike, and were sorted
      findings[i].p = findings[i - 1].p;
      findings[i].surprise = findings[i - 1].surprise;
      continue;
    }
    const double surprise = calibration_.surprise(scores[i]);
    findings[i].p = calibration_.p_value(scores[i], surprise);
    findings[i].surprise = surprise / ten;
  }
  const BoostedTrees* const trees = teller();
  const std::size_t wanted = trees != nullptr ? rows.size() : most == 0 ? 0 : std::min(explained, rows.size());
  constexpr std::size_t at_once = 4096;
  const FitControl quiet{.n_jobs = control.n_jobs};
  for (std::size_t begin = 0; begin < wanted; begin += at_once) {
    const std::size_t count = std::min(at_once, wanted - begin);
    const Table part = columns.take(rows.subspan(begin, count));
    const Matrix x = pipeline_.transform_columns(part, quiet);
    if (trees != nullptr) {
      const std::vector<std::int32_t> classes = detail::likeliest_attack(*trees, x, quiet);
      for (std::size_t i = 0; i < count; ++i) {
        findings[begin + i].family = families_.at(static_cast<std::size_t>(classes[i]));
      }
    }
    if (most == 0 || begin >= explained) {
      continue;
    }
    const auto* const ensemble = dynamic_cast<const Ensemble*>(detector_.get());
    const Matrix words = ensemble != nullptr ? ensemble->member_scores(x, quiet) : Matrix();
    const Matrix contributions = pipeline_.fold(detail::explain_distinct(*detector_, x, quiet), part);
    for (std::size_t i = 0; i < count; ++i) {
      findings[begin + i].reasons = detail::reasons_of(usual_, *reason_columns_, part, i, contributions.row(i),
                                                       findings[begin + i].surprise, most);
      for (std::size_t member = 0; member < words.columns(); ++member) {
        findings[begin + i].members.push_back({ensemble->member_name(member), words.row(i)[member]});
      }
    }
    if (control.progress && !control.progress({.stage = "explaining", .done = begin + count, .total = wanted})) {
      throw Error(ErrorCode::cancelled, "explaining was cancelled");
    }
  }
  return findings;
}

NAD_INLINE const BoostedTrees* Model::teller() const noexcept {
  return families_.empty() ? nullptr : dynamic_cast<const BoostedTrees*>(detector_.get());
}

NAD_INLINE std::vector<std::int32_t> Model::predict(const Table& table, const FitControl& control) const {
  require_fitted("predicting");
  if (teller() == nullptr) {
    throw Error(ErrorCode::invalid_argument,
                "this model has learnt no families of attacks; train it 'labelled', with boosted trees");
  }
  std::vector<std::int32_t> found(table.rows());  // 0 is normal
  for (const Finding& finding : detect(table, {.most_reasons = 0, .most_explained = 0}, control).reported) {
    const auto family = std::find(families_.begin(), families_.end(), finding.family);
    found[finding.row] = static_cast<std::int32_t>(family - families_.begin());
  }
  return found;
}

NAD_INLINE std::string Model::describe() const {
  std::string text = "model, training '" + std::string(name(options_.training)) + "'";
  if (!is_fitted_) {
    return text + ", not fitted\n";
  }
  text += ", " + detail::with_thousands(std::to_string(training_records_)) + " records of " +
          std::to_string(pipeline_.inputs().size()) + " columns, " + std::to_string(pipeline_.features().size()) +
          " features\n";
  for (const std::string& choice : choices_) {
    text += "- " + choice + "\n";
  }
  const auto just_below = [](float score) { return std::nextafter(score, std::numeric_limits<float>::lowest()); };
  const bool at_end = (highest_attack_ && limit_.score == just_below(*highest_attack_)) ||
                      (calibration_.range() == ScoreRange::zero_to_one && limit_.score == just_below(1.0F));
  text += "- threshold: " + threshold_words() + ", a score above " +
          detail::formatted("%.6g", static_cast<double>(limit_.score)) +
          (!limit_.extrapolated ? ""
           : at_end             ? " (no score is high enough for that; the highest are reported nevertheless)"
                                : " (extrapolated: the calibration records are too few for it)") +
          "\n";
  if (const std::string note = beyond_calibration(); !note.empty()) {
    text += "- " + note + "\n";
  }
  if (run_limit_) {
    text += "- " + runs_words() + "\n";
  }
  if (beat_limit_) {
    text += "- " + beats_words() + "\n";
  }
  if (records_per_day_) {
    text += "- records a day: " + detail::with_thousands(detail::formatted("%.0f", *records_per_day_)) + "\n";
  }
  return text;
}

NAD_INLINE void Model::restore() {
  try {
    check_options();
    rule_.check();
  } catch (const Error& error) {
    throw Error(ErrorCode::bad_file, std::string(error.what()) + "; the model is damaged");
  }
  const bool sound = detector_->n_features() == pipeline_.features().size() &&
                     !detail::is_nan(static_cast<double>(limit_.score)) &&
                     (!highest_attack_ || detail::is_finite(static_cast<double>(*highest_attack_))) &&
                     usual_.size() == pipeline_.plan()->columns.size() &&
                     (!records_per_day_ || (*records_per_day_ > 0.0 && detail::is_finite(*records_per_day_))) &&
                     is_known(options_.training);
  const auto* const trees = dynamic_cast<const BoostedTrees*>(detector_.get());
  const bool has_names = trees == nullptr || families_.empty() ||
                         std::all_of(trees->classes().begin(), trees->classes().end(), [this](std::int32_t number) {
                           return number >= 0 && static_cast<std::size_t>(number) < families_.size();
                         });
  if (!sound || !has_names) {
    throw Error(ErrorCode::bad_file, "the parts of the model do not fit together; the model is damaged");
  }
  const auto is_text = [](const std::string& text) { return detail::is_utf8(text); };
  if (!std::all_of(families_.begin(), families_.end(), is_text) ||
      !std::all_of(choices_.begin(), choices_.end(), is_text) || !is_text(options_.label) ||
      !is_text(options_.normal) ||
      std::any_of(importance_.begin(), importance_.end(), [&](const auto& column) { return !is_text(column.name); })) {
    throw Error(ErrorCode::bad_file, "a text of the model is not UTF-8; the model is damaged");
  }
  for (const ColumnImportance& column : importance_) {
    if (!(column.share >= 0.0 && column.share <= 1.0)) {
      throw Error(ErrorCode::bad_file, "the importance of a column makes no sense; the model is damaged");
    }
  }
  reason_columns_ = std::make_shared<const detail::ReasonColumns>(usual_, pipeline_.inputs());
  run_limit_ = limit_of_runs(rule_);
  beat_limit_ = limit_of_beats(rule_);
  is_fitted_ = true;
}

}  // namespace nad
