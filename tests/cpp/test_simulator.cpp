#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "nad/detail/hash.hpp"
#include "nad/nad.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::contains;
using tests::message_of;

struct KeptFlow {
  nad::SimulatedFlow flow;
  std::string state, history, label, scenario;
};

struct Watched {
  nad::SimulationSummary summary;
  std::vector<KeptFlow> flows;
  std::uint64_t hash = 0;
  std::uint64_t packets = 0;
  std::uint64_t ip_bytes = 0;
  std::int64_t first = INT64_MAX;
  std::int64_t last = 0;
  bool in_order = true;
  bool whole_microseconds = true;
  std::set<std::uint8_t> protocols;
};

std::uint64_t word(std::span<const std::uint8_t> bytes, std::size_t at) { return bytes[at] * 256U + bytes[at + 1]; }

/// Runs it with nothing in front of the IP header, and reads that.
Watched watch(nad::SimulatorOptions options) {
  options.packets.encapsulation = nad::Encapsulation::raw_ip;
  Watched seen;
  const nad::Simulator simulator(std::move(options));
  seen.summary = simulator.run(
      [&](const nad::SimulatedPacket& packet) {
        const auto bytes = packet.bytes;
        seen.hash = nad::detail::hash_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                           seen.hash ^ static_cast<std::uint64_t>(packet.time));
        ++seen.packets;
        const bool v4 = bytes[0] / 16 == 4;
        seen.ip_bytes += v4 ? word(bytes, 2) : 40 + word(bytes, 4);
        seen.protocols.insert(bytes[v4 ? 9 : 6]);
        seen.in_order = seen.in_order && packet.time >= seen.last;
        seen.whole_microseconds = seen.whole_microseconds && packet.time % 1000 == 0;
        seen.first = std::min(seen.first, packet.time);
        seen.last = packet.time;
      },
      [&](const nad::SimulatedFlow& flow) {
        seen.flows.push_back({flow, std::string(flow.state), std::string(flow.history), std::string(flow.label),
                              std::string(flow.scenario)});
      });
  return seen;
}

nad::SimulatorOptions alone(nad::Attack attack, double hours = 0.02) {
  nad::SimulatorOptions options{.random_state = 3, .hours = hours, .rate = 0.0};
  options.attacks.push_back(std::move(attack));
  return options;
}

/// How often each state and history comes: "S0 S".
std::map<std::string, std::size_t> endings(const Watched& seen) {
  std::map<std::string, std::size_t> counts;
  for (const KeptFlow& kept : seen.flows) {
    ++counts[kept.state + " " + kept.history];
  }
  return counts;
}

bool is_reserved(const nad::Address& address) {
  const std::uint32_t value = address.v4_value();
  if (!address.is_v4()) {
    return address.to_string().starts_with("2001:db8:");
  }
  return value >> 24U == 10 || value >> 8U == 0xc00002 || value >> 8U == 0xc63364 || value >> 8U == 0xcb0071 ||
         value >> 17U == 0xc612U >> 1U;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<nad::Attack> all_attacks(double apart, double duration, double intensity) {
  std::vector<nad::Attack> attacks;
  for (const nad::AttackKind& kind : nad::attack_kinds()) {
    const double start = apart * static_cast<double>(attacks.size());
    attacks.push_back({.kind = std::string(kind.name), .start = start, .duration = duration, .intensity = intensity});
  }
  return attacks;
}

}  // namespace

TEST_CASE("the truth about a simulated network adds up to its packets") {
  const Watched seen = watch({.random_state = 1, .hours = 0.04, .rate = 6.0, .attacks = all_attacks(5.0, 3.0, 0.05)});
  CHECK(seen.in_order);
  CHECK(seen.first >= nad::SimulatorOptions().begin);
  CHECK(seen.last < nad::SimulatorOptions().begin + 144 * nad::nanoseconds_per_second);
  for (const std::uint8_t protocol : std::vector<std::uint8_t>{1, 6, 17}) {
    CHECK(seen.protocols.contains(protocol));
  }
  std::uint64_t packets = 0;
  std::uint64_t ip_bytes = 0;
  std::set<std::string> labels;
  for (const KeptFlow& kept : seen.flows) {
    const nad::SimulatedFlow& flow = kept.flow;
    packets += flow.packets_sent + flow.packets_received;
    ip_bytes += flow.ip_bytes_sent + flow.ip_bytes_received;
    labels.insert(kept.label);
    CHECK(flow.last >= flow.first);
    CHECK((flow.packets_sent > 0) == (kept.label.find("amplification") == std::string::npos));
    CHECK(flow.retransmitted_sent <= flow.bytes_sent);
    CHECK((is_reserved(flow.source) && is_reserved(flow.destination)));
    CHECK((kept.label == "normal") != (kept.label == kept.scenario));
  }
  CHECK(packets == seen.packets);
  CHECK(packets == seen.summary.packets);
  CHECK(ip_bytes == seen.ip_bytes);
  CHECK(ip_bytes == seen.summary.bytes);
  CHECK(seen.flows.size() == seen.summary.flows);
  CHECK(labels.size() == nad::attack_kinds().size() + 1);
}

