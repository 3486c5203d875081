#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/sha256.hpp"
#include "nad/flow/community_id.hpp"
#include "nad/flow/protocol_names-inl.hpp"
#include "nad/flow/shared_columns-inl.hpp"
#include "nad/model/alert_columns-inl.hpp"
#include "nad/model/alerts.hpp"
#include "nad/model/finding-inl.hpp"
#include "nad/model/monitor_times-inl.hpp"
#include "nad/table/time.hpp"

namespace nad {

namespace detail {

/// The number of a protocol by its name or its digits.
inline std::optional<std::uint8_t> number_of_protocol(std::string_view name) {
  for (const auto& [spelling, usual] : protocol_spellings) {
    name = name == spelling ? usual : name;
  }
  for (const NumberedProtocol& protocol : numbered_protocols) {
    if (protocol.name == name) {
      return protocol.number;
    }
  }
  std::uint8_t number = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  return failure == std::errc() && end == name.data() + name.size() && !name.empty() ? std::optional(number)
                                                                                     : std::nullopt;
}

/// "" where too little is known. Logs give the ports of ICMP as they like, so it has an id only where they say it.
inline std::string computed_community_id(const Alert& alert) {
  const std::optional<std::uint8_t> protocol = number_of_protocol(alert.protocol);
  if (!alert.src || !alert.dst || !protocol || *protocol == protocol_icmp || *protocol == protocol_icmpv6) {
    return "";
  }
  const bool has_ports = *protocol == protocol_tcp || *protocol == protocol_udp || *protocol == protocol_sctp;
  if (has_ports && (!alert.src_port || !alert.dst_port)) {
    return "";
  }
  return community_id({*alert.src, *alert.dst, alert.src_port.value_or(0), alert.dst_port.value_or(0), *protocol});
}

inline std::vector<std::uint16_t> alert_vlans(const AlertRecord& record, const AlertColumns& columns) {
  std::vector<std::uint16_t> tags;
  for (const AlertColumns::Place& place : {columns.vlan, columns.inner_vlan}) {
    if (const std::optional<std::uint16_t> tag = record.port(place)) {
      tags.push_back(*tag);
    }
  }
  return tags;
}

inline std::optional<AlertFlow> alert_flow(const AlertRecord& record, const AlertColumns& columns, std::int64_t begin,
                                           std::int64_t end) {
  if (!columns.counts()) {
    return std::nullopt;
  }
  return AlertFlow{.packets_sent = record.count(columns.packets_sent),
                   .packets_received = record.count(columns.packets_received),
                   .bytes_sent = record.count(columns.bytes_sent),
                   .bytes_received = record.count(columns.bytes_received),
                   .start = begin,
                   .end = end,
                   .state = record.text(columns.state),
                   .reason = record.text(columns.ended)};
}

/// Texts that have no field of their own.
inline std::vector<AlertName> alert_names(const AlertRecord& record, const AlertColumns& columns, const Schema& schema,
                                          std::size_t most) {
  constexpr std::size_t longest = 256;
  std::vector<AlertName> names;
  for (std::size_t place = 0; place < schema.size(); ++place) {
    const Field& field = schema[place];
    const bool is_text = field.type == ColumnType::category || field.type == ColumnType::text;
    if (names.size() == most || !is_text || field.role == Role::label || is_flow_column(field.name) ||
        columns.used[place]) {
      continue;
    }
    std::string text = record.text(place);
    if (!text.empty()) {
      std::size_t end = std::min(text.size(), longest);
      while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
        --end;  // not in the middle of a letter
      }
      text.resize(end);
      names.push_back({field.name, std::move(text)});
    }
  }
  return names;
}

// What stands in the place of a column where a source is the reason.
inline constexpr std::string_view run_reason = "unusual records";
inline constexpr std::string_view beat_reason = "steady beat";

inline AlertReason reason_of_run(const SourceRun& run) {
  const double contribution = -std::log10(std::max(run.p.value, 1e-300));
  if (run.is_beat()) {
    return {.column = std::string(beat_reason),
            .value = "one connection each " + formatted("%.3g", run.period) + " s to " + run.destination + ", " +
                     std::to_string(run.records) + " of them",
            .expected = "none to there",
            .contribution = contribution,
            .direction = std::string(name(Direction::never_seen))};
  }
  return {.column = std::string(run_reason),
          .value = std::to_string(run.records) + " of " + run.source + " in " + formatted("%.3g", run.seconds) + " s",
          .expected = "seldom so many",
          .contribution = contribution,
          .direction = std::string(name(Direction::higher))};
}

inline bool is_of_source(const AlertReason& reason) {
  return reason.column == run_reason || reason.column == beat_reason;
}

}  // namespace detail

NAD_INLINE std::optional<std::int64_t> record_time(const Table& records, std::size_t row) {
  return detail::RecordTimes(records).of(row);
}

NAD_INLINE std::string anomaly_class_of(const Reason& reason) {
  const char* word = "unusual";
  switch (reason.direction) {
    case Direction::usual:
      break;
    case Direction::higher:
      word = "high";
      break;
    case Direction::lower:
      word = "low";
      break;
    case Direction::rare:
      word = "rare";
      break;
    case Direction::never_seen:
      word = "new";
      break;
    case Direction::missing:
      word = "missing";
      break;
  }
  return std::string(word) + " " + reason.column;
}

