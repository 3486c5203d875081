#pragma once

/// What amounts, flags and states of a flow tell.
///
///   nad::TrafficFeatures step;
///   step.fit(training);                          // learns which of the flow columns are there
///   nad::Table more = step.apply(flows, nullptr);
///   more["bytes_ratio"];                         // sent / (sent + received); 0.5 where nothing went either way
///   more["flags.syn"];                           // boolean
///   more["state.class"];                         // "established", "reset", "rejected", "half_open" or "other"
///
/// Of the flow columns it takes those that training has, and adds what follows from them:
///
///   bytes_sent_per_packet, bytes_received_per_packet       0 where there is no packet
///   bytes_per_second, packets_per_second                   of both directions, as far as they are there
///   bytes_ratio, packets_ratio                             the share that was sent
///   packet_size_class                                      of packet_size, else of the bytes a packet
///   flags.fin, .syn, .rst, .psh, .ack, .urg, .ece, .cwr    of flags, else of history (Zeek), else of state (Argus)
///   state.class
///
/// Packets are "tiny" to 64 bytes, "small" to 256, "medium" to 1024, "full" to 1518, else "jumbo". Negative amounts
/// count as 0, infinite ones as missing.

#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct NAD_API TrafficFeatures {
  static constexpr std::string_view kind = "traffic_features";

  /// Seconds; what took less, or no time at all, counts as so long, so that rates stay finite and of one scale.
  double shortest_duration = 0.001;

  /// What `fit` learns.
  struct Learned {
    bool fitted = false;
    std::vector<std::string> columns = {};  ///< those that are read, in the order of `inputs()`
    std::string flags_from = {};            ///< the column with the flags, or ""

    friend bool operator==(const Learned&, const Learned&) = default;
  };
  Learned learned = {};

  void fit(const Table& table);
  Table apply(const Table& table, StepState* state) const;
  /// Before `fit`, all that it could use.
  std::vector<std::string> inputs() const;
  void check_learned() const;

  friend bool operator==(const TrafficFeatures&, const TrafficFeatures&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/traffic_features-inl.hpp"
#endif
