#pragma once

/// How boosted trees learn, see nad::BoostedTrees.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/detail/words.hpp"

namespace nad {

/// Which leaf is split next.
enum class Growth : std::uint8_t {
  leaf_wise,   ///< the one that gains most
  depth_wise,  ///< those nearest to the root first
};

/// What rows count by their class.
enum class ClassWeight : std::uint8_t {
  none,      ///< all the same, or what `class_weights` says
  balanced,  ///< every class as much as any other: the rarer, the more a row
};

constexpr std::array<std::string_view, 2> words_of(Growth) noexcept { return {"leaf_wise", "depth_wise"}; }
constexpr std::array<std::string_view, 2> words_of(ClassWeight) noexcept { return {"none", "balanced"}; }

struct BoostedTreesOptions {
  std::size_t max_iter = 100;  ///< rounds: each adds a tree, with more than two classes one a class
  double learning_rate = 0.1;  ///< share of its correction that each tree makes
  std::optional<std::size_t> max_leaf_nodes = 31;
  std::optional<std::size_t> max_depth = {};
  std::size_t min_samples_leaf = 20;
  double l2_regularization = 0.0;
  /// The most that a leaf corrects before learning_rate takes its share; nothing: no limit. Rows that the rounds so far
  /// are sure of, and wrong, otherwise ask for steps that later rounds do not make good, most of all in rare classes.
  std::optional<double> max_delta_step = 8.0;
  std::size_t max_bins = 255;  ///< bins of a column, missing values not counted
  Growth growth = Growth::leaf_wise;
  /// Columns whose values are codes of categories, whole numbers from 0 below 65,536. The `max_bins` most frequent
  /// categories count; others, and those that training did not see, are treated as missing.
  std::vector<std::uint32_t> categorical_features = {};
  /// Categories are sorted by gradient / (hessian + this): the larger, the less a rare category matters.
  double categorical_smoothing = 10.0;
  /// The more categories there are, the more some set of them gains by chance. So many times that is taken off what a
  /// set gains, and off how far it sets its rows apart; 0: nothing.
  double categorical_penalty = 1.0;
  ClassWeight class_weight = ClassWeight::none;
  std::vector<double> class_weights = {};     ///< one a class, in ascending order of the labels
  std::vector<std::string> class_names = {};  ///< of the labels 0, 1, ..., kept in files
  /// The label that counts as normal. Nothing: the one named "normal" or "benign", else 0, else the lowest.
  std::optional<std::int32_t> normal_class = {};
  bool early_stopping = false;               ///< watch rows that are not learnt from, and keep the best round
  std::size_t n_iter_no_change = 10;         ///< rounds without a better loss that end the training
  double validation_fraction = 0.1;          ///< share of each class that is watched
  double tol = 1e-7;                         ///< a loss is better when it is lower by more than this
  std::optional<double> contamination = {};  ///< share of training rows above the threshold; nothing: threshold 0.5
  std::uint64_t random_state = 0;            ///< draws the rows that are watched, and what bins are learnt from

  template <class Archive>
  void serialize(Archive& archive);
};

/// Options in the words of a table, for trees that learn in a model: places and numbers are not known before.
struct BoostedTreesNames {
  /// The columns of categories. Nothing: where `categorical_features` names no places, those that the model's pipeline
  /// for trees numbers; an empty list: none.
  std::optional<std::vector<std::string>> categorical_features = {};
  std::vector<std::pair<std::string, double>> class_weight = {};  ///< of some labels; the others weigh 1
  std::string normal_class = {};                                  ///< must be the one that the model calls normal
};

}  // namespace nad
