#pragma once

// How a model chooses and learns.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "nad/features/automatic-inl.hpp"
#include "nad/features/training_rows-inl.hpp"
#include "nad/model/daily_records-inl.hpp"
#include "nad/model/held_out-inl.hpp"
#include "nad/model/labels-inl.hpp"
#include "nad/model/model.hpp"
#include "nad/model/model_runs-inl.hpp"
#include "nad/model/model_threshold-inl.hpp"
#include "nad/model/reasons-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::size_t most_scores_in_place = 100'000;  ///< of the rows that were learnt from

inline ScoreRange range_of_scores(const Detector& detector) {
  if (detector.kind() == BoostedTrees::kind_name || detector.kind() == IsolationForest::kind_name) {
    return ScoreRange::zero_to_one;
  }
  const auto* ensemble = dynamic_cast<const Ensemble*>(&detector);
  return ensemble != nullptr && ensemble->options().combination == Combination::tempered_surprise &&
                 ensemble->options().crowds == 0.0
             ? ScoreRange::tempered
             : ScoreRange::unbounded;
}

/// Trees cut where they like: no scale, no columns for each category, and a gap is a value of its own.
inline FeaturePipeline pipeline_for_trees(const Table& table) {
  std::vector<FeatureStep> steps;
  add_leaks(table, steps);
  add_derived(table, steps);
  steps.emplace_back(Ordinal{});
  return FeaturePipeline(std::move(steps));
}

inline std::vector<std::uint32_t> categorical_places(const FeaturePipeline& pipeline) {
  std::vector<std::uint32_t> places;
  for (const CategoryPart& part : pipeline.plan()->categories) {
    if (part.width == 1) {
      places.push_back(static_cast<std::uint32_t>(part.output));
    }
  }
  std::sort(places.begin(), places.end());
  return places;
}

/// Where the pipeline says how surprising what training never showed is; nothing where it says so in another unit.
inline std::vector<std::uint32_t> places_of_novelty(const FeaturePipeline& pipeline) {
  const bool counts = std::any_of(pipeline.steps().begin(), pipeline.steps().end(), [](const FeatureStep& step) {
    const auto* const novelty = std::get_if<Novelty>(&step);
    return novelty != nullptr && !novelty->by_chance;
  });
  std::vector<std::uint32_t> places;
  if (!counts && pipeline.plan()->layers.empty()) {
    for (const NoveltyPart& part : pipeline.plan()->novelties) {
      places.push_back(static_cast<std::uint32_t>(part.output));
    }
  }
  return places;
}

/// The views that the ensemble for clean training is for; nothing where a given pipeline has others.
inline std::vector<ColumnRange> size_and_rank(const std::vector<FeatureView>& views) {
  if (views.size() != 2 || views[0].name != size_view || views[1].name != rank_view) {
    return {};
  }
  return {{.first = views[0].first, .count = views[0].count}, {.first = views[1].first, .count = views[1].count}};
}

}  // namespace detail

NAD_INLINE void Model::choose_pipeline(const Table& table) {
  if (pipeline_is_given_) {
    choices_.emplace_back("the pipeline was given");
    return;
  }
  const bool trees = options_.training == Training::labelled &&
                     (!detector_is_given_ || dynamic_cast<const BoostedTrees*>(detector_.get()) != nullptr);
  if (trees) {
    pipeline_ = detail::pipeline_for_trees(table);
    choices_.emplace_back("pipeline for trees: columns as they are, categories by number, gaps left open");
    return;
  }
  constexpr const char* common = "automatic pipeline: a column for each category, novelty flags, ";
  constexpr const char* sizes =
      "heavy tails by their logarithm, standard deviations clipped at 10; what never varied in training stays, as a "
      "flag";
  if (options_.training == Training::clean && !detector_is_given_) {
    pipeline_ = FeaturePipeline::automatic_views(table);
    choices_.push_back(std::string(common) + "and all of it in two views: by size (" + sizes +
                       ") and by rank among the training values");
    return;
  }
  pipeline_ = FeaturePipeline::automatic(table);
  choices_.push_back(std::string(common) + sizes);
}

NAD_INLINE void Model::choose_detector(std::size_t rows) {
  if (detector_is_given_) {
    choices_.push_back("the detector was given: " + std::string(detector_->kind()));
    return;
  }
  switch (options_.training) {
    case Training::clean:
      detector_ = std::make_shared<const Ensemble>(Ensemble::clean(
          options_.random_state, rows, detail::size_and_rank(pipeline_.views()), detail::places_of_novelty(pipeline_)));
      choices_.emplace_back(
          "ensemble for clean training: isolation forests of 4,096-row samples, since attacks do not hide each other "
          "where there are none; k-means and local Gaussians, since sharp descriptions of normal traffic are safe "
          "then; "
          "combined by the mean of -log p, tempered, so that those that agree count");
      break;
    case Training::mixed:
      detector_ = std::make_shared<const Ensemble>(Ensemble::mixed(options_.random_state));
      choices_.emplace_back(
          "ensemble for mixed training: each distinct record counts once, or floods would be normal by their number; "
          "an "
          "isolation forest with weight 2 and local Gaussians, since k-means, neighbours and autoencoders learn the "
          "attacks; what is unusual and comes in numbers, as floods do, lies further out than what is unusual and "
          "alone");
      break;
    case Training::labelled: {
      BoostedTreesOptions trees;
      trees.categorical_features = detail::categorical_places(pipeline_);
      trees.random_state = options_.random_state;
      detector_ = std::make_shared<const BoostedTrees>(trees);
      choices_.emplace_back("boosted trees for labelled training: the score is the probability of not being normal");
      break;
    }
  }
}

