#pragma once

// Small fitted models of every kind of training, for the tests and fuzzers of their files.

#include <nad/nad.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline_samples.hpp"

namespace model_samples {

/// Flows with the numbers, categories and labels of `pipeline_samples`, and nothing that looks back.
inline nad::FeaturePipeline short_pipeline() {
  return nad::FeaturePipeline({nad::LeaveOut{.columns = nad::ColumnChoice({"src_port", "dst_port", "packet_size"})},
                               nad::Impute{}, nad::OneHot{.max_categories = 2}, nad::Novelty{.by_chance = true},
                               nad::View{"far"}, nad::Log1p{}, nad::Standardise{.clip = 10.0}, nad::View{"rare"},
                               nad::RankScale{.quantiles = 5}});
}

inline nad::Model fitted(nad::Model model, const nad::FeaturePipeline& pipeline) {
  model.set_pipeline(pipeline);
  model.fit(pipeline_samples::flows(120, /*seed=*/11));
  return model;
}

/// Clean with an ensemble whose members see a view each and which knows what is new, mixed, and labelled.
inline std::vector<nad::Model> small_models() {
  const nad::FeaturePipeline views = short_pipeline();
  nad::FeaturePipeline probe = views;
  probe.fit(pipeline_samples::flows(120, /*seed=*/11));
  const nad::FeatureView second = probe.views().at(1);
  std::vector<std::uint32_t> surprises;
  for (std::uint32_t place = 0; place < probe.features().size(); ++place) {
    if (probe.features()[place].name.ends_with("novelty")) {
      surprises.push_back(place);
    }
  }
  nad::Ensemble ensemble({.surprises = surprises});
  ensemble.add(nad::IsolationForest({.n_estimators = 3, .max_samples = std::uint64_t{16}}),
               {.columns = {.first = 0, .count = second.first}});
  ensemble.add(nad::LODA({.n_projections = 3}), {.columns = {.first = second.first, .count = second.count}});
  const nad::FeaturePipeline plain({nad::LeaveOut{.columns = nad::ColumnChoice({"src_port", "dst_port"})},
                                    nad::Impute{}, nad::OneHot{.max_categories = 2}, nad::Standardise{}});
  const nad::FeaturePipeline numbered({nad::Impute{}, nad::Ordinal{}});
  return {
      fitted(nad::Model(ensemble, {.threshold = nad::ThresholdRule::alerts_per_day(40.0), .calibration = 0.5}), views),
      fitted(nad::Model(nad::Histogram(), {.training = nad::Training::mixed}), plain),
      fitted(nad::Model(nad::BoostedTrees({.max_iter = 2, .max_leaf_nodes = 3}),
                        {.training = nad::Training::labelled, .calibration = 0.5}),
             numbered)};
}

/// A model that was loaded from anything must survive everything that can be done to it.
inline void use(nad::Model& model, const nad::Table& table) {
  static_cast<void>(model.describe());
  static_cast<void>(model.importance());
  static_cast<void>(nad::Model::load_bytes(model.save_bytes()));
  bool fits = true;
  for (const nad::Field& field : model.pipeline().inputs()) {
    fits = fits && table.has(field.name) && table[field.name].type() == field.type;
  }
  if (!fits || model.pipeline().features().size() > 4096) {
    return;
  }
  const nad::Findings findings = model.detect(table, {.most_explained = 3});
  for (std::size_t place = 0; place < findings.reported.size() && place < 3; ++place) {
    static_cast<void>(findings.reported[place].to_string());
  }
  const std::vector<std::size_t> rows = {0};
  static_cast<void>(model.explain(table, rows));
  try {
    model.set_threshold(nad::ThresholdRule::contamination(0.05));
  } catch (const nad::Error&) {  // one that was calibrated on nothing may say so
  }
}

}  // namespace model_samples
