#pragma once

// From a category to its slot: a place in the tables of what encoding steps learnt.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "nad/detail/hash.hpp"
#include "nad/table/dictionary.hpp"

namespace nad::detail {

/// Slots for the categories of a column. The last two are for unseen and for missing ones.
struct CategoryMap {
  Dictionary known = {};                  ///< the training categories
  std::vector<std::uint32_t> slots = {};  ///< of each; with hashing none is remembered
  std::uint32_t buckets = 0;              ///< with hashing: slots 0 .. 2 * buckets - 1, the odd ones with a minus
  std::uint32_t unseen = 0;
  std::uint32_t missing = 0;

  std::uint32_t slot_of(std::string_view category) const noexcept {
    if (buckets != 0) {
      return static_cast<std::uint32_t>(hash_text(category, 0x6e6164) % (2 * std::uint64_t{buckets}));
    }
    const std::int32_t code = known.find(category);
    return code == Dictionary::absent ? unseen : slots[static_cast<std::size_t>(code)];
  }
  std::size_t size() const noexcept { return std::size_t{missing} + 1; }
};

}  // namespace nad::detail
