#pragma once

/// How the scores of attacks and of normal rows are spread, in the same bins.
///
///   nad::ScoreHistogram bars = nad::score_histogram(scores, is_attack, {.bins = 50});
///   for (std::size_t i = 0; i < bars.normals.size(); ++i) draw(bars.edges[i], bars.normals[i], bars.attacks[i]);

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

enum class BinSpacing : std::uint8_t {
  uniform,   ///< bins of equal width
  quantile,  ///< bins of about as many rows each
};

constexpr std::array<std::string_view, 2> words_of(BinSpacing) noexcept { return {"uniform", "quantile"}; }

struct ScoreHistogramOptions {
  std::size_t bins = 50;
  BinSpacing spacing = BinSpacing::uniform;  ///< quantile: bins narrow where scores are many
};

/// Both classes in the same bins. Bin i goes from edges[i] up to edges[i + 1], which only the last includes.
struct ScoreHistogram {
  std::vector<double> edges;
  std::vector<double> normals;  ///< rows, or their weights
  std::vector<double> attacks;
};

NAD_API ScoreHistogram score_histogram(ScoreView scores, LabelView labels, const ScoreHistogramOptions& options = {},
                                       WeightView weights = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/score_histogram-inl.hpp"
#endif
