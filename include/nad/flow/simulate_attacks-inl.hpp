#pragma once

// The kinds of attacks: what they are called, what can be said of them, and who carries them out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/nearest_name.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/plain_number.hpp"
#include "nad/flow/simulate_floods-inl.hpp"
#include "nad/flow/simulate_intruders-inl.hpp"
#include "nad/flow/simulate_scans-inl.hpp"

namespace nad::detail::simulate {

template <class Made, class... Arguments>
std::unique_ptr<Actor> make_attack(Engine& engine, const Scene& scene, Arguments... arguments) {
  return std::make_unique<Made>(engine, scene, arguments...);
}

using MakeAttack = std::unique_ptr<Actor> (*)(Engine&, const Scene&);

struct KnownAttack {
  AttackKind kind;
  MakeAttack make;
};

inline AttackOption port_option(double usual) { return {"port", usual, 1, 65'535, "the port that is attacked"}; }
inline AttackOption ports_option() { return {"ports", 1000, 1, 65'535, "so many ports, from 1 on"}; }
inline AttackOption filtered_option() {
  return {"filtered", 0.3, 0, 1, "share of the closed ports that do not answer"};
}
inline AttackOption reflectors_option() { return {"sources", 200, 1, 256, "how many hosts answer"}; }

inline const std::vector<KnownAttack>& known_attacks() {
  using E = Engine;
  using S = const Scene;
  static const std::vector<KnownAttack> attacks = {
      {{"syn_flood",
        "2000 SYNs a second to the public web server that are never followed by anything",
        {{"sources", 0, 0, 256, "hosts that send them; 0: every SYN has a forged source"}, port_option(80)}},
       [](E& e, S& s) { return make_attack<SynFlood>(e, s); }},
      {{"port_scan",
        "60 ports a second of the public servers, one after the other, half open",
        {ports_option(), filtered_option()}},
       [](E& e, S& s) { return make_attack<PortScan>(e, s); }},
      {{"horizontal_scan", "one port of 40 addresses a second inside, from inside, half open", {port_option(445)}},
       [](E& e, S& s) { return make_attack<HorizontalScan>(e, s); }},
      {{"syn_fin_scan", "SYN and FIN in one packet to 60 ports a second", {ports_option(), filtered_option()}},
       [](E& e, S& s) { return make_attack<FlagScan>(e, s, static_cast<unsigned>(tcp_syn | tcp_fin)); }},
      {{"null_scan", "packets without any flag to 60 ports a second", {ports_option(), filtered_option()}},
       [](E& e, S& s) { return make_attack<FlagScan>(e, s, 0U); }},
      {{"fin_scan", "FIN without a connection to 60 ports a second", {ports_option(), filtered_option()}},
       [](E& e, S& s) { return make_attack<FlagScan>(e, s, static_cast<unsigned>(tcp_fin)); }},
      {{"xmas_scan", "FIN, PSH and URG in one packet to 60 ports a second", {ports_option(), filtered_option()}},
       [](E& e, S& s) { return make_attack<FlagScan>(e, s, static_cast<unsigned>(tcp_fin | tcp_psh | tcp_urg)); }},
      {{"ping_sweep", "echo requests to 30 addresses a second inside, from inside", {}},
       [](E& e, S& s) { return make_attack<PingSweep>(e, s); }},
      {{"dns_amplification",
        "2000 large answers of name servers a second that nobody asked for",
        {reflectors_option()}},
       [](E& e, S& s) { return make_attack<DatagramAmplification>(e, s, std::uint16_t{53}); }},
      {{"ntp_amplification",
        "2000 lists of clients of time servers a second that nobody asked for",
        {reflectors_option()}},
       [](E& e, S& s) { return make_attack<DatagramAmplification>(e, s, std::uint16_t{123}); }},
      {{"udp_amplification", "2000 answers of chargen a second that nobody asked for", {reflectors_option()}},
       [](E& e, S& s) { return make_attack<DatagramAmplification>(e, s, std::uint16_t{19}); }},
      {{"slow_http",
        "connections to the public web server with requests that never end, 20 more a second",
        {{"connections", 200, 1, 20'000, "how many"}, {"period", 15, 1, 200, "seconds between lines of a request"}}},
       [](E& e, S& s) { return make_attack<SlowHttp>(e, s); }},
      {{"ssh_brute_force", "3 logins a second over SSH that fail", {}},
       [](E& e, S& s) { return make_attack<BruteForce>(e, s, std::uint16_t{22}); }},
      {{"ftp_brute_force", "3 logins a second over FTP that fail", {}},
       [](E& e, S& s) { return make_attack<BruteForce>(e, s, std::uint16_t{21}); }},
      {{"exfiltration",
        "a large upload from a machine inside to an unknown place, spread over the time",
        {{"megabytes", 50, 0.001, 1e5, "payload, in all"}}},
       [](E& e, S& s) { return make_attack<Exfiltration>(e, s); }},
      {{"dns_tunnel", "5 questions a second whose long names hold a file, with long answers", {}},
       [](E& e, S& s) { return make_attack<DnsTunnel>(e, s); }},
      {{"beaconing",
        "a small exchange with an unknown place outside at a steady beat",
        {{"period", 60, 1, 86'400, "seconds"},
         {"jitter", 0.05, 0, 0.5, "how far off the beat, as a share of the period"}}},
       [](E& e, S& s) { return make_attack<Beaconing>(e, s); }},
      {{"lateral_movement", "a machine inside tries others every few seconds: files, shells, administration", {}},
       [](E& e, S& s) { return make_attack<LateralMovement>(e, s); }},
      {{"land", "5 SYNs a second whose source is their target", {}},
       [](E& e, S& s) { return make_attack<Land>(e, s); }},
      {{"teardrop", "5 datagrams a second in fragments that overlap", {}},
       [](E& e, S& s) { return make_attack<Teardrop>(e, s); }},
      {{"smurf", "2000 echo replies a second that nobody asked for", {reflectors_option()}},
       [](E& e, S& s) { return make_attack<Smurf>(e, s); }},
  };
  return attacks;
}

[[noreturn]] inline void refuse_option(const std::string& what) { throw Error(ErrorCode::invalid_argument, what); }

inline const KnownAttack& known_attack(std::string_view kind) {
  std::vector<std::string> names;
  std::string list;
  for (const KnownAttack& known : known_attacks()) {
    if (known.kind.name == kind) {
      return known;
    }
    names.emplace_back(known.kind.name);
    list.append(list.empty() ? "" : ", ").append(known.kind.name);
  }
  const std::string nearest = nearest_name(kind, names);
  refuse_option("there is no attack '" + std::string(kind) +
                (nearest.empty() ? "'." : "'; do you mean '" + nearest + "'?") + " There are: " + list);
}

/// All options of the kind, as given or as usual.
inline Attack::Options checked_options(const Attack& attack, const AttackKind& kind) {
  Attack::Options options;
  std::vector<std::string> names;
  for (const AttackOption& option : kind.options) {
    options.emplace(option.name, option.usual);
    names.emplace_back(option.name);
  }
  for (const auto& [name, value] : attack.options) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      std::string message = attack.kind + " has no option '" + name + "'; ";
      message += names.empty() ? "it has none" : "it has:";
      for (const std::string& known : names) {
        message.append(" ").append(known);
      }
      refuse_option(message);
    }
    const AttackOption& option = kind.options[static_cast<std::size_t>(found - names.begin())];
    if (!is_finite(value) || value < option.least || value > option.most) {
      refuse_option("the option " + name + " of " + attack.kind + " is " + plain_number(value) +
                    "; it must lie between " + plain_number(option.least) + " and " + plain_number(option.most));
    }
    options[name] = value;
  }
  return options;
}

inline void check_attack(const Attack& attack) {
  static_cast<void>(checked_options(attack, known_attack(attack.kind).kind));
  const auto within = [&](const char* what, double value, double least, double most) {
    if (!is_finite(value) || value < least || value > most) {
      refuse_option(std::string(what) + " of " + attack.kind + " is " + plain_number(value) + "; it must lie between " +
                    plain_number(least) + " and " + plain_number(most));
    }
  };
  within("the start", attack.start, 0.0, 1e8);
  within("the duration", attack.duration, 0.0, 1e8);
  within("the intensity", attack.intensity, 1e-4, 1e4);
}

/// How many of its kind come before it.
inline std::size_t earlier_of_kind(const std::vector<Attack>& attacks, std::size_t place) {
  return static_cast<std::size_t>(
      std::count_if(attacks.begin(), attacks.begin() + static_cast<std::ptrdiff_t>(place),
                    [&](const Attack& attack) { return attack.kind == attacks[place].kind; }));
}

/// What each attack is called: its name, or its kind with a number where it is not the first.
inline std::vector<std::string> scenario_names(const std::vector<Attack>& attacks) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    const std::size_t earlier = earlier_of_kind(attacks, i);
    names.push_back(!attacks[i].name.empty() ? attacks[i].name
                    : earlier == 0           ? attacks[i].kind
                                             : attacks[i].kind + "_" + std::to_string(earlier + 1));
  }
  return names;
}

inline void start_attacks(Engine& engine, const std::vector<Attack>& attacks, const std::vector<std::string>& names) {
  Network& network = engine.network();
  const std::size_t taken_over = engine.draw().below(network.people.size());
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    const Attack& attack = attacks[i];
    const KnownAttack& known = known_attack(attack.kind);
    const auto number = static_cast<std::uint32_t>(i);
    Scene scene{.story = {known.kind.name, names[i]},
                .number = i,
                .until = engine.begin() + ticks(attack.start + attack.duration),
                .intensity = attack.intensity,
                .options = checked_options(attack, known.kind),
                .outsider = &network.keep(Host(attackers + number, false, true)),
                .insider = &network.people[(taken_over + earlier_of_kind(attacks, i)) % network.people.size()],
                .collector = &network.keep(Host(collectors + number, false, true))};
    engine.start(engine.begin() + ticks(attack.start), known.make(engine, scene));
  }
}

}  // namespace nad::detail::simulate