TEST_CASE("the same seed gives the same packets on every machine") {
  const nad::SimulatorOptions options{
      .random_state = 7, .hours = 0.02, .rate = 4.0, .attacks = all_attacks(3.0, 1.0, 0.05)};
  const Watched seen = watch(options);
  CHECK(seen.hash == watch(options).hash);
  CHECK(seen.hash == 10928804561862060404U);  // as it was written down once
  nad::SimulatorOptions other = options;
  other.random_state = 8;
  CHECK(watch(other).hash != seen.hash);
}

TEST_CASE("nights are quieter than days") {
  const auto flows = [](const char* begin, bool rhythm) {
    return watch({.begin = *nad::parse_time(begin), .hours = 0.05, .rate = 3.0, .rhythm = rhythm}).summary.flows;
  };
  CHECK(flows("2026-01-06T10:00", true) > 5 * flows("2026-01-06T03:00", true));
  CHECK(flows("2026-01-06T10:00", true) > 2 * flows("2026-01-10T10:00", true));
  CHECK(flows("2026-01-06T03:00", false) > 5 * flows("2026-01-06T03:00", true));
}

TEST_CASE("as many flows begin as the rate says") {
  const Watched seen = watch({.random_state = 2, .hours = 0.15, .rate = 3.0, .rhythm = false});
  CHECK(static_cast<double>(seen.summary.flows) == doctest::Approx(0.15 * 3600 * 3.0).epsilon(0.1));
}

TEST_CASE("ordinary connections fail as often as was said, in every way") {
  const Watched seen =
      watch({.random_state = 5, .hours = 0.08, .rate = 8.0, .rhythm = false, .failures = 0.5, .loss = 0.02});
  std::map<std::string, std::size_t> states;
  std::size_t tcp = 0;
  std::size_t repeats = 0;
  for (const KeptFlow& kept : seen.flows) {
    if (kept.flow.protocol == 6) {
      ++tcp;
      ++states[kept.state];
      const bool repeated = kept.flow.retransmitted_sent + kept.flow.retransmitted_received != 0;
      CHECK(repeated == (kept.history.find_first_of("tT") != std::string::npos));
      repeats += repeated ? 1 : 0;
    }
  }
  for (const char* state : {"S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0"}) {
    CHECK_MESSAGE(states[state] > 0, state);
  }
  CHECK(static_cast<double>(states["SF"]) == doctest::Approx(0.5 * static_cast<double>(tcp)).epsilon(0.1));
  CHECK(repeats > tcp / 100);
}

TEST_CASE("without failures and losses all connections end well but those that the end cuts") {
  const Watched seen = watch({.random_state = 5, .hours = 0.1, .rate = 5.0, .failures = 0.0, .loss = 0.0});
  const std::int64_t end = nad::SimulatorOptions().begin + 360 * nad::nanoseconds_per_second;
  std::size_t cut = 0;
  for (const KeptFlow& kept : seen.flows) {
    CHECK(kept.flow.retransmitted_received == 0);
    if (kept.flow.protocol == 6 && kept.state != "SF") {
      CHECK((kept.state == "S0" || kept.state == "S1" || kept.state == "S2" || kept.state == "S3"));
      CHECK(kept.flow.last > end - 210 * nad::nanoseconds_per_second);
      ++cut;
    }
  }
  CHECK(cut > 0);
}

