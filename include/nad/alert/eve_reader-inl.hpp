#pragma once

// Back from EVE to an alert.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/format.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/kept_json.hpp"

namespace nad::detail {

/// Members of one JSON object, each of its type or not there.
class EveObject {
 public:
  using EveJson = nlohmann::ordered_json;

  EveObject(const EveJson& object, std::string place) : object_(&object), place_(std::move(place)) {
    if (!object.is_object()) {
      refuse("is no object");
    }
  }

  bool has(const char* key) const { return object_->contains(key); }
  EveObject object(const char* key) const { return {object_->at(key), place_ + key + "."}; }
  const EveJson& list(const char* key) const {
    const EveJson& value = object_->at(key);
    require(value.is_array(), key, "a list");
    return value;
  }
  const EveJson& all() const noexcept { return *object_; }

  void read(const char* key, std::string& value) const {
    if (has(key)) {
      require(object_->at(key).is_string(), key, "a text");
      value = object_->at(key).get<std::string>();
    }
  }
  void read(const char* key, bool& value) const {
    if (has(key)) {
      require(object_->at(key).is_boolean(), key, "true or false");
      value = object_->at(key).get<bool>();
    }
  }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void read(const char* key, Number& value) const {
    if (has(key)) {
      value = number<Number>(object_->at(key), key);
    }
  }
  template <class Value>
  void read(const char* key, std::optional<Value>& value) const {
    if (has(key)) {
      read(key, value.emplace());
    }
  }
  void read(const char* key, Address& value) const {
    std::string text;
    read(key, text);
    const std::optional<Address> address = Address::parse(text);
    require(address.has_value(), key, "an address");
    value = *address;
  }
  void read_time(const char* key, std::int64_t& value) const {
    if (has(key)) {
      std::string text;
      read(key, text);
      const std::optional<std::int64_t> time = parse_time(text);
      require(time.has_value(), key, "a time");
      value = *time;
    }
  }
  void read(const char* key, std::vector<std::string>& values) const {
    if (has(key)) {
      for (const EveJson& value : list(key)) {
        require(value.is_string(), key, "a list of texts");
        values.push_back(value.get<std::string>());
      }
    }
  }
  void read(const char* key, std::vector<std::uint16_t>& values) const {
    if (has(key)) {
      for (const EveJson& value : list(key)) {
        values.push_back(number<std::uint16_t>(value, key));
      }
    }
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorCode::invalid_data,
                "not an alert in the EVE format: " + (place_.empty() ? "the record " : place_ + " ") + what);
  }
  void require(bool sound, const char* key, const char* wish) const {
    if (!sound) {
      throw Error(ErrorCode::invalid_data, "not an alert in the EVE format: " + place_ + key + " is " +
                                               std::string(object_->at(key).type_name()) + " but should be " + wish);
    }
  }

 private:
  template <class Number>
  Number number(const EveJson& value, const char* key) const {
    if constexpr (std::is_floating_point_v<Number>) {
      require(value.is_number(), key, "a number");
      return value.get<Number>();
    } else if constexpr (std::is_signed_v<Number>) {
      const bool fits = value.is_number_unsigned()
                            ? std::in_range<Number>(value.get<std::uint64_t>())
                            : value.is_number_integer() && std::in_range<Number>(value.get<std::int64_t>());
      require(fits, key, "a whole number that is not too large");
      return value.get<Number>();
    } else {
      require(value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<Number>::max(), key,
              "a whole number, not negative and not too large");
      return value.get<Number>();
    }
  }

  const EveJson* object_;
  std::string place_;
};

inline void read_eve_model(const EveObject& object, AlertModel& model) {
  object.read("id", model.id);
  object.read("version", model.version);
  object.read("sha256", model.sha256);
  object.read("schema", model.schema);
  if (object.has("trained_until")) {
    object.read_time("trained_until", model.trained_until.emplace());
  }
}

inline void read_eve_reasons(const EveObject& anomaly, std::vector<AlertReason>& reasons) {
  for (const auto& entry : anomaly.list("top_features")) {
    const EveObject object(entry, "alert.context.anomaly.top_features.");
    AlertReason& reason = reasons.emplace_back();
    object.read("name", reason.column);
    object.read("value", reason.value);
    object.read("expected", reason.expected);
    object.read("unit", reason.unit);
    object.read("contribution", reason.contribution);
    object.read("direction", reason.direction);
  }
}

inline void read_eve_kind(const EveObject& anomaly, AlertKind& kind) {
  std::string word(name(kind));
  anomaly.read("kind", word);
  const auto words = words_of(AlertKind{});
  for (std::size_t place = 0; place < words.size(); ++place) {
    if (words[place] == word) {
      kind = static_cast<AlertKind>(place);
      return;
    }
  }
  anomaly.refuse("has the kind '" + word + "'; there are " + quoted_words(AlertKind{}));
}

