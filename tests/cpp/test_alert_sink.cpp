// Sinks: what is written arrives, whatever fails meanwhile, or is counted as lost.
#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/callback_channel.hpp"
#include "nad/alert/channel.hpp"
#include "nad/alert/file_channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/core/random.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::comes_true;
using tests::contains;
using tests::message_of;

/// What a receiver has, and how it behaves; shared by a test and the channel that its sink owns.
struct Receiver {
  std::mutex mutex;
  std::vector<std::string> received;
  int failures_left = 0;        ///< deliveries that fail before one succeeds; -1: all
  std::size_t fails_after = 0;  ///< messages of a failing delivery that arrive nevertheless
  std::string refuses = {};     ///< this message, for good
  std::atomic<int> calls{0};
  std::atomic<bool> is_held{false};  ///< a delivery waits as long as it is true

  std::vector<std::string> texts() {
    const std::lock_guard lock(mutex);
    return received;
  }
  void mend() {
    const std::lock_guard lock(mutex);
    failures_left = 0;
  }
};

class TestChannel final : public nad::AlertChannel {
 public:
  explicit TestChannel(std::shared_ptr<Receiver> receiver) : receiver_(std::move(receiver)) {}

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    ++receiver_->calls;
    while (receiver_->is_held && !stopped()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const std::lock_guard lock(receiver_->mutex);
    for (const std::string& message : messages) {
      if (receiver_->failures_left != 0 && delivered == receiver_->fails_after) {
        receiver_->failures_left -= receiver_->failures_left > 0 ? 1 : 0;
        throw nad::Error(nad::ErrorCode::io, "the receiver is away");
      }
      if (message == receiver_->refuses) {
        throw nad::AlertRefused("it does not like that");
      }
      receiver_->received.push_back(message);
      ++delivered;
    }
  }
  std::string describe() const override { return "a test"; }

 private:
  std::shared_ptr<Receiver> receiver_;
};

std::unique_ptr<nad::AlertChannel> to(const std::shared_ptr<Receiver>& receiver) {
  return std::make_unique<TestChannel>(receiver);
}

void check_sum(const nad::SinkStats& stats) {
  CHECK(stats.given + stats.recovered == stats.written + stats.lost() + stats.waiting + stats.spooled);
}

std::vector<std::string> numbered(int from, int to) {
  std::vector<std::string> texts;
  for (int i = from; i < to; ++i) {
    texts.push_back("message " + std::to_string(i));
  }
  return texts;
}

void write_numbered(nad::AlertSink& sink, int from, int to) {
  for (const std::string& text : numbered(from, to)) {
    sink.write_text(text);
  }
}

nad::SinkOptions fast(std::filesystem::path spool = {}) {
  return {.spool = std::move(spool), .retry_seconds = 0.002, .most_retry_seconds = 0.01};
}

TEST_CASE("what is written arrives in its order, and flush says so [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  nad::AlertSink sink(to(receiver));
  write_numbered(sink, 0, 1000);
  CHECK(sink.flush());
  CHECK(receiver->texts() == numbered(0, 1000));
  const nad::SinkStats stats = sink.stats();
  CHECK(stats.written == 1000);
  CHECK(stats.lost() == 0);
  CHECK(stats.retried == 0);
  check_sum(stats);
  sink.close();
  sink.close();
  CHECK(contains(message_of([&] { sink.write_text("late"); }), "the sink for a test is closed"));
}

TEST_CASE("several threads may write, and close takes everything along [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  {
    nad::AlertSink sink(to(receiver), {.queue = 7, .when_full = nad::WhenFull::block});
    std::vector<std::thread> writers;
    writers.reserve(4);
    for (int writer = 0; writer < 4; ++writer) {
      writers.emplace_back([&sink, writer] { write_numbered(sink, 100 * writer, 100 * writer + 100); });
    }
    for (int i = 0; i < 50; ++i) {
      check_sum(sink.stats());
    }
    for (std::thread& writer : writers) {
      writer.join();
    }
  }
  std::vector<std::string> expected = numbered(0, 400);
  std::vector<std::string> received = receiver->texts();
  std::sort(expected.begin(), expected.end());
  std::sort(received.begin(), received.end());
  CHECK(received == expected);
}

