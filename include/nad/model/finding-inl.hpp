#pragma once

#include <cstdio>
#include <ostream>
#include <string>

#include "nad/model/finding.hpp"
#include "nad/table/group_words-inl.hpp"

namespace nad {

namespace detail {

inline std::string formatted(const char* format, double value) {
  char text[400];  // the largest double has 309 digits
  const int length = std::snprintf(text, sizeof text, format, value);
  return {text, static_cast<std::size_t>(length)};
}

/// "29.8 s" and "7,200 s".
inline std::string in_seconds(double seconds) {
  return (seconds < 999.5 ? formatted("%.3g", seconds) : with_thousands(formatted("%.0f", seconds))) + " s";
}

}  // namespace detail

NAD_INLINE std::string Reason::to_string() const {
  const char* verb = "";
  switch (direction) {
    case Direction::usual:
      verb = " goes badly with the rest (usual: ";
      break;
    case Direction::higher:
      verb = " is higher than usual (";
      break;
    case Direction::lower:
      verb = " is lower than usual (";
      break;
    case Direction::rare:
      verb = " is rare (usual: ";
      break;
    case Direction::never_seen:
      verb = " was never seen (usual: ";
      break;
    case Direction::missing:
      verb = ", which seldom happens (usual: ";
      break;
  }
  if (contribution < 0.0) {
    verb = " speaks for normal traffic (usual: ";
  }
  return column + " " + value + verb + expected + "): " + detail::formatted("%.2g", contribution);
}

NAD_INLINE std::string SourceRun::to_string() const {
  const std::string what = is_beat() ? " connections of " + source + " to " + destination + " at a steady beat of " +
                                           detail::in_seconds(period)
                                     : " unusual records of " + source + " in " + detail::in_seconds(seconds);
  return "one of " + std::to_string(records) + what + ", p = " + detail::formatted("%.2g", p.value);
}

NAD_INLINE std::string Finding::to_string() const {
  std::string text = "row " + std::to_string(row) + ": p = " + detail::formatted("%.2g", p.value) +
                     (p.extrapolated ? " (extrapolated)" : "") + ", score " +
                     detail::formatted("%.4g", static_cast<double>(score)) + (family.empty() ? "" : ", " + family);
  if (run) {
    text += "\n  " + run->to_string();
  }
  for (const Reason& reason : reasons) {
    text += "\n  " + reason.to_string();
  }
  return text;
}

NAD_INLINE std::ostream& operator<<(std::ostream& out, const Finding& finding) { return out << finding.to_string(); }

}  // namespace nad
