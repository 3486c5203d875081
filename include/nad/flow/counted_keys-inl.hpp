#pragma once

// How often each of few keys comes, for the many small windows of many hosts: some eight keys are searched one by one,
// more through a table.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "nad/table/record_key-inl.hpp"

namespace nad::detail {

inline std::uint64_t hash_counted(std::uint64_t key) noexcept { return mix_bits(key ^ process_seed()); }
inline std::uint64_t hash_counted(const RecordKey& key) noexcept { return hash_key(key, process_seed()); }

/// A group has members `key` and `count`, and is free where its count is 0. `Index` counts groups.
template <class Group, class Index>
class CountedKeys {
 public:
  std::size_t distinct() const noexcept { return groups_.size() - free_.size(); }
  Group& operator[](Index place) noexcept { return groups_[place]; }

  /// Counts one more of a key; where its group is, as long as there is one of it.
  template <class Key>
  Index add(const Key& key) {
    if (slots_.empty()) {
      for (std::size_t place = 0; place < groups_.size(); ++place) {
        if (groups_[place].count != 0 && groups_[place].key == key) {
          ++groups_[place].count;
          return static_cast<Index>(place);
        }
      }
      if (free_.empty() && groups_.size() == searched_one_by_one) {
        resize(4 * searched_one_by_one);
      }
    } else if (2 * (distinct() + 1) > slots_.size()) {
      resize(2 * slots_.size());
    }
    if (slots_.empty()) {
      return new_group(key);
    }
    const std::size_t slot = slot_of(key);
    if (slots_[slot] == none) {
      slots_[slot] = new_group(key);
    } else {
      ++groups_[slots_[slot]].count;
    }
    return slots_[slot];
  }

  void remove(Index place) {
    if (--groups_[place].count == 0) {
      if (!slots_.empty()) {
        close_gap(slot_of(groups_[place].key));
      }
      free_.push_back(place);
    }
  }

  /// Without any key; keeps its memory.
  void clear() noexcept {
    groups_.clear();
    free_.clear();
    slots_.clear();
  }

 private:
  static constexpr std::size_t searched_one_by_one = 8;
  static constexpr Index none = std::numeric_limits<Index>::max();

  std::size_t mask() const noexcept { return slots_.size() - 1; }

  template <class Key>
  std::size_t slot_of(const Key& key) const noexcept {
    std::size_t slot = static_cast<std::size_t>(hash_counted(key)) & mask();
    while (slots_[slot] != none && !(groups_[slots_[slot]].key == key)) {
      slot = (slot + 1) & mask();
    }
    return slot;
  }

  template <class Key>
  Index new_group(const Key& key) {
    Group group = {};
    group.key = key;
    group.count = 1;
    if (free_.empty()) {
      groups_.push_back(group);
      return static_cast<Index>(groups_.size() - 1);
    }
    const Index place = free_.back();
    free_.pop_back();
    groups_[place] = group;
    return place;
  }

  void close_gap(std::size_t hole) noexcept {
    for (std::size_t slot = (hole + 1) & mask(); slots_[slot] != none; slot = (slot + 1) & mask()) {
      const std::size_t home = static_cast<std::size_t>(hash_counted(groups_[slots_[slot]].key)) & mask();
      if (((slot - home) & mask()) >= ((slot - hole) & mask())) {
        slots_[hole] = slots_[slot];
        hole = slot;
      }
    }
    slots_[hole] = none;
  }

  void resize(std::size_t slots) {
    slots_.assign(slots, none);
    for (std::size_t place = 0; place < groups_.size(); ++place) {
      if (groups_[place].count != 0) {
        slots_[slot_of(groups_[place].key)] = static_cast<Index>(place);
      }
    }
  }

  std::vector<Group> groups_;
  std::vector<Index> free_;
  std::vector<Index> slots_;  ///< open addressing: a power of two, at most half full; none while there are few groups
};

}  // namespace nad::detail
