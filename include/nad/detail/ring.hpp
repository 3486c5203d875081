#pragma once

// A queue in one piece of memory, which grows as it needs.

#include <cstddef>
#include <vector>

namespace nad::detail {

template <class Value>
class Ring {
 public:
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t capacity() const noexcept { return values_.size(); }
  /// The `place`-th oldest.
  Value& operator[](std::size_t place) noexcept { return values_[(first_ + place) & (values_.size() - 1)]; }
  const Value& operator[](std::size_t place) const noexcept { return values_[(first_ + place) & (values_.size() - 1)]; }
  const Value& front() const noexcept { return values_[first_]; }

  void push_back(const Value& value) {
    if (size_ == values_.size()) {
      std::vector<Value> larger(size_ == 0 ? 4 : 2 * size_);
      for (std::size_t place = 0; place < size_; ++place) {
        larger[place] = (*this)[place];
      }
      values_.swap(larger);
      first_ = 0;
    }
    ++size_;
    (*this)[size_ - 1] = value;
  }

  void pop_front() noexcept {
    first_ = (first_ + 1) & (values_.size() - 1);
    --size_;
  }

  void clear() noexcept { first_ = size_ = 0; }

 private:
  std::vector<Value> values_;  ///< a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace nad::detail
