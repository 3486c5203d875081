#pragma once

/// A seeded generator of labelled flow tables: a small network with its daily and weekly rhythm, and attacks in it.
///
///   nad::Table flows = nad::synthetic_flows({.n_samples = 50000, .anomaly_ratio = 0.02, .random_state = 7});
///   flows["label"];                                        // "normal", "port_scan", "beaconing", ...
///   nad::synthetic_flows({.anomalies = {"dns_tunnel"}});   // that one alone, in normal traffic
///   nad::write_csv(flows, "flows.csv");
///
/// People browse, mail, print, meet and store files in office hours; servers answer them and the Internet; devices
/// report, a monitor polls, machines are updated and saved at night; and some connections fail. Attacks come in
/// episodes, with the sizes, ports, flags and durations that ordinary flows have too: what gives them away is who talks
/// to whom, when, how often, and how one amount goes with another. No single column separates the classes.
///
/// Columns: timestamp, src_ip, dst_ip, src_port, dst_port, protocol, packet_size, duration, flags, bytes_sent,
/// bytes_received, packets_sent, packets_received, is_anomaly, label. Bytes are those of IP packets with their headers,
/// packet_size is their mean, rounded; flags are those of both sides together ("FSPA"), missing where it is not TCP;
/// the ports of ICMP are 0. Rows are in the order of time. The same options give the same table on every machine,
/// unless the headers are compiled with -ffast-math.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace nad {

struct SyntheticFlows {
  std::size_t n_samples = 10000;
  double anomaly_ratio = 0.05;              ///< share of the rows, rounded to whole ones
  std::vector<std::string> anomalies = {};  ///< kinds, see `synthetic_anomalies`; none: all of them
  std::uint64_t random_state = 0;
  std::int64_t begin = 1'767'571'200 * nanoseconds_per_second;  ///< Monday 2026-01-05, 00:00; days and hours are UTC
  double days = 7.0;                                            ///< no flow begins later
  std::size_t hosts = 60;  ///< workstations, phones, printers and devices; the servers come on top
  bool rhythm = true;      ///< whether nights and weekends differ from office hours
};

struct SyntheticAnomaly {
  std::string_view name;
  std::string_view description;
};

/// The kinds of anomalies.
NAD_API std::span<const SyntheticAnomaly> synthetic_anomalies() noexcept;

/// The more rows, the busier the network: a monitor that polls every minute in a large table polls every quarter of an
/// hour in a small one.
NAD_API Table synthetic_flows(const SyntheticFlows& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/synthetic_flows-inl.hpp"
#endif
