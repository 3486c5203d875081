#pragma once

// Alerts for people: one line, or several.

#include <cstdio>
#include <string>
#include <string_view>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/format.hpp"

namespace nad::detail {

inline std::string reason_sentence(const AlertReason& reason) {
  std::string text = reason.column + " " + reason.value + (reason.unit.empty() ? "" : " " + reason.unit);
  if (!reason.direction.empty() && reason.direction != "usual") {
    text += " is ";
    text += reason.direction == "never_seen" ? "new" : reason.direction;
  }
  return reason.expected.empty() ? text : text + " (usual: " + reason.expected + ")";
}

inline std::string p_value_text(const Alert& alert) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2g", alert.p_value);
  return std::string(text) + (alert.extrapolated ? " (extrapolated)" : "");
}

/// "10.0.3.17:51544 -> 203.0.113.9:443 tcp/tls"; "" where nobody is named.
inline std::string conversation_text(const Alert& alert) {
  if (!alert.src && !alert.dst) {
    return "";
  }
  const bool with_ports = !is_icmp(alert);
  std::string text = endpoint_text(alert.src, alert.src_port, with_ports) + " -> " +
                     endpoint_text(alert.dst, alert.dst_port, with_ports);
  if (!alert.protocol.empty()) {
    text += " " + alert.protocol + (alert.service.empty() ? "" : "/" + alert.service);
  }
  return text;
}

/// "the 2nd to 10th of them": which of how many a record stands for; "" for a single one.
inline std::string count_text(const Alert& alert) {
  if (alert.kind == AlertKind::suppressed) {
    return std::to_string(alert.count) + " held back";
  }
  if (alert.total <= 1 && alert.count <= 1) {
    return "";
  }
  return std::to_string(alert.count) + " more, " + std::to_string(alert.total) + " in all" +
         (alert.kind == AlertKind::closing ? ", quiet now" : "");
}

inline std::string suppressed_text(const Alert& alert, std::string_view between) {
  std::string text;
  for (const SuppressedKey& held : alert.suppressed) {
    text.append(text.empty() ? "" : between).append(held.key + " " + std::to_string(held.count));
  }
  if (alert.suppressed_elsewhere != 0) {
    text.append(text.empty() ? "" : between).append("others " + std::to_string(alert.suppressed_elsewhere));
  }
  return text;
}

inline std::string_view severity_word(int severity) noexcept {
  return severity <= 1 ? "high" : severity == 2 ? "medium" : "low";
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE std::string to_text(const Alert& alert) {
  std::string text = format_time(alert.last_seen) + " [" + std::string(detail::severity_word(alert.severity)) + "] " +
                     signature_of(alert);
  const auto add = [&text](std::string_view before, const std::string& part) {
    if (!part.empty()) {
      text.append(before).append(part);
    }
  };
  add(": ", detail::conversation_text(alert));
  if (alert.kind != AlertKind::suppressed) {
    add(" p=", detail::p_value_text(alert));
    add(" score=", detail::number_text(alert.score));
  }
  const std::string count = detail::count_text(alert);
  add(" (", count.empty() ? count : count + ")");
  std::string_view before = ": ";
  for (const AlertReason& reason : alert.reasons) {
    add(before, detail::reason_sentence(reason));
    before = "; ";
  }
  add(": ", detail::suppressed_text(alert, "; "));
  return detail::one_line(text);
}

NAD_INLINE std::string to_report(const Alert& alert) {
  std::string text = detail::one_line(signature_of(alert)) + "\n";
  const auto add = [&text](const std::string& what, const std::string& value) {
    if (!value.empty()) {
      text.append("  ").append(what).append(what.size() < 10 ? 10 - what.size() : 0, ' ').append(" ");
      text.append(detail::one_line(value)).append("\n");
    }
  };
  add("severity", std::string(detail::severity_word(alert.severity)));
  add("who", detail::conversation_text(alert));
  add("when", format_time(alert.first_seen) +
                  (alert.first_seen == alert.last_seen ? "" : " to " + format_time(alert.last_seen)) + " UTC");
  add("how often", detail::count_text(alert));
  if (alert.kind != AlertKind::suppressed) {
    add("p-value", detail::p_value_text(alert));
    add("score", detail::number_text(alert.score) + ", reported above " + detail::number_text(alert.threshold));
  }
  for (const AlertReason& reason : alert.reasons) {
    add("because", detail::reason_sentence(reason));
  }
  for (const SuppressedKey& held : alert.suppressed) {
    add("held back", held.key + " " + std::to_string(held.count));
  }
  if (alert.suppressed_elsewhere != 0) {
    add("held back", "others " + std::to_string(alert.suppressed_elsewhere));
  }
  std::string missing;
  for (const std::string& column : alert.features_missing) {
    missing += (missing.empty() ? "" : ", ") + column;
  }
  add("missing", missing);
  if (!alert.model.id.empty()) {
    add("model", alert.model.id + " version " + std::to_string(alert.model.version));
  }
  add("id", alert_id(alert));
  text.pop_back();
  return text;
}

}  // namespace nad
