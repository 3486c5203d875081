#pragma once

// The rounds of boosting.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detector/boosted_loss-inl.hpp"
#include "nad/detector/boosted_tree-inl.hpp"
#include "nad/detector/forest_tools-inl.hpp"

namespace nad::detail {

/// What a training ends with.
struct BoostedResult {
  ForestNodes nodes;
  std::vector<double> gains;
  double training_loss = 0.0;
  std::vector<double> validation_loss;
};

/// The log-odds of not being normal, or the logarithm of each class's share.
inline std::vector<double> boosted_start(const BinnedRows& rows, std::size_t n_classes, std::uint32_t normal) {
  std::vector<double> weight(n_classes);
  double all = 0.0;
  for (std::size_t row = 0; row < rows.size; ++row) {
    weight[rows.label[row]] += rows.weight[row];
    all += rows.weight[row];
  }
  if (n_classes == 2) {
    return {portable_log(weight[1 - normal] / weight[normal])};
  }
  for (double& one : weight) {
    one = portable_log(one / all);
  }
  return weight;
}

class BoostedTraining {
 public:
  BoostedTraining(const BoostedTreesOptions& options, std::span<const ColumnBins> columns, const BinnedRows& rows,
                  const BinnedRows& watched, std::size_t n_classes, std::uint32_t normal, std::span<const double> start,
                  const FitControl& control)
      : options_(options),
        columns_(columns),
        rows_(rows),
        watched_(watched),
        control_(control),
        jobs_(resolve_jobs(control.n_jobs)),
        places_(place_bins(rows, columns, control.n_jobs)),
        loss_(rows, n_classes, normal, start),
        watched_loss_(watched, n_classes, normal, start) {}

  BoostedResult run() {
    BoostedResult result;
    result.gains.assign(columns_.size(), 0.0);
    std::vector<Round> rounds;
    std::vector<double>& losses = result.validation_loss;
    std::size_t best = 0;
    if (options_.early_stopping) {
      losses.push_back(watched_loss_.mean(control_.n_jobs));
    }
    for (std::size_t iteration = 0; iteration < options_.max_iter; ++iteration) {
      report(iteration);
      Round round = one_round();
      if (!round.has_split) {
        break;
      }
      rounds.push_back(std::move(round));
      if (options_.early_stopping) {
        losses.push_back(watched_loss_.mean(control_.n_jobs));
        if (losses.back() < losses[best] - options_.tol) {
          best = losses.size() - 1;
        } else if (losses.size() - 1 - best >= options_.n_iter_no_change) {
          break;
        }
      }
    }
    report(options_.max_iter);
    if (options_.early_stopping) {
      rounds.resize(best);
    }
    for (std::size_t output = 0; output < loss_.n_outputs(); ++output) {
      for (const Round& round : rounds) {
        append_trees(result.nodes, round.trees[output]);
      }
    }
    for (const Round& round : rounds) {
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        result.gains[column] += round.gains[column];
      }
    }
    result.training_loss = loss_.mean(control_.n_jobs);
    return result;
  }

 private:
  struct Round {
    std::vector<ForestNodes> trees;  ///< one an output
    std::vector<double> gains;
    bool has_split = false;
  };

  /// What growing one tree needs; several trees at once have one each.
  struct Bench {
    explicit Bench(const BoostedPlan& plan) : grower(plan) {}
    BoostedTreeGrower grower;
    std::vector<double> work;
    std::vector<BinSum> of_row;
  };

  void report(std::size_t iteration) const {
    if (control_.progress && !control_.progress({"growing trees", iteration, options_.max_iter})) {
      throw Error(ErrorCode::cancelled, "cancelled while growing trees, after " + std::to_string(iteration) + " of " +
                                            std::to_string(options_.max_iter) + " rounds");
    }
  }

  Round one_round() {
    const std::size_t outputs = loss_.n_outputs();
    loss_.update(control_.n_jobs);
    Round round;
    round.trees.resize(outputs);
    std::vector<std::vector<double>> gains(outputs);
    std::vector<std::uint8_t> split(outputs);
    parallel_for(outputs, {.n_jobs = control_.n_jobs}, {}, [&](std::size_t begin, std::size_t end) {
      for (std::size_t output = begin; output < end; ++output) {
        std::unique_ptr<Bench> bench = borrow();
        gains[output].assign(columns_.size(), 0.0);
        split[output] = grow(*bench, output, round.trees[output], gains[output]) ? 1 : 0;
        give_back(std::move(bench));
      }
    });
    round.gains.assign(columns_.size(), 0.0);
    for (std::size_t output = 0; output < outputs; ++output) {
      round.has_split = round.has_split || split[output] != 0;
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        round.gains[column] += gains[output][column];
      }
    }
    return round;
  }

  bool grow(Bench& bench, std::size_t output, ForestNodes& tree, std::vector<double>& gains) {
    const int n_jobs = loss_.n_outputs() == 1 ? control_.n_jobs : 1;
    const SumScale scale = loss_.gradients(output, n_jobs, bench.work, bench.of_row);
    if (!bench.grower.grow(bench.of_row, scale)) {
      tree.root = {0};  // a leaf that changes nothing
      tree.feature = {ForestNodes::leaf};
      tree.value = {0.0F};
      tree.right = {1};
      tree.missing_right = {0};
      return false;
    }
    tree = bench.grower.nodes();
    bench.grower.add_gains(gains);
    const std::span<double> scores = loss_.scores(output);
    bench.grower.for_each_leaf([&](std::span<const std::uint32_t> rows, float value) {
      for (const std::uint32_t row : rows) {
        scores[row] += static_cast<double>(value);
      }
    });
    const std::span<double> watched = watched_loss_.scores(output);
    for (std::size_t row = 0; row < watched.size(); ++row) {
      watched[row] += static_cast<double>(bench.grower.value_of(watched_, row));
    }
    return true;
  }

  std::unique_ptr<Bench> borrow() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!benches_.empty()) {
        std::unique_ptr<Bench> bench = std::move(benches_.back());
        benches_.pop_back();
        return bench;
      }
    }
    return std::make_unique<Bench>(BoostedPlan{.options = options_,
                                               .columns = columns_,
                                               .rows = rows_,
                                               .places = places_,
                                               .jobs = loss_.n_outputs() == 1 ? jobs_ : 1});
  }

  void give_back(std::unique_ptr<Bench> bench) {
    const std::lock_guard<std::mutex> lock(mutex_);
    benches_.push_back(std::move(bench));
  }

  const BoostedTreesOptions& options_;
  std::span<const ColumnBins> columns_;
  const BinnedRows& rows_;
  const BinnedRows& watched_;
  const FitControl& control_;
  std::size_t jobs_;
  BinPlaces places_;
  BoostedLoss loss_;
  BoostedLoss watched_loss_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Bench>> benches_;
};

}  // namespace nad::detail
