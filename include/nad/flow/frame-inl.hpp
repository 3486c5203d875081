#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "nad/flow/frame.hpp"

namespace nad {

namespace detail {

struct LinkName {
  std::uint16_t number;
  std::string_view name;
};

inline constexpr std::array<LinkName, 27> link_names = {{
    {0, "BSD loopback"},
    {1, "Ethernet"},
    {6, "Token Ring"},
    {9, "PPP"},
    {12, "raw IP"},
    {14, "raw IP"},
    {50, "PPP with HDLC framing"},
    {51, "PPPoE"},
    {101, "raw IP"},
    {104, "Cisco HDLC"},
    {105, "IEEE 802.11 (wireless LAN)"},
    {107, "Frame Relay"},
    {108, "OpenBSD loopback"},
    {113, "Linux cooked capture"},
    {117, "OpenBSD pflog"},
    {119, "IEEE 802.11 with a Prism header"},
    {127, "IEEE 802.11 with a radiotap header"},
    {163, "IEEE 802.11 with an AVS header"},
    {187, "Bluetooth"},
    {189, "USB"},
    {192, "PPI"},
    {195, "IEEE 802.15.4"},
    {220, "USB"},
    {228, "IPv4"},
    {229, "IPv6"},
    {239, "Netfilter log"},
    {276, "Linux cooked capture, version 2"},
}};

}  // namespace detail

NAD_INLINE std::string name(LinkType link) {
  const auto number = static_cast<std::uint16_t>(link);
  for (const detail::LinkName& known : detail::link_names) {
    if (known.number == number) {
      return std::string(known.name);
    }
  }
  return "link type " + std::to_string(number);
}

}  // namespace nad
