#pragma once

/// One-Class SVM: rows outside the smallest region that holds nearly all training rows are anomalous.
///
///   nad::OneClassSvm svm({.nu = 0.05});
///   svm.fit(normal_traffic);
///   std::vector<float> scores = svm.anomaly_score(new_traffic);   // above 0: outside
///
/// The nu-SVM of Schoelkopf et al. (2001), solved exactly by sequential minimal optimisation with second-order working
/// sets (Fan, Chen and Lin 2005). The score is rho - sum(alpha_i K(x_i, x)): scikit-learn's decision_function with the
/// sign turned, so that higher is more anomalous.

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
#include "nad/detector/svm_kernel.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

struct OneClassSvmOptions {
  SvmKernel kernel = SvmKernel::rbf;
  double nu = 0.5;  ///< at most this share of the training rows lies outside, at least this share is remembered
  SvmGamma gamma = SvmGamma::scale;
  double gamma_value = 1.0;  ///< of SvmGamma::value
  double coef0 = 0.0;        ///< of polynomial and sigmoid
  std::size_t degree = 3;    ///< of polynomial
  double tol = 1e-3;         ///< how far the optimality conditions may be missed
  std::optional<std::size_t> max_iter = {};
  bool shrinking = true;     ///< leave rows alone that seem to be settled, and look at them again at the end
  double cache_size = 200.0;  ///< MiB for columns of the kernel matrix
  UniqueRows unique_rows = UniqueRows::off;
  std::optional<double> contamination = {};  ///< share of training rows above the threshold; nothing: threshold 0

  template <class Archive>
  void serialize(Archive& archive);
};

}  // namespace nad