NAD_INLINE std::string anomaly_class_of(const Finding& finding) {
  if (!finding.family.empty()) {
    return finding.family;
  }
  const bool has_reasons = !finding.reasons.empty() && finding.reasons.front().contribution > 0.0;
  return has_reasons ? anomaly_class_of(finding.reasons.front()) : "anomaly";
}

NAD_INLINE AlertMaker::AlertMaker(const Model& model, AlertMakerOptions options)
    : options_(std::move(options)), columns_(std::make_shared<detail::KnownAlertColumns>(options_.columns)) {
  if (!model.is_fitted()) {
    throw Error(ErrorCode::not_fitted,
                "this model has not learnt anything yet; call fit() or load one before it can raise alerts");
  }
  options_.severity.check();
  inputs_ = model.pipeline().inputs();
  model_ = {.id = options_.id,
            .version = options_.version,
            .sha256 = detail::sha256_text(model.save_bytes()),
            .schema = inputs_.source(),
            .trained_until = options_.trained_until};
  detector_ = model.detector().kind();
  threshold_ = model.threshold().score;
  n_calibration_ = model.calibration().size();
  if (model.records_per_day()) {
    // what lies above the threshold, and not what reaches it
    const float above = std::nextafter(threshold_, std::numeric_limits<float>::max());
    double share = model.calibration().p_value(above).value;
    if (model.run_limit()) {
      share += model.run_calibration().p_value(static_cast<double>(model.run_limit()->score)).value;
    }
    if (model.beat_limit()) {
      share += model.beat_calibration().p_value(static_cast<double>(model.beat_limit()->score)).value;
    }
    expected_alerts_per_day_ = *model.records_per_day() * share;
  }
}

NAD_INLINE void AlertMaker::add_reasons(Alert& alert, const Finding& finding) {
  if (!alert.reasons.empty() && detail::is_of_source(alert.reasons.front())) {
    alert.reasons.resize(1);
  } else {
    alert.reasons.clear();
  }
  alert.reasons.reserve(alert.reasons.size() + finding.reasons.size());
  for (const Reason& reason : finding.reasons) {
    alert.reasons.push_back({.column = reason.column,
                             .value = reason.value,
                             .expected = reason.expected,
                             .contribution = reason.contribution,
                             .direction = std::string(name(reason.direction))});
  }
  alert.members.clear();
  alert.members.reserve(finding.members.size());
  for (const MemberScore& member : finding.members) {
    alert.members.push_back({member.name, member.score});
  }
}

NAD_INLINE void AlertMaker::check(const Table& records) const { static_cast<void>(columns_->of(records.schema())); }

NAD_INLINE Alert AlertMaker::make(const Table& records, const Finding& finding, std::int64_t now) const {
  if (finding.row >= records.rows()) {
    throw Error(ErrorCode::invalid_argument, "the finding is about row " + std::to_string(finding.row) +
                                                 ", and the table has " + std::to_string(records.rows()) +
                                                 "; give the table that was judged");
  }
  const detail::AlertRecord record(records, finding.row);
  Alert alert;
  alert.first_seen = record.begin().value_or(now);
  alert.last_seen = std::max(record.end().value_or(now), alert.first_seen);
  const detail::AlertColumns columns = columns_->of(records.schema());
  alert.src = record.address(columns.src_ip);
  alert.dst = record.address(columns.dst_ip);
  alert.src_port = record.port(columns.src_port);
  alert.dst_port = record.port(columns.dst_port);
  alert.protocol = record.protocol(columns.protocol);
  alert.service = record.text(columns.service);
  alert.community_id = record.text(columns.community_id);
  if (alert.community_id.empty()) {
    alert.community_id = detail::computed_community_id(alert);
  }
  alert.interface = record.text(columns.interface).empty() ? options_.interface : record.text(columns.interface);
  alert.vlan = detail::alert_vlans(record, columns);
  const std::string flow_id = record.text(columns.flow_id);
  static_cast<void>(std::from_chars(flow_id.data(), flow_id.data() + flow_id.size(), alert.flow_id));
  alert.interim = record.truth(columns.interim);
  alert.flow = detail::alert_flow(record, columns, alert.first_seen, alert.last_seen);
  alert.names = detail::alert_names(record, columns, records.schema(), options_.most_names);

  alert.anomaly_class = anomaly_class_of(finding);
  alert.score = finding.score;
  alert.threshold = threshold_;
  alert.p_value = finding.p.value;
  alert.extrapolated = finding.p.extrapolated;
  if (finding.run) {
    alert.reasons.push_back(detail::reason_of_run(*finding.run));
    if (!(finding.score > threshold_)) {
      alert.anomaly_class = finding.run->is_beat() ? beat_class : run_class;
    }
    if (finding.run->p.value < alert.p_value) {
      alert.p_value = finding.run->p.value;
      alert.extrapolated = finding.run->p.extrapolated;
    }
  }
  alert.severity = severity_of(alert.p_value, options_.severity);
  alert.n_calibration = n_calibration_;
  alert.expected_alerts_per_day = expected_alerts_per_day_;
  alert.detector = detector_;
  add_reasons(alert, finding);
  alert.model = model_;
  for (const Field& field : inputs_) {
    const auto place = records.schema().find(field.name);
    if (field.role == Role::feature && (!place || records.column(*place).is_missing(finding.row))) {
      alert.features_missing.push_back(field.name);
    }
  }
  return alert;
}

}  // namespace nad
