#pragma once

// An evaluation for programs.

#include <string>
#include <string_view>
#include <vector>

#include "nad/detail/json_writer.hpp"
#include "nad/evaluate/evaluation.hpp"

namespace nad {

namespace detail {

inline void write_interval(JsonWriter& json, std::string_view name, const Interval& interval) {
  json.key(name).begin('{').key("value").value(interval.value);
  json.key("low").value(interval.low).key("high").value(interval.high).end('}');
}

inline void write_numbers(JsonWriter& json, std::string_view name, const std::vector<double>& numbers) {
  json.key(name).begin('[');
  for (const double number : numbers) {
    json.value(number);
  }
  json.end(']');
}

inline void write_count(JsonWriter& json, std::string_view name, std::size_t count) {
  json.key(name).value(static_cast<double>(count));
}

inline void write_family(JsonWriter& json, const FamilyEvaluation& family, const Evaluation& evaluation) {
  json.begin('{').key("name").text(family.name);
  json.key("attacks").value(family.attacks).key("found").value(family.found);
  write_interval(json, "recall", family.recall);
  write_interval(json, "roc_auc", family.roc_auc);
  write_interval(json, "average_precision", family.average_precision);
  json.key("rates").begin('[');
  for (std::size_t rate = 0; rate < family.recall_at_rate.size(); ++rate) {
    json.begin('{').key("false_positive_rate").value(evaluation.rates[rate].false_positive_rate);
    write_interval(json, "recall", family.recall_at_rate[rate]);
    json.end('}');
  }
  json.end(']');
  if (evaluation.delays) {
    write_count(json, "episodes", family.episodes);
    write_count(json, "episodes_detected", family.episodes_detected);
    json.key("median_delay_seconds").value(family.median_delay_seconds);
  }
  json.end('}');
}

inline void write_curves(JsonWriter& json, const Evaluation& evaluation) {
  json.key("roc_curve").begin('{');
  write_numbers(json, "thresholds", evaluation.roc.thresholds);
  write_numbers(json, "false_positive_rate", evaluation.roc.false_positive_rate);
  write_numbers(json, "recall", evaluation.roc.recall);
  json.end('}').key("precision_recall_curve").begin('{');
  write_numbers(json, "thresholds", evaluation.precision_recall.thresholds);
  write_numbers(json, "precision", evaluation.precision_recall.precision);
  write_numbers(json, "recall", evaluation.precision_recall.recall);
  json.end('}');
}

}  // namespace detail

NAD_INLINE std::string to_json(const Evaluation& evaluation, bool with_curves) {
  detail::JsonWriter json;
  json.begin('{');
  detail::write_count(json, "rows", evaluation.rows);
  json.key("attacks").value(evaluation.attacks).key("normals").value(evaluation.normals);
  json.key("threshold").value(evaluation.threshold);
  json.key("is_threshold_chosen").truth(evaluation.is_threshold_chosen);
  json.key("confidence").value(evaluation.confidence);
  detail::write_count(json, "replicates", evaluation.replicates);
  detail::write_count(json, "groups", evaluation.groups);
  const Confusion& counts = evaluation.confusion;
  json.key("confusion").begin('{').key("true_negatives").value(counts.true_negatives);
  json.key("false_positives").value(counts.false_positives).key("false_negatives").value(counts.false_negatives);
  json.key("true_positives").value(counts.true_positives).end('}');
  detail::write_interval(json, "accuracy", evaluation.accuracy);
  detail::write_interval(json, "precision", evaluation.precision);
  detail::write_interval(json, "recall", evaluation.recall);
  detail::write_interval(json, "false_positive_rate", evaluation.false_positive_rate);
  detail::write_interval(json, "f1", evaluation.f1);
  detail::write_interval(json, "balanced_accuracy", evaluation.balanced_accuracy);
  detail::write_interval(json, "matthews", evaluation.matthews);
  detail::write_interval(json, "roc_auc", evaluation.roc_auc);
  detail::write_interval(json, "average_precision", evaluation.average_precision);
  detail::write_interval(json, "partial_auc", evaluation.partial_auc);
  json.key("max_fpr").value(evaluation.max_fpr);
  json.key("rates").begin('[');
  for (const RateEvaluation& rate : evaluation.rates) {
    json.begin('{').key("false_positive_rate").value(rate.false_positive_rate);
    json.key("threshold").value(rate.threshold);
    detail::write_interval(json, "recall", rate.recall);
    json.end('}');
  }
  json.end(']').key("families").begin('[');
  for (const FamilyEvaluation& family : evaluation.families) {
    detail::write_family(json, family, evaluation);
  }
  json.end(']').key("days").value(evaluation.per_day.days);
  json.key("alerts_per_day").value(evaluation.per_day.alerts);
  json.key("false_alerts_per_day").value(evaluation.per_day.false_alerts);
  json.key("delays");
  if (evaluation.delays) {
    json.begin('{');
    detail::write_count(json, "episodes", evaluation.delays->episodes);
    detail::write_count(json, "detected", evaluation.delays->detected);
    json.key("median_seconds").value(evaluation.delays->median_seconds);
    json.key("longest_seconds").value(evaluation.delays->longest_seconds);
    json.key("median_rows").value(evaluation.delays->median_rows).end('}');
  } else {
    json.null();
  }
  if (with_curves) {
    detail::write_curves(json, evaluation);
  }
  return json.end('}').take();
}

}  // namespace nad
