#pragma once

/// One-Class SVM: rows outside the smallest region that holds nearly all training rows are anomalous.
///
///   nad::OneClassSVM svm({.nu = 0.05});
///   svm.fit(normal_traffic);
///   std::vector<float> scores = svm.anomaly_score(new_traffic);   // above 0: outside
///
///   nad::OneClassSVM large({.nu = 0.05, .approximation = nad::KernelApproximation::nystroem});
///   large.fit(a_lot_of_traffic);                                   // one pass over the rows
///   large.partial_fit(later_traffic);
///
/// The nu-SVM of Schoelkopf et al. (2001), solved exactly by sequential minimal optimisation with second-order working
/// sets (Fan, Chen and Lin 2005). The score is rho - sum(alpha_i K(x_i, x)): scikit-learn's decision_function with the
/// sign turned, so that higher is more anomalous. Rows that are equal are one row with a larger bound, which changes
/// nothing but the time. Where sums of floats would be less exact than `tol`, it computes in double precision.
///
/// Kernels of products (linear, poly) separate the rows from the origin. Where the origin lies among the rows, as with
/// centred columns, there is no such boundary; scores are then next to nothing, and `converged()` is false. The sigmoid
/// is no kernel in the strict sense: a fit with it ends where the conditions of an optimum hold, of several such ends
/// as a rule at the one that others find.
///
/// With an approximation the kernel is a product of features, kernel values with some training rows (Williams and
/// Seeger 2001) or cosines of random projections (Rahimi and Recht 2007), and the boundary a plane that is drawn
/// towards the rows behind it, batch by batch, as a mean over all of them: scores do not grow with the number of rows.
///
/// `explain` follows the straight way from the mean training row: what each column adds to the score along it
/// (integrated gradients, in closed form), so contributions and the score of the mean row add up to the score.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/svm_kernel.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

struct OneClassSVMOptions {
  SvmKernel kernel = SvmKernel::rbf;
  double nu = 0.5;  ///< at most this share of the training rows lies outside, at least this share is remembered
  KernelGamma gamma = {};
  double coef0 = 0.0;                        ///< of poly and sigmoid
  std::size_t degree = 3;                    ///< of poly
  double tol = 1e-3;                         ///< how far the optimality conditions may be missed
  std::optional<std::size_t> max_iter = {};  ///< steps of two alphas each; nothing: see most_steps
  /// Leave rows alone that seem to be settled, until the others are; not with sigmoid, where this could end elsewhere.
  bool shrinking = true;
  double cache_size = 200.0;  ///< MiB for columns of the kernel matrix
  KernelApproximation approximation = KernelApproximation::none;
  std::size_t n_components = 300;  ///< features of an approximation
  UniqueRows unique_rows = UniqueRows::off;
  /// Share of training rows above the threshold; nothing: the threshold is 0, where the boundary lies.
  std::optional<double> contamination = {};
  std::uint64_t random_state = 0;  ///< of an approximation; without one nothing is drawn

  /// Steps after which an exact fit ends although `tol` is not reached: `max_iter`, or else 10 million, or 100 for each
  /// distinct row where that is more.
  constexpr std::size_t most_steps(std::size_t rows) const noexcept {
    return max_iter ? *max_iter : std::max<std::size_t>(10'000'000, 100 * rows);
  }

  template <class Archive>
  void serialize(Archive& archive);
};

namespace detail {
class KernelSum;
class StreamedOneClass;
}  // namespace detail

class NAD_API OneClassSVM final : public Detector {
 public:
  static constexpr std::string_view kind_name = "one_class_svm";
  using Options = OneClassSVMOptions;

  explicit OneClassSVM(const Options& options = {});
  ~OneClassSVM() override;
  OneClassSVM(const OneClassSVM&);
  OneClassSVM(OneClassSVM&&) noexcept;
  OneClassSVM& operator=(const OneClassSVM&);
  OneClassSVM& operator=(OneClassSVM&&) noexcept;

  const Options& options() const noexcept { return options_; }

  /// Goes on learning from rows that come later, with an approximation; its features are those of the first rows. Of
  /// rows in bursts, give many at a time: they are drawn in random order among each other.
  void partial_fit(MatrixView x, const FitControl& control = {});
  void partial_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control = {});

  /// Training rows with an alpha, or those that an approximation compares with, or its projections.
  MatrixView support_vectors() const noexcept;
  /// Their alphas, or what an approximation multiplies its features with.
  std::span<const double> dual_coefficients() const noexcept { return coefficients_; }
  /// What is added to the angles of cosines, for KernelApproximation::fourier; else empty.
  std::span<const float> phases() const noexcept { return phases_; }
  /// What the sum of weighted kernel values reaches at the boundary.
  double rho() const noexcept { return rho_; }
  /// The number that `gamma` came to.
  double gamma() const noexcept { return gamma_; }
  /// Steps that the fit took: of two alphas each, or of the plane.
  std::size_t iterations() const noexcept { return iterations_; }
  /// Whether an exact fit reached `tol`, and a boundary that is more than what `tol` leaves open.
  bool converged() const noexcept { return converged_; }

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !mean_.empty(); }
  std::size_t n_features() const noexcept override { return mean_.size(); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override { return baseline_; }
  void bend(std::span<float>) const override {}
  std::optional<double> wanted_contamination() const noexcept override { return options_.contamination; }
  float default_threshold() const noexcept override { return 0.0F; }

  void fit_exactly(MatrixView rows, std::span<const float> weights, const FitControl& control);
  template <class Solver>
  void solve(Solver& solver, MatrixView rows);
  void choose_features(MatrixView rows);
  void stream(MatrixView rows, std::span<const float> weights, const FitControl& control);
  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  std::vector<float> mean_;  ///< of each column of the (first) training rows
  double gamma_ = 0.0;
  double rho_ = 0.0;
  double baseline_ = 0.0;                  ///< the score of the mean row
  std::shared_ptr<const Matrix> vectors_;  ///< never changed, so copies share it
  std::vector<double> coefficients_;
  std::vector<float> phases_;  ///< of cosines
  std::size_t iterations_ = 0;
  bool converged_ = false;
  double rows_seen_ = 0.0;  ///< weight of the rows that an approximation learnt from
  // not stored:
  std::shared_ptr<const detail::KernelSum> sum_;
  std::shared_ptr<const detail::StreamedOneClass> streamed_;  ///< made when it is needed first
};

}  // namespace nad

#include "nad/detector/one_class_svm_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/one_class_svm-inl.hpp"
#endif
