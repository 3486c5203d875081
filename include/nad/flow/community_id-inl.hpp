#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "nad/detail/sha1.hpp"
#include "nad/flow/community_id.hpp"
#include "nad/flow/icmp_types-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::size_t community_id_size = 30;

/// What `community_id` gives, without allocating.
inline std::array<char, community_id_size> write_community_id(const FlowEnds& ends, std::uint16_t seed) noexcept {
  const bool is_icmp = ends.protocol == protocol_icmp || ends.protocol == protocol_icmpv6;
  const bool has_ports =
      is_icmp || ends.protocol == protocol_tcp || ends.protocol == protocol_udp || ends.protocol == protocol_sctp;
  const bool one_way =
      is_icmp && (ends.source_port > 255 ||
                  !icmp_counterpart(ends.protocol, static_cast<std::uint8_t>(ends.source_port)).has_value());
  const Address* low = &ends.source;
  const Address* high = &ends.destination;
  std::uint16_t low_port = ends.source_port;
  std::uint16_t high_port = ends.destination_port;
  if (!one_way && (*high < *low || (*high == *low && has_ports && high_port < low_port))) {
    std::swap(low, high);
    std::swap(low_port, high_port);
  }

  std::array<std::uint8_t, 40> message = {};
  std::size_t size = 0;
  const auto put_word = [&](std::uint16_t word) {
    message[size++] = static_cast<std::uint8_t>(word >> 8U);
    message[size++] = static_cast<std::uint8_t>(word);
  };
  put_word(seed);
  const std::size_t skipped = low->is_v4() && high->is_v4() ? 12 : 0;
  for (const Address* address : {low, high}) {
    for (std::size_t i = skipped; i < 16; ++i) {
      message[size++] = address->bytes()[i];
    }
  }
  message[size++] = ends.protocol;
  message[size++] = 0;
  if (has_ports) {
    put_word(low_port);
    put_word(high_port);
  }
  const std::array<std::uint8_t, 20> digest = sha1(std::span(message).first(size));

  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<char, community_id_size> text = {'1', ':'};
  std::size_t written = 2;
  for (std::size_t i = 0; i < digest.size(); i += 3) {  // 20 bytes: the last group lacks one
    const bool last = i + 2 >= digest.size();
    const std::uint32_t bits =
        std::uint32_t{digest[i]} << 16U | std::uint32_t{digest[i + 1]} << 8U | (last ? 0U : digest[i + 2]);
    text[written++] = letters[bits >> 18U & 63U];
    text[written++] = letters[bits >> 12U & 63U];
    text[written++] = letters[bits >> 6U & 63U];
    text[written++] = last ? '=' : letters[bits & 63U];
  }
  return text;
}

}  // namespace detail

NAD_INLINE std::string community_id(const FlowEnds& ends, std::uint16_t seed) {
  const std::array<char, detail::community_id_size> text = detail::write_community_id(ends, seed);
  return {text.data(), text.size()};
}

}  // namespace nad
