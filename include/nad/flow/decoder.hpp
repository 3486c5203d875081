#pragma once

/// Reads the headers of packets, and never a byte beyond what was captured.
///
///   nad::Decoder decoder;
///   nad::Packet packet;
///   for (nad::Frame frame; capture.next(frame);) {
///     if (decoder.decode(frame, packet) == nad::Decoded::packet) count(packet);
///   }
///   decoder.count(nad::Decoded::udp_length);              // packets whose UDP header says less than its own size
///
/// Ethernet with VLAN tags, MPLS labels, LLC/SNAP and PPPoE, Linux cooked captures, BSD loopbacks and raw IP; IPv4 with
/// options, IPv6 with extension headers; TCP, UDP, UDP-Lite, ICMP, ICMPv6 and SCTP. Of other protocols only IP is read.
///
/// A fragment that is not the first has no ports; it gets those of the first one of its datagram, as long as that is
/// remembered: some 4,096 datagrams are, each for a minute. So memory is bounded, whatever comes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "nad/config.hpp"
#include "nad/flow/frame.hpp"
#include "nad/flow/packet.hpp"

namespace nad {

/// What became of a frame. All behind `not_ip` are malformed, or were captured too short.
enum class Decoded : std::uint8_t {
  packet,
  not_ip,            ///< ARP and all else that holds no IP packet
  snapped,           ///< the capture kept too few bytes of it to read the headers
  link_header,       ///< ends within the header of the link
  nesting,           ///< too many tags, labels or extension headers
  ip_version,        ///< neither 4 nor 6, or not the one that was announced
  ip_header,         ///< ends within the IP header, or gives it a wrong length
  ip_length,         ///< says that it is longer than the frame, or shorter than its own header
  ipv6_extension,    ///< ends within an extension header
  transport_header,  ///< ends within the header of TCP, UDP, ICMP or SCTP
  tcp_header,        ///< TCP gives its header a wrong length
  udp_length,        ///< UDP gives itself less than its header
};

inline constexpr std::size_t decoded_kinds = 12;

/// "packet", "not_ip", "snapped", ...
NAD_API std::string_view name(Decoded kind) noexcept;
/// As a person reads it: "IP length does not fit the frame".
NAD_API std::string_view describe(Decoded kind) noexcept;

constexpr bool is_malformed(Decoded kind) noexcept { return kind > Decoded::not_ip; }

struct DecoderOptions {
  /// Look into GRE, VXLAN (UDP port 4789) and IP in IP: the inner packet counts instead of the outer one.
  bool tunnels = false;
};

namespace detail {
class FragmentTable;
}

class NAD_API Decoder {
 public:
  explicit Decoder(const DecoderOptions& options = {});
  Decoder(Decoder&& other) noexcept;
  Decoder& operator=(Decoder&& other) noexcept;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder();

  /// `packet` means something where the answer is `Decoded::packet`. Frames of a link type that cannot be decoded are
  /// an error.
  Decoded decode(const Frame& frame, Packet& packet);

  /// How many frames became this.
  std::uint64_t count(Decoded kind) const noexcept { return counts_[static_cast<std::size_t>(kind)]; }
  std::uint64_t frames() const noexcept;
  std::uint64_t malformed() const noexcept;
  /// Fragments whose first one was not seen, or is forgotten.
  std::uint64_t lone_fragments() const noexcept { return lone_fragments_; }

 private:
  void place_fragment(Packet& packet, bool more, std::uint32_t length, std::uint32_t header);

  DecoderOptions options_;
  std::array<std::uint64_t, decoded_kinds> counts_ = {};
  std::uint64_t lone_fragments_ = 0;
  std::unique_ptr<detail::FragmentTable> fragments_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/decoder-inl.hpp"
#endif
