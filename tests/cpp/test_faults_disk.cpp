// Disks that are full and folders that may not be written to, for all that nad writes beside models and alerts (which
// test_model_file_saving.cpp and test_alert_files.cpp have).

#include <doctest/doctest.h>

#if defined(__linux__)

#include <nad/nad.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "faults.hpp"
#include "messages.hpp"
#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using monitor_samples::office;
using tests::contains;
using tests::message_of;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

nad::MonitorStats watch(const fs::path& checkpoint, std::vector<std::string>& notes) {
  nad::Monitor monitor(*office().model, {.checkpoint = checkpoint, .checkpoint_seconds = 0.001});
  monitor.on_note([&](const std::string& note) { notes.push_back(note); });
  const auto source = nad::file_source(office().capture, {.batch_rows = 100});
  monitor.run(*source);
  return monitor.stats();
}

TEST_CASE("faults: a monitor whose checkpoint finds no room goes on, says so once, and leaves the old one whole") {
  const TemporaryFolder folder;
  std::vector<std::string> notes;
  static_cast<void>(watch(folder / "checkpoint", notes));
  const std::string before = content(folder / "checkpoint");
  REQUIRE(before.size() > 200);
  CHECK(tests::with_full_disk(100, [&] {
          std::vector<std::string> told;
          nad::Monitor monitor(*office().model, {.checkpoint = folder / "checkpoint", .checkpoint_seconds = 0.001});
          monitor.on_note([&](const std::string& note) { told.push_back(note); });
          std::size_t records = 0;
          monitor.on_records([&](const nad::Table& table, const nad::Findings&) { records += table.rows(); });
          fs::rename(folder / "checkpoint", folder / "aside");  // begins anew
          const auto source = nad::file_source(office().capture, {.batch_rows = 100});
          const std::string error = message_of([&] { monitor.run(*source); });
          fs::rename(folder / "aside", folder / "checkpoint");
          if (records != office().flows.rows()) {
            return 1;
          }
          // in the middle it is a note, at the end an error
          if (told.size() != 1 || !contains(told.front(), "File too large")) {
            return 2;
          }
          return contains(error, "File too large") ? 0 : 3;
        }) == 0);
  CHECK(content(folder / "checkpoint") == before);
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    CHECK_MESSAGE(!entry.path().filename().string().starts_with(".nad-saving"), entry.path().string());
  }
}

TEST_CASE("faults: places that may not be written to are errors that name them, at once") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "locked");
  fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
  fs::permissions(folder / "locked",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const nad::Table flows = office().flows.head(20);
  const fs::path locked = folder / "locked";
  const int status = tests::as_ordinary_user([&] {
    const std::string checkpoint = message_of([&] {
      std::vector<std::string> notes;
      static_cast<void>(watch(locked / "checkpoint", notes));
    });
    if (!contains(checkpoint, "locked/checkpoint") || !contains(checkpoint, "ermission denied")) {
      std::fprintf(stderr, "%s\n", checkpoint.c_str());
      return 1;
    }
    const std::string alerts = message_of([&] { nad::file_channel({.path = locked / "alerts"}); });
    if (!contains(alerts, "locked/alerts") || !contains(alerts, "ermission denied")) {
      return 2;
    }
    const std::string spool = message_of(
        [&] { nad::AlertSink sink(nad::unix_channel({.path = locked / "nobody"}), {.spool = locked / "spool"}); });
    if (!contains(spool, "locked/spool") || !contains(spool, "ermission denied")) {
      return 3;
    }
    const std::string csv = message_of([&] { nad::write_csv(flows, locked / "flows.csv"); });
    if (!contains(csv, "locked/flows.csv") || !contains(csv, "ermission denied")) {
      return 4;
    }
    const std::string json = message_of([&] { nad::save_json(office().model->pipeline(), locked / "model.json"); });
    return contains(json, "locked") && contains(json, "ermission denied") ? 0 : 5;
  });
  CHECK(status == 0);
}

