#pragma once

/// Alerts as other programs and people read them.
///
///   nad::to_eve(alert);      // one line of JSON, an `alert` as Suricata writes it to eve.json
///   nad::to_ecs(alert);      // one line of JSON for Elastic and OpenSearch
///   nad::to_cef(alert);      // "CEF:0|nad|nad|0.1.0|9100004|...": ArcSight and most others
///   nad::to_syslog(alert);   // "<132>1 2026-11-20T17:42:03.118274Z ...": RFC 5424 with structured data
///   nad::to_text(alert);     // one line for people
///   nad::to_report(alert);   // several lines, a line each reason, for mails
///
/// Each is a function of the alert alone: the same alert gives the same text, on every machine and at any time. None
/// ends with a line feed. What is not UTF-8 becomes U+FFFD; control characters become \u escapes in JSON and blanks
/// elsewhere, so that no record can forge a line or steer a terminal.
///
/// In EVE the score and its reasons stand in alert.context.anomaly: Suricata's own schema leaves that place open, and
/// closes all others. There value and expected are always texts, so that indices need no more than one type for them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "nad/alert/alert.hpp"
#include "nad/config.hpp"
#include "nad/detail/words.hpp"

namespace nad {

enum class AlertFormat : std::uint8_t { eve, ecs, cef, syslog, text, report };

constexpr std::array<std::string_view, 6> words_of(AlertFormat) noexcept {
  return {"eve", "ecs", "cef", "syslog", "text", "report"};
}

/// What stands behind the header and the structured data of a syslog message.
enum class SyslogBody : std::uint8_t {
  text,  ///< as to_text
  eve,   ///< as to_eve
  cee,   ///< the same behind "@cee: ", which rsyslog and syslog-ng know for JSON
  cef,   ///< as to_cef
};

constexpr std::array<std::string_view, 4> words_of(SyslogBody) noexcept { return {"text", "eve", "cee", "cef"}; }

struct SyslogOptions {
  unsigned facility = 16;  ///< 0 to 23; 16 is local0
  std::string host = {};   ///< empty: "-"; signs that RFC 5424 does not allow become '_'
  std::string application = "nad";
  std::string process_id = {};
  /// Behind the @ of the structured data: a private enterprise number, by default the one for examples.
  std::string enterprise = "32473";
  SyslogBody body = SyslogBody::text;
  /// Longer messages are cut: a text at its end, then structured data one by one from the least important. JSON and CEF
  /// are never cut; where there is no room for them the text stands in. RFC 5424 asks receivers for 2048.
  std::size_t most_bytes = 8192;

  /// An error where one of them makes no sense.
  NAD_API void check() const;
};

NAD_API std::string to_eve(const Alert& alert);
NAD_API std::string to_ecs(const Alert& alert);
NAD_API std::string to_cef(const Alert& alert);
NAD_API std::string to_syslog(const Alert& alert, const SyslogOptions& options = {});
NAD_API std::string to_text(const Alert& alert);
NAD_API std::string to_report(const Alert& alert);

/// Any of them, with its usual options.
NAD_API std::string format_alert(const Alert& alert, AlertFormat format);

/// Back from what `to_eve` wrote: the same alert, bit for bit, where its texts were UTF-8. Of alerts by other programs
/// what nad knows; an error where the text is no EVE alert, or a member is not of its type.
NAD_API Alert alert_from_eve(std::string_view line);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/format-inl.hpp"
#endif
