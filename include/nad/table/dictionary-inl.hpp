#pragma once

#include <limits>

#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"
#include "nad/table/dictionary.hpp"

namespace nad {

/// Where a text is, or would be.
NAD_INLINE std::size_t Dictionary::slot_of(std::string_view text) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(detail::hash_text(text)) & mask;
  while (slots_[slot] != absent && (*this)[slots_[slot]] != text) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

NAD_INLINE std::int32_t Dictionary::find(std::string_view text) const noexcept {
  return slots_.empty() ? absent : slots_[slot_of(text)];
}

NAD_INLINE std::int32_t Dictionary::add(std::string_view text) {
  if (2 * (size() + 1) > slots_.size()) {
    grow();
  }
  const std::size_t slot = slot_of(text);
  if (slots_[slot] == absent) {
    if (size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
      throw Error(ErrorCode::invalid_data, "a column has more than 2147483647 categories; read it as text");
    }
    const auto code = static_cast<std::int32_t>(size());
    text_.append(text);
    ends_.push_back(static_cast<std::int64_t>(text_.size()));
    slots_[slot] = code;
  }
  return slots_[slot];
}

NAD_INLINE void Dictionary::grow() {
  slots_.assign(slots_.empty() ? 32 : 2 * slots_.size(), absent);
  for (std::size_t code = 0; code < size(); ++code) {
    slots_[slot_of((*this)[static_cast<std::int32_t>(code)])] = static_cast<std::int32_t>(code);
  }
}

}  // namespace nad
