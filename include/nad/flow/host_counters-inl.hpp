#pragma once

// The two windows of KDD Cup 99: counters that go up when a record comes and down when it leaves, never a search
// through the records themselves.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nad/detail/ring.hpp"
#include "nad/flow/connection_state-inl.hpp"
#include "nad/flow/counted_keys-inl.hpp"
#include "nad/flow/key_pool-inl.hpp"
#include "nad/flow/window_clock-inl.hpp"

namespace nad::detail {

struct HostRecord {
  std::int64_t moment = 0;
  RecordKey host = {};
  RecordKey port = {};
  RecordKey protocol = {};
  RecordKey src_port = {};
  StateError error = StateError::none;
};

/// How many records have errors.
template <class Count>
struct ErrorCounts {
  Count serror = 0;
  Count rerror = 0;

  void add_error(StateError error) noexcept {
    serror = static_cast<Count>(serror + (error == StateError::serror ? 1 : 0));
    rerror = static_cast<Count>(rerror + (error == StateError::rerror ? 1 : 0));
  }
  void remove_error(StateError error) noexcept {
    serror = static_cast<Count>(serror - (error == StateError::serror ? 1 : 0));
    rerror = static_cast<Count>(rerror - (error == StateError::rerror ? 1 : 0));
  }
};

/// What one window says of a record.
struct WindowCounts {
  std::uint32_t host = 0;     ///< records of this host
  std::uint32_t service = 0;  ///< records of this service
  ErrorCounts<std::uint32_t> host_errors = {};
  ErrorCounts<std::uint32_t> service_errors = {};
  std::uint32_t same_service = 0;   ///< records of this host and service
  std::uint32_t services = 0;       ///< different ones of the host
  std::uint32_t hosts = 0;          ///< different ones of the service
  std::uint32_t same_src_port = 0;  ///< of the host; only the window of the host counts them
};

/// The last records of all hosts.
class TimeWindow {
 public:
  TimeWindow(std::int64_t length, std::size_t most) : clock_(length), most_(most) {}

  WindowCounts add(const HostRecord& record) {
    const std::int64_t now = clock_.advance(record.moment);
    while (!entries_.empty() && (entries_.front().moment <= clock_.oldest() || entries_.size() == most_)) {
      remove_oldest();
    }
    const std::uint32_t host = hosts_.add(record.host);
    const std::uint32_t service = services_.add(joined_key(record.port, record.protocol));
    const std::uint32_t pair = pairs_.add({host, service});
    Side& of_host = hosts_[host];
    Side& of_service = services_[service];
    for (Side* side : {&of_host, &of_service}) {
      ++side->count;
      side->errors.add_error(record.error);
      side->different += pairs_[pair] == 0 ? 1U : 0U;
    }
    const std::uint32_t same = ++pairs_[pair];
    entries_.push_back({now, host, service, pair, record.error});
    return {of_host.count, of_service.count,  of_host.errors,       of_service.errors,
            same,          of_host.different, of_service.different, 0};
  }

 private:
  struct Side {
    std::uint32_t count = 0;
    ErrorCounts<std::uint32_t> errors = {};
    std::uint32_t different = 0;  ///< services of a host, hosts of a service
  };
  struct Entry {
    std::int64_t moment;
    std::uint32_t host;
    std::uint32_t service;
    std::uint32_t pair;
    StateError error;
  };

  void remove_oldest() {
    const Entry entry = entries_.front();
    entries_.pop_front();
    const bool last_of_pair = --pairs_[entry.pair] == 0;
    if (last_of_pair) {
      pairs_.erase(entry.pair);
    }
    leave(hosts_, entry.host, entry.error, last_of_pair);
    leave(services_, entry.service, entry.error, last_of_pair);
  }

  static void leave(KeyPool<Side>& sides, std::uint32_t place, StateError error, bool last_of_pair) {
    Side& side = sides[place];
    side.errors.remove_error(error);
    side.different -= last_of_pair ? 1U : 0U;
    if (--side.count == 0) {
      sides.erase(place);
    }
  }

  WindowClock clock_;
  std::size_t most_;
  Ring<Entry> entries_;
  KeyPool<Side> hosts_;
  KeyPool<Side> services_;
  KeyPool<std::uint32_t> pairs_;
};

/// The last records of one host.
class HostRing {
 public:
  WindowCounts add(const HostRecord& record, std::size_t most) {
    if (entries_.size() == most) {
      const Entry& oldest = entries_[next_];
      services_[oldest.service].errors.remove_error(oldest.error);
      errors_.remove_error(oldest.error);
      services_.remove(oldest.service);
      ports_.remove(oldest.src_port);
    } else {
      entries_.emplace_back();
      next_ = entries_.size() - 1;
    }
    Entry& entry = entries_[next_];
    next_ = next_ + 1 == most ? 0 : next_ + 1;
    // ports of one protocol stay apart; those of two would have to meet in 64 bits
    entry.service = services_.add(mix_bits(record.protocol.low + 1) + record.port.low + record.port.high);
    entry.src_port = ports_.add(record.src_port.low + record.src_port.high);
    entry.error = record.error;
    errors_.add_error(record.error);
    ServiceGroup& service = services_[entry.service];
    service.errors.add_error(record.error);
    const auto size = static_cast<std::uint32_t>(entries_.size());
    return {size,
            service.count,
            {errors_.serror, errors_.rerror},
            {service.errors.serror, service.errors.rerror},
            service.count,
            static_cast<std::uint32_t>(services_.distinct()),
            1,
            ports_[entry.src_port].count};
  }

  /// As new; large memory is given back, small is kept for the next host.
  void clear() {
    if (entries_.capacity() > 16) {
      *this = HostRing();
      return;
    }
    entries_.clear();
    services_.clear();
    ports_.clear();
    errors_ = {};
    next_ = 0;
  }

 private:
  struct ServiceGroup {
    std::uint64_t key;
    std::uint16_t count;
    ErrorCounts<std::uint16_t> errors;
  };
  struct PortGroup {
    std::uint64_t key;
    std::uint16_t count;
  };
  struct Entry {
    std::uint16_t service = 0;
    std::uint16_t src_port = 0;
    StateError error = StateError::none;
  };

  std::vector<Entry> entries_;  ///< a ring, once it is full
  std::size_t next_ = 0;
  CountedKeys<ServiceGroup, std::uint16_t> services_;
  CountedKeys<PortGroup, std::uint16_t> ports_;
  ErrorCounts<std::uint16_t> errors_ = {};
};

/// Both windows of all hosts.
class HostCounters {
 public:
  HostCounters(double seconds, std::size_t most, std::size_t host_records, std::size_t most_hosts)
      : time_window_(static_cast<std::int64_t>(seconds * 1e9), most),
        host_records_(host_records),
        most_hosts_(most_hosts) {}

  struct Counts {
    WindowCounts time;
    WindowCounts host;
  };

  Counts add(const HostRecord& record) {
    const std::uint32_t place = hosts_.touch(record.host);
    if (hosts_.size() > most_hosts_) {
      const std::uint32_t oldest = hosts_.oldest();
      hosts_[oldest].clear();
      hosts_.erase(oldest);
      ++forgotten_;
    }
    return {time_window_.add(record), hosts_[place].add(record, host_records_)};
  }

  std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  TimeWindow time_window_;
  RecentKeys<HostRing> hosts_;
  std::size_t host_records_;
  std::size_t most_hosts_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace nad::detail
