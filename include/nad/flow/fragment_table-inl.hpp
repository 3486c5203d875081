#pragma once

// The datagrams whose fragments are coming: the ports that only their first fragment has, and which bytes came. A table
// of fixed size, in which the oldest makes room.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/flow/packet.hpp"
#include "nad/table/record_key-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

class FragmentTable {
 public:
  static constexpr std::size_t sets = 1024;
  static constexpr std::size_t ways = 4;
  static constexpr std::int64_t memory = 60 * nanoseconds_per_second;
  static constexpr std::uint32_t largest_datagram = 65535;

  struct Answer {
    bool ports_known = false;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    bool wrong = false;
  };

  FragmentTable() : entries_(sets * ways) {}

  /// One more fragment: `length` bytes behind an IP header of `header` bytes, `more` where it is not the last.
  Answer add(const Packet& packet, bool more, std::uint32_t length, std::uint32_t header) {
    Entry& entry = find(packet);
    if (entry.whole && !packet.is_later_fragment) {
      entry.begin(packet);  // the number comes again
    }
    Answer answer;
    const std::uint32_t begin = packet.fragment_offset;
    const std::uint32_t end = begin + length;
    const Meeting meeting = entry.place(begin, end);
    answer.wrong = meeting == Meeting::overlap || end + header > largest_datagram || (more && length % 8 != 0) ||
                   (more && length == 0);
    if (!packet.is_later_fragment) {
      entry.ports_known = true;
      entry.source_port = packet.source_port;
      entry.destination_port = packet.destination_port;
      entry.icmp_type = packet.icmp_type;
      entry.icmp_code = packet.icmp_code;
    }
    answer.ports_known = entry.ports_known;
    answer.source_port = entry.source_port;
    answer.destination_port = entry.destination_port;
    answer.icmp_type = entry.icmp_type;
    answer.icmp_code = entry.icmp_code;
    if (meeting != Meeting::repeated) {
      entry.received += length;
    }
    if (!more) {
      entry.total = end;
      entry.total_known = true;
    }
    entry.whole = entry.total_known && entry.received >= entry.total;
    return answer;
  }

 private:
  enum class Meeting : std::uint8_t { none, repeated, overlap };

  struct Piece {
    std::uint32_t begin;
    std::uint32_t end;
  };

  struct Entry {
    bool used = false;
    bool ports_known = false;
    bool total_known = false;
    bool whole = false;
    std::uint8_t protocol = 0;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint8_t pieces = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t id = 0;
    std::uint32_t received = 0;
    std::uint32_t total = 0;
    std::uint32_t joined = 0;  ///< all before this came; what came there in which pieces is forgotten
    std::int64_t time = 0;
    Address source;
    Address destination;
    std::array<Piece, 8> last = {};  ///< the latest pieces

    bool is(const Packet& packet) const noexcept {
      return used && id == packet.fragment_id && protocol == packet.protocol && source == packet.source &&
             destination == packet.destination;
    }

    void begin(const Packet& packet) noexcept {
      *this = Entry();
      used = true;
      protocol = packet.protocol;
      id = packet.fragment_id;
      time = packet.time;
      source = packet.source;
      destination = packet.destination;
    }

    /// Notes which bytes came, and whether some of them had come before.
    Meeting place(std::uint32_t from, std::uint32_t to) noexcept {
      Meeting meeting = to <= joined && from < to ? Meeting::repeated
                        : from < joined           ? Meeting::overlap
                                                  : Meeting::none;
      for (std::size_t i = 0; i < pieces; ++i) {
        if (last[i].begin == from && last[i].end == to) {
          return Meeting::repeated;
        }
        if (from < last[i].end && last[i].begin < to) {
          meeting = Meeting::overlap;
        }
      }
      if (pieces == last.size()) {
        std::sort(last.begin(), last.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
        if (last[0].begin <= joined) {
          joined = std::max(joined, last[0].end);
        }
        std::copy(last.begin() + 1, last.end(), last.begin());
        --pieces;
      }
      last[pieces++] = {from, to};
      return meeting;
    }
  };

  static std::size_t set_of(const Packet& packet) noexcept {
    std::array<std::uint64_t, 4> words = {};
    std::memcpy(words.data(), packet.source.bytes().data(), 16);
    std::memcpy(words.data() + 2, packet.destination.bytes().data(), 16);
    std::uint64_t hash = process_seed() ^ (std::uint64_t{packet.fragment_id} << 8U | packet.protocol);
    for (const std::uint64_t word : words) {
      hash = mix_bits(hash ^ word);
    }
    return static_cast<std::size_t>(hash % sets);
  }

  /// The datagram of a fragment; a new one takes the place of the oldest of its set.
  Entry& find(const Packet& packet) {
    Entry* const set = entries_.data() + ways * set_of(packet);
    Entry* oldest = set;
    for (Entry* entry = set; entry != set + ways; ++entry) {
      const std::int64_t age = packet.time - entry->time;
      if (entry->is(packet) && age <= memory && age >= -memory) {
        return *entry;
      }
      if (!entry->used || (oldest->used && entry->time < oldest->time)) {
        oldest = entry;
      }
    }
    oldest->begin(packet);
    return *oldest;
  }

  std::vector<Entry> entries_;
};

}  // namespace nad::detail
