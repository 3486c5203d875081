#pragma once

/// "How many of them": a number, a fraction, or left to nad.
///
///   nad::Amount a;          // automatic
///   nad::Amount b = 4096;   // exactly 4,096
///   nad::Amount c = 0.25;   // a quarter of what there is; 1.0 is all of it, 1 is one

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "nad/config.hpp"

namespace nad {

class NAD_API Amount {
 public:
  constexpr Amount() noexcept = default;

  template <std::integral Integer>
  constexpr Amount(Integer count) noexcept  // NOLINT(google-explicit-constructor): `.max_samples = 4096` is the point
      : kind_(Kind::count), value_(static_cast<double>(count)) {}

  template <std::floating_point Real>
  constexpr Amount(Real fraction) noexcept  // NOLINT(google-explicit-constructor)
      : kind_(Kind::fraction), value_(static_cast<double>(fraction)) {}

  constexpr bool is_automatic() const noexcept { return kind_ == Kind::automatic; }
  constexpr bool is_count() const noexcept { return kind_ == Kind::count; }
  constexpr bool is_fraction() const noexcept { return kind_ == Kind::fraction; }
  /// The number or the fraction; 0 when automatic.
  constexpr double value() const noexcept { return value_; }

  /// The number meant out of `available`, at least 1 and at most `available`; `automatic` is what automatic means.
  /// An error that names `option` when the number is below 1 or the fraction outside (0, 1].
  std::size_t of(std::size_t available, std::size_t automatic, const char* option) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind_, value_);
  }

  friend constexpr bool operator==(const Amount&, const Amount&) noexcept = default;

 private:
  enum class Kind : std::uint8_t { automatic, count, fraction };
  Kind kind_ = Kind::automatic;
  double value_ = 0.0;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/detector/amount-inl.hpp"
#endif
