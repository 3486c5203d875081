#pragma once

// Rows of two classes by score, as rankings and intervals keep them; not for users.

#include <cstdint>
#include <vector>

namespace nad::detail {

/// The rows of one class, by descending score.
struct RankedClass {
  std::vector<double> scores;
  std::vector<double> weights;      ///< empty: each counts once
  std::vector<std::uint32_t> rows;  ///< where they stood; empty where nobody asked
  double total = 0.0;               ///< of the weights
};

/// A score that attacks have: how many rows of each class lie above it. What happens between two of them (normal rows
/// alone) changes no figure.
struct RankLevel {
  std::uint32_t attacks;          ///< with at least this score
  std::uint32_t normals_above;    ///< with a higher one
  std::uint32_t normals_through;  ///< with at least this one
};

struct RankedRows {
  RankedClass normal;
  RankedClass attack;
  std::vector<RankLevel> levels;  ///< by descending score
  bool is_single = false;         ///< the scores were floats
};

/// The weights of the rows above each level, one after the other.
struct LevelSums {
  std::vector<double> found;          ///< attacks with at least this score
  std::vector<double> false_above;    ///< normal rows with a higher one
  std::vector<double> false_through;  ///< normal rows with at least this one
  double attacks = 0.0;
  double normals = 0.0;
};

}  // namespace nad::detail
