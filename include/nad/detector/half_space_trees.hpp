#pragma once

/// Half-space trees: rows that fall where few of the latest rows fell are anomalous. Learns from a stream.
///
///   nad::HalfSpaceTrees trees({.window_size = 5000, .random_state = 7});
///   trees.partial_fit(first_rows);
///   for (const nad::Matrix& rows : stream) {
///     std::vector<float> scores = trees.anomaly_score(rows);
///     trees.partial_fit(rows);                      // of one row or of many: cut as you like, the result is the same
///   }
///
/// The method is that of Tan, Ting and Liu 2011: trees that halve ranges of random columns, grown once; what they learn
/// is how many rows of a window fall into each part. Rows are scored by the last window that is full, while the next
/// one fills. How far columns range is learnt from the first window, so they need no scaling; until it is full, the
/// trees grow anew each time that the rows have become an eighth more.
/// A row's density in a tree is the share of the window in its part, over the share of the work range that the part is;
/// the score is the mean over the trees of minus its logarithm: 0 where rows are as dense as if spread evenly, higher
/// where they are rarer. `Density::linear` is the paper's own score, the mean of minus the density.

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
#include "nad/detector/detector.hpp"

namespace nad {

enum class Density : std::uint8_t {
  logarithm,  ///< how rare a row is decides
  linear,     ///< as in the paper; how common a row is decides
};

constexpr std::array<std::string_view, 2> words_of(Density) noexcept { return {"logarithm", "linear"}; }

/// The paper's, and river's, are {.n_estimators = 10, .height = 8, .window_size = 250, .size_limit = 0.1,
/// .density = Density::linear}.
struct HalfSpaceTreesOptions {
  std::size_t n_estimators = 25;   ///< trees
  std::size_t height = 12;         ///< cuts from the root to a leaf
  std::size_t window_size = 5000;  ///< rows
  /// A part with no more than this share of the window is not cut further, nor is one with a single row: where there is
  /// room around rows, they are told apart by how few cuts set them apart.
  double size_limit = 0.0;
  Density density = Density::logarithm;
  double contamination = 0.01;  ///< share of training rows, or in partial_fit of each window, above the threshold
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive);
};

class NAD_API HalfSpaceTrees final : public Detector {
 public:
  static constexpr std::string_view kind_name = "half_space_trees";
  using Options = HalfSpaceTreesOptions;

  explicit HalfSpaceTrees(const Options& options = {});
  ~HalfSpaceTrees() override;
  HalfSpaceTrees(const HalfSpaceTrees&);
  HalfSpaceTrees(HalfSpaceTrees&&) noexcept;
  HalfSpaceTrees& operator=(const HalfSpaceTrees&);
  HalfSpaceTrees& operator=(HalfSpaceTrees&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// Learns from rows in the order in which they come. When a window is full, the threshold becomes the one that
  /// `contamination` of its rows were above, each scored when it came.
  /// `fit` forgets all and does the same with its rows; then it counts the rows of a first window that is not full, and
  /// sets the threshold by the scores that all its rows now have.
  void partial_fit(MatrixView x, const FitControl& control = {});
  /// A weight of 2 is the row twice.
  void partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control = {});

  /// The weight of all rows that were learnt from.
  double rows_seen() const noexcept { return rows_seen_; }
  /// The weight of the rows that scores compare with: those of the last full window.
  double reference_weight() const noexcept { return reference_weight_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !columns_.empty(); }
  std::size_t n_features() const noexcept override { return n_features_; }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override;
  void bend(std::span<float> scores) const override;
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  bool in_first_window() const noexcept { return next_growth_ > 0.0; }
  std::size_t leaves() const noexcept { return std::size_t{1} << options_.height; }
  std::size_t cuts() const noexcept { return leaves() - 1; }
  /// The leaf of a row in each tree, the first of a tree counted from 0 for all trees.
  template <class Visit>
  void visit_leaves(const float* row, Visit&& visit) const noexcept;
  float score_of(const float* row) const noexcept;
  /// What a part of this weight, so many cuts below the root, adds to a score.
  double value_of(double weight, std::size_t depth) const noexcept;

  void begin(std::size_t n_features);
  void learn(MatrixView x, std::span<const float> sample_weight, const FitControl& control);
  void learn_row(const float* row, double weight);
  void wait_in_first_window(const float* row, double weight);
  /// Grows the trees for so many rows of the first window, and counts them.
  void grow(std::size_t n_rows);
  void grow_tree(std::size_t tree, std::span<const double> low, std::span<const double> high);
  void end_window();
  void set_threshold_by(std::vector<float> scores);
  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  std::size_t n_features_ = 0;
  double rows_seen_ = 0.0;
  double next_growth_ = 0.0;            ///< in the first window: how many rows make the trees grow anew; else 0
  std::vector<std::uint32_t> columns_;  ///< of the cuts of each tree, level by level
  std::vector<float> values_;           ///< a row whose value is at least as large goes right
  std::vector<float> reference_;        ///< the weight in each leaf in the last window
  std::vector<float> latest_;           ///< and in the one that fills
  double reference_weight_ = 0.0;
  double latest_weight_ = 0.0;
  std::vector<float> waiting_;  ///< the rows of a first window
  std::vector<float> waiting_weights_;
  std::vector<float> window_scores_;  ///< of the rows of the window that fills, when they came
  // not stored:
  std::size_t due_growth_ = 0;      ///< of how many waiting rows the trees are to grow
  double known_weight_ = 0.0;       ///< of the rows that are counted in the leaves
  std::vector<float> weights_;      ///< of all parts in the last window, level by level
  std::vector<float> leaf_values_;  ///< what a row in a leaf adds to its score
};

}  // namespace nad

#include "nad/detector/half_space_trees_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/half_space_trees-inl.hpp"
#endif
