#pragma once

// Who there is: the hosts of a small network, and those outside that it meets. All addresses are those set aside for
// documentation, tests and private networks.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/synthetic_draw.hpp"
#include "nad/flow/packet_bytes.hpp"
#include "nad/flow/simulate_flow-inl.hpp"
#include "nad/table/address.hpp"

namespace nad::detail::simulate {

using synthetic::Draw;

inline constexpr std::uint32_t servers_inside = 0x0a000000;  // 10.0.0.0
inline constexpr std::uint32_t people_inside = 0x0a010000;   // 10.1.0.0
inline constexpr std::uint32_t public_servers = 0xc0000200;  // 192.0.2.0
inline constexpr std::uint32_t known_places = 0xc6336400;    // 198.51.100.0
inline constexpr std::uint32_t attackers = 0xcb007100;       // 203.0.113.0, one for each attack
inline constexpr std::uint32_t collectors = 0xcb007180;      // 203.0.113.128, where attacks report to
inline constexpr std::uint32_t other_places = 0xc6120000;    // 198.18.0.0 and 32,768 from there
inline constexpr std::uint32_t other_count = 32'768;
inline constexpr std::uint32_t amplifiers = 0xc6128000;  // 198.18.128.0 and 32,768 from there
inline constexpr std::uint32_t forged = 0xc6130000;      // 198.19.0.0 and 65,536 from there

inline bool is_inside(std::uint32_t v4) noexcept { return v4 >> 24U == 10 || v4 >> 8U == public_servers >> 8U; }

/// Such as systems begin to count bytes from.
inline std::uint32_t any_number(Draw& draw) noexcept {
  const auto high = static_cast<std::uint32_t>(draw.below(65'536));
  return high << 16U | static_cast<std::uint32_t>(draw.below(65'536));
}

/// A host, and what its system counts.
class Host {
 public:
  Host() = default;
  Host(std::uint32_t v4, bool has_v6, bool is_linux) : v4_(v4), has_v6_(has_v6), is_linux_(is_linux) {
    const std::uint64_t bits = mix_bits(v4);
    first_port_ = is_linux ? 32'768 : 49'152;
    ports_ = is_linux ? 28'232 : 16'384;
    port_ = static_cast<std::uint32_t>(bits % ports_);
    last_taken_.fill(never);
    identification_ = static_cast<std::uint16_t>(bits >> 32U);
    clock_ = static_cast<std::uint32_t>(bits >> 20U);
    const auto hops = static_cast<std::uint8_t>(is_inside(v4) ? 0 : 7 + bits % 14);
    time_to_live_ = static_cast<std::uint8_t>((is_linux ? 64 : 128) - hops);
  }

  bool has_v6() const noexcept { return has_v6_; }
  bool is_linux() const noexcept { return is_linux_; }
  std::uint32_t v4() const noexcept { return v4_; }
  std::uint8_t time_to_live() const noexcept { return time_to_live_; }
  void begin_at(std::uint32_t port) noexcept { port_ = port % ports_; }
  std::uint16_t next_identification() noexcept { return ++identification_; }
  /// Its clock of TCP timestamps, in milliseconds.
  std::uint32_t clock(Ticks time) const noexcept { return clock_ + static_cast<std::uint32_t>(time / millisecond); }

  Address address(bool v6) const noexcept {
    if (!v6) {
      return Address::v4(v4_);
    }
    std::array<std::uint8_t, 16> bytes = {0x20, 0x01, 0x0d, 0xb8};
    for (std::size_t i = 0; i < 2; ++i) {
      bytes[4 + i] = static_cast<std::uint8_t>(v4_ >> (24 - 8 * i));
      bytes[14 + i] = static_cast<std::uint8_t>(v4_ >> (8 - 8 * i));
    }
    return Address(bytes);
  }

  /// What the capture sees: inside, each host's own; of all outside, the router's.
  HardwareAddress hardware() const noexcept {
    if (!is_inside(v4_)) {
      return {2, 0, 0, 0, 0, 1};
    }
    return {2,
            0,
            static_cast<std::uint8_t>(v4_ >> 24U),
            static_cast<std::uint8_t>(v4_ >> 16U),
            static_cast<std::uint8_t>(v4_ >> 8U),
            static_cast<std::uint8_t>(v4_)};
  }

  /// A port of its own for a connection that begins at `time`, to be released when it ends. No port comes again before
  /// a meter would have forgotten the connection before: ports go round in sixteen parts, and none is entered again
  /// before that.
  std::uint16_t take_port(Ticks time) {
    constexpr Ticks remembered = 330 * second;
    do {
      port_ = (port_ + 1) % ports_;
      const std::size_t part = port_ * parts / ports_;
      if (part != part_ && last_taken_[part] != never && time - last_taken_[part] < remembered) {
        throw Error(ErrorCode::invalid_argument,
                    address(false).to_string() + " would begin more than " + std::to_string(ports_) +
                        " connections in a few minutes and has no more ports; lower the intensity of its attack, or, "
                        "where it is a host of the people inside, the rate, or let there be more hosts");
      }
      part_ = part;
      last_taken_[part] = time;
    } while (std::find(held_.begin(), held_.end(), first_port_ + port_) != held_.end());
    held_.push_back(static_cast<std::uint16_t>(first_port_ + port_));
    return held_.back();
  }

  void release_port(std::uint16_t port) noexcept {
    const auto found = std::find(held_.begin(), held_.end(), port);
    if (found != held_.end()) {
      *found = held_.back();
      held_.pop_back();
    }
  }

 private:
  static constexpr std::size_t parts = 16;

  std::uint32_t v4_ = 0;
  std::uint32_t first_port_ = 32'768;
  std::uint32_t ports_ = 28'232;
  std::uint32_t port_ = 0;
  std::uint32_t clock_ = 0;
  std::size_t part_ = parts;
  std::array<Ticks, parts> last_taken_ = {};
  std::vector<std::uint16_t> held_;
  std::uint16_t identification_ = 0;
  std::uint8_t time_to_live_ = 64;
  bool has_v6_ = false;
  bool is_linux_ = true;
};

inline IpFields ip_between(Host& sender, const Host& receiver, bool v6) noexcept {
  IpFields ip{.source = sender.address(v6), .destination = receiver.address(v6)};
  ip.source_hardware = sender.hardware();
  ip.destination_hardware = receiver.hardware();
  ip.time_to_live = sender.time_to_live();
  ip.identification = sender.next_identification();
  return ip;
}

/// What lies between the place of the capture, at the network's edge, and both ends of a flow.
struct Path {
  std::array<Ticks, 2> round_trip = {400'000, 20'000'000};  ///< from here to the side and back
  Ticks gap = 120'000;                                      ///< between packets of a burst
  double loss = 0.0;
};

class Network {
 public:
  Network(std::size_t hosts, double ipv6, double loss, Draw draw) : loss_(loss) {
    // braces: what stands in parentheses is evaluated in an order that each compiler chooses
    for (std::size_t i = 0; i < hosts; ++i) {
      const Host host{person_address(i), draw.chance(ipv6), draw.chance(0.3)};
      people.push_back(host);
    }
    for (std::uint32_t i = 0; i < 400; ++i) {  // places of the Internet that people here like
      const std::uint32_t v4 = i < 60 ? known_places + 100 + i : other_places + i * 80 + 1;
      const Host host{v4, draw.chance(0.5), draw.chance(0.8)};
      sites.push_back(host);
      site_round_trips.push_back(ticks(draw.log_normal(0.025, 0.7)));
    }
  }

  Host& anybody(Draw& draw) noexcept { return people[draw.ranked(people.size())]; }
  /// All like some sites, and each likes some of its own.
  std::size_t site_for(const Host& user, Draw& draw) const noexcept {
    const std::size_t rank = draw.ranked(sites.size());
    return draw.chance(0.5) ? rank : (user.v4() * 2654435761U + rank * 7) % sites.size();
  }

  /// One outside that nobody knows: another one each time until all have been there, then with other ports.
  Host stranger(Draw& draw) {
    const std::uint32_t visit = visits_++;
    Host host{other_places + (visit * 20'021U + 4711U) % other_count, draw.chance(0.15), draw.chance(0.4)};
    host.begin_at(visit / other_count * 16U + 8U);
    return host;
  }

  /// Both ends inside.
  Path local(Draw& draw) const noexcept {
    const Ticks half = ticks(draw.log_normal(0.0003, 0.5));
    return {{half, half}, ticks(draw.log_normal(15e-6, 0.4)), draw.chance(0.05) ? loss_ : 0.0};
  }
  /// `far` is the side outside.
  Path remote(Side far, Ticks round_trip, Draw& draw) const noexcept {
    Path path;
    path.round_trip[far] = static_cast<Ticks>(static_cast<double>(round_trip) * draw.log_normal(1.0, 0.2));
    path.round_trip[other(far)] = ticks(draw.log_normal(0.0005, 0.5));
    path.gap = ticks(draw.log_normal(150e-6, 0.7));
    path.loss = draw.chance(0.25) ? 4.0 * loss_ * draw.uniform(0.2, 1.8) : 0.0;
    return path;
  }
  Path remote(Side far, Draw& draw) const noexcept { return remote(far, ticks(draw.log_normal(0.03, 0.7)), draw); }

  /// Keeps a host as long as the run.
  Host& keep(const Host& host) { return kept.emplace_back(host); }
  static std::uint32_t person_address(std::size_t place) noexcept {
    return people_inside + static_cast<std::uint32_t>(place / 250 * 256 + place % 250 + 2);
  }

  std::deque<Host> people;
  std::deque<Host> kept;
  std::deque<Host> sites;
  std::vector<Ticks> site_round_trips;
  Host names = Host(servers_inside + 53, true, true);
  Host mail = Host(servers_inside + 25, true, true);
  Host jump = Host(servers_inside + 22, true, true);
  Host files = Host(servers_inside + 20, true, false);
  Host database = Host(servers_inside + 30, true, true);
  Host intranet = Host(servers_inside + 80, true, true);
  Host clock = Host(servers_inside + 123, true, true);
  Host monitor = Host(servers_inside + 99, true, true);
  Host web = Host(public_servers + 80, true, true);
  Host mail_gate = Host(public_servers + 25, true, true);

 private:
  double loss_;
  std::uint32_t visits_ = 0;
};

}  // namespace nad::detail::simulate