TEST_CASE("faults: tables and captures that find no room on the disk are errors that name the file") {
  const TemporaryFolder folder;
  static_cast<void>(office());  // writes files of its own, once
  CHECK(tests::with_full_disk(2000, [&] {
          const std::string csv = message_of([&] { nad::write_csv(office().flows, folder / "flows.csv"); });
          if (!contains(csv, "flows.csv") || !contains(csv, "too large")) {
            std::fprintf(stderr, "%s\n", csv.c_str());
            return 1;
          }
          const std::string capture = message_of(
              [&] { static_cast<void>(nad::Simulator(monitor_samples::quiet_office(3)).write(folder / "a.pcap")); });
          if (!contains(capture, "a.pcap")) {
            std::fprintf(stderr, "%s\n", capture.c_str());
            return 2;
          }
          const std::string json = message_of([&] { nad::save_json(office().model->pipeline(), folder / "p.json"); });
          return contains(json, "p.json") ? 0 : 3;
        }) == 0);
  if (fs::exists("/dev/full")) {
    CHECK(contains(message_of([&] { nad::write_csv(office().flows, "/dev/full"); }), "/dev/full"));
  }
}

/// In a process of its own that sees a small disk at `place`; 77 where no disk may be made.
template <class Work>
int with_small_disk(const fs::path& place, const Work& work) {
  fs::create_directory(place);
  return tests::status_of_child([&] {
    const bool is_there = unshare(CLONE_NEWNS) == 0 &&
                          mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                          mount("tmpfs", place.c_str(), "tmpfs", 0, "size=2m") == 0;
    return is_there ? work() : 77;
  });
}

/// Leaves so many bytes of a disk.
void fill(const fs::path& place, std::size_t left) {
  const std::string page(4096, 'x');
  std::ofstream file(place / "full", std::ios::binary);
  while (file.write(page.data(), static_cast<std::streamsize>(page.size())) && file.flush()) {
  }
  file.close();
  fs::resize_file(place / "full", fs::file_size(place / "full") - std::min<std::size_t>(left, 65536));
}

TEST_CASE(
    "faults: a disk that is full to the last byte keeps old models and checkpoints, and takes alerts when there is "
    "room") {
  const TemporaryFolder folder;
  const fs::path disk = folder / "disk";
  const int status = with_small_disk(disk, [&] {
    const nad::Model& model = *office().model;
    model.save(disk / "office.nad", "old");
    const std::string before = content(disk / "office.nad");
    std::vector<std::string> notes;
    static_cast<void>(watch(disk / "checkpoint", notes));
    const std::string checkpoint = content(disk / "checkpoint");
    nad::AlertSink sink(nad::file_channel({.path = disk / "alerts"}),
                        {.spool = disk / "spool", .retry_seconds = 0.001, .most_retry_seconds = 0.01});
    fill(disk, 8192);
    if (!contains(message_of([&] { model.save(disk / "office.nad", "new"); }), "No space left")) {
      return 1;
    }
    if (content(disk / "office.nad") != before || content(disk / "checkpoint") != checkpoint) {
      return 2;
    }
    const std::string line(1000, 'a');
    for (int number = 0; number < 200; ++number) {  // more than there is room for
      sink.write_text(std::to_string(1000 + number) + line);
    }
    if (!monitor_samples::wait_until([&] { return contains(sink.stats().last_error, "No space left"); })) {
      return 3;
    }
    fs::remove(disk / "full");
    if (!sink.flush(20.0)) {
      return 4;
    }
    std::ifstream file(disk / "alerts");
    int next = 1000;
    for (std::string text; std::getline(file, text); ++next) {
      if (text != std::to_string(next) + line) {
        return 5;
      }
    }
    sink.close();
    return next == 1200 && sink.stats().lost() == 0 ? 0 : 6;
  });
  if (status == 77) {
    MESSAGE("skipped: only root may make a small disk (unshare, mount)");
  } else {
    CHECK(status == 0);
  }
}

}  // namespace

#endif
