#pragma once

/// Turns packets into flows: one row for each connection, in both directions.
///
///   nad::Table flows = nad::read("day.pcap");               // the short way
///
///   nad::FlowMeter meter;
///   for (nad::Frame frame; capture.next(frame);) {
///     meter.add(frame);
///     if (meter.ended() >= 10'000) use(meter.take());       // those that ended so far
///   }
///   use(meter.flush());                                     // and all others
///   meter.stats().malformed[nad::Decoded::ip_length];
///
/// The columns are those that all flow logs share (timestamp to flags), with Zeek's states and letters of history, and:
///
///   last_seen, interim, ended          interim: the flow goes on; why it ended (below)
///   vlan, inner_vlan                   of the first packet
///   land, wrong_fragments              same ends and ports; fragments that overlap or reach too far
///   and for each direction, with _sent or _received behind it:
///   retransmitted_packets, retransmitted_bytes, first_window
///   fin, syn, rst, psh, ack, urg, ece, cwr      packets with this flag of TCP
///   size_mean, size_std, size_min, size_max     of IP packets
///   gap_mean, gap_std, gap_min, gap_max         seconds from one packet to the next; 0 where there is one
///
/// Bytes are those of the payload as it was seen: what TCP sends again counts again, and is told apart by the
/// retransmitted ones. All numbers are finite, and a flow of one packet is a row like any other.
///
/// Who sends the first packet is the source, unless that packet is an answer: a SYN with ACK, or one from a port below
/// 1024 to one above where TCP began before the capture, and of UDP (`turn_answers`). History begins with "^" then.
/// Ports of ICMP are its type and that of the answer, else its code. Letters that would need checksums or gaps (c, g)
/// are never there, and a history has 23 letters at most.
///
/// The column ended says "closed" (both sides closed it, one reset it, or another began between the same ports), "idle"
/// (nothing came for as long as `FlowOptions` says), "flushed" (the input ended before any of these: state and amounts
/// are those so far), "evicted", or "open" for an interim record.
///
/// Flows end by the time of packets, see `FlowOptions`, in the order in which they become due. Memory is bounded by
/// `max_flows`: of more, the one ends early that tells least, half-open connections first. It is a row as well, with
/// "evicted" in the column ended. So a flood neither takes all memory nor hides itself. Rows that ended lie in memory
/// until they are taken.
///
/// A packet that is up to 10 seconds older than the newest counts as of that one's time when flows end. Where clocks
/// were set back further, time goes on from where it stood after 1000 such packets.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "nad/config.hpp"
#include "nad/flow/decoder.hpp"
#include "nad/flow/flow_options.hpp"
#include "nad/flow/frame.hpp"
#include "nad/flow/packet.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct FlowStats {
  std::uint64_t frames = 0;
  std::uint64_t packets = 0;  ///< of IP, that became part of a flow
  std::uint64_t not_ip = 0;
  std::map<Decoded, std::uint64_t> malformed;  ///< only kinds that came
  std::uint64_t lone_fragments = 0;            ///< whose first fragment was not seen; they have no ports
  std::uint64_t late = 0;                      ///< packets with a time before that of the packet before
  std::uint64_t flows = 0;                     ///< begun
  std::uint64_t interim = 0;                   ///< records of flows that went on
  std::uint64_t evicted = 0;                   ///< flows that ended early because there were too many
  std::uint64_t evicted_half_open = 0;         ///< of these, connections whose handshake was not finished
  std::size_t open = 0;                        ///< flows that go on now
  std::size_t bytes = 0;                       ///< memory of flows

  std::uint64_t malformed_packets() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [kind, count] : malformed) {
      sum += count;
    }
    return sum;
  }
};

namespace detail {
class FlowMeterState;
}

class NAD_API FlowMeter {
 public:
  explicit FlowMeter(const FlowOptions& options = {});
  FlowMeter(FlowMeter&& other) noexcept;
  FlowMeter& operator=(FlowMeter&& other) noexcept;
  FlowMeter(const FlowMeter&) = delete;
  FlowMeter& operator=(const FlowMeter&) = delete;
  ~FlowMeter();

  /// Decodes and counts a frame; what is malformed is counted as such.
  void add(const Frame& frame);
  /// Counts a packet that was decoded elsewhere.
  void add(const Packet& packet);

  /// Ends what is due at a time at which no packet comes: an interface may be silent for long.
  void advance(std::int64_t time);

  /// How many rows can be taken.
  std::size_t ended() const noexcept;
  /// Those rows, or the first `most` of them.
  Table take(std::size_t most = static_cast<std::size_t>(-1));
  /// Makes columns of the first `most` of them already; `take` gives those in any case. Memory of the flows can be used
  /// again then: for tables of more flows than can be open at a time.
  void prepare(std::size_t most);
  /// Ends all flows; gives all rows that were not taken. The meter can go on then.
  Table flush();
  /// Ends all flows; the rows wait to be taken.
  void end_all();

  /// When the first packet came of the flow that is open the longest; nothing where none is. Looks at all of them.
  std::optional<std::int64_t> oldest_open() const;

  /// Of the tables.
  const Schema& schema() const noexcept;
  const FlowOptions& options() const noexcept;
  FlowStats stats() const;

 private:
  std::unique_ptr<detail::FlowMeterState> state_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/flow_meter-inl.hpp"
#endif
