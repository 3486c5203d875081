#pragma once

// How an ensemble learns: all members from the same rows, and then what their scores are worth from others.

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/ensemble_rows-inl.hpp"
#include "nad/detector/ensemble_train-inl.hpp"

namespace nad {

NAD_INLINE bool Ensemble::learns_from_labels() const noexcept {
  return std::any_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.detector->learns_from_labels(); });
}

NAD_INLINE void Ensemble::name_lesson(const LessonNames& names) {
  for (Member& member : members_) {
    const std::size_t first = std::min(member.columns.first, names.columns.size());
    const std::size_t rest = names.columns.size() - first;
    const std::size_t count = member.columns.count == 0 ? rest : std::min(member.columns.count, rest);
    LessonNames seen{.columns = {}, .categorical = {}, .classes = names.classes};
    for (std::size_t place = first; place < first + count; ++place) {
      seen.columns.push_back(names.columns[place]);
    }
    for (const std::uint32_t place : names.categorical) {
      if (place >= first && place < first + count) {
        seen.categorical.push_back(place - static_cast<std::uint32_t>(first));
      }
    }
    member.detector->name_lesson(seen);
  }
}

NAD_INLINE bool Ensemble::calls_normal(std::int32_t label, std::span<const std::int32_t> classes) const {
  return std::all_of(members_.begin(), members_.end(),
                     [&](const Member& member) { return Detector::calls_normal(*member.detector, label, classes); });
}

NAD_INLINE std::vector<std::int32_t> Ensemble::normal_among(std::span<const std::int32_t> classes) const {
  std::vector<std::int32_t> normal;
  std::copy_if(classes.begin(), classes.end(), std::back_inserter(normal),
               [&](std::int32_t label) { return calls_normal(label, classes); });
  return normal;
}

NAD_INLINE void Ensemble::do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) {
  for (const Member& member : members_) {
    if (member.detector->learns_from_labels()) {
      throw Error(ErrorCode::invalid_argument, "member '" + member.name +
                                                   "' learns from labelled rows; call fit with one label a row, or "
                                                   "leave it out");
    }
  }
  learn(x, {}, sample_weight, control);
}

NAD_INLINE void Ensemble::fit(MatrixView x, std::span<const std::int32_t> labels, const FitControl& control) {
  fit(x, labels, {}, control);
}

NAD_INLINE void Ensemble::fit(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
                              const FitControl& control) {
  check_training_data(x, sample_weight, control);
  if (labels.size() != x.rows()) {
    throw Error(ErrorCode::invalid_argument, std::to_string(labels.size()) + " labels were given for " +
                                                 std::to_string(x.rows()) + " rows; give one a row");
  }
  Ensemble learner(*this);
  learner.learn(x, labels, sample_weight, control);
  learner.threshold_ = learner.default_threshold();
  if (const std::optional<double> contamination = learner.wanted_contamination()) {
    const std::vector<std::int32_t> normal = normal_among(detail::labels_that_count(labels, sample_weight));
    std::vector<float> of_normal_rows(x.rows());
    for (std::size_t row = 0; row < x.rows(); ++row) {
      const float weight = sample_weight.empty() ? 1.0F : sample_weight[row];
      of_normal_rows[row] = std::binary_search(normal.begin(), normal.end(), labels[row]) ? weight : 0.0F;
    }
    learner.threshold_ = learner.quantile_threshold(x, of_normal_rows, *contamination, control);
  }
  *this = std::move(learner);
}

NAD_INLINE void Ensemble::fit_labelled(MatrixView x, std::span<const std::int32_t> labels,
                                       std::span<const float> sample_weight, const FitControl& control) {
  if (learns_from_labels()) {
    fit(x, labels, sample_weight, control);
  } else {
    fit(x, sample_weight, control);
  }
}

NAD_INLINE void Ensemble::learn(MatrixView x, std::span<const std::int32_t> labels,
                                std::span<const float> sample_weight, const FitControl& control) {
  const double total = total_weight();
  if (!(total > 0.0)) {
    throw Error(ErrorCode::invalid_argument, members_.empty()
                                                 ? "this ensemble has no members; add() some before fit()"
                                                 : "all members have the weight 0; at least one must count");
  }
  if (options_.min_votes && *options_.min_votes > total) {
    throw Error(ErrorCode::invalid_argument, "min_votes is " + std::to_string(*options_.min_votes) +
                                                 ", but the weights of all members sum to " + std::to_string(total));
  }
  n_features_ = x.columns();
  settle_columns(n_features_);
  const detail::EnsembleRows all(x, learns_from_labels() ? labels : std::span<const std::int32_t>(), sample_weight,
                                 options_.unique_rows);
  const std::vector<std::int32_t> normal = normal_among(all.classes());
  std::vector<bool> is_ordinary(all.size(), true);
  std::vector<std::size_t> ordinary;
  for (std::size_t row = 0; row < all.size(); ++row) {
    is_ordinary[row] = all.classes().empty() || std::binary_search(normal.begin(), normal.end(), all.label(row));
    if (is_ordinary[row]) {
      ordinary.push_back(row);
    }
  }
  const detail::RowSplit split(is_ordinary, options_.calibration, options_.random_state);
  if (split.is_split()) {
    const std::vector<Member> fresh = options_.refit ? members_ : std::vector<Member>();
    fit_members(detail::RowPart(all, split.learnt_from), control);
    calibrate(detail::RowPart(all, split.kept_out), control);
    for (std::size_t i = 0; i < fresh.size(); ++i) {  // what has learnt would go on where it stands
      members_[i].detector = fresh[i].detector->clone();
    }
    if (options_.refit) {
      fit_members(detail::RowPart(all), control);
    }
  } else {
    const detail::RowPart everything(all);
    fit_members(everything, control);
    if (ordinary.empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "no label is normal to all members that learn from labels; give them the same normal_class");
    }
    if (ordinary.size() == all.size()) {
      calibrate(everything, control);
    } else {
      calibrate(detail::RowPart(all, ordinary), control);
    }
  }
  derive();
  extremes_ = {};
  if (!options_.extremes.empty()) {
    const detail::RowPart part = ordinary.size() == all.size() ? detail::RowPart(all) : detail::RowPart(all, ordinary);
    extremes_ = detail::Extremes(part.rows, part.weights, options_.extremes);
  }
  crowds_ = {};
  if (options_.crowds > 0.0) {
    crowds_ = detail::Crowds(x, sample_weight, raw_score(x, {.n_jobs = control.n_jobs}));
  }
}

NAD_INLINE void Ensemble::fit_members(const detail::RowPart& part, const FitControl& control) {
  detail::SideBySide(control).run(members_.size(), [&](std::size_t i, const FitControl& each) {
    Detector::fit_labelled(*members_[i].detector, members_[i].see(part.rows), part.labels, part.weights, each);
  });
}

NAD_INLINE void Ensemble::calibrate(const detail::RowPart& part, const FitControl& control) {
  for (Member& member : members_) {
    member.scale = detail::TailScale(member.detector->raw_score(member.see(part.rows), control), part.weights);
  }
  combined_scale_ = {};  // as long as it is, nothing lifts a row
  if (may_surprise()) {
    std::vector<float> scores = raw_score(part.rows, control);
    if (options_.combination == Combination::tempered_surprise) {  // its tail is that before tempering
      std::transform(scores.begin(), scores.end(), scores.begin(),
                     [](float score) { return detail::bounded_score(detail::untempered(static_cast<double>(score))); });
    }
    combined_scale_ = detail::TailScale(scores, part.weights);
  }
}

}  // namespace nad
