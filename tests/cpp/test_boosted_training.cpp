// How nad::BoostedTrees learns, beside a plain computation that tries every split of every node and knows no bins, and
// beside figures of scikit-learn.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "samples.hpp"

namespace {

using Labels = std::vector<std::int32_t>;
using Rows = std::vector<std::size_t>;

/// One node of the plain computation: its rows, and the best of all ways to split them.
struct Node {
  Rows rows;
  std::size_t depth = 0;
  double gain = 0.0;
  Rows left = {};
  Rows right = {};
};

/// Boosting as the books have it.
class Plain {
 public:
  Plain(nad::MatrixView x, const Labels& labels, const std::vector<float>& weights,
        const nad::BoostedTreesOptions& options)
      : x_(x), labels_(labels), weights_(weights), options_(options) {
    const auto classes = static_cast<std::size_t>(*std::max_element(labels.begin(), labels.end())) + 1;
    std::vector<double> share(classes);
    double all = 0.0;
    for (std::size_t row = 0; row < x.rows(); ++row) {
      share[static_cast<std::size_t>(labels[row])] += weight(row);
      all += weight(row);
    }
    for (std::size_t output = 0; output < (classes == 2 ? 1 : classes); ++output) {
      const double start = classes == 2 ? std::log(share[1] / share[0]) : std::log(share[output] / all);
      scores_.emplace_back(x.rows(), start);
    }
    for (std::size_t round = 0; round < options.max_iter; ++round) {
      const std::vector<std::vector<double>> before = scores_;
      for (std::size_t output = 0; output < scores_.size(); ++output) {
        grow(before, output);
      }
    }
  }

  /// The log-odds of not being class 0.
  double odds(std::size_t row) const {
    if (scores_.size() == 1) {
      return scores_[0][row];
    }
    double others = 0.0;
    for (std::size_t output = 1; output < scores_.size(); ++output) {
      others += std::exp(scores_[output][row]);
    }
    return std::log(others) - scores_[0][row];
  }

 private:
  double weight(std::size_t row) const { return weights_.empty() ? 1.0 : static_cast<double>(weights_[row]); }

  struct Sums {
    double gradient = 0.0;
    double hessian = 0.0;
    double rows = 0.0;
  };
  Sums sums(const Rows& rows) const {
    Sums all;
    for (const std::size_t row : rows) {
      all.gradient += gradient_[row];
      all.hessian += hessian_[row];
      all.rows += weight(row);
    }
    return all;
  }
  double score(const Sums& all) const {
    return all.gradient * all.gradient / (all.hessian + options_.l2_regularization);
  }

  void try_split(Node& node, std::size_t column, float last_left, bool missing_right) const {
    Rows left;
    Rows right;
    for (const std::size_t row : node.rows) {
      const float value = x_(row, column);
      const bool goes_right = std::isnan(value) ? missing_right : value > last_left;
      (goes_right ? right : left).push_back(row);
    }
    const Sums of_left = sums(left);
    const Sums of_right = sums(right);
    const auto least = static_cast<double>(options_.min_samples_leaf);
    if (of_left.rows < least || of_right.rows < least || of_left.hessian < 1e-3 || of_right.hessian < 1e-3) {
      return;
    }
    const double gain = score(of_left) + score(of_right) - score(sums(node.rows));
    if (gain > node.gain + 1e-9) {
      node.gain = gain;
      node.left = left;
      node.right = right;
    }
  }

  void find_split(Node& node) const {
    if (options_.max_depth && node.depth == *options_.max_depth) {
      return;
    }
    for (std::size_t column = 0; column < x_.columns(); ++column) {
      for (const std::size_t row : node.rows) {
        if (!std::isnan(x_(row, column))) {
          try_split(node, column, x_(row, column), true);
          try_split(node, column, x_(row, column), false);
        }
      }
    }
  }