NAD_INLINE void Model::fit_detector(const Matrix& x, std::span<const std::int32_t> classes, const FitControl& control) {
  std::unique_ptr<Detector> learner = detector_->clone();
  LessonNames names{.columns = {}, .categorical = {}, .classes = families_};
  for (const FeatureInfo& feature : pipeline_.features()) {
    names.columns.push_back(feature.name);
  }
  if (!pipeline_is_given_ && dynamic_cast<const BoostedTrees*>(learner.get()) != nullptr) {
    names.categorical = detail::categorical_places(pipeline_);
  }
  learner->name_lesson(names);
  if (!learner->learns_from_labels()) {
    learner->fit(x, control);
  } else if (classes.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "a detector of kind " + std::string(learner->kind()) + " learns from labels; train 'labelled'");
  } else if (auto* const trees = dynamic_cast<BoostedTrees*>(learner.get())) {
    trees->fit(x, classes, control);
  } else {
    dynamic_cast<Ensemble&>(*learner).fit(x, classes, control);
  }
  detector_ = std::move(learner);
}

NAD_INLINE void Model::learn_importance(const Matrix& x, const Table& columns, const FitControl& control) {
  const Matrix folded = pipeline_.fold(detector_->explain(x, control), columns);
  std::vector<double> sums(reason_columns_->size(), 0.0);
  std::vector<double> of_row(sums.size());
  for (std::size_t row = 0; row < folded.rows(); ++row) {
    std::fill(of_row.begin(), of_row.end(), 0.0);
    for (std::size_t place = 0; place < folded.columns(); ++place) {
      of_row[reason_columns_->group_of(place)] += static_cast<double>(folded(row, place));
    }
    for (std::size_t group = 0; group < sums.size(); ++group) {
      sums[group] += std::abs(of_row[group]);
    }
  }
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  importance_.clear();
  for (std::size_t place = 0; place < sums.size(); ++place) {
    importance_.push_back({.name = reason_columns_->name(place), .share = total > 0.0 ? sums[place] / total : 0.0});
  }
  std::stable_sort(importance_.begin(), importance_.end(),
                   [](const ColumnImportance& a, const ColumnImportance& b) { return a.share > b.share; });
}

NAD_INLINE void Model::fit(const Table& table, const FitControl& control) {
  if (table.rows() < 2) {
    throw Error(ErrorCode::invalid_data, "a model cannot learn from " + std::to_string(table.rows()) +
                                             " records; give at least 2, better some thousands");
  }
  Model learner(*this);  // an error half way leaves what was learnt before
  learner.learn(table, control);
  *this = std::move(learner);
}

