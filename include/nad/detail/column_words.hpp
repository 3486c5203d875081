#pragma once

// What the names of columns say about them.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace nad::detail {

/// The words of a name in lower case: "flowStart_time" has "flow", "start" and "time".
inline std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  bool after_small = false;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z';
    const bool small = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if ((!capital && !small) || (capital && after_small)) {
      words.emplace_back();
    }
    if (capital || small) {
      words.back() += static_cast<char>(capital ? c | 0x20 : c);
    }
    after_small = small;
  }
  words.erase(std::remove(words.begin(), words.end(), std::string()), words.end());
  return words;
}

/// "is_anomaly", "Is Anomaly" and "isAnomaly" are all "isanomaly".
inline std::string joined_words(std::string_view name) {
  std::string result;
  for (const std::string& word : words_of(name)) {
    result += word;
  }
  return result;
}

/// Names of the answer, or of what gives it away.
inline bool names_label(std::string_view name) {
  static constexpr std::array<std::string_view, 30> labels = {
      "label",       "labels",         "class",        "classlabel",  "target",     "groundtruth",
      "attack",      "attacks",        "attackcat",    "attackid",    "attacktype", "attackname",
      "attackclass", "attackcategory", "attackfamily", "isattack",    "anomaly",    "anomalous",
      "isanomaly",   "isanomalous",    "outlier",      "isoutlier",   "malicious",  "ismalicious",
      "malware",     "ismalware",      "intrusion",    "isintrusion", "isnormal",   "isbenign"};
  return std::find(labels.begin(), labels.end(), joined_words(name)) != labels.end();
}

/// "id", "flow_id", "flowID", "uid", ...
inline bool names_identifier(std::string_view name) {
  static constexpr std::array<std::string_view, 4> words = {"id", "uid", "uuid", "guid"};
  const std::vector<std::string> parts = words_of(name);
  return !parts.empty() && std::find(words.begin(), words.end(), parts.back()) != words.end();
}

}  // namespace nad::detail
