#pragma once

/// How packets become flows.
///
///   nad::FlowMeter meter({.tcp_idle = 120.0, .active = 60.0});   // interim records of flows that go on for a minute
///   nad::FlowMeter kdd({.schema = nad::FlowSchema::kdd28});
///
/// Times are seconds, by the clock of the packets.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nad/config.hpp"

namespace nad {

/// The columns of the tables.
enum class FlowSchema : std::uint8_t {
  flow,   ///< the columns that all flow logs share, and more; see `FlowMeter`
  kdd28,  ///< the 28 columns of KDD Cup 99 that headers tell
};

/// "flow", "kdd28".
NAD_API std::string_view name(FlowSchema schema) noexcept;
/// The other way; an error that lists the names for anything else, and says why there is no "kdd41".
NAD_API FlowSchema parse_flow_schema(std::string_view name);

struct FlowOptions {
  FlowSchema schema = FlowSchema::flow;
  // How long after its last packet a flow ends. The defaults are Zeek's.
  double tcp_idle = 300.0;
  double udp_idle = 60.0;
  double icmp_idle = 60.0;
  double other_idle = 60.0;
  double tcp_attempt = 5.0;  ///< where the handshake was not finished
  double tcp_close = 5.0;    ///< where both sides closed, or one reset the connection
  /// A flow that goes on gives an interim record every so often, when a packet comes; 0: none.
  double active = 0.0;
  /// At a time; of more the least valuable ends early. A flow takes some 470 bytes.
  std::size_t max_flows = 1'000'000;
  /// Whether who sends the first packet is the destination where that packet looks like an answer.
  bool turn_answers = true;
  bool tunnels = false;  ///< look into GRE, VXLAN and IP in IP
  std::uint16_t community_seed = 0;

  friend bool operator==(const FlowOptions&, const FlowOptions&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/flow_options-inl.hpp"
#endif
