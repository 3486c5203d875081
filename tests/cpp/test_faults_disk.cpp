// Disks that are full and folders that may not be written to, for all that nad writes beside models and alerts (which
// test_model_file_saving.cpp and test_alert_files.cpp have).

#include <doctest/doctest.h>

#if defined(__linux__)

#include <nad/nad.hpp>

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

}  // namespace

#endif
