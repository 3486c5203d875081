#pragma once

// Memory that the kernels can load from; not for users.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nad::detail {

/// Floats on a boundary that every kernel can load from, zero at first.
class AlignedFloats {
 public:
  explicit AlignedFloats(std::size_t size = 0) { resize(size); }

  /// Makes room for `size` floats; what was there is lost.
  void resize(std::size_t size) {
    if (size + alignment <= storage_.size()) {
      return;
    }
    storage_.assign(size + alignment, 0.0F);
    auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
    offset_ = (alignment - address / sizeof(float) % alignment) % alignment;
  }

  float* data() noexcept { return storage_.data() + offset_; }
  const float* data() const noexcept { return storage_.data() + offset_; }
  float operator[](std::size_t index) const noexcept { return storage_[offset_ + index]; }

  AlignedFloats(const AlignedFloats&) = delete;  // a copy would lie on another boundary
  AlignedFloats& operator=(const AlignedFloats&) = delete;
  ~AlignedFloats() = default;

 private:
  static constexpr std::size_t alignment = 64 / sizeof(float);
  std::vector<float> storage_;
  std::size_t offset_ = 0;
};

}  // namespace nad::detail
