#pragma once

/// What is known and shall raise no alerts: networks, ports and names.
///
///   # allow.txt: one rule a line; all its conditions must hold, and commas separate alternatives
///   src=10.0.3.17 dst_port=873          who="anna" why="nightly backup" until=2027-01-01
///   ip=192.0.2.0/24,2001:db8::/32       why="the scanner of the auditors"
///   server_name=*.example.org port=443,8000-8100
///
///   const nad::AllowList allowed = nad::AllowList::read("allow.txt");
///   if (const nad::AllowRule* rule = allowed.match(alert)) { ... }      // rule->to_string(), rule->why
///   nad::filter_alerts(allowed, "eve.json", "eve-filtered.json");       // alerts that were stored before
///
/// `src`, `dst` and `ip` (either of the two) take networks; `src_port`, `dst_port` and `port` take ports and ranges;
/// any other word is a column of the alert: protocol, service, interface, class, signature, signature_id, category,
/// severity, community_id, detector, model, key, flow_state, or what stands in `Alert::names`. Their values may hold *
/// and ?, and large and small letters are the same. Quotes hold blanks, commas and # together.
///
/// The same as JSON: [{"src": "10.0.3.17", "dst_port": [873, "8000-8100"], "who": "anna", "why": "...", "until":
/// "2027-01-01"}]
///
/// A rule holds for alerts up to `until`, by the time of the alert: what was allowed then stays so in what is stored.
/// Reports of a rate limit match no rule.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/alert.hpp"
#include "nad/alert/subnet.hpp"
#include "nad/config.hpp"

namespace nad {

/// One column and the values that it may have.
class NAD_API AllowCondition {
 public:
  /// An error where a value makes no sense for the column.
  AllowCondition(std::string column, std::vector<std::string> values);

  bool holds(const Alert& alert) const;
  const std::string& column() const noexcept { return column_; }
  const std::vector<std::string>& values() const noexcept { return values_; }
  /// As a file has it.
  std::string to_string() const;

 private:
  std::string column_;
  std::vector<std::string> values_;
  std::vector<Subnet> networks_;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ports_;  ///< first and last
};

struct AllowRule {
  std::vector<AllowCondition> conditions = {};
  std::string who = {};
  std::string why = {};
  std::optional<std::int64_t> until = {};  ///< nanoseconds since 1970; nothing: for ever
  std::size_t line = 0;                    ///< of the file that it came from; 0: none

  NAD_API bool matches(const Alert& alert) const;
  /// As a file has it.
  NAD_API std::string to_string() const;
};

class NAD_API AllowList {
 public:
  AllowList() = default;

  /// Lines or JSON, told apart by the first sign; an error names the line and, by `file`, the file.
  static AllowList parse(std::string_view text, const std::string& file = "");
  static AllowList read(const std::filesystem::path& path);

  /// An error where the rule has no condition: it would hide everything.
  void add(AllowRule rule);
  /// The first rule that allows it, or null. The pointer holds as long as no rule is added.
  const AllowRule* match(const Alert& alert) const;

  const std::vector<AllowRule>& rules() const noexcept { return rules_; }
  /// As a file has them.
  std::string to_string() const;

 private:
  std::vector<AllowRule> rules_;
};

/// What became of the lines of a file of alerts.
struct FilterReport {
  std::uint64_t lines = 0;
  std::uint64_t allowed = 0;                ///< left out
  std::uint64_t unreadable = 0;             ///< kept, because nobody can say whom they are about
  std::vector<std::uint64_t> by_rule = {};  ///< lines that each rule left out
};

/// Copies the lines of EVE alerts that no rule allows, byte for byte; everything else that stands there is kept.
NAD_API FilterReport filter_alerts(const AllowList& allowed, std::istream& in, std::ostream& out);
/// `to` is a new file, or one that is replaced; not the same as `from`.
NAD_API FilterReport filter_alerts(const AllowList& allowed, const std::filesystem::path& from,
                                   const std::filesystem::path& to);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/allow_list-inl.hpp"
#endif
