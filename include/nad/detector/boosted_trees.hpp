#pragma once

/// Boosted trees: learn from labelled traffic what attacks look like.
///
///   nad::BoostedTrees trees({.max_iter = 200, .class_weight = nad::ClassWeight::balanced});
///   trees.fit(rows, labels);                                     // a whole number a row: 0 normal, 1 dos, 2 scan, ...
///   std::vector<float> scores = trees.anomaly_score(new_rows);   // the probability of not being normal
///   std::vector<std::int32_t> found = trees.predict_class(new_rows);
///   nad::Matrix probabilities = trees.predict_proba(new_rows);   // a column for each of trees.classes()
///   nad::Matrix reasons = trees.explain(new_rows);
///
/// Histogram gradient boosting of the log-loss with second-order steps, as in LightGBM and scikit-learn's
/// HistGradientBoostingClassifier: each tree corrects what those before it leave, one tree a round for two classes, one
/// a class for more. Missing values go where training says; where it saw none, with the larger part. Categories are
/// split by sets of them, whose gain and whose steps are held back by what chance would bring.
/// The raw score is the log-odds of not being normal. Sums are whole numbers and exponentials nad's own, so a model,
/// and each score, is the same bits on every machine and any number of threads.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/boosted_trees_options.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/forest_nodes.hpp"

namespace nad {

namespace detail {
class CategoryTables;
}

class NAD_API BoostedTrees final : public Detector {
 public:
  static constexpr std::string_view kind_name = "boosted_trees";
  using Options = BoostedTreesOptions;

  explicit BoostedTrees(Options options = {});
  ~BoostedTrees() override;
  BoostedTrees(const BoostedTrees&);
  BoostedTrees(BoostedTrees&&) noexcept;
  BoostedTrees& operator=(const BoostedTrees&);
  BoostedTrees& operator=(BoostedTrees&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// Learns from the rows of `x` and the label of each; what was learnt before is replaced. Weights that are all whole
  /// numbers count copies of rows; others count a row once for `min_samples_leaf`. The `fit` of other detectors, which
  /// brings no labels, is an error here.
  void fit(MatrixView x, std::span<const std::int32_t> labels, const FitControl& control = {});
  void fit(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
           const FitControl& control = {});

  /// Options in a table's words, which count for every `fit` after a model has said what they mean. They are not
  /// stored: what they became is.
  void set_names(BoostedTreesNames names) { names_ = std::move(names); }
  void name_lesson(const LessonNames& names) override;

  /// The labels that were learnt from, ascending.
  std::span<const std::int32_t> classes() const noexcept { return classes_; }
  /// The one that counts as normal.
  std::int32_t normal_class() const;

  /// The most likely class of each row.
  std::vector<std::int32_t> predict_class(MatrixView x, const FitControl& control = {}) const;
  std::int32_t predict_class(std::span<const float> row) const;
  /// How likely each row is of each class: a column for each of `classes()`.
  Matrix predict_proba(MatrixView x, const FitControl& control = {}) const;

  /// For each column its share of what all splits gained.
  std::vector<double> feature_importance() const;

  /// Rounds that were kept.
  std::size_t n_iter() const noexcept { return classes_.empty() ? 0 : nodes_.n_trees() / n_outputs(); }
  /// The mean log-loss of the rows that were learnt from.
  double training_loss() const noexcept { return training_loss_; }
  /// With early_stopping the mean log-loss of the watched rows, before the first round and after each.
  std::span<const double> validation_loss() const noexcept { return validation_loss_; }
  /// The score of each output before the first tree: the log-odds of not being normal, with more than two classes one a
  /// class.
  std::span<const double> start() const noexcept { return start_; }
  /// For each of `categorical_features` the codes that count, ascending: the place of a code is the number of its bit
  /// in the trees' sets.
  const std::vector<std::vector<std::uint32_t>>& codes() const noexcept { return codes_; }
  /// The trees of all rounds; with more than two classes those of the first class, then those of the next.
  const ForestNodes& nodes() const noexcept { return nodes_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !classes_.empty(); }
  std::size_t n_features() const noexcept override { return gains_.size(); }
  bool learns_from_labels() const noexcept override { return true; }

  /// For any cereal archive. What is loaded is checked: damaged trees are an error, never a crash while scoring.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void fit_labelled(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
                    const FitControl& control) override;
  bool calls_normal(std::int32_t label, std::span<const std::int32_t> classes) const override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override;
  void bend(std::span<float> scores) const override;
  bool accepts_missing() const noexcept override { return true; }
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.5F; }

  /// Scores that the trees add to: the log-odds, or one a class.
  std::size_t n_outputs() const noexcept { return classes_.size() == 2 ? 1 : classes_.size(); }
  /// The number of the class that counts as normal.
  std::size_t normal_index() const noexcept;
  void learn(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
             const FitControl& control);
  /// What the trees add for each row and output.
  std::vector<float> sums_of(MatrixView rows, std::size_t first) const;
  /// The same for one row; `use(output, sum)` gets it.
  template <class Use>
  void walk_row(const float* row, std::size_t index, const Use& use) const;
  /// The row's probabilities, from what the trees add.
  void probabilities(std::span<const float> sums, std::span<float> out) const;
  void restore();
  void derive();

  Options options_;
  // not stored: what `name_lesson` makes places and numbers of, each time anew
  BoostedTreesNames names_;
  std::vector<std::pair<std::int32_t, double>> label_weights_;
  bool names_are_known_ = false;
  bool categories_of_table_ = false;
  std::vector<std::int32_t> classes_;
  std::vector<double> start_;  ///< of each output, before the first tree
  ForestNodes nodes_;
  std::vector<std::vector<std::uint32_t>> codes_;  ///< of each categorical column in the order of the option
  std::vector<double> gains_;                      ///< of each column
  double training_loss_ = 0.0;
  std::vector<double> validation_loss_;
  // not stored:
  std::vector<float> expected_;      ///< for each node the mean leaf value of the training rows below it
  std::vector<float> order_values_;  ///< lets a batch be put in an order that is fast to score
  std::vector<double> middle_;       ///< of each output, the score before any column has spoken
  std::shared_ptr<const detail::CategoryTables> categories_;  ///< never changed, so copies share it
};

}  // namespace nad

#include "nad/detector/boosted_trees_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/boosted_trees-inl.hpp"
#endif
