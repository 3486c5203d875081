#pragma once

// Files as the model file needs them: read no more than is wanted, and replace a file in one step.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#ifdef _WIN32
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"

namespace nad::detail {

/// 'models/forest.nad', in UTF-8.
inline std::string quoted(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return "'" + std::string(text.begin(), text.end()) + "'";
}

inline std::string reason(int error) { return std::generic_category().message(error); }

inline Error io_error(const std::string& what) { return {ErrorCode::io, what}; }

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

enum class OpenMode { read, create };  ///< create: an error when it exists

inline File open_file(const std::filesystem::path& path, OpenMode mode) {
  errno = 0;
#ifdef _WIN32
  return File(_wfopen(path.c_str(), mode == OpenMode::read ? L"rbN" : L"wbxN"));
#else
  return File(std::fopen(path.c_str(), mode == OpenMode::read ? "rbe" : "wbxe"));  // e: not for child processes
#endif
}

/// Reads a regular file from its beginning.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& path) : path_(path) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
      throw io_error("cannot read " + quoted(path) + ": there is no such file");
    }
    if (std::filesystem::is_directory(status)) {
      throw io_error("cannot read " + quoted(path) + ": it is a folder; name the model file inside it");
    }
    if (status.type() != std::filesystem::file_type::none && !std::filesystem::is_regular_file(status)) {
      throw io_error("cannot read " + quoted(path) +
                     ": it is not a regular file; read its bytes and load them from memory");
    }
    file_ = open_file(path, OpenMode::read);
    if (!file_) {
      throw io_error("cannot read " + quoted(path) + ": " + reason(errno));
    }
    size_ = std::filesystem::file_size(path, error);
    if (error) {
      throw io_error("cannot read " + quoted(path) + ": " + error.message());
    }
  }

  std::uintmax_t size() const noexcept { return size_; }

  /// Fills `out` with what follows.
  void read(std::span<std::byte> out) {
    errno = 0;
    if (std::fread(out.data(), 1, out.size(), file_.get()) != out.size()) {
      throw io_error("cannot read " + quoted(path_) + ": " +
                     (std::ferror(file_.get()) != 0 ? reason(errno) : "it became shorter while it was read"));
    }
  }

 private:
  std::filesystem::path path_;
  File file_;
  std::uintmax_t size_ = 0;
};

/// Waits until the disk has what was written.
inline bool sync_file(std::FILE* file) noexcept {
#ifdef _WIN32
  return _commit(_fileno(file)) == 0;
#else
  return fsync(fileno(file)) == 0;
#endif
}

/// Makes a rename durable. Some file systems cannot; the file itself is complete all the same.
inline void sync_folder([[maybe_unused]] const std::filesystem::path& folder) noexcept {
#ifndef _WIN32
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    static_cast<void>(fsync(descriptor));
    static_cast<void>(close(descriptor));
  }
#endif
}

/// A name that hardly anybody else has at the moment; whoever creates the file makes sure.
inline std::string temporary_name() {
  static std::atomic<std::uint64_t> counter{0};
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#ifdef _WIN32
  const std::uint64_t process = 0;
#else
  const auto process = static_cast<std::uint64_t>(getpid());
#endif
  Random random(now, (process << 32U) + ++counter);
  std::string name = ".nad-saving-";
  for (int digit = 0; digit < 12; ++digit) {
    name += "0123456789abcdef"[random.below(16)];
  }
  return name;
}

/// A new file that disappears again unless `keep_as` is reached.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path folder) : folder_(std::move(folder)) {
    for (int attempt = 0; attempt < 100 && !file_; ++attempt) {
      path_ = folder_ / temporary_name();
      file_ = open_file(path_, OpenMode::create);
      if (!file_ && errno != EEXIST) {
        break;
      }
    }
    if (!file_) {
      const std::string where = folder_.empty() ? "the current folder" : "the folder " + quoted(folder_);
      const int why = errno;
      std::error_code unknown;
      const bool is_there = folder_.empty() || std::filesystem::exists(folder_, unknown);
      throw io_error(why == ENOENT && !is_there ? where + " does not exist; create it first"
                                                : "no file can be created in " + where + ": " + reason(why));
    }
  }
  ~TemporaryFile() {
    if (!kept_) {
      file_.reset();
      std::error_code ignored;
      std::filesystem::remove(path_, ignored);
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    errno = 0;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() || std::fflush(file_.get()) != 0 ||
        !sync_file(file_.get())) {
      throw io_error("writing the temporary file " + quoted(path_) + " failed: " + reason(errno));
    }
  }

  void keep_as(const std::filesystem::path& target) {
    errno = 0;
    if (std::fclose(file_.release()) != 0) {
      throw io_error("closing the temporary file " + quoted(path_) + " failed: " + reason(errno));
    }
    std::error_code error;
    const std::filesystem::file_status before = std::filesystem::status(target, error);
    if (std::filesystem::is_regular_file(before)) {  // a model that only its owner may read stays so
      std::filesystem::permissions(path_, before.permissions(), error);
    }
    std::filesystem::rename(path_, target, error);
    if (error) {
      throw io_error("the temporary file " + quoted(path_) + " cannot be renamed: " + error.message());
    }
    kept_ = true;
    sync_folder(folder_.empty() ? std::filesystem::path(".") : folder_);
  }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
  File file_;
  bool kept_ = false;
};

/// `path` holds what it held before or all of `bytes`, whatever happens meanwhile.
inline void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  try {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (path.empty() || std::filesystem::is_directory(status)) {
      throw io_error("that is a folder; add a file name such as model.nad");
    }
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      throw io_error("there is something that is no regular file; save to memory and write the bytes yourself");
    }
    // a link stays a link, and what it points to is replaced
    const bool is_link = std::filesystem::is_symlink(std::filesystem::symlink_status(path, error));
    const std::filesystem::path target = is_link ? std::filesystem::weakly_canonical(path, error) : path;
    TemporaryFile file(target.parent_path());
    file.write(bytes);
    file.keep_as(target);
  } catch (const Error& error) {
    throw io_error("cannot save the model as " + quoted(path) + ": " + error.what());
  }
}

}  // namespace nad::detail
