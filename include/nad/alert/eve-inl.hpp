#pragma once

// Alerts as Suricata's EVE writes them.

#include <cstdint>
#include <string>
#include <string_view>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/format.hpp"

namespace nad::detail {

inline std::string eve_time(std::int64_t nanoseconds) { return alert_time(nanoseconds, 6, "+0000"); }
/// In nad's own part all nanoseconds are kept.
inline std::string eve_exact_time(std::int64_t nanoseconds) { return alert_time(nanoseconds, 9, "+0000"); }

/// "TCP", "IPv6-ICMP".
inline std::string eve_protocol(std::string_view protocol) {
  if (protocol == "icmp6" || protocol == "icmpv6" || protocol == "ipv6-icmp") {
    return "IPv6-ICMP";
  }
  return in_upper_case(protocol);
}

inline void write_eve_ports(JsonWriter& json, const Alert& alert) {
  if (alert.src) {
    json.key("src_ip").text(alert.src->to_string());
  }
  if (alert.src_port && !is_icmp(alert)) {
    json.key("src_port").integer(*alert.src_port);
  }
  if (alert.dst) {
    json.key("dest_ip").text(alert.dst->to_string());
  }
  if (alert.dst_port && !is_icmp(alert)) {
    json.key("dest_port").integer(*alert.dst_port);
  }
  json_text(json, "proto", eve_protocol(alert.protocol));
  if (is_icmp(alert)) {
    if (alert.src_port) {
      json.key("icmp_type").integer(*alert.src_port);
    }
    if (alert.dst_port) {
      json.key("icmp_code").integer(*alert.dst_port);
    }
  }
  if (alert.src) {
    json.key("ip_v").integer(alert.src->is_v4() ? 4 : 6);
  }
}

inline void write_eve_model(JsonWriter& json, const AlertModel& model) {
  if (model == AlertModel()) {
    return;
  }
  json.key("model").begin('{');
  json_text(json, "id", model.id);
  json.key("version").integer(model.version);
  json_text(json, "sha256", model.sha256);
  json_text(json, "schema", model.schema);
  if (model.trained_until) {
    json.key("trained_until").text(eve_exact_time(*model.trained_until));
  }
  json.end('}');
}

inline void write_eve_reasons(JsonWriter& json, const std::vector<AlertReason>& reasons) {
  if (reasons.empty()) {
    return;
  }
  json.key("top_features").begin('[');
  for (const AlertReason& reason : reasons) {
    json.begin('{').key("name").text(reason.column).key("value").text(reason.value);
    json.key("expected").text(reason.expected);
    json_text(json, "unit", reason.unit);
    json_number(json, "contribution", reason.contribution);
    json_text(json, "direction", reason.direction);
    json.end('}');
  }
  json.end(']');
}

inline void write_eve_suppressed(JsonWriter& json, const Alert& alert) {
  if (alert.kind != AlertKind::suppressed) {
    return;
  }
  json.key("suppressed").begin('[');
  for (const SuppressedKey& held : alert.suppressed) {
    json.begin('{').key("key").text(held.key).key("count").integer(held.count).end('}');
  }
  json.end(']').key("suppressed_elsewhere").integer(alert.suppressed_elsewhere);
}

/// alert.context.anomaly
inline void write_eve_anomaly(JsonWriter& json, const Alert& alert) {
  json.key("anomaly").begin('{').key("alert_id").text(alert_id(alert)).key("kind").text(name(alert.kind));
  json.key("class").text(alert.anomaly_class);
  json_text(json, "dedup_key", alert.key);
  json.key("count").integer(alert.count).key("total").integer(alert.total);
  json.key("first_seen").text(eve_exact_time(alert.first_seen)).key("last_seen").text(eve_exact_time(alert.last_seen));
  json_single(json, "score", alert.score);
  json_single(json, "threshold", alert.threshold);
  json_number(json, "p_value", alert.p_value);
  json.key("extrapolated").truth(alert.extrapolated).key("n_calibration").integer(alert.n_calibration);
  if (alert.expected_alerts_per_day) {
    json_number(json, "expected_alerts_per_day", *alert.expected_alerts_per_day);
  }
  write_eve_model(json, alert.model);
  if (!alert.members.empty()) {
    json.key("members").begin('{');
    for (const AlertMember& member : alert.members) {
      json_single(json, member.name, member.score);
    }
    json.end('}');
  }
  write_eve_reasons(json, alert.reasons);
  json_texts(json, "features_missing", alert.features_missing);
  if (!alert.names.empty()) {
    json.key("names").begin('[');
    for (const AlertName& held : alert.names) {
      json.begin('{').key("column").text(held.column).key("value").text(held.value).end('}');
    }
    json.end(']');
  }
  if (alert.flow) {
    json.key("flow_start").text(eve_exact_time(alert.flow->start));
    json.key("flow_end").text(eve_exact_time(alert.flow->end));
  }
  json.key("interim").truth(alert.interim);
  write_eve_suppressed(json, alert);
  json.end('}');
}

inline void write_eve_metadata(JsonWriter& json, const Alert& alert) {
  json.key("metadata").begin('{');
  if (!alert.detector.empty()) {
    json.key("detector").begin('[').text(alert.detector).end(']');
  }
  json_texts(json, "mitre_technique_id", alert.techniques);
  const std::string_view word = alert.severity <= 1 ? "Critical" : alert.severity == 2 ? "Major" : "Minor";
  json.key("signature_severity").begin('[').text(word).end(']').end('}');
}

inline void write_eve_flow(JsonWriter& json, const AlertFlow& flow) {
  json.key("flow").begin('{').key("pkts_toserver").integer(flow.packets_sent);
  json.key("pkts_toclient").integer(flow.packets_received).key("bytes_toserver").integer(flow.bytes_sent);
  json.key("bytes_toclient").integer(flow.bytes_received);
  json.key("start").text(eve_time(flow.start)).key("end").text(eve_time(flow.end));
  const bool runs_forward = flow.end >= flow.start;
  const auto length = static_cast<std::uint64_t>(flow.end) - static_cast<std::uint64_t>(flow.start);
  json.key("age").integer(runs_forward ? length / static_cast<std::uint64_t>(nanoseconds_per_second) : 0U);
  json_text(json, "state", flow.state);
  json_text(json, "reason", flow.reason);
  json.key("alerted").truth(true).end('}');
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE std::string to_eve(const Alert& alert) {
  detail::JsonWriter json;
  json.begin('{').key("timestamp").text(detail::eve_time(alert.last_seen));
  if (alert.flow_id != 0) {
    json.key("flow_id").integer(alert.flow_id);
  }
  detail::json_text(json, "in_iface", alert.interface);
  json.key("event_type").text("alert");
  if (!alert.vlan.empty()) {
    json.key("vlan").begin('[');
    for (const std::uint16_t tag : alert.vlan) {
      json.integer(tag);
    }
    json.end(']');
  }
  detail::write_eve_ports(json, alert);
  detail::json_text(json, "app_proto", alert.service);
  detail::json_text(json, "community_id", alert.community_id);
  json.key("alert").begin('{').key("action").text("allowed").key("gid").integer(9100);
  json.key("signature_id").integer(signature_id_of(alert)).key("rev").integer(alert.revision);
  json.key("signature").text(signature_of(alert)).key("category").text(alert.category);
  json.key("severity").integer(alert.severity);
  detail::write_eve_metadata(json, alert);
  json.key("context").begin('{');
  detail::write_eve_anomaly(json, alert);
  json.end('}').end('}');
  if (alert.flow) {
    detail::write_eve_flow(json, *alert.flow);
  }
  return json.end('}').take();
}

}  // namespace nad
