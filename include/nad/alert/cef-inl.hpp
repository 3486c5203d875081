#pragma once

// Alerts in ArcSight's Common Event Format.

#include <cstdint>
#include <string>
#include <string_view>

#include "nad/alert/alert-inl.hpp"
#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/eve-inl.hpp"
#include "nad/alert/format.hpp"
#include "nad/alert/text_formats-inl.hpp"

namespace nad::detail {

/// Backslashes and pipes; line feeds cannot be written there.
inline std::string cef_header(std::string_view text) { return escape_signs(one_line(text), "\\|"); }

/// Backslashes and equal signs; a line feed is the two signs \n.
inline std::string cef_value(std::string_view text, std::size_t most_bytes) {
  std::string value;
  std::string_view rest = text;
  while (true) {
    const std::size_t end = rest.find_first_of("\r\n");
    value += escape_signs(one_line(rest.substr(0, end)), "\\=");
    if (end == std::string_view::npos) {
      break;
    }
    value += rest[end] == '\n' ? "\\n" : "\\r";
    rest.remove_prefix(end + 1);
  }
  if (value.size() <= most_bytes) {
    return value;
  }
  value.resize(cut_text(value, most_bytes).size());
  const std::size_t last = value.find_last_not_of('\\');
  const std::size_t backslashes = value.size() - (last == std::string::npos ? 0 : last + 1);
  value.resize(value.size() - backslashes % 2);  // half of an escape would take in what follows
  return value;
}

class CefExtension {
 public:
  CefExtension& add(std::string_view key, std::string_view value, std::size_t most_bytes = 1023) {
    if (!value.empty()) {
      text_.append(text_.empty() ? "" : " ").append(key).append("=").append(cef_value(value, most_bytes));
    }
    return *this;
  }
  /// A value in one of the places that CEF leaves for others, with what it means.
  CefExtension& add_own(const std::string& place, std::string_view label, std::string_view value,
                        std::size_t most_bytes = 4000) {
    return value.empty() ? *this : add(place, value, most_bytes).add(place + "Label", label);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// 0 to 10: low up to 3, medium from 4, high from 7, very high from 9.
inline std::string_view cef_severity(int severity) noexcept { return severity <= 1 ? "8" : severity == 2 ? "5" : "2"; }

/// Of a place for addresses there is one for IPv4 and another for IPv6.
inline void add_cef_address(CefExtension& extension, const std::optional<Address>& address, std::string_view key,
                            const std::string& place, std::string_view label) {
  if (address && address->is_v4()) {
    extension.add(key, address->to_string());
  } else if (address) {
    extension.add_own(place, label, address->to_string());
  }
}

inline std::string milliseconds_text(std::int64_t nanoseconds) {
  const std::int64_t whole = nanoseconds / 1'000'000;
  return std::to_string(nanoseconds % 1'000'000 < 0 ? whole - 1 : whole);
}

inline std::string cef_extension(const Alert& alert) {
  CefExtension extension;
  extension.add("rt", milliseconds_text(alert.last_seen)).add("start", milliseconds_text(alert.first_seen));
  extension.add("end", milliseconds_text(alert.last_seen)).add("externalId", alert_id(alert));
  extension.add("cat", alert.category).add("cnt", std::to_string(alert.count)).add("act", name(alert.kind));
  add_cef_address(extension, alert.src, "src", "c6a2", "Source IPv6 Address");
  extension.add("spt", is_icmp(alert) ? "" : text_of_port(alert.src_port));
  add_cef_address(extension, alert.dst, "dst", "c6a3", "Destination IPv6 Address");
  extension.add("dpt", is_icmp(alert) ? "" : text_of_port(alert.dst_port));
  extension.add("proto", eve_protocol(alert.protocol)).add("app", alert.service);
  extension.add("deviceInboundInterface", alert.interface);
  if (alert.flow) {  // `in` is what flows from the source to the destination
    extension.add("in", std::to_string(alert.flow->bytes_sent)).add("out", std::to_string(alert.flow->bytes_received));
  }
  if (is_finite(alert.p_value)) {
    extension.add_own("cfp1", "pValue", number_text(alert.p_value));
  }
  if (is_finite(static_cast<double>(alert.score))) {
    extension.add_own("cfp2", "score", number_text(alert.score));
  }
  if (is_finite(static_cast<double>(alert.threshold))) {
    extension.add_own("cfp3", "threshold", number_text(alert.threshold));
  }
  extension.add_own("cn1", "totalCount", std::to_string(alert.total));
  extension.add_own("cs1", "communityId", alert.community_id);
  std::string reasons = suppressed_text(alert, "; ");
  for (const AlertReason& reason : alert.reasons) {
    reasons.append(reasons.empty() ? "" : "; ").append(reason_sentence(reason));
  }
  extension.add_own("cs2", "topFeatures", reasons);
  if (!alert.model.id.empty()) {
    extension.add_own("cs3", "model", alert.model.id + " " + std::to_string(alert.model.version));
  }
  extension.add_own("cs4", "dedupKey", alert.key);
  extension.add("msg", to_text(alert));
  return extension.take();
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE std::string to_cef(const Alert& alert) {
  std::string text = "CEF:0|nad|nad|" NAD_VERSION_STRING "|" + std::to_string(signature_id_of(alert));
  text.append("|").append(detail::cef_header(signature_of(alert)));
  text.append("|").append(detail::cef_severity(alert.severity)).append("|");
  return text + detail::cef_extension(alert);
}

}  // namespace nad
