#pragma once

// What one condition of an allow-list asks.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/allow_list.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/nearest_name.hpp"

namespace nad::detail {

inline char small_letter(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// * stands for anything, ? for one sign.
inline bool matches_pattern(std::string_view text, std::string_view pattern) noexcept {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t star = std::string_view::npos;  // the last one, and where its text began
  std::size_t star_at = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      star_at = at;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '?' || small_letter(pattern[in_pattern]) == small_letter(text[at]))) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

/// "443" or "8000-8100".
inline std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_ports(std::string_view text) noexcept {
  const auto number = [](std::string_view digits) -> std::optional<std::uint16_t> {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
    return is_whole ? std::optional(value) : std::nullopt;
  };
  const std::size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  if (!first || !last || *first > *last) {
    return std::nullopt;
  }
  return std::pair(*first, *last);
}

inline constexpr std::array<std::string_view, 3> network_columns = {"src", "dst", "ip"};
inline constexpr std::array<std::string_view, 3> port_columns = {"src_port", "dst_port", "port"};
inline constexpr std::array<std::string_view, 13> alert_columns = {
    "protocol", "service",      "interface", "class", "signature", "signature_id", "category",
    "severity", "community_id", "detector",  "model", "key",       "flow_state"};

template <std::size_t count>
bool is_among(std::string_view word, const std::array<std::string_view, count>& words) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The text of a column; nothing where `Alert::names` is to be asked.
inline std::optional<std::string> text_of_column(const Alert& alert, std::string_view column) {
  const std::array<std::string, 13> texts = {alert.protocol,
                                             alert.service,
                                             alert.interface,
                                             alert.anomaly_class,
                                             signature_of(alert),
                                             std::to_string(signature_id_of(alert)),
                                             alert.category,
                                             std::to_string(alert.severity),
                                             alert.community_id,
                                             alert.detector,
                                             alert.model.id,
                                             alert.key,
                                             alert.flow ? alert.flow->state : std::string()};
  const auto found = std::find(alert_columns.begin(), alert_columns.end(), column);
  if (found == alert_columns.end()) {
    return std::nullopt;
  }
  return texts[static_cast<std::size_t>(found - alert_columns.begin())];
}

/// A word that is nearly a column is a slip, and a rule that never holds.
inline void refuse_misspelt(const std::string& column) {
  std::vector<std::string> known = {"who", "why", "until"};
  known.insert(known.end(), network_columns.begin(), network_columns.end());
  known.insert(known.end(), port_columns.begin(), port_columns.end());
  known.insert(known.end(), alert_columns.begin(), alert_columns.end());
  const auto is_close = [&](const std::string& word) { return word.size() > 2 && edit_distance(word, column) == 1; };
  const auto meant = std::find_if(known.begin(), known.end(), is_close);
  if (meant != known.end()) {
    throw Error(ErrorCode::invalid_argument, "there is no '" + column + "'; did you mean '" + *meant + "'?");
  }
}

/// In quotes where it holds what would end it.
inline std::string quoted_where_needed(const std::string& value) {
  if (!value.empty() && value.find_first_of(" \t,#\"\\") == std::string::npos) {
    return value;
  }
  return "\"" + escape_signs(value, "\"\\") + "\"";
}

}  // namespace nad::detail

namespace nad {

NAD_INLINE AllowCondition::AllowCondition(std::string column, std::vector<std::string> values)
    : column_(std::move(column)), values_(std::move(values)) {
  if (column_.empty() || values_.empty()) {
    throw Error(ErrorCode::invalid_argument, "a condition is a column and its values, such as dst_port=443");
  }
  for (const std::string& value : values_) {
    if (detail::is_among(column_, detail::network_columns)) {
      const std::optional<Subnet> network = Subnet::parse(value);
      if (!network) {
        throw Error(ErrorCode::invalid_argument,
                    column_ + " is '" + value + "'; give an address or a network such as 10.0.0.0/8 or 2001:db8::/32");
      }
      if (network->to_string() != value && value.find('/') != std::string::npos &&
          network->address() != *Address::parse(value.substr(0, value.find('/')))) {
        throw Error(ErrorCode::invalid_argument, column_ + " is '" + value +
                                                     "', which has bits behind its prefix; the " + "network is " +
                                                     network->to_string());
      }
      networks_.push_back(*network);
    } else if (detail::is_among(column_, detail::port_columns)) {
      const auto ports = detail::parse_ports(value);
      if (!ports) {
        throw Error(ErrorCode::invalid_argument,
                    column_ + " is '" + value + "'; give a port or a range such as 8000-8100, up to 65535");
      }
      ports_.push_back(*ports);
    } else if (value.empty()) {
      throw Error(ErrorCode::invalid_argument, column_ + " has an empty value; leave it out, or give * for any");
    } else if (!detail::is_among(column_, detail::alert_columns)) {
      detail::refuse_misspelt(column_);
    }
  }
}

NAD_INLINE bool AllowCondition::holds(const Alert& alert) const {
  if (!networks_.empty()) {
    const auto is_inside = [&](const std::optional<Address>& address) {
      return address && std::any_of(networks_.begin(), networks_.end(),
                                    [&](const Subnet& network) { return network.contains(*address); });
    };
    return (column_ != "dst" && is_inside(alert.src)) || (column_ != "src" && is_inside(alert.dst));
  }
  if (!ports_.empty()) {
    const auto is_one = [&](const std::optional<std::uint16_t>& port) {
      return port && std::any_of(ports_.begin(), ports_.end(),
                                 [&](const auto& range) { return range.first <= *port && *port <= range.second; });
    };
    return (column_ != "dst_port" && is_one(alert.src_port)) || (column_ != "src_port" && is_one(alert.dst_port));
  }
  const auto is_wanted = [&](const std::string& text) {
    return std::any_of(values_.begin(), values_.end(),
                       [&](const std::string& value) { return detail::matches_pattern(text, value); });
  };
  if (const std::optional<std::string> text = detail::text_of_column(alert, column_)) {
    return !text->empty() && is_wanted(*text);
  }
  return std::any_of(alert.names.begin(), alert.names.end(),
                     [&](const AlertName& held) { return held.column == column_ && is_wanted(held.value); });
}

NAD_INLINE std::string AllowCondition::to_string() const {
  std::string text = column_ + "=";
  for (std::size_t i = 0; i < values_.size(); ++i) {
    text += (i == 0 ? "" : ",") + detail::quoted_where_needed(values_[i]);
  }
  return text;
}

}  // namespace nad