inline void read_eve_lists(const EveObject& anomaly, Alert& alert) {
  if (anomaly.has("top_features")) {
    read_eve_reasons(anomaly, alert.reasons);
  }
  if (anomaly.has("members")) {
    const EveObject members = anomaly.object("members");
    for (const auto& entry : members.all().items()) {
      AlertMember& member = alert.members.emplace_back();
      member.name = entry.key();
      members.read(member.name.c_str(), member.score);
    }
  }
  if (anomaly.has("names")) {
    for (const auto& entry : anomaly.list("names")) {
      const EveObject object(entry, "alert.context.anomaly.names.");
      AlertName& held = alert.names.emplace_back();
      object.read("column", held.column);
      object.read("value", held.value);
    }
  }
  if (anomaly.has("suppressed")) {
    for (const auto& entry : anomaly.list("suppressed")) {
      const EveObject object(entry, "alert.context.anomaly.suppressed.");
      SuppressedKey& held = alert.suppressed.emplace_back();
      object.read("key", held.key);
      object.read("count", held.count);
    }
  }
}

inline void read_eve_anomaly(const EveObject& anomaly, Alert& alert) {
  read_eve_kind(anomaly, alert.kind);
  anomaly.read("class", alert.anomaly_class);
  anomaly.read("dedup_key", alert.key);
  anomaly.read("count", alert.count);
  anomaly.read("total", alert.total);
  anomaly.read_time("first_seen", alert.first_seen);
  anomaly.read_time("last_seen", alert.last_seen);
  anomaly.read("score", alert.score);
  anomaly.read("threshold", alert.threshold);
  anomaly.read("p_value", alert.p_value);
  anomaly.read("extrapolated", alert.extrapolated);
  anomaly.read("n_calibration", alert.n_calibration);
  anomaly.read("expected_alerts_per_day", alert.expected_alerts_per_day);
  if (anomaly.has("model")) {
    read_eve_model(anomaly.object("model"), alert.model);
  }
  read_eve_lists(anomaly, alert);
  anomaly.read("features_missing", alert.features_missing);
  anomaly.read("interim", alert.interim);
  anomaly.read("suppressed_elsewhere", alert.suppressed_elsewhere);
}

inline void read_eve_flow(const EveObject& object, AlertFlow& flow) {
  object.read("pkts_toserver", flow.packets_sent);
  object.read("pkts_toclient", flow.packets_received);
  object.read("bytes_toserver", flow.bytes_sent);
  object.read("bytes_toclient", flow.bytes_received);
  object.read_time("start", flow.start);
  object.read_time("end", flow.end);
  object.read("state", flow.state);
  object.read("reason", flow.reason);
}

inline void read_eve_ports(const EveObject& record, Alert& alert) {
  record.read("src_ip", alert.src);
  record.read("dest_ip", alert.dst);
  record.read("proto", alert.protocol);
  alert.protocol = in_lower_case(alert.protocol);
  alert.protocol = alert.protocol == "ipv6-icmp" ? "icmp6" : alert.protocol;
  record.read(is_icmp(alert) ? "icmp_type" : "src_port", alert.src_port);
  record.read(is_icmp(alert) ? "icmp_code" : "dest_port", alert.dst_port);
  record.read("app_proto", alert.service);
  record.read("community_id", alert.community_id);
  record.read("in_iface", alert.interface);
  record.read("flow_id", alert.flow_id);
  record.read("vlan", alert.vlan);
}

inline void read_eve_alert(const EveObject& object, Alert& alert) {
  object.read("signature_id", alert.signature_id);
  object.read("rev", alert.revision);
  object.read("signature", alert.signature);
  object.read("category", alert.category);
  object.read("severity", alert.severity);
  if (object.has("metadata")) {
    const EveObject metadata = object.object("metadata");
    metadata.read("mitre_technique_id", alert.techniques);
    std::vector<std::string> detectors;
    metadata.read("detector", detectors);
    alert.detector = detectors.empty() ? std::string() : detectors.front();
  }
}

/// What was made of the class is left to be made of it again.
inline void forget_derived_signature(Alert& alert) {
  Alert plain;
  plain.kind = alert.kind;
  plain.anomaly_class = alert.anomaly_class;
  alert.signature_id = alert.signature_id == signature_id_of(plain) ? 0 : alert.signature_id;
  if (alert.signature == signature_of(plain)) {
    alert.signature.clear();
  }
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE Alert alert_from_eve(std::string_view line) {
  const detail::KeptJson<detail::EveObject::EveJson> parsed(line);
  if (!parsed.is_json()) {
    throw Error(ErrorCode::invalid_data, "not an alert in the EVE format: the text is no JSON");
  }
  const detail::EveObject record(*parsed, "");
  if (!record.has("alert")) {
    record.refuse("has no member 'alert'");
  }
  Alert alert;
  detail::read_eve_ports(record, alert);
  record.read_time("timestamp", alert.last_seen);
  alert.first_seen = alert.last_seen;
  const detail::EveObject object = record.object("alert");
  detail::read_eve_alert(object, alert);
  if (record.has("flow")) {
    detail::read_eve_flow(record.object("flow"), alert.flow.emplace());
  }
  if (object.has("context") && object.object("context").has("anomaly")) {
    const detail::EveObject anomaly = object.object("context").object("anomaly");
    detail::read_eve_anomaly(anomaly, alert);
    if (alert.flow) {
      anomaly.read_time("flow_start", alert.flow->start);
      anomaly.read_time("flow_end", alert.flow->end);
    }
    detail::forget_derived_signature(alert);
  }
  return alert;
}

}  // namespace nad
