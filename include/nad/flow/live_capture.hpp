#pragma once

/// Packets of a network interface as they come, through libpcap.
///
///   nad::LiveCapture capture("eth0", {.filter = "not port 22"});
///   nad::FlowMeter meter({.active = 60.0});
///   while (!capture.stopped()) {
///     nad::Frame frame;
///     while (capture.next(frame, /*seconds=*/0.5)) meter.add(frame);   // false: nothing came for so long
///     use(meter.take());
///   }
///   capture.stats().dropped;                              // packets that the kernel had no room for
///
/// Needs the right to capture (root, or on Linux the capability CAP_NET_RAW), and a nad that was built with libpcap:
/// `live_capture_available()` says so, and without it making one is an error. nad itself drops no packet: what comes
/// faster than it is read waits in the kernel's buffer, and is counted there when it is full.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/flow/frame.hpp"

namespace nad {

struct LiveOptions {
  std::uint32_t snap_length = 256;                 ///< bytes kept of a packet: headers need no more
  std::uint32_t buffer_bytes = 32U * 1024 * 1024;  ///< of the kernel
  std::string filter = {};                         ///< in the language of tcpdump: "tcp and not port 22"
  bool promiscuous = true;                         ///< also packets for others
  bool immediate = true;                           ///< each packet at once; else some tenth of a second together
  std::string user = {};  ///< as whom the process goes on once the interface is open (privileges.hpp); empty: as it is
};

struct LiveStats {
  std::uint64_t given = 0;                 ///< by `next`
  std::uint64_t received = 0;              ///< by the kernel, of those that the filter lets pass
  std::uint64_t dropped = 0;               ///< because the buffer was full
  std::uint64_t dropped_by_interface = 0;  ///< by the network card or its driver, where they tell
};

/// Whether this nad was built with libpcap.
NAD_API bool live_capture_available() noexcept;
/// Names of interfaces that can be captured on; none where that is not allowed.
NAD_API std::vector<std::string> live_interfaces();

namespace detail {
class PcapHandle;
}

class NAD_API LiveCapture {
 public:
  explicit LiveCapture(const std::string& interface, const LiveOptions& options = {});
  LiveCapture(LiveCapture&& other) noexcept;
  LiveCapture& operator=(LiveCapture&& other) noexcept;
  LiveCapture(const LiveCapture&) = delete;
  LiveCapture& operator=(const LiveCapture&) = delete;
  ~LiveCapture();

  /// The next packet; false where none came for so long, or `stop` was called. Its bytes are valid until the next call.
  bool next(Frame& frame, double seconds);

  /// Makes `next` return, now and later; from any thread or a signal handler.
  void stop() noexcept;
  bool stopped() const noexcept;
  LiveStats stats();

 private:
  std::unique_ptr<detail::PcapHandle> handle_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/live_capture-inl.hpp"
#endif
