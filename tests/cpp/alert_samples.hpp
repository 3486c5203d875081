#pragma once

// Alerts for tests: one with everything, one full of signs that formats must escape, a later one of a key, a report of
// the rate limit, and any number drawn at random.

#include <cstdint>
#include <string>
#include <vector>

#include "nad/alert/alert.hpp"
#include "nad/core/random.hpp"
#include "nad/table/time.hpp"

namespace tests {

inline nad::Alert upload_alert() {
  nad::Alert alert;
  alert.src = nad::Address::parse("10.0.3.17");
  alert.dst = nad::Address::parse("203.0.113.9");
  alert.src_port = 51544;
  alert.dst_port = 443;
  alert.protocol = "tcp";
  alert.service = "tls";
  alert.community_id = "1:Yeg3w4Zixx9deBBBa9gsm1mHXrI=";
  alert.interface = "eth0";
  alert.flow_id = 1332028388187153;
  alert.vlan = {12};
  alert.names = {{"server_name", "files.example.org"}};
  alert.anomaly_class = "upload";
  alert.signature = "ANOMALY upload volume far outside host baseline";
  alert.signature_id = 9100004;
  alert.revision = 3;
  alert.techniques = {"T1048"};
  alert.score = 0.913F;
  alert.threshold = 0.842F;
  alert.p_value = 0.00021;
  alert.severity = nad::severity_of(alert.p_value);
  alert.n_calibration = 20000;
  alert.expected_alerts_per_day = 3.1;
  alert.reasons = {{"bytes_sent", "734003200", "0 to 41,200, median 900", "B", 0.46, "higher"},
                   {"service", "tls", "http 61 %, dns 30 %", "", 0.29, "rare"}};
  alert.detector = "ensemble";
  alert.members = {{"isolation_forest", 0.88F}, {"kmeans", 0.79F}};
  alert.model = {"edge-7", 12, std::string(64, 'a'), "flow-v1", nad::parse_time("2026-11-18T00:00:00Z")};
  alert.features_missing = {"history"};
  alert.first_seen = nad::parse_time("2026-11-20T17:31:40.002911Z").value();
  alert.last_seen = nad::parse_time("2026-11-20T17:42:03.118274501Z").value();
  alert.key = nad::alert_key(alert);
  alert.flow = nad::AlertFlow{503221, 118024, 734003200, 3455712, alert.first_seen, alert.last_seen, "SF", "closed"};
  return alert;
}

/// Everything that somebody on the network may write into a name.
inline nad::Alert hostile_alert() {
  nad::Alert alert;
  alert.src = nad::Address::parse("2001:db8::1");
  alert.dst = nad::Address::parse("fe80::2");
  alert.src_port = 128;
  alert.dst_port = 0;
  alert.protocol = "icmp6";
  alert.anomaly_class = "a class";
  alert.signature =
      "pipe | back\\slash = equals \"quote\" ]bracket\nline\r\ttab \x1b[31mred \xe2\x80\xa8sep \xc3\xa4\xff";
  alert.interface = "veth]\"0";
  alert.names = {{"server_name", "a=b|c\\d\ne"}};
  alert.reasons = {{"user=agent", "x\\", "\"y\"]", "", -0.5, "usual"}};
  alert.severity = 1;
  alert.p_value = 1e-7;
  alert.extrapolated = true;
  alert.interim = true;
  alert.key = "k|=]\\";
  return alert;
}

inline nad::Alert later_alert() {
  nad::Alert alert = upload_alert();
  alert.kind = nad::AlertKind::update;
  alert.count = 8;
  alert.total = 10;
  alert.flow.reset();
  alert.reasons.clear();
  return alert;
}

inline nad::Alert suppressed_alert() {
  nad::Alert alert;
  alert.kind = nad::AlertKind::suppressed;
  alert.anomaly_class = "suppressed";
  alert.severity = 2;
  alert.p_value = 1e-4;
  alert.count = 12;
  alert.total = 12;
  alert.first_seen = nad::parse_time("2026-11-20T17:00:00Z").value();
  alert.last_seen = nad::parse_time("2026-11-20T17:00:59.5Z").value();
  alert.suppressed = {{"10.0.0.1|10.0.0.2|80|scan", 7}, {"10.0.0.1|10.0.0.3|80|scan", 3}};
  alert.suppressed_elsewhere = 2;
  return alert;
}

inline std::vector<nad::Alert> sample_alerts() {
  return {upload_alert(), hostile_alert(), later_alert(), suppressed_alert()};
}

/// Text of letters and of what formats escape.
inline std::string random_text(nad::Random& random, std::size_t most) {
  static const std::vector<std::string> signs = {"a", "Z",   "7",  " ",  "\"",       "\\",           "]",
                                                 "=", "|",   "\n", "\t", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x9f",
                                                 "<", "\x7f"};
  std::string text;
  for (std::size_t i = random.below(most + 1); i > 0; --i) {
    text += signs[random.below(signs.size())];
  }
  return text;
}

/// The text with some bytes changed, taken out or doubled.
inline std::string damaged_text(std::string text, nad::Random& random) {
  for (std::size_t i = 1 + random.below(4); i > 0 && !text.empty(); --i) {
    const std::size_t at = random.below(text.size());
    switch (random.below(4)) {
      case 0:
        text[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        text.erase(at, 1 + random.below(8));
        break;
      case 2:
        text.insert(at, text.substr(random.below(text.size()), random.below(20)));
        break;
      default:
        text[at] = "{}[]\",:0-9=#"[random.below(12)];
    }
  }
  return text;
}

inline nad::Address random_address(nad::Random& random) {
  if (random.below(2) == 0) {
    return nad::Address::v4(static_cast<std::uint32_t>(random.below(1ULL << 32U)));
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(random.below(256));
  }
  return nad::Address(bytes);
}

inline nad::Alert random_alert(nad::Random& random) {
  const auto maybe = [&] { return random.below(2) == 0; };
  nad::Alert alert;
  alert.kind = static_cast<nad::AlertKind>(random.below(4));
  if (maybe()) {
    alert.src = random_address(random);
    alert.src_port = static_cast<std::uint16_t>(random.below(65536));
  }
  if (maybe()) {
    alert.dst = random_address(random);
    alert.dst_port = static_cast<std::uint16_t>(random.below(65536));
  }
  const std::vector<std::string> protocols = {"tcp", "udp", "icmp", "icmp6", "sctp", ""};
  alert.protocol = protocols[random.below(protocols.size())];
  alert.service = random_text(random, 5);
  alert.community_id = random_text(random, 5);
  alert.interface = random_text(random, 5);
  alert.flow_id = random.below(1ULL << 62U);
  alert.vlan.assign(random.below(3), 7);
  alert.names.assign(random.below(3), {random_text(random, 4), random_text(random, 9)});
  alert.anomaly_class = random_text(random, 6);
  alert.signature = random_text(random, 20);
  alert.signature_id = static_cast<std::uint32_t>(random.below(3));
  alert.severity = 1 + static_cast<int>(random.below(3));
  alert.techniques.assign(random.below(3), "T1");
  alert.score = static_cast<float>(random.normal());
  alert.threshold = static_cast<float>(random.normal());
  alert.p_value = random.uniform();
  alert.extrapolated = maybe();
  alert.n_calibration = random.below(100000);
  if (maybe()) {
    alert.expected_alerts_per_day = random.uniform();
  }
  for (std::size_t i = random.below(4); i > 0; --i) {
    alert.reasons.push_back({random_text(random, 5), random_text(random, 5), random_text(random, 5),
                             random_text(random, 1), random.normal(), random_text(random, 3)});
  }
  alert.detector = random_text(random, 5);
  if (maybe()) {
    alert.members = {{"a", static_cast<float>(random.normal())}, {"b", 0.5F}};
    alert.model = {random_text(random, 5), random.below(1000), random_text(random, 5), random_text(random, 5), 5};
    alert.flow = nad::AlertFlow{random.below(1ULL << 60U), 2, 3, 4, -5, 1'700'000'000'000'000'001, "S0", ""};
  }
  alert.features_missing.assign(random.below(3), random_text(random, 3));
  alert.first_seen = static_cast<std::int64_t>(random.below(1ULL << 60U));
  alert.last_seen = alert.first_seen + static_cast<std::int64_t>(random.below(1ULL << 40U));
  alert.count = 1 + random.below(1000);
  alert.total = alert.count + random.below(1000);
  alert.interim = maybe();
  alert.key = random_text(random, 8);
  if (alert.kind == nad::AlertKind::suppressed) {
    alert.suppressed.assign(random.below(3), {random_text(random, 6), 3});
    alert.suppressed_elsewhere = random.below(5);
  }
  return alert;
}

}  // namespace tests
