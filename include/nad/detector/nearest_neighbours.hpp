#pragma once

/// Nearest neighbours: rows that are far from all that was seen are anomalous.
///
///   nad::NearestNeighbours neighbours({.n_neighbors = 5, .max_samples = 5000, .random_state = 7});
///   neighbours.fit(normal_traffic);
///   std::vector<float> scores = neighbours.anomaly_score(new_traffic);   // the mean distance from five neighbours
///
/// A bounded sample of the training rows is kept, and each row is compared with all of it. A row that is kept is its
/// own neighbour. Scores are the same bits with every kernel.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/detector/amount.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

/// What of the neighbours' distances is the score.
enum class NeighbourScore : std::uint8_t {
  mean,     ///< of all of them
  largest,  ///< that of the last one
};

constexpr std::array<std::string_view, 2> words_of(NeighbourScore) noexcept { return {"mean", "largest"}; }

struct NearestNeighboursOptions {
  std::size_t n_neighbors = 5;  ///< at most as many as there are rows kept, and 1,024
  NeighbourScore method = NeighbourScore::mean;
  Amount max_samples = 5000;  ///< training rows that are kept, all where they are fewer
  UniqueRows unique_rows = UniqueRows::on;
  double contamination = 0.01;  ///< share of training rows above the threshold
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive);
};

namespace detail {
class NeighbourSearch;
}

class NAD_API NearestNeighbours final : public Detector {
 public:
  static constexpr std::string_view kind_name = "nearest_neighbours";
  using Options = NearestNeighboursOptions;

  explicit NearestNeighbours(const Options& options = {});
  ~NearestNeighbours() override;
  NearestNeighbours(const NearestNeighbours&);
  NearestNeighbours(NearestNeighbours&&) noexcept;
  NearestNeighbours& operator=(const NearestNeighbours&);
  NearestNeighbours& operator=(NearestNeighbours&&) noexcept;

  const Options& options() const noexcept { return options_; }
  /// The rows that are kept.
  MatrixView samples() const noexcept { return samples_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return samples_.rows() != 0; }
  std::size_t n_features() const noexcept override { return samples_.columns(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float> scores) const override;
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  Matrix samples_;
  std::shared_ptr<const detail::NeighbourSearch> search_;  ///< not stored; never changed, so copies share it
};

}  // namespace nad

#include "nad/detector/nearest_neighbours_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/nearest_neighbours-inl.hpp"
#endif
