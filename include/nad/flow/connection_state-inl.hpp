#pragma once

// What became of a connection, in the words of the logs: Zeek and KDD ("S0"), Suricata ("syn_sent"), Argus ("REQ", or
// the TCP flags of both sides, "S_RA"), firewalls ("REJECT").

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nad::detail {

enum class StateClass : std::uint8_t {
  established,  ///< both sides agreed, whether or not it has ended
  reset,        ///< established, then broken off
  rejected,     ///< refused
  half_open,    ///< asked and never answered, or never agreed upon
  other,        ///< seen from the middle on, not a connection, or a word that is not known
};

constexpr std::string_view name(StateClass state) noexcept {
  constexpr std::array<std::string_view, 5> names = {"established", "reset", "rejected", "half_open", "other"};
  return names[static_cast<std::size_t>(state)];
}

/// Which of KDD's two error rates a state counts for.
enum class StateError : std::uint8_t { none, serror, rerror };

struct ConnectionState {
  StateClass state = StateClass::other;
  StateError error = StateError::none;

  bool failed() const noexcept { return state == StateClass::rejected || state == StateClass::half_open; }
};

struct StateName {
  std::string_view name;
  ConnectionState state;
};

/// In capitals, sorted. KDD counts S1, S2 and S3, which were open at the end, as errors; of other sources only what was
/// never answered is one.
inline constexpr std::array state_names = {
    StateName{"ACC", {StateClass::half_open, StateError::serror}},
    StateName{"CLO", {StateClass::established, StateError::none}},
    StateName{"CLOSED", {StateClass::established, StateError::none}},
    StateName{"CLOSE_WAIT", {StateClass::established, StateError::none}},
    StateName{"CLOSING", {StateClass::established, StateError::none}},
    StateName{"CON", {StateClass::established, StateError::none}},
    StateName{"DENY", {StateClass::rejected, StateError::rerror}},
    StateName{"DROP", {StateClass::rejected, StateError::rerror}},
    StateName{"EST", {StateClass::established, StateError::none}},
    StateName{"ESTABLISHED", {StateClass::established, StateError::none}},
    StateName{"FIN", {StateClass::established, StateError::none}},
    StateName{"FIN_WAIT1", {StateClass::established, StateError::none}},
    StateName{"FIN_WAIT2", {StateClass::established, StateError::none}},
    StateName{"INT", {StateClass::half_open, StateError::none}},
    StateName{"LAST_ACK", {StateClass::established, StateError::none}},
    StateName{"NEW", {StateClass::half_open, StateError::serror}},
    StateName{"OTH", {StateClass::other, StateError::none}},
    StateName{"REFUSED", {StateClass::rejected, StateError::rerror}},
    StateName{"REJ", {StateClass::rejected, StateError::rerror}},
    StateName{"REJECT", {StateClass::rejected, StateError::rerror}},
    StateName{"REJECTED", {StateClass::rejected, StateError::rerror}},
    StateName{"REQ", {StateClass::half_open, StateError::serror}},
    StateName{"RESET", {StateClass::reset, StateError::rerror}},
    StateName{"RST", {StateClass::reset, StateError::rerror}},
    StateName{"RSTO", {StateClass::reset, StateError::rerror}},
    StateName{"RSTOS0", {StateClass::half_open, StateError::rerror}},
    StateName{"RSTR", {StateClass::reset, StateError::rerror}},
    StateName{"RSTRH", {StateClass::other, StateError::none}},
    StateName{"S0", {StateClass::half_open, StateError::serror}},
    StateName{"S1", {StateClass::established, StateError::serror}},
    StateName{"S2", {StateClass::established, StateError::serror}},
    StateName{"S3", {StateClass::established, StateError::serror}},
    StateName{"SF", {StateClass::established, StateError::none}},
    StateName{"SH", {StateClass::half_open, StateError::serror}},
    StateName{"SHR", {StateClass::other, StateError::none}},
    StateName{"SYN_RECV", {StateClass::half_open, StateError::serror}},
    StateName{"SYN_SENT", {StateClass::half_open, StateError::serror}},
    StateName{"TIME_WAIT", {StateClass::established, StateError::none}},
};

static_assert(std::is_sorted(state_names.begin(), state_names.end(),
                             [](const StateName& a, const StateName& b) { return a.name < b.name; }));

/// Whether a text is the flags of both sides as Argus writes them: letters of FSRPAUEC around one '_'.
inline bool is_flag_pair(std::string_view text) noexcept {
  return text.size() > 1 && std::count(text.begin(), text.end(), '_') == 1 &&
         text.find_first_not_of("FSRPAUEC_") == std::string_view::npos;
}

inline ConnectionState state_of_flag_pair(std::string_view text) noexcept {
  const std::string_view asked = text.substr(0, text.find('_'));
  const std::string_view answer = text.substr(asked.size() + 1);
  const auto has = [](std::string_view flags, char flag) { return flags.find(flag) != std::string_view::npos; };
  if (!has(asked, 'S')) {
    return {};  // the beginning was not seen
  }
  if (answer.empty()) {
    return {StateClass::half_open, has(asked, 'R') ? StateError::rerror : StateError::serror};
  }
  if (has(answer, 'R') && !has(answer, 'S')) {
    return {has(asked, 'P') ? StateClass::reset : StateClass::rejected, StateError::rerror};
  }
  if (has(asked, 'R') || has(answer, 'R')) {
    return {StateClass::reset, StateError::rerror};
  }
  const bool agreed = has(asked, 'A') || has(answer, 'P') || has(answer, 'F');
  return agreed ? ConnectionState{StateClass::established, StateError::none}
                : ConnectionState{StateClass::half_open, StateError::serror};
}

inline ConnectionState connection_state(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  }
  const auto found =
      std::lower_bound(state_names.begin(), state_names.end(), capitals,
                       [](const StateName& entry, const std::string& wanted) { return entry.name < wanted; });
  if (found != state_names.end() && found->name == capitals) {
    return found->state;
  }
  return is_flag_pair(text) ? state_of_flag_pair(text) : ConnectionState{};
}

}  // namespace nad::detail
