#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "nad/core/error.hpp"
#include "nad/detector/amount.hpp"

namespace nad {

NAD_INLINE std::size_t Amount::of(std::size_t available, std::size_t automatic, const char* option) const {
  double wanted = static_cast<double>(automatic);
  if (kind_ == Kind::count) {
    if (!(value_ >= 1.0)) {
      throw Error(ErrorCode::invalid_argument, std::string(option) + " is " +
                                                   std::to_string(static_cast<long long>(value_)) +
                                                   "; give a number of at least 1, or a fraction such as 0.5");
    }
    wanted = value_;
  } else if (kind_ == Kind::fraction) {
    if (!(value_ > 0.0 && value_ <= 1.0)) {
      throw Error(ErrorCode::invalid_argument,
                  std::string(option) + " is the fraction " + std::to_string(value_) +
                      "; a fraction lies above 0.0 and at most at 1.0, a number of them is "
                      "given as an integer");
    }
    wanted = std::floor(value_ * static_cast<double>(available));
  }
  return static_cast<std::size_t>(std::clamp(wanted, 1.0, std::max(1.0, static_cast<double>(available))));
}

}  // namespace nad
