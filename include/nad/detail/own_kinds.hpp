#pragma once

// Kinds that a program brings, beside those of nad: what is made of them is found by their names when a file is loaded.

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"

namespace nad::detail {

/// Small letters, digits, '_' and a dot within, as in "acme.upload_ratio". No kind of nad's has a dot, so none that a
/// later nad brings can be taken for one of these.
constexpr bool is_own_kind(std::string_view kind) noexcept {
  bool dotted = false;
  for (const char letter : kind) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
    dotted = dotted || letter == '.';
    if (!plain && letter != '.') {
      return false;
    }
  }
  return dotted && kind.size() <= 64 && kind.front() != '.' && kind.back() != '.';
}

/// What was registered under its kind, for any thread. Entries stay for as long as the program runs.
template <class Entry>
class OwnKinds {
 public:
  /// `what`: "step".
  void add(std::string_view kind, Entry entry, const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (!entries_.emplace(kind, std::move(entry)).second) {
      throw Error(ErrorCode::invalid_argument, "a " + what + " of kind '" + std::string(kind) +
                                                   "' is registered already; register each kind once, and give "
                                                   "another " +
                                                   what + " another kind");
    }
  }

  std::optional<Entry> find(std::string_view kind) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(kind);
    return found == entries_.end() ? std::nullopt : std::optional<Entry>(found->second);
  }

  std::vector<std::string> kinds() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    names.reserve(entries_.size());
    for (const auto& [kind, entry] : entries_) {
      names.push_back(kind);
    }
    return names;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace nad::detail