  void grow(const std::vector<std::vector<double>>& before, std::size_t output) {
    gradient_.assign(x_.rows(), 0.0);
    hessian_.assign(x_.rows(), 0.0);
    Node root;
    for (std::size_t row = 0; row < x_.rows(); ++row) {
      double p = 1.0 / (1.0 + std::exp(-before[0][row]));
      bool is_it = labels_[row] != 0;
      if (before.size() > 1) {
        double all = 0.0;
        for (const std::vector<double>& scores : before) {
          all += std::exp(scores[row]);
        }
        p = std::exp(before[output][row]) / all;
        is_it = labels_[row] == static_cast<std::int32_t>(output);
      }
      gradient_[row] = weight(row) * (p - (is_it ? 1.0 : 0.0));
      // as Friedman (2001) and LightGBM have it: all scores of a row step at once
      const auto outputs = static_cast<double>(before.size());
      hessian_[row] = weight(row) * p * (1.0 - p) * (before.size() == 1 ? 1.0 : outputs / (outputs - 1.0));
      if (weight(row) > 0.0) {
        root.rows.push_back(row);
      }
    }
    find_split(root);
    std::vector<Node> leaves = {root};
    while (leaves.size() < options_.max_leaf_nodes.value_or(std::numeric_limits<std::size_t>::max())) {
      std::size_t next = leaves.size();
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        if (leaves[i].gain > 0.0 && (next == leaves.size() || (options_.growth == nad::Growth::leaf_wise
                                                                   ? leaves[i].gain > leaves[next].gain
                                                                   : leaves[i].depth < leaves[next].depth))) {
          next = i;
        }
      }
      if (next == leaves.size()) {
        break;
      }
      Node left{.rows = leaves[next].left, .depth = leaves[next].depth + 1};
      Node right{.rows = leaves[next].right, .depth = leaves[next].depth + 1};
      find_split(left);
      find_split(right);
      leaves[next] = left;
      leaves.insert(leaves.begin() + static_cast<std::ptrdiff_t>(next) + 1, right);
    }
    for (const Node& leaf : leaves) {
      const Sums all = sums(leaf.rows);
      for (const std::size_t row : leaf.rows) {
        const double step = all.gradient / (all.hessian + options_.l2_regularization);
        const double most = options_.max_delta_step.value_or(1e300);
        scores_[output][row] -= options_.learning_rate * std::clamp(step, -most, most);
      }
    }
  }

  nad::MatrixView x_;
  const Labels& labels_;
  const std::vector<float>& weights_;
  const nad::BoostedTreesOptions& options_;
  std::vector<std::vector<double>> scores_;
  std::vector<double> gradient_;
  std::vector<double> hessian_;
};

struct Sample {
  nad::Matrix x;
  Labels labels;
  std::vector<float> weights;
};

