// Processes that are killed at every call of the system that they make: what was told as done is there afterwards, and
// no file is anything but whole.

#include <doctest/doctest.h>

#if defined(__linux__)

#include <nad/alert/spool-inl.hpp>
#include <nad/model/monitor_checkpoint-inl.hpp>
#include <nad/nad.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "faults.hpp"
#include "model_file_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::Bytes;

/// A number that a killed child leaves to its parent.
class Acknowledged {
 public:
  Acknowledged()
      : memory_(mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
    number_ = new (memory_) std::atomic<int>(0);
  }
  ~Acknowledged() { munmap(memory_, sizeof(std::atomic<int>)); }
  Acknowledged(const Acknowledged&) = delete;
  Acknowledged& operator=(const Acknowledged&) = delete;

  std::atomic<int>& operator*() const { return *number_; }

 private:
  void* memory_;
  std::atomic<int>* number_ = nullptr;
};

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST_CASE("faults: a process that is killed anywhere while it saves leaves the old model or the new one") {
  const TemporaryFolder folder;
  const nad::IsolationForest old_forest = model_file::small_forest({.contamination = 0.1});
  const nad::IsolationForest new_forest = model_file::small_forest({.contamination = 0.3});
  const Bytes before = nad::save_bytes(old_forest);
  const Bytes after = nad::save_bytes(new_forest);
  std::set<bool> seen;
  nad::save(old_forest, folder / "forest.nad");
  const std::size_t places = tests::kill_everywhere([&] { nad::save(new_forest, folder / "forest.nad"); },
                                                    [&](std::size_t stop) {
                                                      const Bytes now = read_file(folder / "forest.nad");
                                                      REQUIRE_MESSAGE((now == before || now == after), stop);
                                                      seen.insert(now == after);
                                                      nad::save(old_forest, folder / "forest.nad");
                                                    });
  if (places > 0) {
    CHECK(places > 10);
    CHECK(seen.size() == 2);
  }
}

TEST_CASE("faults: a process that is killed anywhere while it writes a checkpoint leaves the old one or the new one") {
  const TemporaryFolder folder;
  const auto save = [&](const std::string& position) {
    nad::detail::MonitorCheckpoint checkpoint;
    checkpoint.set("source", "a log");
    checkpoint.set("position", position);
    checkpoint.save(folder / "checkpoint");
  };
  save("old");
  tests::kill_everywhere([&] { save("new"); },
                         [&](std::size_t stop) {
                           const auto now = nad::detail::MonitorCheckpoint::load(folder / "checkpoint");
                           REQUIRE(now.has_value());
                           REQUIRE_MESSAGE((now->text("position") == "old" || now->text("position") == "new"), stop);
                           save("old");
                         });
}

/// Each in a call of its own, so that the parent knows how many were told as written.
void deliver_numbered(nad::AlertChannel& channel, const Acknowledged& acknowledged, int count) {
  for (int number = 0; number < count; ++number) {
    const std::vector<std::string> message = {"message " + std::to_string(number)};
    std::size_t delivered = 0;
    channel.deliver(message, delivered);
    *acknowledged = number + 1;
  }
}

TEST_CASE(
    "faults: alerts that were written stay, wherever the process is killed, and the next begins a line of its own") {
  for (const std::uint64_t rotate_bytes : {std::uint64_t{0}, std::uint64_t{25}}) {
    const Acknowledged acknowledged;
    std::size_t round = 0;
    const TemporaryFolder folder;
    const auto path = [&] { return folder / (std::to_string(round) + ".json"); };
    tests::kill_everywhere(
        [&] {
          const auto channel = nad::file_channel({.path = path(), .rotate_bytes = rotate_bytes, .keep = 9});
          deliver_numbered(*channel, acknowledged, 6);
        },
        [&](std::size_t stop) {
          const int written = *acknowledged;
          {
            const auto channel = nad::file_channel({.path = path(), .keep = 9});
            std::size_t delivered = 0;
            channel->deliver(std::vector<std::string>{"the next"}, delivered);
          }
          std::vector<std::string> all;
          for (int file = 9; file >= 0; --file) {
            const auto more = lines_of(path().string() + (file == 0 ? "" : "." + std::to_string(file)));
            all.insert(all.end(), more.begin(), more.end());
          }
          REQUIRE_MESSAGE(!all.empty(), stop);
          CHECK(all.back() == "the next");
          for (int number = 0; number < written; ++number) {
            REQUIRE_MESSAGE(std::count(all.begin(), all.end(), "message " + std::to_string(number)) == 1, stop);
          }
          *acknowledged = 0;
          ++round;
        });
  }
}

TEST_CASE("faults: what a spool took over is there, wherever the process is killed, and nothing is given up early") {
  const Acknowledged appended;
  const Acknowledged taken;
  std::size_t round = 0;
  const TemporaryFolder folder;
  const auto place = [&] { return folder / std::to_string(round); };
  constexpr int messages = 5;
  tests::kill_everywhere(
      [&] {
        nad::detail::AlertSpool spool(place(), 1 << 16, /*durable=*/true);
        std::string why;
        for (int number = 0; number < messages; ++number) {
          if (spool.append("message " + std::to_string(number), why)) {
            *appended = number + 1;
          }
        }
        for (int number = 0; number < messages; ++number) {
          if (spool.peek(1) != std::vector<std::string>{"message " + std::to_string(number)}) {
            throw nad::Error(nad::ErrorCode::io, "another message");
          }
          *taken = number + 1;  // the receiver has it
          spool.pop(1);
        }
      },
      [&](std::size_t stop) {
        nad::detail::AlertSpool spool(place(), 1 << 16, false);
        const std::vector<std::string> left = spool.peek(100);
        std::set<std::string> known(left.begin(), left.end());
        REQUIRE_MESSAGE(known.size() == left.size(), stop);
        for (int number = *taken; number < *appended; ++number) {
          REQUIRE_MESSAGE(known.contains("message " + std::to_string(number)), stop);
        }
        // at most one message comes twice: the one in whose taking the process died
        REQUIRE_MESSAGE(static_cast<int>(left.size()) <= *appended - *taken + (*appended < messages ? 1 : 0) + 1, stop);
        CHECK(spool.damaged() <= 1);
        *appended = 0;
        *taken = 0;
        ++round;
      });
}

}  // namespace

#endif
