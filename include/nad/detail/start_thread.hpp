#pragma once

// Threads that may not be granted; not for users.
//
//   thread_ = start_thread("the alerts of a sink", [this] { run(); });

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "nad/core/error.hpp"

namespace nad::detail {

/// An Error that says what it was for, and what to do, where the system grants no thread.
template <class Body>
std::thread start_thread(const std::string& what_for, Body&& body) {
  try {
    return std::thread(std::forward<Body>(body));
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::io, "the system grants no thread for " + what_for + ": " + error.what() +
                                   "; raise the limit of threads (ulimit -u), or use fewer");
  }
}

}  // namespace nad::detail
