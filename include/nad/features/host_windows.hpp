#pragma once

/// The connection counts and rates of KDD Cup 99 (its columns 23 to 41), for records in the order of a stream.
///
///   nad::HostWindows step{.seconds = 2.0};
///   auto state = step.begin();
///   nad::Table more = step.apply(flows, state.get());    // continued by the next table that is given this state
///   more["count"];                                       // connections to this destination in the last two seconds
///   step.forgotten(*state);                              // destinations that had to be forgotten
///
/// Two windows, and each has the current record in it:
///
///   - of time: records younger than `seconds`, the last `most` of them at most. Over those of the same destination:
///     count, serror_rate, rerror_rate, same_srv_rate, diff_srv_rate; over those of the same service: srv_count,
///     srv_serror_rate, srv_rerror_rate, srv_diff_host_rate.
///   - of the destination: its last `host_records` records, however old: the ten dst_host_ columns.
///
/// A service is a port with its protocol. diff_srv_rate is the number of different services of the destination divided
/// by count, 0 where there is one alone; srv_diff_host_rate likewise. serror are the states S0, S1, S2, S3 and SH,
/// rerror are REJ, RSTO, RSTR and RSTOS0, and what other sources call unanswered or refused; only TCP has errors. The
/// published files were made from records sorted by destination, so that four of their columns (dst_host_srv_*) look at
/// neighbouring hosts while a window is not full; here dst_host_srv_diff_host_rate is always 0.
///
/// Logs that are written when a connection ends (Zeek, Suricata) are not in the order of its beginnings; to see hosts
/// as a capture sees them, sort first: `nad::sort(flows, {"timestamp"})`.
///
/// A record counts with the state that it comes with. One older than the newest before it counts as of that one's time;
/// after 1000 in a row that are late by more than the window, time goes on from where it stood, so that one wrong clock
/// does not stop the window. A record without a time or a destination gets no values and is not counted; no port is a
/// port of its own, and no state is no error.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct NAD_API HostWindows {
  static constexpr std::string_view kind = "host_windows";

  double seconds = 2.0;
  std::size_t most = 511;          ///< records in the window of time
  std::size_t host_records = 255;  ///< records remembered a destination; at most 65535
  /// Destinations remembered; of more, the one not seen for the longest is forgotten. A destination takes about 300
  /// bytes, and 12 thousand when it has 255 records of different ports.
  std::size_t most_hosts = 16384;
  bool rounded = false;  ///< rates of two decimals, as in the published files

  std::string time = "timestamp";  ///< a time, or a number of seconds
  std::string dst = "dst_ip";
  std::string dst_port = "dst_port";
  std::string src_port = "src_port";  ///< "": there is none, nor dst_host_same_src_port_rate
  std::string protocol = "protocol";  ///< "": there is none; all is TCP
  std::string state = "state";        ///< "": there is none, nor the eight rates of errors

  Table apply(const Table& table, StepState* seen) const;
  std::vector<std::string> inputs() const;
  std::unique_ptr<StepState> begin() const;
  /// How many destinations a state of this step forgot to stay within `most_hosts`.
  std::uint64_t forgotten(const StepState& seen) const;

  friend bool operator==(const HostWindows&, const HostWindows&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/host_windows-inl.hpp"
#endif
