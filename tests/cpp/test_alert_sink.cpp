// Sinks: what is written arrives, whatever fails meanwhile, or is counted as lost.
#include <doctest/doctest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "faults.hpp"
#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/callback_channel.hpp"
#include "nad/alert/channel.hpp"
#include "nad/alert/file_channel.hpp"
#include "nad/alert/sink.hpp"
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
  CHECK(status == 7);
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
