#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/evaluate/check_rows-inl.hpp"
#include "nad/evaluate/confusion-inl.hpp"
#include "nad/evaluate/curves-inl.hpp"
#include "nad/evaluate/episodes-inl.hpp"
#include "nad/evaluate/evaluation.hpp"
#include "nad/evaluate/evaluation_json-inl.hpp"
#include "nad/evaluate/evaluation_text-inl.hpp"
#include "nad/evaluate/intervals-inl.hpp"
#include "nad/evaluate/ranking-inl.hpp"

namespace nad {

namespace detail {

inline std::size_t replicates_for(const EvaluationOptions& options, std::size_t rows) {
  constexpr std::size_t work = 500'000'000;  // rows of all replicates
  return options.replicates
             ? *options.replicates
             : std::min<std::size_t>(1000, std::max<std::size_t>(200, work / std::max<std::size_t>(rows, 1)));
}

inline void check_evaluation(const EvaluationOptions& options, std::size_t rows) {
  if (!options.families.empty()) {
    check_length(rows, options.families.size(), "families");
  }
  if (!options.seconds.empty()) {
    check_length(rows, options.seconds.size(), "times");
    check_seconds(rows, options.seconds);
  }
  if (!options.episodes.empty()) {
    check_length(rows, options.episodes.size(), "episode numbers");
  }
  for (const double rate : options.false_positive_rates) {
    check_rate(rate);
  }
  check_share(options.max_fpr, "max_fpr");
  check_confidence(options.confidence);
  if (options.threshold && is_nan(*options.threshold)) {
    throw Error(ErrorCode::invalid_argument, "the threshold is NaN; give the score above which a row is an alert");
  }
}

/// The numbers of the families that attacks have, ascending.
inline std::vector<std::uint32_t> attack_families(const EvaluationOptions& options, LabelView labels) {
  std::vector<std::uint32_t> found;
  std::vector<std::uint8_t> is_known;
  for (std::size_t row = 0; row < options.families.size(); ++row) {
    if (labels[row] == 0 || weight_at(options.weights, row) == 0.0) {
      continue;
    }
    const std::uint32_t family = options.families[row];
    if (family >= options.family_names.size()) {
      throw Error(ErrorCode::invalid_data, "row " + std::to_string(row) + " is of family " + std::to_string(family) +
                                               ", but there are " + std::to_string(options.family_names.size()) +
                                               " names of families; number them from 0");
    }
    is_known.resize(options.family_names.size());
    if (is_known[family] == 0) {
      is_known[family] = 1;
      found.push_back(family);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The figures that an evaluation asks `bootstrap` for, and where each of them goes.
class EvaluationFigures {
 public:
  void ask(const MetricChoice& choice, Interval& place) {
    choices_.push_back(choice);
    places_.push_back(&place);
  }

  void answer(ScoreView scores, LabelView labels, const EvaluationOptions& options, std::size_t replicates,
              const FitControl& control) const {
    // without intervals, two replicates are thrown away: the figures come the same way
    const BootstrapOptions bootstrap_options{
        .replicates = std::max<std::size_t>(replicates, 2),
        .confidence = options.confidence,
        .method = replicates == 0 ? IntervalMethod::percentile : options.method,
        .random_state = options.random_state,
        .groups = replicates == 0 ? std::span<const std::uint32_t>() : options.groups,
        .families = options.families};
    const std::vector<Interval> found =
        bootstrap(scores, labels, choices_, bootstrap_options, options.weights, control);
    for (std::size_t i = 0; i < found.size(); ++i) {
      *places_[i] = replicates == 0 ? Interval{.value = found[i].value} : found[i];
    }
  }

 private:
  std::vector<MetricChoice> choices_;
  std::vector<Interval*> places_;
};

inline void evaluate_time(Evaluation& found, ScoreView scores, LabelView labels, const EvaluationOptions& options,
                          const std::vector<std::uint32_t>& families) {
  if (!options.seconds.empty()) {
    const auto [first, last] = std::minmax_element(options.seconds.begin(), options.seconds.end());
    found.per_day = {(*last - *first) / 86400.0, alerts_per_day(found.confusion.alerts(), options.seconds),
                     alerts_per_day(found.confusion.false_positives, options.seconds)};
  }
  if (options.seconds.empty() && options.episodes.empty()) {
    return;
  }
  std::vector<std::uint8_t> alerts(scores.size());
  for (std::size_t row = 0; row < scores.size(); ++row) {
    alerts[row] = scores[row] > found.threshold ? 1 : 0;
  }
  std::vector<std::int64_t> numbers(options.episodes.begin(), options.episodes.end());
  if (numbers.empty()) {
    const std::vector<std::uint32_t> one_family(options.families.empty() ? scores.size() : 0, 0);
    numbers = attack_episodes(options.families.empty() ? std::span<const std::uint32_t>(one_family) : options.families,
                              labels, options.seconds, options.episode_gap);
  }
  const std::vector<Episode> episodes = detection_delays(alerts, numbers, options.seconds);
  found.delays = summarise(episodes);
  for (std::size_t i = 0; i < families.size(); ++i) {
    std::vector<Episode> of_family;
    std::copy_if(episodes.begin(), episodes.end(), std::back_inserter(of_family), [&](const Episode& episode) {
      return labels[episode.first_row] != 0 && options.families[episode.first_row] == families[i];
    });
    const DelaySummary summary = summarise(of_family);
    found.families[i].episodes = summary.episodes;
    found.families[i].episodes_detected = summary.detected;
    found.families[i].median_delay_seconds = summary.median_seconds;
  }
}

}  // namespace detail

NAD_INLINE Evaluation evaluate(ScoreView scores, LabelView labels, const EvaluationOptions& options,
                               const FitControl& control) {
  detail::check_evaluation(options, scores.size());
  const Ranking ranking(scores, labels, options.weights);
  Evaluation found;
  found.rows = scores.size();
  found.attacks = ranking.attacks();
  found.normals = ranking.normals();
  found.is_threshold_chosen = !options.threshold.has_value();
  found.threshold = options.threshold ? *options.threshold : ranking.best_f_beta().threshold;
  found.confidence = options.confidence;
  found.replicates = detail::replicates_for(options, scores.size());
  found.groups = found.replicates == 0
                     ? 0
                     : std::unordered_set<std::uint32_t>(options.groups.begin(), options.groups.end()).size();
  found.max_fpr = options.max_fpr;
  found.confusion = confusion_at(scores, labels, found.threshold, options.weights);
  const std::vector<std::uint32_t> families = detail::attack_families(options, labels);
  for (const double rate : options.false_positive_rates) {
    found.rates.push_back({rate, ranking.threshold_at_fpr(rate), {}});
  }
  found.families.resize(families.size());

  detail::EvaluationFigures figures;
  const double threshold = found.threshold;
  figures.ask({.metric = Metric::roc_auc}, found.roc_auc);
  figures.ask({.metric = Metric::average_precision}, found.average_precision);
  figures.ask({.metric = Metric::partial_auc, .parameter = options.max_fpr}, found.partial_auc);
  figures.ask({.metric = Metric::accuracy, .threshold = threshold}, found.accuracy);
  figures.ask({.metric = Metric::precision, .threshold = threshold}, found.precision);
  figures.ask({.metric = Metric::recall, .threshold = threshold}, found.recall);
  figures.ask({.metric = Metric::false_positive_rate, .threshold = threshold}, found.false_positive_rate);
  figures.ask({.metric = Metric::f_beta, .parameter = 1.0, .threshold = threshold}, found.f1);
  figures.ask({.metric = Metric::balanced_accuracy, .threshold = threshold}, found.balanced_accuracy);
  figures.ask({.metric = Metric::matthews, .threshold = threshold}, found.matthews);
  for (RateEvaluation& rate : found.rates) {
    figures.ask({.metric = Metric::tpr_at_fpr, .parameter = rate.false_positive_rate}, rate.recall);
  }
  for (std::size_t i = 0; i < families.size(); ++i) {
    FamilyEvaluation& family = found.families[i];
    family.name = options.family_names[families[i]];
    family.recall_at_rate.resize(found.rates.size());
    figures.ask({.metric = Metric::recall, .threshold = threshold, .family = families[i]}, family.recall);
    figures.ask({.metric = Metric::roc_auc, .family = families[i]}, family.roc_auc);
    figures.ask({.metric = Metric::average_precision, .family = families[i]}, family.average_precision);
    for (std::size_t rate = 0; rate < found.rates.size(); ++rate) {
      figures.ask(
          {.metric = Metric::tpr_at_fpr, .parameter = found.rates[rate].false_positive_rate, .family = families[i]},
          family.recall_at_rate[rate]);
    }
  }
  figures.answer(scores, labels, options, found.replicates, control);

  for (std::size_t row = 0; row < options.families.size(); ++row) {
    const auto place = std::lower_bound(families.begin(), families.end(), options.families[row]) - families.begin();
    const double weight = detail::weight_at(options.weights, row);
    if (labels[row] != 0 && weight > 0.0) {
      FamilyEvaluation& family = found.families[static_cast<std::size_t>(place)];
      family.attacks += weight;
      family.found += scores[row] > threshold ? weight : 0.0;
    }
  }
  if (options.weights.empty() && options.groups.empty() && found.replicates > 0) {
    const Confusion& counts = found.confusion;
    found.recall = proportion_interval(counts.true_positives, counts.attacks(), options.confidence);
    found.false_positive_rate = proportion_interval(counts.false_positives, counts.normals(), options.confidence);
    for (FamilyEvaluation& family : found.families) {
      family.recall = proportion_interval(family.found, family.attacks, options.confidence);
    }
  }
  detail::evaluate_time(found, scores, labels, options, families);
  const CurveOptions curve{.max_points = std::max<std::size_t>(options.curve_points, 2)};
  found.roc = roc_curve(ranking, curve);
  found.precision_recall = precision_recall_curve(ranking, curve);
  return found;
}

}  // namespace nad
