#pragma once

// Faults on purpose: memory that runs out, and processes that are killed at any call of the system.

#include <doctest/doctest.h>
#include <nad/core/error.hpp>

#include <cstddef>
#include <new>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#endif

#include "allocations.hpp"
#include "watched.hpp"

namespace tests {

/// The first 150 of so many requests, then some 150 of the others.
inline std::vector<std::size_t> requests_to_refuse(std::size_t requests) {
  constexpr std::size_t some = watched ? 30 : 150;
  std::vector<std::size_t> numbers;
  const std::size_t step = requests > some ? (requests - some) / some + 1 : 1;
  for (std::size_t number = 1; number <= requests; number += number < some ? 1 : step) {
    numbers.push_back(number);
  }
  return numbers;
}

/// Does it again and again, and each time another request for memory is refused: alone, or with all that follow. It may
/// end with std::bad_alloc or nad::Error or find another way. `check` is called after each time, when there is memory
/// again, and afterwards as much is held as before.
template <class Action, class Check>
void run_out_of_memory(const std::string& what, const Action& action, const Check& check) {
  if (!memory_can_be_refused()) {
    MESSAGE("skipped: this sanitizer has operators new of its own, which refuse nothing");
    return;
  }
  action();  // what is made once is there from now on
  check(0);
  const std::size_t before = allocations().count;
  action();
  const std::size_t requests = allocations().count - before;
  check(0);
  REQUIRE_MESSAGE(requests > 0, what);
  std::size_t ended = 0;
  for (const std::size_t how_many : {std::size_t{1}, std::size_t{1} << 40U}) {
    for (const std::size_t number : requests_to_refuse(requests)) {
      const std::ptrdiff_t held = pieces_held();
      std::string other;
      {
        const RefusedMemory refused(number, how_many);
        try {
          action();
        } catch (const std::bad_alloc&) {
          ++ended;
        } catch (const nad::Error&) {
          ++ended;
        } catch (const std::exception& error) {
          const char* const said = error.what();
          other.assign(said, said + (said[0] != '\0' ? 1 : 0));  // short, as there is no memory
        }
      }
      REQUIRE_MESSAGE(other.empty(), what << ", request " << number << ": neither bad_alloc nor an Error");
      check(number);
      if (!watched) {  // else the sanitizer looks for leaks
        REQUIRE_MESSAGE(pieces_held() == held, what << ", request " << number << " of " << requests);
      }
    }
  }
  CHECK_MESSAGE(ended > 0, what);
}

template <class Action>
void run_out_of_memory(const std::string& what, const Action& action) {
  run_out_of_memory(what, action, [](std::size_t) {});
}

#if defined(__linux__)

/// Runs `work` in a process of its own that is killed as it enters or leaves its `stop`-th call of the system (every
/// call has two). False where it came to its end before; `allowed` is false where no process may be watched so.
template <class Work>
bool kill_at_call(std::size_t stop, const Work& work, bool& allowed) {
  allowed = true;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
      _exit(77);
    }
    raise(SIGSTOP);
    int status = 0;
    try {
      work();
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL) != 0) {
    kill(child, SIGKILL);
    if (WIFSTOPPED(status)) {
      waitpid(child, &status, 0);
    }
    allowed = false;
    return false;
  }
  for (std::size_t place = 0;; ++place) {
    if (place == stop) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return true;
    }
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) {
      REQUIRE_MESSAGE((WIFEXITED(status) && WEXITSTATUS(status) == 0), "the work failed without being killed");
      return false;
    }
  }
}

/// Kills `work` at every call of the system that it makes, one after the other, and calls `check` after each.
template <class Work, class Check>
std::size_t kill_everywhere(const Work& work, const Check& check) {
  for (std::size_t stop = 0;; ++stop) {
    bool allowed = true;
    const bool killed = kill_at_call(stop, work, allowed);
    if (!allowed) {
      MESSAGE("skipped: this system does not let a process watch its child (ptrace)");
      return 0;
    }
    check(stop);
    if (!killed) {
      return stop;
    }
  }
}

/// Runs `work` in a process of its own; its exit status, or less than 0 for the signal that ended it. What hangs is
/// ended after a minute.
template <class Work>
int status_of_child(const Work& work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int status = 98;
    try {
      alarm(60);
      status = work();
    } catch (...) {
      status = 99;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Runs `work` in a process of its own, whose files may not become longer than `most` bytes, as on a full disk; its
/// exit status.
template <class Work>
int with_full_disk(rlim_t most, const Work& work) {
  return status_of_child([&] {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = most;
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    return work();
  });
}

/// Runs `work` in a process of its own that may do no more than an ordinary user; its exit status.
template <class Work>
int as_ordinary_user(const Work& work) {
  return status_of_child([&] {
    constexpr unsigned nobody = 65534;
    const bool is_ordinary = geteuid() != 0 || (setgid(nobody) == 0 && setuid(nobody) == 0);
    return is_ordinary ? work() : 98;
  });
}

#endif

}  // namespace tests
