#pragma once

// Alerts as syslog messages, RFC 5424.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/alert-inl.hpp"
#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/format.hpp"
#include "nad/alert/text_formats-inl.hpp"
#include "nad/core/error.hpp"

namespace nad::detail {

/// Printable ASCII without blanks, cut to what RFC 5424 allows; "-" where nothing is known.
inline std::string syslog_word(std::string_view text, std::size_t most_bytes) {
  std::string word(text.substr(0, most_bytes));
  for (char& c : word) {
    c = c > ' ' && c < '\x7f' ? c : '_';
  }
  return word.empty() ? "-" : word;
}

/// What the structured data say, the most important first.
inline std::vector<std::pair<std::string_view, std::string>> syslog_parameters(const Alert& alert) {
  std::vector<std::pair<std::string_view, std::string>> parameters = {
      {"id", alert_id(alert)},
      {"kind", std::string(name(alert.kind))},
      {"class", alert.anomaly_class},
      {"sid", std::to_string(signature_id_of(alert))},
      {"count", std::to_string(alert.count)},
      {"total", std::to_string(alert.total)},
      {"src", text_of_address(alert.src)},
      {"spt", text_of_port(alert.src_port)},
      {"dst", text_of_address(alert.dst)},
      {"dpt", text_of_port(alert.dst_port)},
      {"proto", alert.protocol},
      {"app", alert.service},
      {"p", is_finite(alert.p_value) ? number_text(alert.p_value) : ""},
      {"score", is_finite(static_cast<double>(alert.score)) ? number_text(alert.score) : ""},
      {"threshold", is_finite(static_cast<double>(alert.threshold)) ? number_text(alert.threshold) : ""},
      {"extrapolated", alert.extrapolated ? "true" : "false"},
      {"firstSeen", alert_time(alert.first_seen, 6, "Z")},
      {"communityId", alert.community_id},
      {"interface", alert.interface},
      {"model", alert.model.id},
      {"modelVersion", alert.model.id.empty() ? "" : std::to_string(alert.model.version)},
      {"key", alert.key},
  };
  std::string reasons = suppressed_text(alert, "; ");
  for (const AlertReason& reason : alert.reasons) {
    reasons.append(reasons.empty() ? "" : "; ").append(reason_sentence(reason));
  }
  parameters.emplace_back("reasons", std::move(reasons));
  return parameters;
}

/// `[nad@32473 id="..." ...]` of at most so many bytes: what has no room is left out; "-" where nothing has.
inline std::string syslog_data(const Alert& alert, std::string_view enterprise, std::size_t most_bytes) {
  std::string data = "[nad@";
  data += enterprise;
  const std::size_t empty = data.size();
  for (const auto& parameter : syslog_parameters(alert)) {
    if (parameter.second.empty()) {
      continue;
    }
    const std::string value = escape_signs(one_line(parameter.second), "\"\\]");
    const std::size_t size = 1 + parameter.first.size() + 3 + value.size();
    if (data.size() + size + 1 > most_bytes) {
      break;
    }
    data.append(" ").append(parameter.first).append("=\"").append(value).append("\"");
  }
  return data.size() == empty ? "-" : data + "]";
}

/// JSON and CEF as they are, or the text where they are too long; empty: it is the text that is wanted.
inline std::string syslog_structured(const Alert& alert, SyslogBody body) {
  switch (body) {
    case SyslogBody::eve:
      return to_eve(alert);
    case SyslogBody::cee:
      return "@cee: " + to_eve(alert);
    case SyslogBody::cef:
      return to_cef(alert);
    case SyslogBody::text:
      break;
  }
  return "";
}

inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// What is UTF-8 beyond ASCII begins with the mark that says so.
inline std::string syslog_marked(std::string text) {
  return is_ascii(text) ? std::move(text) : std::string(byte_order_mark) + text;
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE void SyslogOptions::check() const {
  if (facility > 23) {
    throw Error(ErrorCode::invalid_argument,
                "facility is " + std::to_string(facility) + "; syslog has 0 to 23, such as 16 for local0");
  }
  const bool is_number = !enterprise.empty() && enterprise.size() <= 20 &&
                         enterprise.find_first_not_of("0123456789.") == std::string::npos;
  if (!is_number) {
    throw Error(ErrorCode::invalid_argument,
                "enterprise is '" + enterprise + "'; give a private enterprise number such as 32473");
  }
  if (most_bytes < 480) {
    throw Error(ErrorCode::invalid_argument,
                "most_bytes is " + std::to_string(most_bytes) + "; every receiver takes 480, so give that or more");
  }
}

NAD_INLINE std::string to_syslog(const Alert& alert, const SyslogOptions& options) {
  options.check();
  const unsigned level = alert.severity <= 1 ? 2 : alert.severity == 2 ? 4 : 5;  // critical, warning, notice
  const std::string header =
      "<" + std::to_string(options.facility * 8 + level) + ">1 " + detail::alert_time(alert.last_seen, 6, "Z") + " " +
      detail::syslog_word(options.host, 255) + " " + detail::syslog_word(options.application, 48) + " " +
      detail::syslog_word(options.process_id, 128) + " " + detail::syslog_word(alert.anomaly_class, 32) + " ";
  const std::size_t room = options.most_bytes > header.size() ? options.most_bytes - header.size() : 0;
  std::string body = detail::syslog_marked(detail::syslog_structured(alert, options.body));
  const std::size_t least_data = 64 + options.enterprise.size();  // the id at least
  const bool is_structured = !body.empty() && body.size() + 1 + least_data <= room;
  if (!is_structured) {
    body = detail::syslog_marked(to_text(alert));
  }
  // a text gives way to structured data, down to its first 120 bytes; JSON and CEF do not
  const std::size_t kept = is_structured ? body.size() : std::min<std::size_t>(body.size(), 120);
  const std::string data = detail::syslog_data(alert, options.enterprise, room > kept + 1 ? room - kept - 1 : 1);
  const std::size_t left = room > data.size() + 1 ? room - data.size() - 1 : 0;
  std::string_view shown = detail::cut_text(body, left);
  shown = shown == detail::byte_order_mark ? std::string_view() : shown;
  return shown.empty() ? header + data : header + data + " " + std::string(shown);
}

}  // namespace nad
