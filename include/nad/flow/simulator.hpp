#pragma once

/// A seeded generator of captures with the truth about every flow in them: a small network at work, and attacks on it.
///
///   nad::Simulator simulator({.random_state = 7, .hours = 2, .attacks = {
///       nad::Attack::syn_flood({.start = 600, .duration = 60}),
///       {.kind = "beaconing", .start = 0, .duration = 7200, .options = {{"period", 30}, {"jitter", 0.3}}}}});
///   nad::Table truth = simulator.write("day.pcap", "day.csv");   // one row a flow
///   simulator.run([&](const nad::SimulatedPacket& packet) { feed(packet.time, packet.bytes); });   // without files
///
/// People of the network browse, look up names, mail, work over SSH, set clocks and watch videos, more by day than by
/// night; strangers visit its servers; connections lose packets, and some are refused, never answered, or reset. All
/// addresses are those set aside for documentation, tests and private networks. Payloads are well formed (DNS, NTP,
/// HTTP, TLS, SSH, SMTP, IMAP, FTP), and all checksums are right. The same options give the same bytes on every
/// machine, unless the headers are compiled with -ffast-math.
///
/// The truth is what the generator knows of what it sends; no meter is asked. Its rules are Zeek's:
/// - a flow is one protocol, both addresses and both ports; the source is who sent its first packet, unless that looks
///   like an answer, as those of `dns_amplification`, `ntp_amplification` and `udp_amplification` do: of UDP, from a
///   port below 1024 to one above. Then it is who is answered, and the history begins with "^" (state "SHR", history
///   "^d"). A meter with `FlowOptions::turn_answers = false` has "S0" and "D" from the other side. For ICMP the ports
///   are type and code, for echoes the type and the type of the answer: 8 and 0 (ICMPv6: 128 and 129), and 0 and 8 for
///   answers that nobody asked for. All echoes between two hosts are one flow;
/// - bytes are those of the payload, behind the header of TCP, UDP or the eight bytes of ICMP, repeated ones included;
///   `retransmitted_*` says how many of them were. IP bytes are all of the IP packet, without padding. Each fragment is
///   a packet, and what a later fragment holds is payload;
/// - `state` and `history` are Zeek's conn_state and history ("SF", "ShADadFf"); ICMP is "OTH" and has no history. A
///   flow that the end of the capture cuts has what it had by then;
/// - no ports are used again before a meter with Zeek's timeouts has ended the flow before (5 seconds for attempts of
///   TCP, 5 minutes for connections, 1 minute for UDP and ICMP), and no flow is silent so long that it would be two.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/progress.hpp"
#include "nad/flow/capture_writer.hpp"
#include "nad/flow/packet_bytes.hpp"
#include "nad/table/address.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace nad {

/// What somebody does to the network, and when.
struct NAD_API Attack {
  struct When {
    double start = 0.0;      ///< seconds after the beginning of the capture
    double duration = 60.0;  ///< seconds in which it begins new packets or connections
    double intensity = 1.0;  ///< 2: twice as many a second
  };
  using Options = std::map<std::string, double, std::less<>>;

  std::string kind;  ///< see `attack_kinds`
  double start = 0.0;
  double duration = 60.0;
  double intensity = 1.0;
  Options options = {};   ///< of its kind; an error where the kind has no such option
  std::string name = {};  ///< the flows' `scenario`; "": the kind, and a number from the second of a kind on

  static Attack syn_flood(const When& when, Options options = {});
  static Attack port_scan(const When& when, Options options = {});
  static Attack horizontal_scan(const When& when, Options options = {});
  static Attack syn_fin_scan(const When& when, Options options = {});
  static Attack null_scan(const When& when, Options options = {});
  static Attack fin_scan(const When& when, Options options = {});
  static Attack xmas_scan(const When& when, Options options = {});
  static Attack ping_sweep(const When& when, Options options = {});
  static Attack dns_amplification(const When& when, Options options = {});
  static Attack ntp_amplification(const When& when, Options options = {});
  static Attack udp_amplification(const When& when, Options options = {});
  static Attack slow_http(const When& when, Options options = {});
  static Attack ssh_brute_force(const When& when, Options options = {});
  static Attack ftp_brute_force(const When& when, Options options = {});
  static Attack exfiltration(const When& when, Options options = {});
  static Attack dns_tunnel(const When& when, Options options = {});
  static Attack beaconing(const When& when, Options options = {});
  static Attack lateral_movement(const When& when, Options options = {});
  static Attack land(const When& when, Options options = {});
  static Attack teardrop(const When& when, Options options = {});
  static Attack smurf(const When& when, Options options = {});
};

