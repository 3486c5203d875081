#pragma once

/// Kernel functions of support vector machines, and their gamma.
///
///   nad::OneClassSVM svm({.kernel = nad::SvmKernel::poly, .gamma = 0.1});
///   nad::OneClassSVM other({.gamma = nad::KernelGamma::automatic()});

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "nad/detail/words.hpp"

namespace nad {

enum class SvmKernel : std::uint8_t {
  rbf,      ///< exp(-gamma |x - y|^2)
  linear,   ///< x.y
  poly,     ///< (gamma x.y + coef0)^degree
  sigmoid,  ///< tanh(gamma x.y + coef0)
};

constexpr std::array<std::string_view, 4> words_of(SvmKernel) noexcept { return {"rbf", "linear", "poly", "sigmoid"}; }

/// A number, or what the training rows say: by default 1 / (columns * variance of all values), as scikit-learn's
/// "scale". Rows count by their weights; scikit-learn's variance leaves weights out, and counts rows of weight 0.
class KernelGamma {
 public:
  constexpr KernelGamma() noexcept = default;
  template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
  constexpr KernelGamma(Number value) noexcept  // NOLINT(google-explicit-constructor): `.gamma = 0.1` is the point
      : kind_(Kind::number), value_(static_cast<double>(value)) {}

  static constexpr KernelGamma scale() noexcept { return {}; }
  /// 1 / columns.
  static constexpr KernelGamma automatic() noexcept {
    KernelGamma gamma;
    gamma.kind_ = Kind::automatic;
    return gamma;
  }

  constexpr bool is_scale() const noexcept { return kind_ == Kind::scale; }
  constexpr bool is_automatic() const noexcept { return kind_ == Kind::automatic; }
  constexpr bool is_number() const noexcept { return kind_ == Kind::number; }
  /// The number; 0 where there is none.
  constexpr double value() const noexcept { return value_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind_, value_);
  }

  friend constexpr bool operator==(const KernelGamma&, const KernelGamma&) noexcept = default;

 private:
  enum class Kind : std::uint8_t { scale, automatic, number };
  Kind kind_ = Kind::scale;
  double value_ = 0.0;
};

/// How the kernel is replaced where there are too many rows for it.
enum class KernelApproximation : std::uint8_t {
  none,      ///< exact: all rows against all
  nystroem,  ///< kernel values with some of the training rows
  fourier,   ///< cosines of random projections; for the rbf kernel
};

constexpr std::array<std::string_view, 3> words_of(KernelApproximation) noexcept {
  return {"none", "nystroem", "fourier"};
}

}  // namespace nad
