#pragma once

/// What port numbers tell: from which range they are, and which service usually stands behind them.
///
///   nad::PortFeatures step{.columns = {"dst_port"}};
///   nad::Table more = step.apply(flows, nullptr);
///   more["dst_port.class"];      // "well_known" (below 1024), "registered" (below 49152) or "ephemeral"
///   more["dst_port.service"];    // "http", "dns", ... or "other"
///
/// What is no port number (below 0, above 65535, not whole) counts as missing.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// "http" for 80; "other" for a port that has no name here.
NAD_API std::string_view port_service(std::int64_t port) noexcept;

struct NAD_API PortFeatures {
  static constexpr std::string_view kind = "port_features";

  std::vector<std::string> columns = {"src_port", "dst_port"};

  Table apply(const Table& table, StepState* state) const;
  std::vector<std::string> inputs() const { return columns; }

  friend bool operator==(const PortFeatures&, const PortFeatures&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/port_features-inl.hpp"
#endif
