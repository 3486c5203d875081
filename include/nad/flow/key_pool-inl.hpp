#pragma once

// Values found by their key, at places that do not move: who holds the place needs no search.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/table/record_key-inl.hpp"

namespace nad::detail {

template <class Value>
class KeyPool {
 public:
  static constexpr std::uint32_t none = 0xffffffffU;

  std::size_t size() const noexcept { return nodes_.size() - free_.size(); }
  Value& operator[](std::uint32_t place) noexcept { return nodes_[place].value; }

  /// The place of a key; a new one holds the value that the last owner of the place left, or a fresh one.
  std::uint32_t add(const RecordKey& key) {
    if (2 * (size() + 1) > slots_.size()) {
      grow();
    }
    const std::size_t slot = slot_of(key);
    if (slots_[slot] == none) {
      slots_[slot] = new_node(key);
    }
    return slots_[slot];
  }

  /// The value stays in its place for the next owner.
  void erase(std::uint32_t place) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = slot_of(nodes_[place].key);
    // whoever was pushed behind the hole by others moves up into it
    for (std::size_t slot = (hole + 1) & mask; slots_[slot] != none; slot = (slot + 1) & mask) {
      const std::size_t home = home_of(nodes_[slots_[slot]].key);
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots_[hole] = slots_[slot];
        hole = slot;
      }
    }
    slots_[hole] = none;
    free_.push_back(place);
  }

 private:
  struct Node {
    RecordKey key;
    Value value = {};
  };

  std::size_t home_of(const RecordKey& key) const noexcept {
    return static_cast<std::size_t>(hash_key(key, seed_)) & (slots_.size() - 1);
  }

  /// Where a key is, or would be.
  std::size_t slot_of(const RecordKey& key) const noexcept {
    std::size_t slot = home_of(key);
    while (slots_[slot] != none && !(nodes_[slots_[slot]].key == key)) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }

  std::uint32_t new_node(const RecordKey& key) {
    if (free_.empty()) {
      nodes_.push_back({key, Value()});
      free_.reserve(nodes_.capacity());  // so that erasing never asks for memory
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    nodes_[place].key = key;
    return place;
  }

  void grow() {
    std::vector<std::uint32_t> old(slots_.empty() ? 16 : 2 * slots_.size(), none);
    old.swap(slots_);
    for (const std::uint32_t place : old) {
      if (place != none) {
        slots_[slot_of(nodes_[place].key)] = place;
      }
    }
  }

  std::uint64_t seed_ = process_seed();
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> slots_;  ///< open addressing: a power of two, at most half full
};

/// A pool that knows in which order its keys were last asked for.
template <class Value>
class RecentKeys {
 public:
  static constexpr std::uint32_t none = KeyPool<Value>::none;

  std::size_t size() const noexcept { return pool_.size(); }
  Value& operator[](std::uint32_t place) noexcept { return pool_[place].value; }
  /// The one that nobody asked for the longest; `none` when there is none.
  std::uint32_t oldest() const noexcept { return oldest_; }

  /// The place of a key, which is the most recent one now.
  std::uint32_t touch(const RecordKey& key) {
    const std::size_t before = pool_.size();
    const std::uint32_t place = pool_.add(key);
    if (pool_.size() == before) {
      if (place == newest_) {
        return place;
      }
      unlink(place);
    }
    Node& node = pool_[place];
    node.older = newest_;
    node.newer = none;
    (newest_ == none ? oldest_ : pool_[newest_].newer) = place;
    newest_ = place;
    return place;
  }

  void erase(std::uint32_t place) {
    unlink(place);
    pool_.erase(place);
  }

 private:
  struct Node {
    Value value = {};
    std::uint32_t older = none;
    std::uint32_t newer = none;
  };

  void unlink(std::uint32_t place) {
    const Node& node = pool_[place];
    (node.older == none ? oldest_ : pool_[node.older].newer) = node.newer;
    (node.newer == none ? newest_ : pool_[node.newer].older) = node.older;
  }

  KeyPool<Node> pool_;
  std::uint32_t newest_ = none;
  std::uint32_t oldest_ = none;
};

}  // namespace nad::detail