TEST_CASE("a full queue loses and counts, or waits, as one likes [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  receiver->is_held = true;
  nad::AlertSink sink(to(receiver), {.queue = 10});
  sink.write_text("first");
  CHECK(comes_true([&] { return receiver->calls == 1; }));  // in hand; the queue is empty
  int lost = 0;
  for (int i = 0; i < 25; ++i) {
    lost += sink.write_text("x") ? 0 : 1;
  }
  CHECK(lost == 15);
  CHECK(sink.stats().lost_queue_full == 15);
  CHECK(sink.stats().waiting == 11);
  check_sum(sink.stats());
  CHECK_FALSE(sink.flush(0.01));
  receiver->is_held = false;
  CHECK(sink.flush());
  CHECK(receiver->texts().size() == 11);

  const auto slow = std::make_shared<Receiver>();
  slow->is_held = true;
  nad::AlertSink patient(to(slow), {.queue = 10, .when_full = nad::WhenFull::block});
  std::atomic<bool> done{false};
  std::thread writer([&] {
    write_numbered(patient, 0, 100);
    done = true;
  });
  CHECK(comes_true([&] { return patient.stats().waiting >= 10; }));
  CHECK_FALSE(done);
  slow->is_held = false;
  writer.join();
  CHECK(patient.flush());
  CHECK(slow->texts() == numbered(0, 100));
}

TEST_CASE("without a spool a failing receiver is tried again until it is back [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  receiver->failures_left = 5;
  receiver->fails_after = 3;  // of each delivery
  receiver->is_held = true;   // or a writer that is slow gives it no delivery that is long enough to fail
  nad::AlertSink sink(to(receiver), fast());
  write_numbered(sink, 0, 200);
  receiver->is_held = false;
  CHECK(comes_true([&] { return sink.stats().written == 200; }));
  CHECK(receiver->texts() == numbered(0, 200));  // nothing twice, nothing out of order
  const nad::SinkStats stats = sink.stats();
  CHECK(stats.retried == 5);
  CHECK(stats.last_error == "the receiver is away");
  CHECK_FALSE(stats.is_failing);
  check_sum(stats);
}

TEST_CASE("pauses between attempts grow up to their limit [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  receiver->failures_left = -1;
  nad::AlertSink sink(to(receiver), {.retry_seconds = 0.02, .most_retry_seconds = 0.08});
  const auto begin = std::chrono::steady_clock::now();
  sink.write_text("x");
  CHECK(comes_true([&] { return receiver->calls == 5; }));  // after 20, 40, 80 and 80 ms
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(219));
  CHECK(sink.stats().is_failing);
  sink.close(0.05);
  CHECK(sink.stats().lost_at_close == 1);
  check_sum(sink.stats());
}

