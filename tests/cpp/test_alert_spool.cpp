// Spools: what could not be delivered waits on disk, arrives by whoever comes next, and is counted where it does not.
#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "faults.hpp"
#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/file_channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/core/random.hpp"
#include "receiver.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::check_sum;
using tests::comes_true;
using tests::contains;
using tests::fast;
using tests::message_of;
using tests::numbered;
using tests::Receiver;
using tests::status_of_child;
using tests::to;
using tests::write_numbered;

TEST_CASE("while the receiver is away alerts go to the spool, and later arrive in their order [threads]") {
  const TemporaryFolder folder;
  const auto receiver = std::make_shared<Receiver>();
  receiver->failures_left = -1;
  nad::SinkOptions options = fast(folder / "spool");
  options.queue = 10;
  options.when_full = nad::WhenFull::block;
  nad::AlertSink sink(to(receiver), options);
  write_numbered(sink, 0, 500);  // far more than the queue holds: the spool takes them
  CHECK(comes_true([&] { return sink.stats().spooled == 500; }));
  check_sum(sink.stats());
  CHECK(sink.stats().spool_bytes > 500 * 12);
  receiver->mend();
  write_numbered(sink, 500, 700);
  CHECK(sink.flush());
  CHECK(receiver->texts() == numbered(0, 700));
  CHECK(sink.stats().spooled == 0);
  CHECK(sink.stats().spool_bytes == 0);
  CHECK(sink.stats().went_to_spool >= 500);
  check_sum(sink.stats());
}

TEST_CASE("the spool survives a restart, is replayed first, and belongs to one sink [threads]") {
  const TemporaryFolder folder;
  const auto receiver = std::make_shared<Receiver>();
  receiver->failures_left = -1;
  {
    nad::AlertSink sink(to(receiver), fast(folder / "spool"));
    write_numbered(sink, 0, 300);
    CHECK(contains(message_of([&] { nad::AlertSink other(to(receiver), fast(folder / "spool")); }), "is in use"));
  }
  receiver->failures_left = 2;
  receiver->fails_after = 5;
  {
    nad::AlertSink sink(to(receiver), fast(folder / "spool"));
    CHECK(sink.stats().recovered == 300);
    write_numbered(sink, 300, 310);
    CHECK(comes_true([&] { return sink.stats().written == 310; }));
    check_sum(sink.stats());
  }
  CHECK(receiver->texts() == numbered(0, 310));
  nad::AlertSink sink(to(receiver), fast(folder / "spool"));
  CHECK(sink.stats().recovered == 0);
}

TEST_CASE("the spool has a bound: then the queue fills, and what has no room is counted [threads]") {
  const TemporaryFolder folder;
  const auto receiver = std::make_shared<Receiver>();
  receiver->failures_left = -1;
  nad::SinkOptions options = fast(folder / "spool");
  options.spool_bytes = 4096;
  options.queue = 20;
  {
    nad::AlertSink sink(to(receiver), options);
    sink.write_text("message 0");
    CHECK(comes_true([&] { return sink.stats().spooled == 1; }));
    int i = 1;
    CHECK(comes_true([&] {
      write_numbered(sink, i, i + 5);
      i += 5;
      return sink.stats().lost_queue_full > 0;
    }));
    const nad::SinkStats stats = sink.stats();
    CHECK(stats.spool_bytes <= 4096);
    CHECK(stats.spooled > 100);
    CHECK(contains(stats.last_error, "is full"));
    check_sum(stats);
    sink.close(0.05);
    CHECK(sink.stats().lost_at_close > 0);
    check_sum(sink.stats());
  }
  receiver->mend();
  nad::AlertSink sink(to(receiver), options);
  CHECK(sink.flush());
  const std::vector<std::string> received = receiver->texts();
  CHECK(received == numbered(0, static_cast<int>(received.size())));
}