Sample sample(std::size_t rows, std::size_t columns, int classes, bool gaps) {
  Sample made{tests::normal_rows(rows, columns, 8), Labels(rows), std::vector<float>(rows)};
  nad::Random random(4);
  for (std::size_t row = 0; row < rows; ++row) {
    const double wish = static_cast<double>(made.x(row, 0)) + static_cast<double>(made.x(row, 1) * made.x(row, 1)) +
                        0.7 * random.normal();
    made.labels[row] = wish < 0.6 ? 0 : wish < 1.8 || classes == 2 ? 1 : 2;
    made.weights[row] = static_cast<float>(random.below(4));
    for (std::size_t column = 0; column < columns && gaps; ++column) {
      if (random.below(5) == 0) {
        made.x(row, column) = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }
  return made;
}

void compare(const Sample& from, bool weighted, const nad::BoostedTreesOptions& options) {
  const std::vector<float> weights = weighted ? from.weights : std::vector<float>();
  nad::BoostedTrees trees(options);
  trees.fit(from.x, from.labels, weights);
  const Plain plain(from.x, from.labels, weights, options);
  const std::vector<float> raw = trees.raw_score(from.x);
  for (std::size_t row = 0; row < raw.size(); ++row) {
    if (weights.empty() || weights[row] > 0.0F) {
      CHECK(static_cast<double>(raw[row]) == doctest::Approx(plain.odds(row)).epsilon(2e-6));
    }
  }
}

TEST_CASE("boosted trees agree with a search that tries everything") {
  compare(sample(60, 2, 2, false), false,
          {.max_iter = 4, .learning_rate = 0.3, .max_leaf_nodes = 5, .min_samples_leaf = 3});
  compare(sample(60, 2, 2, false), true,
          {.max_iter = 3, .max_leaf_nodes = {}, .max_depth = 2, .min_samples_leaf = 6, .l2_regularization = 0.5});
  compare(sample(50, 2, 2, true), true,
          {.max_iter = 4, .max_leaf_nodes = 4, .min_samples_leaf = 4, .max_delta_step = 1.5});
  compare(sample(60, 2, 2, true), false,
          {.max_iter = 3, .max_leaf_nodes = 6, .min_samples_leaf = 3, .growth = nad::Growth::depth_wise});
  compare(sample(50, 2, 3, false), true, {.max_iter = 2, .max_leaf_nodes = 4, .min_samples_leaf = 2});
}

TEST_CASE("boosted trees find the best of all sets of categories") {
  constexpr std::size_t categories = 7;
  std::size_t splits = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    nad::Random random(seed);
    nad::Matrix x(140, 1);
    Labels labels(140);
    double positive = 0.0;
    for (std::size_t row = 0; row < 140; ++row) {
      const std::size_t category = random.below(categories);
      x(row, 0) = category == 6 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(category * 3);
      labels[row] = random.uniform() < 0.15 + 0.1 * static_cast<double>(category * 5 % categories) ? 1 : 0;
      positive += labels[row];
    }
    const double p = positive / 140.0;
    double gradient[categories] = {};
    double hessian[categories] = {};
    for (std::size_t row = 0; row < 140; ++row) {
      const std::size_t category = std::isnan(x(row, 0)) ? 6 : static_cast<std::size_t>(x(row, 0)) / 3;
      gradient[category] += p - labels[row];
      hessian[category] += p * (1.0 - p);
    }
    double best = 0.0;
    double value[2] = {};
    unsigned best_set = 0;
    for (unsigned set = 1; set + 1 < 1U << categories; ++set) {
      double sums[2][2] = {};
      for (std::size_t category = 0; category < categories; ++category) {
        sums[set >> category & 1U][0] += gradient[category];
        sums[set >> category & 1U][1] += hessian[category];
      }
      const double gain = sums[0][0] * sums[0][0] / sums[0][1] + sums[1][0] * sums[1][0] / sums[1][1];
      if (gain > best + 1e-12) {
        best = gain;
        best_set = set;
        value[0] = -sums[0][0] / sums[0][1];
        value[1] = -sums[1][0] / sums[1][1];
      }
    }
    // what chance gains: 2 / pi of the categories, rare ones counted less, and two standard deviations
    double roots = 0.0;
    for (const double of_category : hessian) {
      roots += std::sqrt(of_category);
    }
    const double freedom = roots * roots / (140.0 * p * (1.0 - p)) - 1.0;
    const double chance = 2.0 / std::acos(-1.0) * freedom + 2.0 * std::sqrt(freedom);
    for (const double penalty : {0.0, 1.0, 2.5}) {
      nad::BoostedTrees trees({.max_iter = 1,
                               .learning_rate = 1.0,
                               .max_leaf_nodes = 2,
                               .min_samples_leaf = 1,
                               .categorical_features = {0},
                               .categorical_smoothing = 0.0,
                               .categorical_penalty = penalty});
      trees.fit(x, labels);
      const std::vector<float> raw = trees.raw_score(x);
      const double kept = std::max(0.0, 1.0 - penalty * chance / best);
      for (std::size_t row = 0; row < 140; ++row) {
        const std::size_t category = std::isnan(x(row, 0)) ? 6 : static_cast<std::size_t>(x(row, 0)) / 3;
        CHECK(static_cast<double>(raw[row]) ==
              doctest::Approx(std::log(p / (1.0 - p)) + kept * value[best_set >> category & 1U]).epsilon(1e-6));
      }
      splits += trees.n_iter();
    }
  }
  CHECK(splits > 12);  // without a penalty, with that of chance, and some with one that asks for more
  CHECK(splits < 18);
}

TEST_CASE("boosted trees: categories without a meaning are not split, whatever rows weigh") {
  for (const float weight : {1.0F, 0.125F, 2.5F}) {
    std::size_t by_noise = 0;
    std::size_t unheld = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      nad::Random random(seed);
      nad::Matrix x(600, 1);
      Labels labels(600);
      for (std::size_t row = 0; row < 600; ++row) {
        x(row, 0) = static_cast<float>(random.below(30));
        labels[row] = random.below(3) == 0 ? 1 : 0;
      }
      const std::vector<float> weights(600, weight);
      nad::BoostedTrees held({.max_iter = 1, .max_leaf_nodes = 2, .categorical_features = {0}});
      held.fit(x, labels, weights);
      nad::BoostedTrees free(
          {.max_iter = 1, .max_leaf_nodes = 2, .categorical_features = {0}, .categorical_penalty = 0.0});
      free.fit(x, labels, weights);
      by_noise += held.n_iter();
      unheld += free.n_iter();
    }
    CHECK(by_noise <= 1);
    CHECK(unheld == 10);
  }
}

TEST_CASE("boosted trees: losses as scikit-learn's") {
  // HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=7, min_samples_leaf=5, learning_rate=0.1) of
  // scikit-learn 1.9.1 on these rows, log_loss of predict_proba. Its steps of three classes are 3 / 2 times as long.
  constexpr std::size_t rows = 500;
  nad::Matrix x(rows, 3);
  Labels two(rows);
  Labels three(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      x(row, column) = static_cast<float>(row * (7919 + 1047 * column) % 251) / 256.0F;
    }
    const float wish = x(row, 0) + x(row, 1) * x(row, 2) * 2.0F;
    three[row] = row % 17 == 0 ? 1 : wish < 0.7F ? 0 : wish < 1.2F ? 1 : 2;
    two[row] = three[row] == 0 ? 0 : 1;
  }
  const nad::BoostedTreesOptions options{
      .max_iter = 20, .max_leaf_nodes = 7, .min_samples_leaf = 5, .max_delta_step = {}};
  nad::BoostedTrees of_two(options);
  of_two.fit(x, two);
  nad::BoostedTreesOptions longer = options;
  longer.learning_rate = 0.15;
  nad::BoostedTrees of_three(longer);
  of_three.fit(x, three);
  CHECK(of_two.training_loss() == doctest::Approx(0.14401862816893177).epsilon(1e-6));
  CHECK(of_three.training_loss() == doctest::Approx(0.17372089752829578).epsilon(1e-6));
}

}  // namespace
