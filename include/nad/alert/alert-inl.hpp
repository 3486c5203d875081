#pragma once

#include <cstdio>
#include <initializer_list>

#include "nad/alert/alert.hpp"
#include "nad/alert/subnet.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"

namespace nad {

namespace detail {

inline std::string text_of_port(const std::optional<std::uint16_t>& port) {
  return port ? std::to_string(*port) : std::string();
}

inline std::string text_of_address(const std::optional<Address>& address) {
  return address ? address->to_string() : std::string();
}

/// The part of a key that an address gives.
inline std::string key_of_address(const std::optional<Address>& address, unsigned prefix_v4, unsigned prefix_v6) {
  if (!address) {
    return "-";
  }
  const unsigned prefix = address->is_v4() ? prefix_v4 : prefix_v6;
  return prefix == 0 ? "*" : Subnet(*address, prefix).to_string();
}

}  // namespace detail

NAD_INLINE void SeverityRule::check() const {
  if (!(high >= 0.0 && high <= medium && medium <= 1.0)) {
    throw Error(ErrorCode::invalid_argument, "the p-values below which alerts are high (" + std::to_string(high) +
                                                 ") and medium (" + std::to_string(medium) +
                                                 ") lie between 0 and 1, that of high not above that of medium");
  }
}

NAD_INLINE int severity_of(double p_value, const SeverityRule& rule) {
  rule.check();
  if (p_value < rule.high) {
    return 1;
  }
  return p_value < rule.medium ? 2 : 3;
}

NAD_INLINE std::string alert_id(const Alert& alert) {
  std::string text;
  for (const std::string& part :
       {std::string(name(alert.kind)), alert.anomaly_class, detail::text_of_address(alert.src),
        detail::text_of_port(alert.src_port), detail::text_of_address(alert.dst), detail::text_of_port(alert.dst_port),
        alert.protocol, alert.community_id, alert.interface, std::to_string(alert.flow_id), alert.model.id,
        std::to_string(alert.model.version), alert.model.sha256, alert.key, std::to_string(alert.first_seen),
        std::to_string(alert.last_seen), std::to_string(alert.count), std::to_string(alert.total)}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(detail::hash_text(text, 1)),
                static_cast<unsigned long long>(detail::hash_text(text, 2)));
  return digits;
}

NAD_INLINE std::uint32_t signature_id_of(const Alert& alert) {
  if (alert.signature_id != 0) {
    return alert.signature_id;
  }
  return 9'100'001U + static_cast<std::uint32_t>(detail::hash_text(alert.anomaly_class) % 99'999U);
}

NAD_INLINE std::string signature_of(const Alert& alert) {
  if (!alert.signature.empty()) {
    return alert.signature;
  }
  if (alert.kind == AlertKind::suppressed) {
    return "ANOMALY alerts held back by the rate limit";
  }
  return alert.anomaly_class == "anomaly" || alert.anomaly_class.empty() ? "ANOMALY unlike normal traffic"
                                                                         : "ANOMALY " + alert.anomaly_class;
}

NAD_INLINE void AlertKeyOptions::check() const {
  if (src_prefix_v4 > 32 || dst_prefix_v4 > 32 || src_prefix_v6 > 128 || dst_prefix_v6 > 128) {
    throw Error(ErrorCode::invalid_argument,
                "the prefixes of an alert's key are at most 32 bits for IPv4 and 128 for IPv6");
  }
}

NAD_INLINE std::string alert_key(const Alert& alert, const AlertKeyOptions& options) {
  options.check();
  std::string key = detail::key_of_address(alert.src, options.src_prefix_v4, options.src_prefix_v6);
  key.append("|").append(detail::key_of_address(alert.dst, options.dst_prefix_v4, options.dst_prefix_v6));
  key.append("|").append(options.by_dst_port ? detail::text_of_port(alert.dst_port) : "*");
  if (options.by_protocol) {
    key.append("|").append(alert.protocol);
  }
  if (options.by_interface) {
    key.append("|").append(alert.interface);
  }
  // last, because it may hold any sign
  return key.append("|").append(options.by_class ? alert.anomaly_class : "*");
}

}  // namespace nad
