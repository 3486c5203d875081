#pragma once

// A file that grows, and what it was before and after somebody renamed it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"

namespace nad::detail {

/// What tells a file from others, whatever it is called.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct LogFileState {
  FileIdentity identity;
  std::uint64_t size = 0;
  std::int64_t changed = 0;  ///< nanoseconds since 1970
};

inline LogFileState log_file_state(const struct stat& found) {
#ifdef __APPLE__
  const timespec changed = found.st_mtimespec;
#else
  const timespec changed = found.st_mtim;
#endif
  return {{static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino)},
          static_cast<std::uint64_t>(found.st_size),
          static_cast<std::int64_t>(changed.tv_sec) * 1'000'000'000 + changed.tv_nsec};
}

/// Nothing where there is no such file now.
inline std::optional<LogFileState> look_at_file(const std::filesystem::path& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return std::nullopt;
  }
  return log_file_state(found);
}

/// An open file, read at any place.
class GrowingFile {
 public:
  GrowingFile() = default;
  ~GrowingFile() { close(); }
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  /// False where there is no such file yet.
  bool open(const std::filesystem::path& path) {
    close();
    do {
      number_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    } while (number_ < 0 && errno == EINTR);
    if (number_ < 0 && errno != ENOENT) {
      throw Error(ErrorCode::io, "cannot open " + path.string() + ": " + std::generic_category().message(errno));
    }
    path_ = path.string();
    return number_ >= 0;
  }

  void close() noexcept {
    if (number_ >= 0) {
      static_cast<void>(::close(number_));
      number_ = -1;
    }
  }

  bool is_open() const noexcept { return number_ >= 0; }

  LogFileState state() const {
    struct stat found = {};
    if (::fstat(number_, &found) != 0) {
      throw Error(ErrorCode::io, "cannot look at " + path_ + ": " + std::generic_category().message(errno));
    }
    return log_file_state(found);
  }

  /// Up to `most` bytes from a place on, behind what `text` holds; how many came.
  std::size_t read_at(std::uint64_t place, std::size_t most, std::string& text) const {
    const std::size_t before = text.size();
    text.resize(before + most);
    ::ssize_t count = 0;
    do {
      count = ::pread(number_, text.data() + before, most, static_cast<off_t>(place));
    } while (count < 0 && errno == EINTR);
    text.resize(before + static_cast<std::size_t>(std::max<::ssize_t>(count, 0)));
    if (count < 0) {
      throw Error(ErrorCode::io, "cannot read " + path_ + ": " + std::generic_category().message(errno));
    }
    return static_cast<std::size_t>(count);
  }

  /// A hash of the first bytes: another content has another one.
  std::uint64_t beginning(std::size_t bytes) const {
    std::string text;
    static_cast<void>(read_at(0, bytes, text));
    return hash_text(text);
  }

 private:
  int number_ = -1;
  std::string path_;
};

/// Whether a name is one that rotation gives: of conn.log "conn.log.1", "conn.log-20261122", "conn.2026-11-22.log".
inline bool is_rotated_name(const std::string& name, const std::filesystem::path& log) {
  const std::string whole = log.filename().string();
  const std::string stem = log.stem().string();
  if (name == whole || name.ends_with(".gz") || name.ends_with(".xz") || name.ends_with(".zst") ||
      name.ends_with(".bz2")) {
    return false;
  }
  const auto follows = [&](const std::string& beginning) {
    return name.size() > beginning.size() + 1 && name.starts_with(beginning) &&
           std::string_view("._-").find(name[beginning.size()]) != std::string_view::npos &&
           name[beginning.size() + 1] >= '0' && name[beginning.size() + 1] <= '9';
  };
  return follows(whole) || follows(stem);
}

struct RotatedFile {
  std::filesystem::path path;
  LogFileState state;
};

/// Files that the log was before, the oldest first.
inline std::vector<RotatedFile> rotated_files(const std::filesystem::path& log) {
  std::vector<RotatedFile> files;
  std::error_code failure;
  const std::filesystem::path folder = log.has_parent_path() ? log.parent_path() : std::filesystem::path(".");
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const std::optional<LogFileState> state = look_at_file(entry.path());
    if (state && is_rotated_name(entry.path().filename().string(), log)) {
      files.push_back({entry.path(), *state});
    }
  }
  std::sort(files.begin(), files.end(), [](const RotatedFile& a, const RotatedFile& b) {
    return std::pair(a.state.changed, a.path) < std::pair(b.state.changed, b.path);
  });
  return files;
}

}  // namespace nad::detail
