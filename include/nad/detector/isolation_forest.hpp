#pragma once

/// Isolation Forest: rows that random splits separate early are anomalous.
///
///   nad::IsolationForest forest({.n_estimators = 200, .max_samples = 4096, .random_state = 7});
///   forest.fit(normal_traffic, {.n_jobs = 4});
///   std::vector<float> scores = forest.anomaly_score(new_traffic);   // in (0, 1]; about 0.5 is ordinary
///   nad::Matrix reasons = forest.explain(new_traffic);
///   nad::save(forest, "forest.nad");
///
/// The score is 2^(-E[h(x)] / c(psi)) of Liu, Ting and Zhou (2008): h(x) is the path length of the row in a tree, c(n)
/// the mean path length of an unsuccessful search among n rows, psi the number of rows that each tree saw. The raw
/// score is the exponent, so contributions add up to it. Tree t depends on the data, the options and hash(random_state,
/// t) only: 100 trees at once are the same forest as 50 and 50 more.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/detector/amount.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/forest_nodes.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

namespace detail {
class RowPool;
}

/// How a node chooses its split.
enum class Split : std::uint8_t {
  random,  ///< a random column (or direction, see `ndim`) and a random position
  best,    ///< the best position of `ntry` random candidates by averaged standard-deviation gain, as in SCiForest
};

constexpr std::array<std::string_view, 2> words_of(Split) noexcept { return {"random", "best"}; }

/// What is done with NaN. Infinite values are always an error.
enum class Missing : std::uint8_t {
  reject,  ///< an error that says row and column
  route,   ///< follow the branch that most training rows took; in a hyperplane, count as the mean of the node's rows
  impute,  ///< take the median of the training column
};

constexpr std::array<std::string_view, 3> words_of(Missing) noexcept { return {"reject", "route", "impute"}; }

struct IsolationForestOptions {
  std::size_t n_estimators = 100;
  Amount max_samples = {};                    ///< rows a tree sees; automatic: 256 or all rows where they are fewer
  Amount max_features = 1.0;                  ///< columns a tree may split on
  std::optional<std::size_t> max_depth = {};  ///< nothing: the depth of a balanced tree of max_samples rows
  bool bootstrap = false;                     ///< draw a tree's rows with replacement
  std::optional<double> contamination = {};   ///< share of training rows above the threshold; nothing: threshold 0.5
  std::uint64_t random_state = 0;
  bool warm_start = false;  ///< fit again adds trees up to n_estimators and keeps those there are
  std::size_t ndim = 1;     ///< 1: axis-parallel; n: hyperplanes over n columns that vary in the node
  Split split = Split::random;
  std::size_t ntry = 10;  ///< candidates of Split::best
  UniqueRows unique_rows = UniqueRows::off;
  Missing missing = Missing::reject;

  template <class Archive>
  void serialize(Archive& archive);
};

class NAD_API IsolationForest final : public Detector {
 public:
  static constexpr std::string_view kind_name = "isolation_forest";
  using Options = IsolationForestOptions;

  explicit IsolationForest(const Options& options = {});
  ~IsolationForest() override;
  IsolationForest(const IsolationForest&);
  IsolationForest(IsolationForest&&) noexcept;
  IsolationForest& operator=(const IsolationForest&);
  IsolationForest& operator=(IsolationForest&&) noexcept;

  const Options& options() const noexcept { return options_; }
  /// How many trees the next `fit` shall end with; with `warm_start` the trees there are stay.
  void set_n_estimators(std::size_t n_estimators);
  void set_warm_start(bool warm_start);
  /// The share of training rows that the next `fit` shall leave above the threshold; nothing: threshold 0.5.
  void set_contamination(std::optional<double> contamination);

  /// Which rows the trees see of a table of so many, rising: all that `fit_drawn` needs of a table that lies elsewhere,
  /// on many machines or in a file larger than memory.
  std::vector<std::uint64_t> drawn_rows(std::uint64_t table_rows) const;
  /// Becomes the forest that `fit` would make of a table of `table_rows` rows; row i of `x` is row numbers[i] of it.
  /// The numbers rise, and those of `drawn_rows` are among them; only these rows are looked at. Not for options that
  /// need all rows: contamination, unique_rows, Missing::impute, and not for warm_start.
  void fit_drawn(MatrixView x, std::span<const std::uint64_t> numbers, std::uint64_t table_rows,
                 const FitControl& control = {});

  /// Takes over the trees of a forest that learnt from the same columns with the same rows a tree, elsewhere or from
  /// other data. The threshold and the values for missing ones become the mean, weighted by the number of trees.
  /// Forests that have trees in common are refused.
  void merge(const IsolationForest& other);

  /// The trees that there are.
  std::size_t n_trees() const noexcept { return nodes_.n_trees(); }
  /// Rows that each tree saw: psi.
  std::size_t samples_per_tree() const noexcept { return samples_per_tree_; }
  /// The mean number of edges a row passes, leaves adjusted for the rows they hold; the shorter, the more anomalous.
  std::vector<float> path_length(MatrixView x, const FitControl& control = {}) const;
  const ForestNodes& nodes() const noexcept { return nodes_; }
  /// What the sum of the leaf values of all trees is multiplied with to be the raw score.
  double scale() const noexcept { return scale_; }
  /// What missing values count as with Missing::impute, one value a column; else empty.
  std::span<const float> fill() const noexcept { return fill_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return nodes_.n_trees() != 0; }
  std::size_t n_features() const noexcept override { return n_features_; }

  /// For any cereal archive. What is loaded is checked: damaged trees are an error, never a crash while scoring.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void grow_trees(MatrixView x, const detail::RowPool& pool, const FitControl& control);
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return baseline_; }
  void bend(std::span<float> scores) const override;
  bool accepts_missing() const noexcept override { return options_.missing != Missing::reject; }
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.5F; }

  /// Checks what was loaded and computes what is not stored.
  void restore();
  void derive();

  Options options_;
  std::size_t n_features_ = 0;
  std::size_t samples_per_tree_ = 0;
  std::vector<float> fill_;  ///< Missing::impute: one value a column
  ForestNodes nodes_;
  // not stored:
  std::vector<float> expected_;      ///< for each node the mean leaf value of the training rows below it
  std::vector<float> order_values_;  ///< lets a batch be put in an order that is fast to score
  double baseline_ = 0.0;
  double scale_ = 0.0;  ///< raw score = sum of leaf values * scale
};

/// The mean path length of an unsuccessful search in a binary tree of `count` rows: c(n) of the paper.
NAD_API double average_path_length(double count) noexcept;

}  // namespace nad

#include "nad/detector/isolation_forest_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/isolation_forest-inl.hpp"
#endif
