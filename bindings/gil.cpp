#include "gil.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

#include <atomic>
#include <chrono>
#include <thread>

namespace nad::python {

namespace {

std::atomic<int> arriving{0};   ///< threads that are about to get the GIL
std::atomic<int> in_python{0};  ///< calls of Python by C++ that go on
std::atomic<bool> ending{false};
std::thread::id last_thread;  ///< which ends the interpreter, and works on
thread_local int depth = 0;   ///< calls of Python that go on in this thread

/// Before the GIL is asked for. Does not return once it cannot be had any more.
void arrive() {
  ++arriving;
  if (!ending || std::this_thread::get_id() == last_thread) {
    return;
  }
  in_python -= depth;  // nobody has to wait for them
  --arriving;
  for (;;) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

void end_soon() {
  constexpr std::chrono::seconds patience(5);
  last_thread = std::this_thread::get_id();
  ending = true;
  const py::gil_scoped_release release;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while ((arriving != 0 || in_python != depth) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

ReleasedGil::~ReleasedGil() {
  arrive();
  released_.reset();
  --arriving;
}

AcquiredGil::AcquiredGil() {
  arrive();
  acquired_.emplace();
  ++depth;
  ++in_python;
  --arriving;
}

AcquiredGil::~AcquiredGil() {
  acquired_.reset();
  --in_python;
  --depth;
}

void prepare_for_the_end() {
#if defined(__unix__) || defined(__APPLE__)
  pthread_atfork(nullptr, nullptr, [] {  // the other threads are not in the child
    arriving = 0;
    in_python = depth;
  });
#endif
  py::module_::import("atexit").attr("register")(py::cpp_function(&end_soon));
}

}  // namespace nad::python