struct AttackOption {
  std::string_view name;
  double usual;
  double least;
  double most;
  std::string_view description;
};

struct AttackKind {
  std::string_view name;
  std::string_view description;
  std::vector<AttackOption> options;
};

/// The kinds of attacks, with what can be said of each beside its time and intensity.
NAD_API const std::vector<AttackKind>& attack_kinds();

struct SimulatorOptions {
  std::uint64_t random_state = 0;
  std::int64_t begin = 1'767'603'600 * nanoseconds_per_second;  ///< Monday 2026-01-05, 09:00; days and hours are UTC
  double hours = 1.0;                                           ///< no packet is later
  std::size_t hosts = 50;                                       ///< of the people inside; servers come on top
  double rate = 2.0;       ///< ordinary flows that begin in a second of the busiest hour; 0: attacks alone
  bool rhythm = true;      ///< false: every hour is the busiest
  double failures = 0.08;  ///< share of ordinary connections that are refused, not answered, reset or left open
  double loss = 0.004;     ///< share of data packets that are lost and sent again, on average
  double ipv6 = 0.2;       ///< share of the hosts that use IPv6
  std::vector<Attack> attacks = {};
  PacketBytesOptions packets = {};  ///< what stands in front of the IP header
  bool nanoseconds = true;          ///< false: whole microseconds, as files have them that hold no more
};

struct SimulatedPacket {
  std::int64_t time = 0;                ///< nanoseconds since 1970; never less than that of the packet before
  std::span<const std::uint8_t> bytes;  ///< valid until the callback returns
};

/// The truth about a flow. "sent" is what the source sent.
struct SimulatedFlow {
  std::int64_t first = 0;  ///< nanoseconds since 1970
  std::int64_t last = 0;
  Address source;
  Address destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;     ///< 1, 6, 17 or 58
  std::string_view state;        ///< Zeek's
  std::string_view history;      ///< Zeek's; valid until the callback returns
  std::string_view label;        ///< "normal" or the kind of attack
  std::string_view scenario;     ///< "web", "dns", "mail", ... or the attack's name; valid until the run ends
  std::uint64_t bytes_sent = 0;  ///< payload
  std::uint64_t bytes_received = 0;
  std::uint64_t retransmitted_sent = 0;  ///< so much of the payload had been there before
  std::uint64_t retransmitted_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t ip_bytes_sent = 0;
  std::uint64_t ip_bytes_received = 0;
};

struct SimulationSummary {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  ///< of packets, with what stands in front of the IP header
  std::uint64_t flows = 0;
  std::size_t most_flows = 0;  ///< at one time: memory goes with them, not with the length of the capture
};

class NAD_API Simulator {
 public:
  using PacketCallback = std::function<void(const SimulatedPacket&)>;
  using FlowCallback = std::function<void(const SimulatedFlow&)>;

  /// An error where an option makes no sense.
  explicit Simulator(SimulatorOptions options = {});

  /// Packets in the order of time; flows when they end, those that are open when the capture ends last.
  SimulationSummary run(const PacketCallback& on_packet, const FlowCallback& on_flow = {},
                        const ProgressCallback& progress = {}) const;

  /// A capture, and the truth as a table in the order in which the flows begin (some 400 bytes a flow), in `truth` as
  /// CSV where that is not empty. The link type follows from the encapsulation; where the capture holds microseconds,
  /// packets are sent at whole ones, so that its times are those of the truth.
  Table write(const std::filesystem::path& path, const std::filesystem::path& truth = {},
              CaptureWriterOptions capture = {}, const ProgressCallback& progress = {}) const;

  /// The truth alone, without a file.
  Table truth(const ProgressCallback& progress = {}) const;

  const SimulatorOptions& options() const noexcept { return options_; }

 private:
  SimulatorOptions options_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/simulator-inl.hpp"
#endif
