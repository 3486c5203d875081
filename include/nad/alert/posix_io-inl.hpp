#pragma once

// What nad's alerts need of POSIX: files, sockets, processes and signals. The only header of this folder that knows it.

#if defined(_WIN32)
#error "The sinks of nad's alerts are written for POSIX systems: build them on Linux, BSD or macOS."
#endif

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"

namespace nad::detail {

using SteadyTime = std::chrono::steady_clock::time_point;

inline std::string system_reason(int error) { return std::generic_category().message(error); }

[[noreturn]] inline void throw_io(const std::string& what, int error) {
  throw Error(ErrorCode::io, what + ": " + system_reason(error));
}

/// A file or a socket that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const noexcept { return number_; }
  bool is_open() const noexcept { return number_ >= 0; }
  void reset() noexcept {
    if (number_ >= 0) {
      static_cast<void>(close(number_));
      number_ = -1;
    }
  }

 private:
  int number_ = -1;
};

/// How long to wait for the other side; somebody may lose patience before.
class Patience {
 public:
  Patience(double seconds, const std::atomic<bool>& stopped)
      : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(std::llround(seconds * 1000.0))),
        stopped_(&stopped) {}

  bool is_over() const { return *stopped_ || std::chrono::steady_clock::now() >= end_; }
  /// At most a twentieth of a second, so that it is asked again soon whether somebody wants to stop.
  int slice() const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left + 1, 1, 50));
  }
  /// Waits until a descriptor is ready; false when patience is over.
  bool wait(int descriptor, short events) const {
    while (!is_over()) {
      pollfd waited{descriptor, events, 0};
      if (poll(&waited, 1, slice()) > 0) {
        return true;
      }
    }
    return false;
  }

 private:
  SteadyTime end_;
  const std::atomic<bool>* stopped_;
};

// ---- files

inline Descriptor open_to_append(const std::filesystem::path& path) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!file.is_open()) {
    throw_io("cannot open '" + path.string() + "' for writing", errno);
  }
  return file;
}

/// How many bytes could be written; the error of the first that could not is in `error`.
inline std::size_t write_bytes(int file, std::string_view bytes, int& error) {
  std::size_t written = 0;
  error = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(file, bytes.data() + written, bytes.size() - written);
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count == 0 || errno != EINTR) {
      error = count == 0 ? ENOSPC : errno;
      break;
    }
  }
  return written;
}

struct FileState {
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< seconds since 1970
  bool is_regular = false;
};

inline FileState file_state(int file) {
  struct stat state {};
  if (fstat(file, &state) != 0) {
    return {};
  }
  return {static_cast<std::uint64_t>(state.st_size), static_cast<std::int64_t>(state.st_mtime), S_ISREG(state.st_mode)};
}

/// Whether the name means another file now, or none.
inline bool was_moved_away(int file, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(file, &opened) != 0 || stat(path.c_str(), &named) != 0 || opened.st_dev != named.st_dev ||
         opened.st_ino != named.st_ino;
}

/// True where the file is empty or its last byte is a line feed.
inline bool ends_a_line(const std::filesystem::path& path, std::uint64_t size) {
  if (size == 0) {
    return true;
  }
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char last = '\n';
  return !file.is_open() || pread(file.get(), &last, 1, static_cast<off_t>(size - 1)) != 1 || last == '\n';
}

inline void shorten_file(int file, std::uint64_t size) noexcept {
  static_cast<void>(ftruncate(file, static_cast<off_t>(size)));
}

inline bool sync_descriptor(int file) noexcept { return fsync(file) == 0; }

/// Takes a lock that ends with the process; nothing where another one has it.
inline Descriptor lock_file(const std::filesystem::path& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!file.is_open()) {
    throw_io("cannot open '" + path.string() + "'", errno);
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    file.reset();
  }
  return file;
}

inline Descriptor open_to_update(const std::filesystem::path& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!file.is_open()) {
    throw_io("cannot open '" + path.string() + "' for writing", errno);
  }
  return file;
}

inline bool write_at_beginning(int file, std::string_view bytes) noexcept {
  return pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

inline std::string read_beginning(int file, std::size_t most) {
  std::string bytes(most, '\0');
  const ssize_t count = pread(file, bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

// ---- processes and signals

inline std::int64_t process_id() noexcept { return static_cast<std::int64_t>(getpid()); }

/// The calling thread gets no signal: those of the host belong to its own threads, and a receiver that has gone or a
/// file that has become too large shows as an error of the call.
inline void block_signals() noexcept {
  sigset_t all;
  static_cast<void>(sigfillset(&all));
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) {
    static_cast<void>(sigdelset(&all, fault));
  }
  static_cast<void>(pthread_sigmask(SIG_SETMASK, &all, nullptr));
}

}  // namespace nad::detail