/// A folder with a spool in which so many messages wait, and what its only segment holds.
struct FilledSpool {
  TemporaryFolder folder;
  std::shared_ptr<Receiver> receiver = std::make_shared<Receiver>();
  std::filesystem::path segment;
  std::string bytes;
  std::vector<std::size_t> begins;  ///< of each record, and the end of the last

  explicit FilledSpool(int messages) {
    receiver->failures_left = -1;
    {
      nad::AlertSink sink(to(receiver), fast(folder / "spool"));
      write_numbered(sink, 0, messages);
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder / "spool")) {
      segment = contains(entry.path().filename().string(), "spool-") ? entry.path() : segment;
    }
    std::ifstream file(segment, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    for (std::size_t at = 0; at < bytes.size(); at += 12U + static_cast<unsigned char>(bytes[at])) {
      begins.push_back(at);
    }
    begins.push_back(bytes.size());
    REQUIRE(begins.size() == static_cast<std::size_t>(messages) + 1);
    receiver->mend();
  }

  /// What arrives when the segment holds other bytes; how many are said to be lost must be those that do not.
  std::vector<std::string> arrive(const std::string& damaged) {
    {
      std::ofstream file(segment, std::ios::binary | std::ios::trunc);
      file << damaged;
    }
    return arrive();
  }
  std::vector<std::string> arrive() {
    nad::AlertSink sink(to(receiver), fast(folder / "spool"));
    CHECK(sink.flush());
    std::vector<std::string> texts = receiver->texts();
    CHECK(sink.stats().recovered == begins.size() - 1);
    CHECK(sink.stats().lost_damaged == begins.size() - 1 - texts.size());
    CHECK(sink.stats().written == texts.size());
    check_sum(sink.stats());
    return texts;
  }
};

std::vector<std::string> without(std::vector<std::string> texts, std::size_t first, std::size_t last) {
  texts.erase(texts.begin() + static_cast<std::ptrdiff_t>(first), texts.begin() + static_cast<std::ptrdiff_t>(last));
  return texts;
}

TEST_CASE("a spool that was cut off or damaged gives what is whole, and counts the rest [threads]") {
  const std::vector<std::string> all = numbered(0, 100);
  SUBCASE("a text, and the end") {
    FilledSpool spool(100);
    std::string bytes = spool.bytes;
    bytes[30] = 'X';  // inside the second text
    bytes.resize(bytes.size() - 3);
    CHECK(spool.arrive(bytes) == without(numbered(0, 99), 1, 2));
  }
  SUBCASE("a length that is far too large, or off by one: the messages behind it are there") {
    for (const std::size_t digit : {std::size_t{0}, std::size_t{3}}) {
      FilledSpool spool(100);
      std::string bytes = spool.bytes;
      bytes[spool.begins[9] + digit] = 0x7f;
      CHECK(spool.arrive(bytes) == without(all, 9, 10));
    }
  }
  SUBCASE("zeros, as a disk leaves them: they are no empty messages, and the lost ones are counted") {
    FilledSpool spool(100);
    std::string bytes = spool.bytes;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(spool.begins[20]),
              bytes.begin() + static_cast<std::ptrdiff_t>(spool.begins[40]), '\0');
    CHECK(spool.arrive(bytes) == without(all, 20, 40));
  }
  SUBCASE("cut off between two messages") {
    FilledSpool spool(100);
    CHECK(spool.arrive(spool.bytes.substr(0, spool.begins[70])) == numbered(0, 70));
  }
  SUBCASE("emptied") { CHECK(FilledSpool(100).arrive("").empty()); }
  SUBCASE("deleted") {
    FilledSpool spool(100);
    std::filesystem::remove(spool.segment);
    CHECK(spool.arrive().empty());
    CHECK(nad::AlertSink(to(spool.receiver), fast(spool.folder / "spool")).stats().recovered == 0);  // told once
  }
}

