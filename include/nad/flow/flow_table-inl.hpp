#pragma once

// Where flows lie and how they are found: places that do not move, a table of their hashes, and queues through them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "nad/core/large_memory.hpp"
#include "nad/core/random.hpp"
#include "nad/flow/flow_record-inl.hpp"

namespace nad::detail {

/// Records by number. Memory grows in pieces, so that growing copies nothing, and of large pages.
class FlowPool {
 public:
  FlowRecord& operator[](std::uint32_t place) noexcept {
    return *reinterpret_cast<FlowRecord*>(&pieces_[place / piece][place % piece]);
  }

  std::uint32_t take() {
    std::uint32_t place = free_;
    if (place != no_flow) {
      free_ = (*this)[place].next;
    } else {
      if (used_ == pieces_.size() * piece) {
        pieces_.emplace_back(piece);
      }
      place = static_cast<std::uint32_t>(used_++);
    }
    ::new (static_cast<void*>(&pieces_[place / piece][place % piece])) FlowRecord();
    return place;
  }

  void give_back(std::uint32_t place) noexcept {
    (*this)[place].next = free_;
    free_ = place;
  }

  std::size_t bytes() const noexcept { return pieces_.size() * piece * sizeof(FlowRecord); }

 private:
  /// Memory that nobody has touched: the system gives it when it is.
  struct alignas(FlowRecord) Room {
    unsigned char bytes[sizeof(FlowRecord)];
  };
  static_assert(std::is_trivially_destructible_v<FlowRecord>);

  static constexpr std::uint32_t piece = (large_memory + sizeof(Room) - 1) / sizeof(Room);  // one large page
  std::vector<std::vector<Room, LargeAllocator<Room>>> pieces_;
  std::size_t used_ = 0;
  std::uint32_t free_ = no_flow;
};

/// A queue of records, through their own members.
struct FlowQueue {
  std::uint32_t first = no_flow;
  std::uint32_t last = no_flow;

  bool empty() const noexcept { return first == no_flow; }

  void push(FlowPool& pool, std::uint32_t place) noexcept {
    FlowRecord& record = pool[place];
    record.next = no_flow;
    record.previous = last;
    (last == no_flow ? first : pool[last].next) = place;
    last = place;
  }

  void remove(FlowPool& pool, std::uint32_t place) noexcept {
    const FlowRecord& record = pool[place];
    (record.previous == no_flow ? first : pool[record.previous].next) = record.next;
    (record.next == no_flow ? last : pool[record.next].previous) = record.previous;
  }
};

/// The same for both directions; nobody who does not know the seed can choose it.
inline std::uint32_t hash_ends(const FlowEnds& ends, std::uint64_t seed) noexcept {
  const auto end = [seed](const Address& address, std::uint16_t port) {
    std::array<std::uint64_t, 2> words = {};
    std::memcpy(words.data(), address.bytes().data(), sizeof words);
    return mix_bits(words[1] ^ mix_bits(words[0] ^ seed ^ std::uint64_t{port} << 47U));
  };
  const std::uint64_t both = end(ends.source, ends.source_port) + end(ends.destination, ends.destination_port);
  return static_cast<std::uint32_t>(mix_bits(both ^ ends.protocol) >> 32U);
}

/// Hashes with the places of their records; open addressing without tombstones.
class FlowIndex {
 public:
  FlowIndex() : entries_(1024) {}

  /// The place for which `is(place)`, among those of this hash.
  template <class Is>
  std::uint32_t find(std::uint32_t hash, const Is& is) const {
    for (std::size_t slot = hash & mask();; slot = (slot + 1) & mask()) {
      const Entry& entry = entries_[slot];
      if (entry.place == no_flow || (entry.hash == hash && is(entry.place))) {
        return entry.place;
      }
    }
  }

  void add(std::uint32_t hash, std::uint32_t place) {
    if (4 * (size_ + 1) > 3 * entries_.size()) {
      Entries old(2 * entries_.size());
      old.swap(entries_);
      for (const Entry& entry : old) {
        if (entry.place != no_flow) {
          put(entry);
        }
      }
    }
    put({hash, place});
    ++size_;
  }

  void erase(std::uint32_t hash, std::uint32_t place) noexcept {
    std::size_t slot = hash & mask();
    while (entries_[slot].place != place) {
      slot = (slot + 1) & mask();
    }
    // those behind that would not be found any more move up
    for (std::size_t next = (slot + 1) & mask(); entries_[next].place != no_flow; next = (next + 1) & mask()) {
      const std::size_t home = entries_[next].hash & mask();
      if (((next - home) & mask()) >= ((next - slot) & mask())) {
        entries_[slot] = entries_[next];
        slot = next;
      }
    }
    entries_[slot] = Entry();
    --size_;
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t place = no_flow;
  };
  using Entries = std::vector<Entry, LargeAllocator<Entry>>;

  std::size_t mask() const noexcept { return entries_.size() - 1; }

  void put(const Entry& entry) noexcept {
    std::size_t slot = entry.hash & mask();
    while (entries_[slot].place != no_flow) {
      slot = (slot + 1) & mask();
    }
    entries_[slot] = entry;
  }

  Entries entries_;  ///< a power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace nad::detail
