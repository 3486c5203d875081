#pragma once

/// Scans and floods become one key each, so that a deduplicator makes few records of them.
///
///   nad::KeyFolder folder;
///   folder.fold(alert);                    // sets alert.key where it is part of something larger
///   for (const nad::Alert& record : deduplicator.add(alert)) sink.write(record);
///
/// A source with alerts about 10 different destinations or ports in ten minutes is one key from then on, whomever it
/// talks to: "10.0.0.5|*|*". A port of a destination with alerts about 10 different sources is one, "*|192.0.2.7|80",
/// and so is a destination, whatever the port, "*|192.0.2.7|*"; in this order. It is a key of its own no longer once it
/// has been quiet for ten minutes. Time is that of the alerts. Other alerts keep the key that they have, or none.

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nad/alert/alert.hpp"
#include "nad/config.hpp"

namespace nad {

struct KeyFolderOptions {
  std::size_t fold_at = 10;           ///< so many keys at once are one; 0: never
  double quiet_seconds = 600.0;       ///< what was quiet for longer does not count
  std::size_t most_groups = 100'000;  ///< sources, destinations and ports remembered; a group takes some 300 bytes

  /// An error where one of them makes no sense.
  NAD_API void check() const;
};

class NAD_API KeyFolder {
 public:
  explicit KeyFolder(const KeyFolderOptions& options = {});
  KeyFolder(const KeyFolder&) = delete;
  KeyFolder& operator=(const KeyFolder&) = delete;
  KeyFolder(KeyFolder&&) = default;
  KeyFolder& operator=(KeyFolder&&) = default;
  ~KeyFolder() = default;

  /// Counts the alert; true where it got a key that it shares.
  bool fold(Alert& alert);

  /// All that it knows, as JSON, for a program that stops and starts again.
  std::string save_state() const;
  /// Goes on where `save_state` was called. On an error nothing changes.
  void restore_state(std::string_view text);

  /// Sources, destinations and ports that are remembered.
  std::size_t groups() const noexcept { return groups_.size(); }
  const KeyFolderOptions& options() const noexcept { return options_; }

 private:
  struct Group {
    std::string key;
    std::int64_t last = 0;
    bool is_folded = false;
    std::vector<std::pair<std::uint64_t, std::int64_t>> open = {};  ///< what it is about, and when last
  };
  using Place = std::list<Group>::iterator;

  /// Whether the group of this key, with one alert more, is one key.
  bool count(const std::string& key, std::uint64_t about);

  KeyFolderOptions options_;
  std::int64_t quiet_after_ = 0;
  std::int64_t now_ = 0;
  bool has_time_ = false;
  std::list<Group> groups_;  ///< the one that has been quiet longest first
  std::unordered_map<std::string_view, Place> by_key_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/key_folder-inl.hpp"
#endif
