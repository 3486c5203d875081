#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/plain_number.hpp"
#include "nad/flow/simulate_attacks-inl.hpp"
#include "nad/flow/simulate_normal-inl.hpp"
#include "nad/flow/simulate_truth-inl.hpp"
#include "nad/flow/simulator.hpp"

namespace nad {

namespace detail::simulate {

inline void check_options(const SimulatorOptions& options) {
  const auto within = [](const char* what, double value, double least, double most) {
    if (!is_finite(value) || value < least || value > most) {
      refuse_option(std::string(what) + " is " + plain_number(value) + "; it must lie between " + plain_number(least) +
                    " and " + plain_number(most));
    }
  };
  within("hours", options.hours, 1e-6, 24.0 * 366.0);
  within("hosts", static_cast<double>(options.hosts), 1, 60'000);
  within("rate", options.rate, 0.0, 1e5);
  within("failures", options.failures, 0.0, 1.0);
  within("loss", options.loss, 0.0, 0.2);
  within("ipv6", options.ipv6, 0.0, 1.0);
  if (options.begin < 0 || options.begin > 7'000'000'000 * second) {
    refuse_option("begin is " + format_time(options.begin) + "; it must lie between 1970 and 2191");
  }
  if (options.attacks.size() > most_attacks) {
    refuse_option("there are " + std::to_string(options.attacks.size()) + " attacks; there can be " +
                  std::to_string(most_attacks));
  }
  for (std::size_t i = 0; i < options.attacks.size(); ++i) {
    const Attack& attack = options.attacks[i];
    check_attack(attack);
    if (attack.start >= options.hours * 3600.0) {
      refuse_option(attack.kind + " starts after " + plain_number(attack.start) +
                    " seconds, but the capture ends after " + plain_number(options.hours * 3600.0));
    }
    const bool alone = attack.kind == "ping_sweep" || attack.kind == "horizontal_scan";
    if (alone && earlier_of_kind(options.attacks, i) >= options.hosts) {
      refuse_option("there are more attacks of the kind " + attack.kind +
                    " than hosts for them to come from; there are " + std::to_string(options.hosts) + " hosts");
    }
  }
}

inline SimulationSummary run(const SimulatorOptions& options, Ticks tick, const Simulator::PacketCallback& on_packet,
                             const Simulator::FlowCallback& on_flow, const ProgressCallback& progress) {
  Network network(options.hosts, options.ipv6, options.loss, Draw(options.random_state, 0));
  const std::vector<std::string> names = scenario_names(options.attacks);
  Engine engine(options, network, tick, on_packet, on_flow);
  start_normal(engine, options);
  start_attacks(engine, options.attacks, names);
  const auto report = [&] {
    const auto seconds = [&](Ticks time) { return static_cast<std::size_t>((time - engine.begin()) / second); };
    if (progress && !progress({"simulating", seconds(engine.now()), seconds(engine.end())})) {
      throw Error(ErrorCode::cancelled, "the simulation was stopped");
    }
  };
  for (std::size_t turn = 1; engine.step(); ++turn) {
    if (turn % 4096 == 0) {
      report();
    }
  }
  engine.end_all();
  report();
  return engine.summary();
}

}  // namespace detail::simulate

NAD_INLINE const std::vector<AttackKind>& attack_kinds() {
  static const std::vector<AttackKind> kinds = [] {
    std::vector<AttackKind> all;
    for (const detail::simulate::KnownAttack& known : detail::simulate::known_attacks()) {
      all.push_back(known.kind);
    }
    return all;
  }();
  return kinds;
}

namespace detail::simulate {

inline Attack attack_of_kind(const char* kind, const Attack::When& when, Attack::Options options) {
  return {kind, when.start, when.duration, when.intensity, std::move(options), {}};
}

}  // namespace detail::simulate

NAD_INLINE Attack Attack::syn_flood(const When& when, Options options) {
  return detail::simulate::attack_of_kind("syn_flood", when, std::move(options));
}
NAD_INLINE Attack Attack::port_scan(const When& when, Options options) {
  return detail::simulate::attack_of_kind("port_scan", when, std::move(options));
}
NAD_INLINE Attack Attack::horizontal_scan(const When& when, Options options) {
  return detail::simulate::attack_of_kind("horizontal_scan", when, std::move(options));
}
NAD_INLINE Attack Attack::syn_fin_scan(const When& when, Options options) {
  return detail::simulate::attack_of_kind("syn_fin_scan", when, std::move(options));
}
NAD_INLINE Attack Attack::null_scan(const When& when, Options options) {
  return detail::simulate::attack_of_kind("null_scan", when, std::move(options));
}
NAD_INLINE Attack Attack::fin_scan(const When& when, Options options) {
  return detail::simulate::attack_of_kind("fin_scan", when, std::move(options));
}
NAD_INLINE Attack Attack::xmas_scan(const When& when, Options options) {
  return detail::simulate::attack_of_kind("xmas_scan", when, std::move(options));
}
NAD_INLINE Attack Attack::ping_sweep(const When& when, Options options) {
  return detail::simulate::attack_of_kind("ping_sweep", when, std::move(options));
}
NAD_INLINE Attack Attack::dns_amplification(const When& when, Options options) {
  return detail::simulate::attack_of_kind("dns_amplification", when, std::move(options));
}
NAD_INLINE Attack Attack::ntp_amplification(const When& when, Options options) {
  return detail::simulate::attack_of_kind("ntp_amplification", when, std::move(options));
}
NAD_INLINE Attack Attack::udp_amplification(const When& when, Options options) {
  return detail::simulate::attack_of_kind("udp_amplification", when, std::move(options));
}
NAD_INLINE Attack Attack::slow_http(const When& when, Options options) {
  return detail::simulate::attack_of_kind("slow_http", when, std::move(options));
}
NAD_INLINE Attack Attack::ssh_brute_force(const When& when, Options options) {
  return detail::simulate::attack_of_kind("ssh_brute_force", when, std::move(options));
}
NAD_INLINE Attack Attack::ftp_brute_force(const When& when, Options options) {
  return detail::simulate::attack_of_kind("ftp_brute_force", when, std::move(options));
}
NAD_INLINE Attack Attack::exfiltration(const When& when, Options options) {
  return detail::simulate::attack_of_kind("exfiltration", when, std::move(options));
}
NAD_INLINE Attack Attack::dns_tunnel(const When& when, Options options) {
  return detail::simulate::attack_of_kind("dns_tunnel", when, std::move(options));
}
NAD_INLINE Attack Attack::beaconing(const When& when, Options options) {
  return detail::simulate::attack_of_kind("beaconing", when, std::move(options));
}
NAD_INLINE Attack Attack::lateral_movement(const When& when, Options options) {
  return detail::simulate::attack_of_kind("lateral_movement", when, std::move(options));
}
NAD_INLINE Attack Attack::land(const When& when, Options options) {
  return detail::simulate::attack_of_kind("land", when, std::move(options));
}
NAD_INLINE Attack Attack::teardrop(const When& when, Options options) {
  return detail::simulate::attack_of_kind("teardrop", when, std::move(options));
}
NAD_INLINE Attack Attack::smurf(const When& when, Options options) {
  return detail::simulate::attack_of_kind("smurf", when, std::move(options));
}

NAD_INLINE Simulator::Simulator(SimulatorOptions options) : options_(std::move(options)) {
  detail::simulate::check_options(options_);
}

NAD_INLINE SimulationSummary Simulator::run(const PacketCallback& on_packet, const FlowCallback& on_flow,
                                            const ProgressCallback& progress) const {
  if (!on_packet) {
    throw Error(ErrorCode::invalid_argument, "there is nobody to take the packets; give a callback");
  }
  return detail::simulate::run(options_, options_.nanoseconds ? 1 : 1000, on_packet, on_flow, progress);
}

NAD_INLINE Table Simulator::write(const std::filesystem::path& path, const std::filesystem::path& truth,
                                  CaptureWriterOptions capture, const ProgressCallback& progress) const {
  const std::uint16_t type = link_type(options_.packets.encapsulation);
  if (capture.link_type != CaptureWriterOptions().link_type && capture.link_type != type) {
    throw Error(ErrorCode::invalid_argument, "the capture's link type is " + std::to_string(capture.link_type) +
                                                 ", but packets begin with what " + std::to_string(type) +
                                                 " stands for; leave it as it is");
  }
  capture.link_type = type;
  CaptureWriter writer(path, capture);
  detail::simulate::TruthRows rows;
  detail::simulate::run(
      options_, options_.nanoseconds && capture.nanoseconds ? 1 : 1000,
      [&](const SimulatedPacket& packet) { writer.write(packet.time, packet.bytes); },
      [&](const SimulatedFlow& flow) { rows.add(flow); }, progress);
  Table table = rows.table();
  if (!truth.empty()) {
    detail::simulate::write_truth(table, truth);
  }
  writer.close();
  return table;
}

NAD_INLINE Table Simulator::truth(const ProgressCallback& progress) const {
  detail::simulate::TruthRows rows;
  run([](const SimulatedPacket& /*packet*/) {}, [&](const SimulatedFlow& flow) { rows.add(flow); }, progress);
  return rows.table();
}

}  // namespace nad
