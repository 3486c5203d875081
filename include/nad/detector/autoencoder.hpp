#pragma once

/// Autoencoder: rows that a narrow neural network, trained to give back its input, gives back badly are anomalous.
///
///   nad::Autoencoder autoencoder({.hidden = {64, 16, 64}, .epochs = 20, .random_state = 7});
///   autoencoder.fit(normal_traffic, {.progress = show});
///   std::vector<float> scores = autoencoder.anomaly_score(new_traffic);
///   for (const nad::EpochRecord& epoch : autoencoder.history()) plot(epoch.loss);
///
/// The usual small one, for columns scaled to [0, 1], with its threshold at the 95th percentile:
///
///   nad::Autoencoder usual({.hidden = {14}, .output_activation = nad::Activation::sigmoid, .contamination = 0.05});
///
/// Scale the columns first: errors are compared with each other. Scores are at least 0. The raw score is the square of
/// the score, so that contributions, one square a column, add up to it. Training runs on one thread; its result depends
/// on whether the processor fuses multiply and add, and on nothing else of the machine.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/autoencoder_options.hpp"
#include "nad/detector/detector.hpp"

namespace nad {

/// How one epoch went.
struct EpochRecord {
  double loss = 0.0;                      ///< mean of the training rows and columns, while the weights changed
  std::optional<double> validation_loss;  ///< of the rows that were not learnt from, after the epoch
  double learning_rate = 0.0;
};

namespace detail {
class ReconstructionScorer;

/// What is learnt between the layers: for each step from layer to layer a matrix of (inputs + 1) x outputs, the last
/// row the biases; and what the solver remembers of their gradients.
struct NetworkState {
  std::vector<Matrix> weights;
  std::vector<Matrix> first;   ///< fading means of gradients; velocities of sgd
  std::vector<Matrix> second;  ///< fading means of their squares
  std::uint64_t steps = 0;
};

/// How far training rows were from what came back.
struct ResidualMoments {
  double weight = 0.0;
  std::vector<double> mean;
  std::vector<double> covariance;  ///< the lower triangle row by row, or the variances alone
};
}  // namespace detail

class NAD_API Autoencoder final : public Detector {
 public:
  static constexpr std::string_view kind_name = "autoencoder";
  using Options = AutoencoderOptions;

  explicit Autoencoder(Options options = {});
  ~Autoencoder() override;
  Autoencoder(const Autoencoder&);
  Autoencoder(Autoencoder&&) noexcept;
  Autoencoder& operator=(const Autoencoder&);
  Autoencoder& operator=(Autoencoder&&) noexcept;

  const Options& options() const noexcept { return options_; }
  /// For the next `fit` with warm_start and the next `partial_fit`. What shapes the network, its solver or its score
  /// cannot change once something was learnt.
  void set_options(const Options& options);

  /// Goes through these rows once, in their order. Threshold and usual errors follow, with a memory of some 20,000
  /// rows.
  void partial_fit(MatrixView x, const FitControl& control = {});
  void partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control = {});

  /// One record an epoch, oldest first; with warm_start also of earlier fits.
  const std::vector<EpochRecord>& history() const noexcept { return history_; }
  /// How many records there are up to the epoch whose weights are in use.
  std::size_t best_epoch() const noexcept { return best_epoch_; }
  /// Units of each layer, input and output included; empty before the fit.
  std::vector<std::size_t> layers() const;
  /// The weights from one layer to the next, (inputs + 1) x outputs, the last row the biases.
  MatrixView weights(std::size_t step) const { return state_.weights.at(step); }

  /// What is taken off the error of each column, and what the rest is multiplied with, before it is squared.
  std::vector<float> error_means() const;
  std::vector<float> error_scales() const;
  /// With ResidualScore::whitened, what errors less their means are multiplied with: the root of their inverse
  /// covariance; else empty.
  MatrixView whitening() const noexcept { return whitening_; }

  /// What the network makes of the rows.
  Matrix reconstruct(MatrixView x, const FitControl& control = {}) const;

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return scorer_ != nullptr; }
  std::size_t n_features() const noexcept override;

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

  void require_columns(std::size_t columns) const;
  /// Checks what was loaded.
  void restore();
  /// Finds the whitening matrix of the residuals.
  void whiten();
  /// Computes what scoring needs of what was learnt.
  void derive();

  Options options_;
  detail::NetworkState state_;
  std::vector<EpochRecord> history_;
  std::size_t best_epoch_ = 0;
  detail::ResidualMoments residuals_;
  double least_variance_ = 0.0;  ///< of a residual that counts: rounding is not a usual error
  Matrix whitening_;             ///< the root of the inverse covariance
  // not stored:
  std::shared_ptr<const detail::ReconstructionScorer> scorer_;  ///< never changed, so copies share it
};

}  // namespace nad

#include "nad/detector/autoencoder_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/autoencoder-inl.hpp"
#endif