TEST_CASE("a spool file that cannot be read is an error, and stays [threads]") {
  FilledSpool spool(10);
  std::filesystem::rename(spool.segment, spool.folder / "elsewhere");
  std::filesystem::create_directory(spool.segment);
  CHECK(contains(message_of([&] { nad::AlertSink sink(to(spool.receiver), fast(spool.folder / "spool")); }),
                 "cannot be read"));
  std::filesystem::remove(spool.segment);
  std::filesystem::rename(spool.folder / "elsewhere", spool.segment);
  CHECK(spool.arrive() == numbered(0, 10));
}

TEST_CASE("a spool of an earlier version, whose files are numbered one by one, is taken over [threads]") {
  FilledSpool spool(100);
  const auto put = [&](const char* name, const std::string& bytes) {
    std::ofstream file(spool.folder / "spool" / name, std::ios::binary | std::ios::trunc);
    file << bytes;
  };
  put("spool-0000000000000001", spool.bytes.substr(0, spool.begins[60]));
  put("spool-0000000000000002", spool.bytes.substr(spool.begins[60]));
  char position[64];
  std::snprintf(position, sizeof position, "%016x %016x %016llx\n", 1, 5,
                static_cast<unsigned long long>(nad::mix_bits(1) ^ 5));
  put("position", position);
  nad::AlertSink sink(to(spool.receiver), fast(spool.folder / "spool"));
  CHECK(sink.flush());
  CHECK(spool.receiver->texts() == numbered(5, 100));
  CHECK(sink.stats().lost_damaged == 0);
}

TEST_CASE("what was taken of an earlier spool is not taken off a later one [threads]") {
  FilledSpool spool(100);  // more than one delivery takes
  CHECK(spool.arrive() == numbered(0, 100));
  spool.receiver->failures_left = -1;
  {
    nad::SinkOptions options = fast(spool.folder / "spool");
    options.retry_seconds = options.most_retry_seconds = 10.0;  // closed before the spool is tried again
    nad::AlertSink sink(to(spool.receiver), options);
    write_numbered(sink, 100, 150);
  }
  spool.receiver->mend();
  nad::AlertSink sink(to(spool.receiver), fast(spool.folder / "spool"));
  CHECK(sink.stats().recovered == 50);
  CHECK(sink.flush());
  CHECK(spool.receiver->texts() == numbered(0, 150));
}

TEST_CASE("what was in the spool of a killed program arrives by the next") {
  const TemporaryFolder folder;
  const int status = status_of_child([&] {
    const auto receiver = std::make_shared<Receiver>();
    receiver->failures_left = -1;
    nad::AlertSink sink(to(receiver), fast(folder / "spool"));
    write_numbered(sink, 0, 200);
    if (!comes_true([&] { return sink.stats().spooled == 200; })) {
      return 1;
    }
    kill(getpid(), SIGKILL);
    return 2;
  });
  REQUIRE(status == -SIGKILL);
  const auto receiver = std::make_shared<Receiver>();
  nad::AlertSink sink(to(receiver), fast(folder / "spool"));
  CHECK(sink.flush());
  CHECK(receiver->texts() == numbered(0, 200));
}

TEST_CASE("a program that is killed again and again while it replays loses nothing") {
  const TemporaryFolder folder;
  {
    const auto away = std::make_shared<Receiver>();
    away->failures_left = -1;
    nad::AlertSink sink(to(away), fast(folder / "spool"));
    write_numbered(sink, 0, 300);
  }
  for (int round = 0; round < 4; ++round) {
    const int status = status_of_child([&] {
      // each line that arrived is in the file before the program dies
      nad::AlertSink sink(nad::file_channel({.path = folder / "received.txt"}), fast(folder / "spool"));
      static_cast<void>(comes_true([&] { return sink.stats().written >= 40 || sink.stats().spooled == 0; }));
      kill(getpid(), SIGKILL);
      return 0;
    });
    REQUIRE(status == -SIGKILL);
  }
  {
    nad::AlertSink sink(nad::file_channel({.path = folder / "received.txt"}), fast(folder / "spool"));
    CHECK(sink.flush());
  }
  std::ifstream file(folder / "received.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) {  // some came twice
      lines.push_back(line);
    }
  }
  CHECK(lines == numbered(0, 300));
}

}  // namespace
