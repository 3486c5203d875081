#pragma once

// Programs that are started, fed and ended in time.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/posix_io-inl.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace nad::detail {

/// A pipe that child processes do not inherit.
inline std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
#ifdef __linux__
  const int failure = pipe2(ends.data(), O_CLOEXEC);
#else
  const int failure = pipe(ends.data());
#endif
  if (failure != 0) {
    throw_io("a pipe cannot be made", errno);
  }
  std::pair<Descriptor, Descriptor> made{Descriptor(ends[0]), Descriptor(ends[1])};
#ifndef __linux__
  static_cast<void>(fcntl(ends[0], F_SETFD, FD_CLOEXEC));
  static_cast<void>(fcntl(ends[1], F_SETFD, FD_CLOEXEC));
#endif
  return made;
}

/// One program that runs, in a process group of its own.
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& arguments, std::string input, double seconds)
      : name_(arguments.front()), input_(std::move(input)) {
    const auto limit = std::chrono::milliseconds(std::llround(seconds * 1000.0));
    end_ = std::chrono::steady_clock::now() + limit;
    auto [reading, writing] = make_pipe();
    start(arguments, reading.get());
    static_cast<void>(fcntl(writing.get(), F_SETFL, fcntl(writing.get(), F_GETFL, 0) | O_NONBLOCK));
    input_end_ = std::move(writing);
  }
  ~ChildProcess() {
    if (is_running()) {
      end_group(SIGKILL);
      int ignored = 0;
      while (waitpid(process_, &ignored, 0) < 0 && errno == EINTR) {
      }
    }
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool is_running() const noexcept { return process_ > 0; }
  /// What went wrong; empty where nothing did. Known when it runs no more.
  const std::string& failure() const noexcept { return failure_; }
  int input() const noexcept { return input_end_.get(); }

  /// Gives it what it takes, sees whether it has ended, and ends it when its time is over or `stop` is true.
  void look_after(bool stop) {
    feed();
    int status = 0;
    const pid_t ended = waitpid(process_, &status, WNOHANG);
    if (ended == process_) {
      finish(status);
    } else if (ended < 0 && errno == ECHILD) {  // the host lets the system reap its children
      process_ = 0;
      failure_ = "how the command '" + name_ + "' ended is unknown, because the program ignores SIGCHLD";
    } else if (stop || std::chrono::steady_clock::now() >= end_) {
      // first politely, a second later not any more
      end_group(was_asked_ ? SIGKILL : SIGTERM);
      was_asked_ = true;
      end_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    }
  }

 private:
  struct SpawnAttributes {
    SpawnAttributes() {
      static_cast<void>(posix_spawnattr_init(&attributes));
      static_cast<void>(posix_spawn_file_actions_init(&files));
    }
    ~SpawnAttributes() {
      static_cast<void>(posix_spawnattr_destroy(&attributes));
      static_cast<void>(posix_spawn_file_actions_destroy(&files));
    }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;

    posix_spawnattr_t attributes{};
    posix_spawn_file_actions_t files{};
  };

  void start(const std::vector<std::string>& arguments, int input) {
    SpawnAttributes spawn;
    sigset_t none;
    sigset_t usual;
    static_cast<void>(sigemptyset(&none));
    static_cast<void>(sigemptyset(&usual));
    static_cast<void>(sigaddset(&usual, SIGPIPE));  // which Python ignores, and programs do not expect
    static_cast<void>(posix_spawnattr_setsigmask(&spawn.attributes, &none));
    static_cast<void>(posix_spawnattr_setsigdefault(&spawn.attributes, &usual));
    static_cast<void>(posix_spawnattr_setpgroup(&spawn.attributes, 0));
    static_cast<void>(posix_spawnattr_setflags(&spawn.attributes,
                                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
    static_cast<void>(posix_spawn_file_actions_adddup2(&spawn.files, input, 0));
    static_cast<void>(posix_spawn_file_actions_addopen(&spawn.files, 1, "/dev/null", O_WRONLY, 0));
    static_cast<void>(posix_spawn_file_actions_addopen(&spawn.files, 2, "/dev/null", O_WRONLY, 0));
    std::vector<std::string> words = arguments;
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) {
      pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    const int error =
        posix_spawnp(&process_, pointers.front(), &spawn.files, &spawn.attributes, pointers.data(), environ);
    if (error != 0) {
      process_ = 0;
      throw_io("the command '" + name_ + "' cannot be started", error);
    }
  }

  void feed() {
    while (input_end_.is_open() && sent_ < input_.size()) {
      const ssize_t count = ::write(input_end_.get(), input_.data() + sent_, input_.size() - sent_);
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return;
      }
      if (count < 0) {  // it reads no more, which is its own affair
        break;
      }
      sent_ += static_cast<std::size_t>(count);
    }
    input_end_.reset();
  }

  void finish(int status) {
    process_ = 0;
    input_end_.reset();
    if (was_asked_) {
      failure_ = "the command '" + name_ + "' took too long and was ended";
    } else if (WIFSIGNALED(status)) {
      failure_ = "the command '" + name_ + "' was ended by signal " + std::to_string(WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
      failure_ = "the command '" + name_ + "' ended with status " + std::to_string(WEXITSTATUS(status));
    }
  }

  void end_group(int signal) const noexcept { static_cast<void>(kill(-process_, signal)); }

  std::string name_;
  std::string input_;
  std::size_t sent_ = 0;
  pid_t process_ = 0;
  Descriptor input_end_;
  SteadyTime end_;
  bool was_asked_ = false;
  std::string failure_;
};

}  // namespace nad::detail