NAD_INLINE void Model::learn(const Table& given, const FitControl& control) {
  choices_.clear();
  warnings_.clear();
  families_.clear();
  best_score_.reset();
  highest_attack_.reset();
  const Table named = detail::with_named_label(given, options_);
  choose_pipeline(named);
  const Table understood = detail::with_understood_texts(pipeline_.steps(), named);
  const Table table = detail::rows_to_learn_from(pipeline_.steps(), understood);
  const bool labelled = options_.training == Training::labelled;
  detail::Labels labels;
  if (labelled) {
    labels = detail::read_labels(table, options_, {});
    families_ = labels.families;
  } else {
    detail::check_name_of_normal(table, options_);
  }
  if (options_.training == Training::clean) {
    if (const std::string note = detail::labelled_attacks_note(table, options_); !note.empty()) {
      warn(note);
    }
  }
  const bool mixed = options_.training == Training::mixed;
  const std::vector<std::int64_t> times = options_.training == Training::clean && options_.runs
                                              ? detail::times_of_runs(table)
                                              : std::vector<std::int64_t>();
  const detail::HeldOut rows =
      labelled         ? detail::HeldOut(labels.classes, options_.calibration, options_.random_state)
      : !times.empty() ? detail::HeldOut(times, options_.calibration, options_.random_state)
                       : detail::HeldOut(table.rows(), mixed ? 0.0 : options_.calibration, options_.random_state);

  // a pipeline that looks back needs every record, in order; any other learns only from what the detector learns from
  const bool looks_back = pipeline_.looks_back();
  const bool learns_from_all = looks_back || rows.held_out.empty();
  pipeline_.fit(learns_from_all ? table : table.take(rows.learnt), control);
  const Table columns = pipeline_.columns(table);
  const auto classes_of = [&](std::span<const std::size_t> places) {
    std::vector<std::int32_t> classes;
    classes.reserve(places.size());
    for (const std::size_t row : places) {
      classes.push_back(labels.classes[row]);
    }
    return classes;
  };
  choose_detector(rows.learnt.size());
  std::vector<std::size_t> learnt = rows.learnt;
  std::vector<std::size_t> normal = rows.learnt;
  if (labelled) {
    std::erase_if(normal, [&](std::size_t row) { return labels.classes[row] != 0; });
    if (normal.size() < 2) {
      throw Error(ErrorCode::invalid_data, "among the records to learn from are " + std::to_string(normal.size()) +
                                               " normal ones ('" + families_[0] + "'); at least 2 are needed");
    }
    if (!detector_->learns_from_labels()) {
      learnt = normal;
      choices_.emplace_back("it learns from the normal records alone; the labels serve the threshold");
    }
  }
  {
    const Matrix x = pipeline_.transform_columns(columns.take(learnt), {.n_jobs = control.n_jobs});
    fit_detector(x, labelled ? classes_of(learnt) : std::vector<std::int32_t>(), control);
  }
  usual_ = UsualValues(columns.take(normal));
  reason_columns_ = std::make_shared<const detail::ReasonColumns>(usual_, pipeline_.inputs());
  const std::vector<float> scores = calibrate(columns, rows.learnt, rows.held_out, labels.classes, control);
  run_calibration_ = RunCalibration();
  if (!rows.spells.empty()) {
    calibrate_runs(table, rows.held_out, scores, rows.spells);
  }
  calibrate_beats(table, times);
  records_per_day_ = options_.records_per_day ? options_.records_per_day : detail::daily_records(understood);
  set_limits(rule_);
  // describe() tells it of any threshold; a warning is due where somebody asked for this one
  if (std::string note = beyond_calibration(); !note.empty() && options_.threshold) {
    warnings_.push_back(std::move(note));
  }
  training_records_ = table.rows();
  is_fitted_ = true;
}

NAD_INLINE void Model::warn(const std::string& note) {
  choices_.push_back(note);
  warnings_.push_back(note);
}

NAD_INLINE void Model::tell_calibration(bool held_out, std::size_t records) {
  const std::string count = detail::with_thousands(std::to_string(records));
  const bool labelled = options_.training == Training::labelled;
  if (held_out) {
    choices_.push_back("p-values compare with " + count + " held-out " + (labelled ? "normal " : "") +
                       "records, which the detector did not learn from");
  } else if (options_.training == Training::mixed) {
    choices_.emplace_back("p-values compare with the training records themselves, attacks among them");
  } else {
    warn("too few " + std::string(labelled ? "normal " : "") + "records to hold any out: p-values compare with the " +
         count +
         " records that were learnt from, and promise too much: more normal records will be reported; fit on more");
  }
  if (held_out && records < detail::fewest_calibration_rows) {
    warn("only " + count +
         " normal records could be held out to set p-values and thresholds by, so these are coarse; " + "at least " +
         std::to_string(detail::fewest_calibration_rows) + " are wanted, better some thousands");
  }
}

NAD_INLINE std::vector<float> Model::calibrate(const Table& columns, std::span<const std::size_t> learnt,
                                               std::span<const std::size_t> held_out,
                                               std::span<const std::int32_t> classes, const FitControl& control) {
  std::vector<std::size_t> rows(held_out.begin(), held_out.end());
  if (rows.empty()) {
    const std::size_t stride = learnt.size() / detail::most_scores_in_place + 1;
    for (std::size_t i = 0; i < learnt.size(); i += stride) {
      rows.push_back(learnt[i]);
    }
  }
  const Table judged = held_out.empty() ? columns.take(rows) : detail::as_new_records(columns, learnt, held_out);
  std::vector<float> scores = scores_of(judged, {.n_jobs = control.n_jobs});
  std::vector<float> normal_scores;
  if (!classes.empty()) {
    std::vector<std::int32_t> of_rows;
    of_rows.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      of_rows.push_back(classes[rows[i]]);
      if (of_rows.back() == 0) {
        normal_scores.push_back(scores[i]);
      } else {
        highest_attack_ = std::max(highest_attack_.value_or(scores[i]), scores[i]);
      }
    }
    if (rule_.kind == ThresholdKind::f_beta) {
      best_score_ = detail::best_f_beta(scores, of_rows, rule_.value);
    }
    scores = std::move(normal_scores);
  }
  calibration_ = Calibration(scores, detail::range_of_scores(*detector_));
  tell_calibration(!held_out.empty(), scores.size());

  constexpr std::size_t enough = 500;
  const std::size_t stride = rows.size() / enough + 1;
  std::vector<std::size_t> sample;
  for (std::size_t i = 0; i < rows.size(); i += stride) {
    sample.push_back(rows[i]);
  }
  const Table part = columns.take(sample);
  learn_importance(pipeline_.transform_columns(part), part, {.n_jobs = control.n_jobs});
  return scores;
}

}  // namespace nad