TEST_CASE("what is refused, or fails too often, is lost and counted, and does not hold up the rest [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  receiver->refuses = "message 3";
  nad::AlertSink sink(to(receiver), fast());
  write_numbered(sink, 0, 6);
  CHECK(sink.flush());
  CHECK(receiver->texts().size() == 5);
  CHECK(sink.stats().lost_refused == 1);
  CHECK(sink.stats().last_error == "it does not like that");
  check_sum(sink.stats());

  const auto dead = std::make_shared<Receiver>();
  dead->failures_left = -1;
  nad::SinkOptions options = fast();
  options.attempts = 3;
  nad::AlertSink limited(to(dead), options);
  write_numbered(limited, 0, 4);
  CHECK(comes_true([&] { return limited.stats().lost_given_up == 4; }));
  CHECK(dead->calls == 12);
  CHECK(limited.stats().retried == 8);
  check_sum(limited.stats());
}

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
    for (std::size_t at = 0; at < bytes.size(); at += 12 + static_cast<unsigned char>(bytes[at])) {
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
    const std::vector<std::string> texts = receiver->texts();
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
    for (const std::size_t digit : {0, 3}) {
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

/// What a child process of a test does; it must not return into the test's own code.
template <class Work>
int status_of_child(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      status = work();
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
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
  REQUIRE(WIFSIGNALED(status));
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
    status_of_child([&] {
      // each line that arrived is in the file before the program dies
      nad::AlertSink sink(nad::file_channel({.path = folder / "received.txt"}), fast(folder / "spool"));
      static_cast<void>(comes_true([&] { return sink.stats().written >= 40 || sink.stats().spooled == 0; }));
      kill(getpid(), SIGKILL);
      return 0;
    });
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

TEST_CASE("a forked child leaves the sink of its parent alone") {
  const TemporaryFolder folder;
  const auto sink = std::make_unique<nad::AlertSink>(nad::file_channel({.path = folder / "alerts.txt"}));
  sink->write_text("parent");
  CHECK(sink->flush());
  const int status = status_of_child([&] {
    const std::string refusal = message_of([&] { sink->write_text("child"); });
    const_cast<std::unique_ptr<nad::AlertSink>&>(sink).reset();  // neither waits nor ends the program
    return contains(refusal, "this is a fork") ? 7 : 1;
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  sink->write_text("parent again");
  CHECK(sink->flush());
}

TEST_CASE("messages are collected for a while, unless somebody is in a hurry [threads]") {
  const auto receiver = std::make_shared<Receiver>();
  nad::AlertSink sink(to(receiver), {.collect_seconds = 30.0});
  write_numbered(sink, 0, 10);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(receiver->calls == 0);
  CHECK(sink.flush());
  CHECK(receiver->calls == 1);
  write_numbered(sink, 10, 10 + 64);  // as many as one delivery takes
  CHECK(comes_true([&] { return receiver->texts().size() == 74; }));
}

TEST_CASE("a callback gets the alert itself, and is asked again when it throws [threads]") {
  nad::Alert alert;
  alert.src = nad::Address::parse("10.0.0.1");
  alert.p_value = 0.25;
  std::vector<nad::Alert> received;
  int failures = 2;
  nad::AlertSink sink(nad::callback_channel([&](const nad::Alert& given) {
                        if (failures-- > 0) {
                          throw std::runtime_error("not now");
                        }
                        received.push_back(given);
                      }),
                      fast());
  sink.write(alert);
  CHECK(comes_true([&] { return sink.stats().written == 1; }));
  sink.write_text("no alert");
  CHECK(sink.flush());
  CHECK(sink.stats().lost_refused == 1);
  CHECK(sink.stats().retried == 2);
  sink.close();
  CHECK(received == std::vector<nad::Alert>{alert});

  nad::AlertSink* self = nullptr;
  std::string refusal;
  nad::AlertSink closing(
      nad::callback_channel([&](const nad::Alert&) { refusal = message_of([&] { self->close(); }); }));
  self = &closing;
  closing.write(alert);
  CHECK(closing.flush());
  CHECK(contains(refusal, "by its own callback"));
}

TEST_CASE("options of sinks that make no sense are refused") {
  const auto refusal = [](const nad::SinkOptions& options) {
    return message_of([&] { nad::AlertSink sink(to(std::make_shared<Receiver>()), options); });
  };
  CHECK(contains(refusal({.queue = 0}), "queue is 0"));
  CHECK(contains(refusal({.retry_seconds = 0.0}), "retry_seconds"));
  CHECK(contains(refusal({.retry_seconds = 2.0, .most_retry_seconds = 1.0}), "less than retry_seconds"));
  CHECK(contains(refusal({.spool = "somewhere", .spool_bytes = 1}), "spool_bytes"));
  CHECK(contains(refusal({.collect_seconds = -1.0}), "collect_seconds"));
  CHECK(contains(refusal({.syslog = {.facility = 99}}), "facility"));
  CHECK(contains(message_of([] { nad::AlertSink sink(nullptr); }), "needs a channel"));
  CHECK(contains(message_of([] { nad::callback_channel({}); }), "the callback is empty"));
}

}  // namespace
