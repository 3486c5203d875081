#pragma once

// What time it is for a monitor.

#include <chrono>
#include <cstdint>

namespace nad::detail {

inline std::int64_t time_by_the_wall() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Whether some time has passed since the last time that it was asked and said so.
class Period {
 public:
  explicit Period(double seconds) : seconds_(seconds) {}
  bool has_passed() {
    if (!is_over()) {
      return false;
    }
    begin();
    return true;
  }
  bool is_over() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count() >= seconds_;
  }
  void begin() { begun_ = std::chrono::steady_clock::now(); }

 private:
  double seconds_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace nad::detail
