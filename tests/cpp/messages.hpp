#pragma once

#include <functional>
#include <string>

#include "nad/core/error.hpp"

namespace tests {

/// What the error of a call says; "no error" where there is none.
inline std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace tests
