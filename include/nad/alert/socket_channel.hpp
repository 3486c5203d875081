#pragma once

/// Alerts over the network or to another program of this machine.
///
///   nad::AlertSink syslog(nad::udp_channel({.host = "192.0.2.1", .port = 514}), {.format = nad::AlertFormat::syslog});
///   nad::AlertSink local(nad::unix_channel({.path = "/run/log.sock"}), {.format = nad::AlertFormat::syslog});
///
/// Over TCP a message counts as written when the other machine has acknowledged it, over a Unix stream when the other
/// program has read it (where the system tells, as Linux does); a connection that breaks is made anew, and the
/// last quarter of a megabyte that it carried is sent again, for the program behind it may not have read it. Over UDP
/// nobody knows, save that a closed port of a near machine is noticed.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "nad/alert/channel.hpp"
#include "nad/config.hpp"
#include "nad/detail/words.hpp"

namespace nad {

/// How messages are kept apart on a stream.
enum class Framing : std::uint8_t {
  octet_counted,  ///< the length in decimal and a blank before each: RFC 6587
  newline,        ///< a line feed behind each; those inside become blanks
};

constexpr std::array<std::string_view, 2> words_of(Framing) noexcept { return {"octet_counted", "newline"}; }

struct UdpChannelOptions {
  std::string host = {};
  unsigned port = 514;
};

struct TcpChannelOptions {
  std::string host = {};
  unsigned port = 601;
  Framing framing = Framing::octet_counted;
  double timeout_seconds = 5.0;  ///< to connect, to send, and for the acknowledgement
};

struct UnixChannelOptions {
  std::filesystem::path path = {};
  bool is_stream = false;  ///< else datagrams
  Framing framing = Framing::newline;
  double timeout_seconds = 5.0;
};

NAD_API std::unique_ptr<AlertChannel> udp_channel(const UdpChannelOptions& options);
NAD_API std::unique_ptr<AlertChannel> tcp_channel(const TcpChannelOptions& options);
NAD_API std::unique_ptr<AlertChannel> unix_channel(const UnixChannelOptions& options);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/socket_channel-inl.hpp"
#endif
