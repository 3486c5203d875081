#pragma once

// Alerts in the Elastic Common Schema.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/eve-inl.hpp"
#include "nad/alert/format.hpp"

namespace nad::detail {

inline std::string ecs_time(std::int64_t nanoseconds) { return alert_time(nanoseconds, 9, "Z"); }

/// 0 to 100: ten for each power of ten of the p-value.
inline double risk_of(double p_value) noexcept {
  return p_value > 0.0 ? std::clamp(-10.0 * std::log10(p_value), 0.0, 100.0) : 100.0;
}

inline void write_ecs_event(JsonWriter& json, const Alert& alert) {
  json.key("event").begin('{').key("kind").text("alert");
  json.key("category").begin('[').text("network").text("intrusion_detection").end(']');
  json.key("type").begin('[').text("info").end(']').key("module").text("nad").key("dataset").text("nad.alert");
  json.key("id").text(alert_id(alert)).key("action").text(name(alert.kind));
  json.key("severity").integer(alert.severity);
  if (!(alert.p_value != alert.p_value)) {
    json.key("risk_score").value(std::round(risk_of(alert.p_value) * 10.0) / 10.0);
  }
  json.key("start").text(ecs_time(alert.first_seen)).key("end").text(ecs_time(alert.last_seen));
  if (alert.last_seen >= alert.first_seen) {
    json.key("duration")
        .integer(static_cast<std::uint64_t>(alert.last_seen) - static_cast<std::uint64_t>(alert.first_seen));
  }
  json.end('}');
}

inline void write_ecs_end(JsonWriter& json, std::string_view key, const std::optional<Address>& address,
                          const std::optional<std::uint16_t>& port, const std::uint64_t* bytes,
                          const std::uint64_t* packets) {
  if (!address && !port && bytes == nullptr) {
    return;
  }
  json.key(key).begin('{');
  if (address) {
    json.key("ip").text(address->to_string());
  }
  if (port) {
    json.key("port").integer(*port);
  }
  if (bytes != nullptr) {
    json.key("bytes").integer(*bytes).key("packets").integer(*packets);
  }
  json.end('}');
}

inline void write_ecs_network(JsonWriter& json, const Alert& alert) {
  json.key("network").begin('{');
  if (alert.src) {
    json.key("type").text(alert.src->is_v4() ? "ipv4" : "ipv6");
  }
  json_text(json, "transport", alert.protocol == "icmp6" ? "ipv6-icmp" : in_lower_case(alert.protocol));
  json_text(json, "protocol", in_lower_case(alert.service));
  json_text(json, "community_id", alert.community_id);
  if (alert.flow) {
    json.key("bytes").integer(alert.flow->bytes_sent + alert.flow->bytes_received);
    json.key("packets").integer(alert.flow->packets_sent + alert.flow->packets_received);
  }
  if (!alert.vlan.empty()) {
    json.key("vlan").begin('{').key("id").text(std::to_string(alert.vlan.front())).end('}');
  }
  json.end('}');
}

/// What ECS has no name for, in a namespace of its own.
inline void write_ecs_own(JsonWriter& json, const Alert& alert) {
  json.key("nad").begin('{').key("class").text(alert.anomaly_class);
  json_text(json, "dedup_key", alert.key);
  json.key("count").integer(alert.count).key("total").integer(alert.total);
  json_single(json, "score", alert.score);
  json_single(json, "threshold", alert.threshold);
  json_number(json, "p_value", alert.p_value);
  json.key("extrapolated").truth(alert.extrapolated).key("n_calibration").integer(alert.n_calibration);
  if (alert.expected_alerts_per_day) {
    json_number(json, "expected_alerts_per_day", *alert.expected_alerts_per_day);
  }
  json_text(json, "detector", alert.detector);
  if (!alert.members.empty()) {
    json.key("members").begin('[');
    for (const AlertMember& member : alert.members) {
      json.begin('{').key("name").text(member.name);
      json_single(json, "score", member.score);
      json.end('}');
    }
    json.end(']');
  }
  write_eve_reasons(json, alert.reasons);
  write_eve_model(json, alert.model);
  json_texts(json, "features_missing", alert.features_missing);
  json.key("interim").truth(alert.interim);
  if (alert.flow) {
    json_text(json, "flow_state", alert.flow->state);
  }
  write_eve_suppressed(json, alert);
  json.end('}');
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE std::string to_ecs(const Alert& alert) {
  detail::JsonWriter json;
  json.begin('{').key("@timestamp").text(detail::ecs_time(alert.last_seen));
  json.key("ecs").begin('{').key("version").text("8.11.0").end('}');
  json.key("message").text(detail::one_line(signature_of(alert)));
  detail::write_ecs_event(json, alert);
  json.key("rule").begin('{').key("id").text(std::to_string(signature_id_of(alert)));
  json.key("name").text(signature_of(alert)).key("category").text(alert.category);
  json.key("version").text(std::to_string(alert.revision)).end('}');
  const AlertFlow* const flow = alert.flow ? &*alert.flow : nullptr;
  detail::write_ecs_end(json, "source", alert.src, alert.src_port, flow == nullptr ? nullptr : &flow->bytes_sent,
                        flow == nullptr ? nullptr : &flow->packets_sent);
  detail::write_ecs_end(json, "destination", alert.dst, alert.dst_port,
                        flow == nullptr ? nullptr : &flow->bytes_received,
                        flow == nullptr ? nullptr : &flow->packets_received);
  detail::write_ecs_network(json, alert);
  json.key("observer").begin('{').key("type").text("ids").key("vendor").text("nad").key("product").text("nad");
  json.key("version").text(NAD_VERSION_STRING);
  if (!alert.interface.empty()) {
    json.key("ingress").begin('{').key("interface").begin('{').key("name").text(alert.interface).end('}').end('}');
  }
  json.end('}');
  if (alert.src || alert.dst) {
    json.key("related").begin('{').key("ip").begin('[');
    if (alert.src) {
      json.text(alert.src->to_string());
    }
    if (alert.dst && alert.dst != alert.src) {
      json.text(alert.dst->to_string());
    }
    json.end(']').end('}');
  }
  if (!alert.techniques.empty()) {
    json.key("threat").begin('{').key("technique").begin('{');
    detail::json_texts(json, "id", alert.techniques);
    json.end('}').end('}');
  }
  detail::write_ecs_own(json, alert);
  return json.end('}').take();
}

}  // namespace nad
