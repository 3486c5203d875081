#pragma once

// The only place that knows libpcap.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>

#ifdef NAD_HAVE_PCAP
#include <pcap/pcap.h>
#include <poll.h>
#endif

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/flow/live_capture.hpp"
#include "nad/flow/privileges.hpp"
#include "nad/table/time.hpp"

namespace nad {

namespace detail {

#ifdef NAD_HAVE_PCAP

class PcapHandle {
 public:
  PcapHandle(const std::string& interface, const LiveOptions& options) : interface_(interface) {
    char words[PCAP_ERRBUF_SIZE] = {};
    handle_.reset(pcap_create(interface.c_str(), words));
    if (!handle_) {
      fail(words);
    }
    pcap_t* pcap = handle_.get();
    pcap_set_snaplen(pcap, static_cast<int>(std::clamp<std::uint32_t>(options.snap_length, 64, 262'144)));
    pcap_set_promisc(pcap, options.promiscuous ? 1 : 0);
    pcap_set_immediate_mode(pcap, options.immediate ? 1 : 0);
    pcap_set_timeout(pcap, 100);
    pcap_set_buffer_size(pcap, static_cast<int>(std::min<std::uint32_t>(options.buffer_bytes, 0x7fffffffU)));
    fine_ = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    const int result = pcap_activate(pcap);
    if (result < 0) {
      const std::string more = pcap_geterr(pcap);
      const bool forbidden = result == PCAP_ERROR_PERM_DENIED || result == PCAP_ERROR_PROMISC_PERM_DENIED;
      fail((more.empty() ? std::string(pcap_statustostr(result)) : more) +
           (forbidden ? "; run as root, or give the program the capability CAP_NET_RAW" : ""));
    }
    link_ = static_cast<LinkType>(static_cast<std::uint16_t>(link_number(pcap_datalink(pcap))));
    if (!can_decode(link_)) {
      fail("its packets are of " + nad::name(link_) + ", which nad does not decode");
    }
    set_filter(options.filter);
    if (pcap_setnonblock(pcap, 1, words) < 0) {
      fail(words);
    }
    poll_.fd = pcap_get_selectable_fd(pcap);
    poll_.events = POLLIN;
    if (!options.user.empty()) {
      drop_privileges(options.user);
    }
  }

  bool next(Frame& frame, double seconds) {
    using Clock = std::chrono::steady_clock;
    const auto until =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    for (;;) {
      if (stopped_.load(std::memory_order_relaxed)) {
        return false;
      }
      pcap_pkthdr* header = nullptr;
      const unsigned char* bytes = nullptr;
      const int result = pcap_next_ex(handle_.get(), &header, &bytes);
      if (result == 1) {
        const std::int64_t fraction = header->ts.tv_usec;
        frame = {std::int64_t{header->ts.tv_sec} * nanoseconds_per_second + (fine_ ? fraction : 1000 * fraction),
                 {bytes, header->caplen},
                 header->len,
                 link_};
        ++stats_.given;
        return true;
      }
      if (result < 0 && result != PCAP_ERROR_BREAK) {
        fail(pcap_geterr(handle_.get()));
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) {
        return false;
      }
      poll(&poll_, 1, static_cast<int>(std::min<std::int64_t>(left, 100)));  // short, so that `stop` is seen
    }
  }

  void stop() noexcept { stopped_.store(true, std::memory_order_relaxed); }
  bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

  LiveStats stats() {
    pcap_stat now = {};
    if (pcap_stats(handle_.get(), &now) == 0) {  // counters of 32 bits, which begin again
      stats_.received += now.ps_recv - last_.ps_recv;
      stats_.dropped += now.ps_drop - last_.ps_drop;
      stats_.dropped_by_interface += now.ps_ifdrop - last_.ps_ifdrop;
      last_ = now;
    }
    return stats_;
  }

 private:
  struct Close {
    void operator()(pcap_t* handle) const noexcept { pcap_close(handle); }
  };

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorCode::io, "cannot capture on " + interface_ + ": " + why);
  }

  /// Interfaces have numbers of the system, files have those of LinkType; raw IP is the one that differs.
  static int link_number(int link) noexcept { return link == DLT_RAW ? 101 : link; }

  void set_filter(const std::string& filter) {
    if (filter.empty()) {
      return;
    }
    bpf_program program = {};
    pcap_t* pcap = handle_.get();
    if (pcap_compile(pcap, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0) {
      throw Error(ErrorCode::invalid_argument, "the filter '" + filter + "' cannot be used: " + pcap_geterr(pcap));
    }
    const int result = pcap_setfilter(pcap, &program);
    pcap_freecode(&program);
    if (result < 0) {
      fail(pcap_geterr(pcap));
    }
  }

  std::string interface_;
  std::unique_ptr<pcap_t, Close> handle_;
  LinkType link_ = LinkType::ethernet;
  bool fine_ = false;
  pollfd poll_ = {};
  pcap_stat last_ = {};
  LiveStats stats_;
  std::atomic<bool> stopped_{false};
};

inline std::vector<std::string> list_interfaces() {
  char words[PCAP_ERRBUF_SIZE] = {};
  pcap_if_t* first = nullptr;
  std::vector<std::string> names;
  if (pcap_findalldevs(&first, words) == 0) {
    for (const pcap_if_t* device = first; device != nullptr; device = device->next) {
      names.emplace_back(device->name);
    }
    pcap_freealldevs(first);
  }
  return names;
}

#else

/// Stands where libpcap was not there when nad was built.
class PcapHandle {
 public:
  PcapHandle(const std::string& interface, const LiveOptions& /*options*/) {
    throw Error(ErrorCode::io, "cannot capture on " + interface +
                                   ": this nad was built without libpcap; install it (on Debian and Ubuntu: apt-get "
                                   "install libpcap-dev) and build nad again, or read a file that tcpdump writes");
  }
  bool next(Frame& /*frame*/, double /*seconds*/) { return false; }
  void stop() noexcept {}
  bool stopped() const noexcept { return true; }
  LiveStats stats() { return {}; }
};

inline std::vector<std::string> list_interfaces() { return {}; }

#endif

}  // namespace detail

NAD_INLINE bool live_capture_available() noexcept {
#ifdef NAD_HAVE_PCAP
  return true;
#else
  return false;
#endif
}

NAD_INLINE std::vector<std::string> live_interfaces() { return detail::list_interfaces(); }

NAD_INLINE LiveCapture::LiveCapture(const std::string& interface, const LiveOptions& options)
    : handle_(std::make_unique<detail::PcapHandle>(interface, options)) {}
NAD_INLINE LiveCapture::LiveCapture(LiveCapture&& other) noexcept = default;
NAD_INLINE LiveCapture& LiveCapture::operator=(LiveCapture&& other) noexcept = default;
NAD_INLINE LiveCapture::~LiveCapture() = default;

NAD_INLINE bool LiveCapture::next(Frame& frame, double seconds) {
  if (!detail::is_finite(seconds) || seconds < 0.0 || seconds > 1e6) {
    throw Error(ErrorCode::invalid_argument, "seconds to wait for a packet must be 0 to 1e6");
  }
  return handle_->next(frame, seconds);
}

NAD_INLINE void LiveCapture::stop() noexcept { handle_->stop(); }
NAD_INLINE bool LiveCapture::stopped() const noexcept { return handle_->stopped(); }
NAD_INLINE LiveStats LiveCapture::stats() { return handle_->stats(); }

}  // namespace nad
