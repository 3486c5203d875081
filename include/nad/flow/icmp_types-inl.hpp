#pragma once

// Which messages of ICMP answer which: a question and its answer are the two directions of one flow.

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "nad/flow/protocol_names-inl.hpp"

namespace nad::detail {

inline constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 5> icmp_pairs = {{
    {8, 0},    // echo
    {13, 14},  // timestamp
    {15, 16},  // information
    {17, 18},  // address mask
    {10, 9},   // router
}};

inline constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 6> icmpv6_pairs = {{
    {128, 129},  // echo
    {133, 134},  // router
    {135, 136},  // neighbour
    {130, 131},  // multicast listener
    {139, 140},  // node information
    {144, 145},  // home agent
}};

/// The type of the answer to a question, or of the question to an answer; nothing for messages that stand alone.
inline std::optional<std::uint8_t> icmp_counterpart(std::uint8_t protocol, std::uint8_t type) noexcept {
  const auto among = [type](const auto& pairs) -> std::optional<std::uint8_t> {
    for (const auto& [question, answer] : pairs) {
      if (type == question || type == answer) {
        return type == question ? answer : question;
      }
    }
    return std::nullopt;
  };
  return protocol == protocol_icmp     ? among(icmp_pairs)
         : protocol == protocol_icmpv6 ? among(icmpv6_pairs)
                                       : std::nullopt;
}

}  // namespace nad::detail
