#pragma once

// An option that makes no sense is an error.

#include <string>

#include "nad/core/error.hpp"

namespace nad::detail {

inline void refuse_option(bool wrong, const std::string& message) {
  if (wrong) {
    throw Error(ErrorCode::invalid_argument, message);
  }
}

}  // namespace nad::detail