TEST_CASE("memory goes with the flows of a moment, not with the length of a capture") {
  const nad::Attack flood = nad::Attack::syn_flood({.start = 0, .duration = 20});
  const std::size_t few = watch(alone(flood, 0.001)).summary.most_flows;
  const Watched seen = watch(alone(flood, 0.005));
  CHECK(seen.summary.flows > 30'000);
  CHECK(seen.summary.most_flows < 200);
  CHECK(seen.summary.most_flows < 2 * few);
}

TEST_CASE("floods are as fast as they are said to be, and no flow comes twice") {
  for (const double sources : {0.0, 1.0, 5.0}) {
    CAPTURE(sources);
    const Watched seen = watch(alone(nad::Attack::syn_flood({.start = 1, .duration = 10}, {{"sources", sources}})));
    CHECK(static_cast<double>(seen.flows.size()) == doctest::Approx(20'000).epsilon(0.05));
    std::set<std::pair<std::uint32_t, std::uint16_t>> keys;
    std::set<std::uint32_t> addresses;
    for (const KeptFlow& kept : seen.flows) {
      keys.insert({kept.flow.source.v4_value(), kept.flow.source_port});
      addresses.insert(kept.flow.source.v4_value());
    }
    CHECK(keys.size() == seen.flows.size());
    CHECK(addresses.size() == (sources == 0.0 ? 512 : static_cast<std::size_t>(sources)));
    auto counts = endings(seen);
    CHECK(counts[sources == 0.0 ? "S1 Sh" : "RSTO ShR"] == 128);
    CHECK(counts["S0 S"] == seen.flows.size() - 128);
  }
  CHECK(contains(message_of([] {
                   watch(alone(nad::Attack::syn_flood({.intensity = 10}, {{"sources", 1}})));
                 }),
                 "give more sources"));
  CHECK(contains(message_of([] { watch(alone(nad::Attack::land({.intensity = 3000}))); }), "lower the intensity"));
}

TEST_CASE("scans find what is open, closed and filtered") {
  const nad::Attack::When now{.start = 0, .duration = 60};
  auto ports = endings(watch(alone(nad::Attack::port_scan(now))));
  CHECK(ports.size() == 3);
  CHECK(ports["REJ Sr"] > 1000);
  CHECK(ports["S0 S"] > 500);
  CHECK(ports["RSTO ShR"] >= 4);
  auto places = endings(watch(alone(nad::Attack::horizontal_scan(now))));
  CHECK(places["S0 S"] > 2000);
  CHECK(places["REJ Sr"] > 10);
  CHECK(places["RSTO ShR"] > 3);
  using Counts = std::map<std::string, std::size_t>;
  const auto check = [](const Counts& counts, const char* closed, const char* silent) {
    CHECK(counts.size() == 2);
    CHECK(counts.at(closed) + counts.at(silent) == 1000);
    CHECK(counts.at(closed) > 600);
    CHECK(counts.at(silent) > 200);
  };
  check(endings(watch(alone(nad::Attack::syn_fin_scan(now)))), "RSTR Qr", "SH Q");
  check(endings(watch(alone(nad::Attack::fin_scan(now)))), "RSTR Fr", "SH F");
  check(endings(watch(alone(nad::Attack::xmas_scan(now)))), "RSTR Fr", "SH F");
  check(endings(watch(alone(nad::Attack::null_scan(now)))), "RSTRH r", "OTH ");
  const Watched pings = watch(alone(nad::Attack::ping_sweep(now)));
  CHECK(endings(pings) == Counts{{"OTH ", pings.flows.size()}});
  CHECK(std::count_if(pings.flows.begin(), pings.flows.end(),
                      [](const KeptFlow& kept) { return kept.flow.packets_received == 1; }) == 49);
}

TEST_CASE("amplified answers come from many and were not asked for") {
  const nad::Attack::When now{.start = 0, .duration = 5};
  for (const nad::Attack& attack : {nad::Attack::dns_amplification(now), nad::Attack::ntp_amplification(now),
                                    nad::Attack::udp_amplification(now), nad::Attack::smurf(now)}) {
    CAPTURE(attack.kind);
    const Watched seen = watch(alone(attack));
    CHECK(seen.flows.size() == 200);
    CHECK(static_cast<double>(seen.packets) == doctest::Approx(10'000).epsilon(0.05));
    for (const KeptFlow& kept : seen.flows) {
      const nad::SimulatedFlow& flow = kept.flow;
      const bool turned = attack.kind != "smurf";  // as whoever sees an answer first takes it to be one
      CHECK((turned ? flow.packets_sent : flow.packets_received) == 0);
      CHECK((turned ? flow.bytes_received : flow.bytes_sent) > 400 * (flow.packets_sent + flow.packets_received));
      CHECK(kept.state == (turned ? "SHR" : "OTH"));
      CHECK(kept.history == (turned ? "^d" : ""));
      CHECK((!turned || flow.destination_port < 1024));
    }
  }
  CHECK(watch(alone(nad::Attack::smurf({.intensity = 0.001}))).flows.size() == 20);  // none is silent for a minute
}

TEST_CASE("slow requests stay open until the end, of the attack or of the capture") {
  const nad::Attack attack = nad::Attack::slow_http({.start = 0, .duration = 60}, {{"connections", 30}, {"period", 5}});
  for (const KeptFlow& kept : watch(alone(attack, 0.01)).flows) {  // 36 seconds
    CHECK(kept.state == "S1");
  }
  const Watched seen = watch(alone(attack, 0.05));
  CHECK(seen.flows.size() == 30);
  for (const KeptFlow& kept : seen.flows) {
    CHECK(kept.state == "RSTO");
    CHECK(kept.flow.last - kept.flow.first > 50 * nad::nanoseconds_per_second);
    CHECK(kept.flow.bytes_sent < 600);
  }
}

TEST_CASE("uploads, tunnels, beacons and logins have their sizes and beats") {
  const Watched upload = watch(alone(nad::Attack::exfiltration({.start = 1, .duration = 60}, {{"megabytes", 5}})));
  REQUIRE(upload.flows.size() == 1);
  CHECK(upload.flows[0].flow.bytes_sent - upload.flows[0].flow.retransmitted_sent >= 5'000'000);
  CHECK(upload.flows[0].flow.bytes_sent > 100 * upload.flows[0].flow.bytes_received);
  const Watched tunnel = watch(alone(nad::Attack::dns_tunnel({.start = 0, .duration = 60})));
  CHECK(tunnel.flows.size() > 200);
  for (const KeptFlow& kept : tunnel.flows) {
    CHECK(kept.flow.bytes_sent > 150);
    CHECK(kept.flow.bytes_received > kept.flow.bytes_sent);
    CHECK(kept.flow.destination_port == 53);
  }
  const Watched beacons =
      watch(alone(nad::Attack::beaconing({.start = 10, .duration = 3500}, {{"period", 30}, {"jitter", 0.1}}), 1.0));
  CHECK(beacons.flows.size() == 117);
  std::int64_t before = 0;
  for (const KeptFlow& kept : beacons.flows) {
    CHECK(kept.flow.bytes_sent == beacons.flows[0].flow.bytes_sent);
    CHECK(kept.flow.bytes_received == beacons.flows[0].flow.bytes_received);
    if (before != 0) {
      const std::int64_t beat = (kept.flow.first - before) / 1'000'000;
      CHECK((beat >= 24'000 && beat <= 36'000));
    }
    before = kept.flow.first;
  }
  for (const nad::Attack& attack :
       {nad::Attack::ssh_brute_force({.duration = 30}), nad::Attack::ftp_brute_force({.duration = 30})}) {
    const Watched logins = watch(alone(attack));
    CHECK(logins.flows.size() > 60);
    auto counts = endings(logins);
    for (const KeptFlow& kept : logins.flows) {
      CHECK((kept.state == "SF" || kept.state == "RSTO"));
      CHECK(kept.flow.bytes_received < 1200);
    }
  }
  const Watched inside = watch(alone(nad::Attack::lateral_movement({.duration = 60}, {}), 0.03));
  std::set<std::string> places;
  for (const KeptFlow& kept : inside.flows) {
    CHECK(kept.flow.source == inside.flows[0].flow.source);
    places.insert(kept.flow.destination.to_string());
  }
  CHECK(places.size() > 8);
}

TEST_CASE("packets that should not be") {
  for (const KeptFlow& kept : watch(alone(nad::Attack::land({.duration = 20}))).flows) {
    CHECK(kept.flow.source == kept.flow.destination);
    CHECK(kept.flow.source_port == kept.flow.destination_port);
    CHECK(kept.state + kept.history == "S0S");
  }
  for (const KeptFlow& kept : watch(alone(nad::Attack::teardrop({.duration = 20}))).flows) {
    CHECK(kept.flow.packets_sent == 2);
    CHECK(kept.flow.bytes_sent == 32);
    CHECK(kept.flow.ip_bytes_sent == 56 + 24);
    CHECK(kept.state + kept.history == "S0D");
  }
}

TEST_CASE("a capture and its truth are written together") {
  const TemporaryFolder folder;
  const nad::Simulator simulator(
      {.random_state = 4, .hours = 0.01, .rate = 5.0, .attacks = {nad::Attack::null_scan({.duration = 5})}});
  const nad::Table truth = simulator.write(folder / "day.pcap", folder / "day.csv");
  std::ostringstream csv;
  nad::write_csv(truth, csv);
  CHECK(text_of(folder / "day.csv") == csv.str());
  const nad::Table again = nad::read(folder / "day.csv");
  CHECK(again.rows() == truth.rows());
  for (const nad::Field& field : truth.schema()) {
    CHECK_MESSAGE(again.has(field.name), field.name);
  }
  const auto begins = truth["timestamp"].times();
  CHECK(std::is_sorted(begins.begin(), begins.end()));
  CHECK(truth["history"].is_missing(truth.rows() - 1) == (truth["state"].text(truth.rows() - 1) == "OTH"));
  const std::string bytes = text_of(folder / "day.pcap");
  simulator.write(folder / "again.pcap");
  CHECK(text_of(folder / "again.pcap") == bytes);
  std::ostringstream alone_csv;
  nad::write_csv(simulator.truth(), alone_csv);
  CHECK(alone_csv.str() == csv.str());

  const nad::Table coarse = simulator.write(folder / "coarse.pcap", {}, {.nanoseconds = false});
  for (const std::int64_t time : coarse["timestamp"].times()) {
    CHECK(time % 1000 == 0);
  }
  CHECK(coarse.rows() == truth.rows());
  nad::SimulatorOptions options = simulator.options();
  options.nanoseconds = false;
  CHECK(watch(options).whole_microseconds);
  CHECK(contains(message_of([&] { simulator.write(folder / "x.pcap", {}, {.link_type = 113}); }), "leave it as it is"));
  CHECK(contains(message_of([&] { simulator.write(folder / "none" / "x.pcap"); }), "create it first"));
}

TEST_CASE("a simulation can be stopped") {
  const TemporaryFolder folder;
  const nad::Simulator simulator({.hours = 1.0, .rate = 20.0});
  std::size_t calls = 0;
  const std::string message = message_of([&] {
    simulator.write(folder / "day.pcap", {}, {}, [&](const nad::Progress& progress) {
      CHECK(progress.total == 3600);
      CHECK(progress.done <= progress.total);
      return ++calls < 3;
    });
  });
  CHECK(contains(message, "stopped"));
  CHECK(calls == 3);
  CHECK(folder.is_empty());
}

TEST_CASE("attacks are called by their names, or by their kinds") {
  nad::SimulatorOptions options{.hours = 0.01, .rate = 0.0};
  options.attacks = {nad::Attack::land({.duration = 3}), nad::Attack::land({.duration = 3}),
                     nad::Attack::smurf({.duration = 3})};
  options.attacks[2].name = "my, own";
  std::set<std::string> names;
  const nad::Table truth = nad::Simulator(options).truth();
  for (std::size_t row = 0; row < truth.rows(); ++row) {
    names.insert(std::string(truth["scenario"].text(row)));
  }
  CHECK(names == std::set<std::string>{"land", "land_2", "my, own"});
}

TEST_CASE("options of a simulation that make no sense are refused") {
  const auto refused = [](nad::SimulatorOptions options, const char* part) {
    CHECK_MESSAGE(contains(message_of([&] { nad::Simulator simulator(options); }), part), part);
  };
  refused({.hours = 0.0}, "hours is 0");
  refused({.hosts = 0}, "hosts is 0");
  refused({.rate = -1.0}, "rate is -1");
  refused({.hours = 1e9}, "hours is 1000000000; it must lie between 1e-06 and 8784");
  refused({.failures = 2.0}, "failures is 2");
  refused({.loss = 0.5}, "loss is 0.5");
  refused({.ipv6 = -0.1}, "ipv6 is -0.1");
  refused({.begin = -1}, "between 1970 and 2191");
  refused({.attacks = {{.kind = "syn_flod"}}}, "do you mean 'syn_flood'");
  refused({.attacks = {{.kind = "land", .start = 4000}}}, "but the capture ends after");
  refused({.attacks = {{.kind = "land", .duration = -1}}}, "the duration of land");
  refused({.attacks = {{.kind = "land", .intensity = 0}}}, "the intensity of land");
  refused({.attacks = {{.kind = "land", .options = {{"port", 1}}}}}, "land has no option 'port'; it has none");
  refused({.attacks = {{.kind = "beaconing", .options = {{"perod", 1}}}}}, "it has: period jitter");
  refused({.attacks = {{.kind = "beaconing", .options = {{"jitter", 0.6}}}}}, "must lie between 0");
  refused({.attacks = std::vector<nad::Attack>(129, nad::Attack::land({}))}, "there can be 128");
  refused({.hosts = 1, .attacks = {nad::Attack::ping_sweep({}), nad::Attack::ping_sweep({})}}, "than hosts");
  CHECK(contains(message_of([] { nad::Simulator().run({}); }), "give a callback"));
  CHECK(contains(message_of([] { watch(alone(nad::Attack::dns_tunnel({.intensity = 2000}))); }), "has no more ports"));
}
