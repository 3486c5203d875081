#pragma once

// Who there is in a synthetic network, and the part of the Internet that it talks to. All addresses are those set aside
// for documentation, tests and private networks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/detail/synthetic_draw.hpp"
#include "nad/table/address.hpp"

namespace nad::detail::synthetic {

struct Host {
  Address v4;
  Address v6;
  bool has_v6 = false;
  std::int64_t first_port = 49152;  ///< of the range that its system takes ports of its own from
  std::int64_t last_port = 65535;
};

/// What a connection through a part of the network is like.
struct Path {
  double round_trip;  ///< seconds
  double rate;        ///< payload bytes a second
  double loss;        ///< share of packets sent again
};

/// A place in the Internet.
struct Site {
  Host host;
  double round_trip;
  double weight;  ///< its pages are so much larger than others
};

inline Address v6_address(std::uint16_t network, std::uint32_t host) noexcept {
  std::array<std::uint8_t, 16> bytes = {0x20, 0x01, 0x0d, 0xb8};
  bytes[4] = static_cast<std::uint8_t>(network >> 8U);
  bytes[5] = static_cast<std::uint8_t>(network & 0xffU);
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[12 + i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
  }
  return Address(bytes);
}

inline constexpr std::uint32_t inside_servers = 0x0a000000;  // 10.0.0.0
inline constexpr std::uint32_t inside_clients = 0x0a010000;  // 10.1.0.0
inline constexpr std::uint32_t public_servers = 0xc0000200;  // 192.0.2.0
inline constexpr std::uint32_t partners = 0xcb007100;        // 203.0.113.0
inline constexpr std::uint32_t providers = 0xc6336400;       // 198.51.100.0
inline constexpr std::uint32_t elsewhere = 0xc6120000;       // 198.18.0.0, 131,072 of them

inline Host host_at(std::uint32_t v4, bool linux_ports = true) noexcept {
  Host host;
  host.v4 = Address::v4(v4);
  host.v6 = v6_address(static_cast<std::uint16_t>(v4 >> 16U), v4 & 0xffffU);
  host.first_port = linux_ports ? 32768 : 49152;
  host.last_port = linux_ports ? 60999 : 65535;
  return host;
}

inline Host stranger(Draw& draw) noexcept {
  const auto place = static_cast<std::uint32_t>(draw.below(1U << 17U));
  Host host = host_at(elsewhere + place, draw.chance(0.4));
  host.has_v6 = draw.chance(0.15);
  return host;
}

class Network {
 public:
  Network(std::size_t hosts, Draw draw) {
    double activity = 0.0;
    for (std::size_t i = 0; i < hosts; ++i) {
      const auto place = static_cast<std::uint32_t>(i / 250 * 256 + i % 250 + 2);
      Host host = host_at(inside_clients + place, draw.chance(0.2));
      const std::size_t kind = i % 20;  // in every 20: 13 workstations, 3 phones, 1 printer, 3 devices
      host.has_v6 = kind < 16 && draw.chance(0.3);
      if (kind < 13) {
        workstations.push_back(host);
        activity += draw.log_normal(1.0, 0.7);
        workstation_activity.push_back(activity);
        (draw.chance(0.15) ? administrators : ordinary).push_back(workstations.size() - 1);
      } else if (kind < 16) {
        phones.push_back(host);
      } else if (kind == 16) {
        printers.push_back(host);
      } else {
        devices.push_back(host);
      }
    }
    if (ordinary.empty()) {
      ordinary.push_back(0);
    }
    if (administrators.empty()) {
      administrators.push_back(0);
    }
    // spread over providers and the rest, so that no prefix says what a site is
    for (std::size_t i = 0; i < 400; ++i) {
      const std::uint32_t block = i % 3 == 0 ? providers + static_cast<std::uint32_t>(draw.below(250))
                                             : elsewhere + static_cast<std::uint32_t>(draw.below(1U << 17U));
      Site site{host_at(block), draw.log_normal(0.025, 0.6), draw.log_normal(1.0, 0.5)};
      site.host.has_v6 = draw.chance(0.5);
      sites.push_back(site);
    }
    const auto wake = [&](const Host& host) { known.push_back(host.v4); };
    for (const Host& host : servers()) {
      wake(host);
    }
    for (const auto* group : {&workstations, &phones, &printers, &devices}) {
      for (const Host& host : *group) {
        wake(host);
      }
    }
  }

  const Host& anybody(Draw& draw) const noexcept { return workstations[draw.weighted(workstation_activity)]; }
  /// One whose user is no administrator.
  const Host& ordinary_user(Draw& draw) const noexcept { return workstations[draw.pick(ordinary)]; }
  const Host& administrator(Draw& draw) const noexcept { return workstations[draw.pick(administrators)]; }

  /// All like some sites, and each likes some of its own.
  const Site& site_for(const Host& user, Draw& draw) const noexcept {
    const std::size_t rank = draw.ranked(sites.size());
    const std::size_t own = user.v4.v4_value() * 2654435761U % sites.size();
    return sites[draw.chance(0.5) ? rank : (own + rank * 7) % sites.size()];
  }

  std::vector<Host> servers() const {
    return {directory, second_directory, files,  archive_files, jump,       database, second_database,
            intranet,  application,      backup, monitor,       public_web, mail,     vpn};
  }

  static Path local(Draw& draw) noexcept {
    return {draw.log_normal(0.0004, 0.5), draw.log_normal(4e7, 0.5), draw.chance(0.05) ? 0.001 : 0.0};
  }
  static Path remote(double round_trip, Draw& draw) noexcept {
    return {round_trip * draw.log_normal(1.0, 0.25), draw.log_normal(1.5e6, 0.9),
            draw.chance(0.2) ? draw.uniform(0.0, 0.02) : 0.0};
  }
  static Path remote(Draw& draw) noexcept { return remote(draw.log_normal(0.03, 0.7), draw); }

  Host directory = host_at(inside_servers + 10, false);  ///< names and logons
  Host second_directory = host_at(inside_servers + 11, false);
  Host files = host_at(inside_servers + 20, false);
  Host archive_files = host_at(inside_servers + 21);
  Host jump = host_at(inside_servers + 22);
  Host database = host_at(inside_servers + 30);
  Host second_database = host_at(inside_servers + 31);
  Host intranet = host_at(inside_servers + 40);
  Host application = host_at(inside_servers + 41);
  Host backup = host_at(inside_servers + 90);
  Host monitor = host_at(inside_servers + 99);
  Host public_web = host_at(public_servers + 10);
  Host mail = host_at(public_servers + 20);
  Host vpn = host_at(public_servers + 30);
  Host storage = host_at(partners + 200);  ///< where a copy of what was saved is kept
  Host resolver = host_at(partners + 53);
  Host time_server = host_at(partners + 123);
  Host updates = host_at(providers + 80);
  Host device_cloud = host_at(providers + 88);
  Host meetings = host_at(partners + 40);

  std::vector<Host> workstations;
  std::vector<Host> phones;
  std::vector<Host> printers;
  std::vector<Host> devices;
  std::vector<double> workstation_activity;  ///< running sums
  std::vector<std::size_t> administrators;   ///< places among the workstations
  std::vector<std::size_t> ordinary;
  std::vector<Site> sites;
  std::vector<Address> known;  ///< all inside that answer
};

}  // namespace nad::detail::synthetic
