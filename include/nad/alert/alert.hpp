#pragma once

/// What nad tells people and other programs: one record, or many alike, that normal traffic hardly has.
///
///   nad::Alert alert;
///   alert.anomaly_class = "upload";
///   alert.src = nad::Address::parse("10.0.3.17");
///   alert.dst = nad::Address::parse("203.0.113.9");
///   alert.p_value = 0.00021;
///   alert.severity = nad::severity_of(alert.p_value);    // 2
///   std::cout << nad::to_eve(alert) << '\n';             // see alert/format.hpp
///
/// A plain value: whoever detects fills it, everything else in this folder reads it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/table/address.hpp"

namespace nad {

/// What a record that is written stands for.
enum class AlertKind : std::uint8_t {
  first,       ///< something new
  update,      ///< it goes on
  closing,     ///< it has been quiet since
  suppressed,  ///< no anomaly: how many alerts the rate limit held back, and of which keys
};

constexpr std::array<std::string_view, 4> words_of(AlertKind) noexcept {
  return {"first", "update", "closing", "suppressed"};
}

/// What one column contributed. All texts are as people read them.
struct AlertReason {
  std::string column;
  std::string value;     ///< of the record
  std::string expected;  ///< what normal traffic holds there
  std::string unit = {};
  double contribution = 0.0;   ///< to the surprise; negative ones speak for normal traffic
  std::string direction = {};  ///< "higher", "lower", "rare", "never_seen", "missing" or "usual"

  friend bool operator==(const AlertReason&, const AlertReason&) = default;
};

/// What one detector of an ensemble says.
struct AlertMember {
  std::string name;
  float score = 0.0F;

  friend bool operator==(const AlertMember&, const AlertMember&) = default;
};

/// A column of the record that allow-lists may ask for, such as server_name.
struct AlertName {
  std::string column;
  std::string value;

  friend bool operator==(const AlertName&, const AlertName&) = default;
};

/// Which model spoke, so that its words can be reproduced.
struct AlertModel {
  std::string id = {};
  std::uint64_t version = 0;
  std::string sha256 = {};
  std::string schema = {};
  std::optional<std::int64_t> trained_until = {};  ///< nanoseconds since 1970

  friend bool operator==(const AlertModel&, const AlertModel&) = default;
};

/// What the flow carried; `sent` is what the source address sent.
struct AlertFlow {
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::int64_t start = 0;  ///< nanoseconds since 1970
  std::int64_t end = 0;
  std::string state = {};   ///< "SF", "S0", ... or what the log calls it
  std::string reason = {};  ///< why the record was written: "timeout", "closed", ...

  friend bool operator==(const AlertFlow&, const AlertFlow&) = default;
};

/// Alerts of one key that a rate limit held back.
struct SuppressedKey {
  std::string key;
  std::uint64_t count = 0;

  friend bool operator==(const SuppressedKey&, const SuppressedKey&) = default;
};

struct Alert {
  AlertKind kind = AlertKind::first;

  // who with whom; of ICMP the ports are type and code
  std::optional<Address> src = {};
  std::optional<Address> dst = {};
  std::optional<std::uint16_t> src_port = {};
  std::optional<std::uint16_t> dst_port = {};
  std::string protocol = {};  ///< lower case: "tcp"
  std::string service = {};   ///< "dns", where something recognised it
  std::string community_id = {};
  std::string interface = {};
  std::uint64_t flow_id = 0;  ///< 0: not known
  std::vector<std::uint16_t> vlan = {};
  std::vector<AlertName> names = {};

  // what it is
  std::string anomaly_class = "anomaly";  ///< a short word, the same for the same kind of anomaly
  std::string signature = {};             ///< a sentence; made of the class where it is empty
  std::uint32_t signature_id = 0;         ///< 0: made of the class
  std::uint32_t revision = 1;
  std::string category = "Network Anomaly";
  int severity = 3;                          ///< 1 high, 2 medium, 3 low
  std::vector<std::string> techniques = {};  ///< of MITRE ATT&CK: "T1048"

  // how sure it is
  float score = 0.0F;
  float threshold = 0.0F;
  double p_value = 1.0;
  bool extrapolated = false;        ///< the p-value lies beyond all calibration records
  std::uint64_t n_calibration = 0;  ///< records that the p-value was counted among
  std::optional<double> expected_alerts_per_day = {};

  // why
  std::vector<AlertReason> reasons = {};  ///< the largest contribution first
  std::string detector = {};
  std::vector<AlertMember> members = {};
  AlertModel model = {};
  std::vector<std::string> features_missing = {};  ///< columns whose value was not there

  // when, and how often
  std::int64_t first_seen = 0;  ///< nanoseconds since 1970
  std::int64_t last_seen = 0;   ///< the time of the alert
  std::uint64_t count = 1;      ///< alerts that this record stands for: over all records they add up to what happened
  std::uint64_t total = 1;      ///< alerts of its key since `first_seen`
  bool interim = false;         ///< the flow goes on
  std::optional<AlertFlow> flow = {};

  /// What a deduplicator knows it by; empty: nobody has asked.
  std::string key = {};
  std::vector<SuppressedKey> suppressed = {};  ///< of the kind `suppressed`: the largest first
  std::uint64_t suppressed_elsewhere = 0;      ///< of keys that are not listed

  friend bool operator==(const Alert&, const Alert&) = default;
};

/// Where high and medium begin: p-values below.
struct SeverityRule {
  double high = 1e-5;
  double medium = 1e-3;

  /// An error where the two make no sense.
  NAD_API void check() const;
};

/// 1 high, 2 medium, 3 low.
NAD_API int severity_of(double p_value, const SeverityRule& rule = {});

/// Thirty-two hexadecimal digits. The same record of the same model always gets the same id, so that a receiver who
/// sees it twice can drop one; two records never share one, whether of the same key or not.
NAD_API std::string alert_id(const Alert& alert);

/// `signature_id`, or one made of the class: the same in every version, from 9100001 to 9199999.
NAD_API std::uint32_t signature_id_of(const Alert& alert);
/// `signature`, or one made of the class.
NAD_API std::string signature_of(const Alert& alert);

/// Which alerts are alike: those whose class, network of the source, network of the destination and port of the
/// destination are the same.
///
///   nad::alert_key(alert);                             // "10.0.3.17|203.0.113.9|443|upload"
///   nad::alert_key(alert, {.dst_prefix_v4 = 24});      // "10.0.3.17|203.0.113.0/24|443|upload"
struct AlertKeyOptions {
  bool by_class = true;
  unsigned src_prefix_v4 = 32;  ///< 32: the address; 24: its network; 0: all sources are alike
  unsigned src_prefix_v6 = 128;
  unsigned dst_prefix_v4 = 32;
  unsigned dst_prefix_v6 = 128;
  bool by_dst_port = true;
  bool by_protocol = false;
  bool by_interface = false;

  /// An error where a prefix is longer than an address.
  NAD_API void check() const;
};

NAD_API std::string alert_key(const Alert& alert, const AlertKeyOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/alert-inl.hpp"
#endif
