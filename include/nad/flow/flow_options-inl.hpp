#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/flow/flow_options.hpp"

namespace nad {

NAD_INLINE std::string_view name(FlowSchema schema) noexcept { return schema == FlowSchema::kdd28 ? "kdd28" : "flow"; }

NAD_INLINE FlowSchema parse_flow_schema(std::string_view name) {
  if (name == "flow") {
    return FlowSchema::flow;
  }
  if (name == "kdd28") {
    return FlowSchema::kdd28;
  }
  if (name == "kdd41" || name == "kdd") {
    throw Error(
        ErrorCode::invalid_argument,
        "packets cannot give the schema 'kdd41': 13 of its columns (hot to is_guest_login) come from what people "
        "typed in clear text, and filling them with 0 makes all traffic look like attacks; use 'kdd28', and train "
        "on these columns of the data set");
  }
  throw Error(ErrorCode::invalid_argument,
              "there is no flow schema '" + std::string(name) + "'; there are 'flow' and 'kdd28'");
}

namespace detail {

inline void check(const FlowOptions& options) {
  constexpr double longest = 1e9;
  for (const auto& [value, what] : {std::pair{options.tcp_idle, "tcp_idle"},
                                    {options.udp_idle, "udp_idle"},
                                    {options.icmp_idle, "icmp_idle"},
                                    {options.other_idle, "other_idle"},
                                    {options.tcp_attempt, "tcp_attempt"},
                                    {options.tcp_close, "tcp_close"}}) {
    if (!is_finite(value) || value <= 0.0 || value > longest) {
      throw Error(ErrorCode::invalid_argument, std::string(what) + " must be above 0, to 1e9 seconds");
    }
  }
  if (!is_finite(options.active) || options.active < 0.0 || options.active > longest) {
    throw Error(ErrorCode::invalid_argument, "active must be 0 for no interim records, or up to 1e9 seconds");
  }
  constexpr std::size_t most = std::size_t{1} << 30U;
  if (options.max_flows == 0 || options.max_flows > most) {
    throw Error(ErrorCode::invalid_argument, "max_flows must be 1 to 1073741824");
  }
}

}  // namespace detail

}  // namespace nad
