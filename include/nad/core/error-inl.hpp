#pragma once

#include <stdexcept>

#include "nad/core/error.hpp"
#include "nad/core/utf8.hpp"

namespace nad {

NAD_INLINE std::string_view name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::invalid_data:
      return "invalid_data";
    case ErrorCode::not_fitted:
      return "not_fitted";
    case ErrorCode::io:
      return "io";
    case ErrorCode::bad_file:
      return "bad_file";
    case ErrorCode::cancelled:
      return "cancelled";
  }
  return "unknown";
}

/// Messages quote what is wrong, which may be any bytes; they are UTF-8 nevertheless.
NAD_INLINE Error::Error(ErrorCode code, const std::string& message)
    : std::runtime_error(detail::is_utf8(message) ? message : detail::utf8_only(message)), code_(code) {}

NAD_INLINE Error::~Error() = default;

}  // namespace nad
