// Alerts into files: lines that are whole, rotation, full disks; and the standard output.
#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "alert_samples.hpp"
#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/file_channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/socket_channel.hpp"
#include "sink_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::comes_true;
using tests::contains;
using tests::message_of;
using tests::quick;
using tests::text_of;
using tests::write_all;

TEST_CASE("a file gets a line for each alert, behind what is there [threads]") {
  const TemporaryFolder folder;
  std::ofstream(folder / "alerts.json") << "{\"cut\":";  // somebody was killed here
  {
    nad::AlertSink sink(nad::file_channel({.path = folder / "alerts.json", .sync = true}));
    CHECK(contains(sink.describe(), "alerts.json"));
    sink.write(tests::upload_alert());
    sink.write(tests::later_alert());
  }
  CHECK(text_of(folder / "alerts.json") ==
        "{\"cut\":\n" + nad::to_eve(tests::upload_alert()) + "\n" + nad::to_eve(tests::later_alert()) + "\n");
}

TEST_CASE("files rotate by size, keep so many, and lose no line [threads]") {
  const TemporaryFolder folder;
  nad::AlertSink sink(nad::file_channel({.path = folder / "a", .rotate_bytes = 25, .keep = 3}));
  write_all(sink, {"0123456789", "1123456789", "2123456789", "3123456789", "4", "a line that is longer than a file"});
  sink.close();
  CHECK(text_of(folder / "a") == "a line that is longer than a file\n");
  CHECK(text_of(folder / "a.1") == "2123456789\n3123456789\n4\n");
  CHECK(text_of(folder / "a.2") == "0123456789\n1123456789\n");
  nad::AlertSink more(nad::file_channel({.path = folder / "a", .rotate_bytes = 25, .keep = 3}));
  write_all(more, {"x", "0123456789 0123456789 012"});
  more.close();
  CHECK(text_of(folder / "a") == "0123456789 0123456789 012\n");
  CHECK(text_of(folder / "a.1") == "x\n");
  CHECK(text_of(folder / "a.3") == "2123456789\n3123456789\n4\n");
  CHECK_FALSE(std::filesystem::exists(folder / "a.4"));
}

TEST_CASE("files rotate by time [threads]") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "old\n";
  std::filesystem::last_write_time(folder / "a",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  nad::AlertSink sink(nad::file_channel({.path = folder / "a", .rotate_seconds = 86400.0}));
  sink.write_text("new");
  sink.close();
  CHECK(text_of(folder / "a") == "new\n");
  CHECK(text_of(folder / "a.1") == "old\n");
}

TEST_CASE("a file that is moved away is left, and reopened on request [threads]") {
  const TemporaryFolder folder;
  nad::AlertSink sink(nad::file_channel({.path = folder / "a"}));
  sink.write_text("1");
  CHECK(sink.flush());
  std::filesystem::rename(folder / "a", folder / "b");
  sink.write_text("2");
  CHECK(sink.flush());
  sink.reopen();
  sink.write_text("3");
  CHECK(sink.flush());
  CHECK(text_of(folder / "b") == "1\n");
  CHECK(text_of(folder / "a") == "2\n3\n");
}

TEST_CASE("a full device is an error that is shown, and nothing is lost before the end [threads]") {
  if (!std::filesystem::exists("/dev/full")) {
    MESSAGE("skipped: there is no /dev/full here");
    return;
  }
  nad::AlertSink sink(nad::file_channel({.path = "/dev/full"}), quick());
  sink.write_text("x");
  CHECK(comes_true([&] { return sink.stats().retried > 2; }));
  CHECK(contains(sink.stats().last_error, "No space left"));
  CHECK(sink.stats().is_failing);
  sink.close(0.01);
  CHECK(sink.stats().lost_at_close == 1);
}

/// In a process of its own, whose files may not become longer than `most` bytes, as on a full disk.
template <class Work>
int with_small_files(rlim_t most, const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      rlimit limit{};
      getrlimit(RLIMIT_FSIZE, &limit);
      limit.rlim_cur = most;
      setrlimit(RLIMIT_FSIZE, &limit);
      status = work();
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("a disk that is full in the middle of a line keeps whole lines, and gets the rest when there is room") {
  const TemporaryFolder folder;
  const int status = with_small_files(25, [&] {
    nad::AlertSink sink(nad::file_channel({.path = folder / "a"}), quick());
    write_all(sink, {"0123456789", "1123456789", "2123456789", "3123456789"});
    if (!comes_true([&] { return sink.stats().retried > 2; }) || sink.stats().written != 2) {
      return 1;
    }
    if (text_of(folder / "a") != "0123456789\n1123456789\n") {  // not "2123"
      return 2;
    }
    std::filesystem::rename(folder / "a", folder / "b");  // somebody makes room
    if (!comes_true([&] { return sink.stats().written == 4; })) {
      return 3;
    }
    return sink.stats().lost() == 0 ? 0 : 4;
  });
  CHECK(status == 0);
  CHECK(text_of(folder / "a") == "2123456789\n3123456789\n");
}

TEST_CASE("a spool on a full disk holds what fits, and the queue the rest") {
  const TemporaryFolder folder;
  const int status = with_small_files(60, [&] {
    nad::SinkOptions options = quick();
    options.spool = folder / "spool";
    nad::AlertSink sink(nad::unix_channel({.path = folder / "nobody"}), options);
    write_all(sink, {"0123456789", "1123456789", std::string(100, 'x'), "3123456789"});
    if (!comes_true([&] { return sink.stats().spooled == 2 && sink.stats().retried > 3; })) {
      return 1;
    }
    if (!comes_true([&] { return contains(sink.stats().last_error, "File too large"); })) {
      return 2;
    }
    sink.close(0.01);
    const nad::SinkStats stats = sink.stats();
    return stats.lost_at_close == 2 && stats.given == stats.lost() + stats.spooled ? 0 : 3;
  });
  CHECK(status == 0);
  nad::SinkOptions options = quick();
  options.spool = folder / "spool";
  nad::AlertSink sink(nad::file_channel({.path = folder / "a"}), options);
  CHECK(sink.flush());
  CHECK(text_of(folder / "a") == "0123456789\n1123456789\n");
}

TEST_CASE("the standard output is a sink, too") {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    int status = 1;
    try {
      dup2(ends[1], 1);
      nad::AlertSink sink(nad::standard_output_channel(), {.format = nad::AlertFormat::text});
      sink.write(tests::upload_alert());
      status = sink.flush() ? 0 : 1;
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(read(ends[0], text.data(), text.size()), 0)));
  close(ends[0]);
  CHECK(text == nad::to_text(tests::upload_alert()) + "\n");
}

TEST_CASE("files that make no sense are refused at once") {
  CHECK(contains(message_of([] { nad::file_channel({}); }), "name of a file"));
  CHECK(contains(message_of([] { nad::file_channel({.path = "no/such/folder/a"}); }), "cannot open"));
  CHECK(contains(message_of([] { nad::file_channel({.path = "a", .rotate_bytes = 1, .keep = 0}); }), "keep is 0"));
  CHECK(contains(message_of([] { nad::file_channel({.path = "a", .rotate_seconds = -1.0}); }), "rotate_seconds"));
}

}  // namespace
