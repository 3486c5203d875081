// Positions in logs and folders: where reading goes on, and what comes again.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "follow_samples.hpp"
#include "messages.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace follow_samples;
using tests::contains;
using tests::message_of;

TEST_CASE("a position finds the log again, under whatever name") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  append(path, zeek_header() + lines(0, 5));
  const auto at = [&](const std::string& position) {
    auto log = nad::follow_log(path, quick());
    log->go_to(position);
    return log;
  };
  const auto first = nad::follow_log(path, quick());
  const std::string begin = first->position();
  CHECK(next_of(*first, 5) == uids(0, 5));
  const std::string here = first->position();
  CHECK(next_of(*at(begin), 5) == uids(0, 5));
  CHECK(next_of(*at(here), 0).empty());
  append(path, zeek_line(5));
  CHECK(next_of(*at(here), 1) == uids(5, 6));
  std::filesystem::rename(path, folder / "conn.2026-01-05-10.log");
  CHECK(next_of(*at(here), 1) == uids(5, 6));
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  append(path, zeek_header() + zeek_line(6));
  CHECK(next_of(*at(here), 2) == uids(5, 7));
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  std::filesystem::rename(path, folder / "conn.2026-01-05-11.log");
  append(path, zeek_header() + zeek_line(7));
  append(folder / "conn-summary.log", "something else\n");
  CHECK(next_of(*at(here), 3) == uids(5, 8));
  // packed meanwhile: what came behind it can still be read
  std::filesystem::rename(folder / "conn.2026-01-05-10.log", folder / "conn.2026-01-05-10.log.gz");
  const auto late = at(here);
  CHECK(next_of(*late, 2) == uids(6, 8));
  REQUIRE(!late->stats().notes.empty());
  CHECK(contains(late->stats().notes[0], "was not read"));
  // copied and truncated
  std::filesystem::remove(folder / "conn.2026-01-05-11.log");
  const auto there = at(nad::follow_log(path, quick())->position());
  CHECK(next_of(*there, 1) == uids(7, 8));
  const std::string end = there->position();
  append(path, zeek_line(8));
  std::filesystem::copy_file(path, folder / "conn.log.1");
  std::filesystem::resize_file(path, 0);
  append(path, zeek_header() + zeek_line(9));
  CHECK(next_of(*at(end), 2) == uids(8, 10));
  CHECK(contains(message_of([&] { static_cast<void>(at("{}")); }), "not one of the log"));
}

TEST_CASE("files that come into a folder are read once, in order") {
  TemporaryFolder folder;
  const auto write = [&](const std::string& name, std::size_t first, std::size_t last) {
    append(folder / name, zeek_header() + lines(first, last));
  };
  write("b.log", 3, 6);
  write("a.log", 0, 3);
  write(".hidden", 90, 91);
  write("c.log.tmp", 90, 91);
  append(folder / "bad.log", "{\"a\": 1}\n");
  nad::FolderOptions options{.settle_seconds = 0.0, .poll = 0.005};
  options.source.batch_rows = 2;
  const auto source = nad::folder_source(folder.path(), options);
  const std::string begin = source->position();
  CHECK(next_of(*source, 6) == uids(0, 6));
  CHECK(source->stats().skipped.at("file that cannot be read") == 1);
  const std::string middle = source->position();
  write("d.log", 6, 9);
  std::optional<nad::Table> two = source->next(1.0);
  REQUIRE(two);
  CHECK(two->rows() == 2);
  const std::string within = source->position();
  CHECK(next_of(*source, 1) == uids(8, 9));
  for (const auto& [position, first] :
       {std::pair(begin, std::size_t{0}), std::pair(middle, std::size_t{6}), std::pair(within, std::size_t{8})}) {
    const auto again = nad::folder_source(folder.path(), options);
    again->go_to(position);
    CHECK(next_of(*again, 9 - first) == uids(first, 9));
  }
  nad::FolderOptions once = options;
  once.once = true;
  once.order = nad::FolderOrder::times;
  const auto all = nad::folder_source(folder.path(), once);
  CHECK(all_of(*all).size() == 9);
  CHECK(all->ended());
  CHECK(contains(message_of([&] { static_cast<void>(nad::folder_source(folder / "no")->next(soon)); }), "cannot look"));
}

TEST_CASE("a position that was gone to stays the position until something is read") {
  TemporaryFolder folder;
  const auto path = folder / "logs" / "conn.log";
  std::filesystem::create_directory(folder / "logs");
  append(path, zeek_header() + lines(0, 5));
  const auto first = nad::follow_log(path, quick());
  CHECK(next_of(*first, 5) == uids(0, 5));
  const auto second = nad::follow_log(path, quick());
  second->go_to(first->position());
  const auto third = nad::follow_log(path, quick());
  third->go_to(second->position());
  append(path, zeek_line(5));
  CHECK(next_of(*third, 1) == uids(5, 6));

  nad::FolderOptions options{.settle_seconds = 0.0, .poll = 0.001};
  options.source.batch_rows = 2;
  const auto begun = nad::folder_source(folder / "logs", options);
  REQUIRE(begun->next(1.0));
  const auto resumed = nad::folder_source(folder / "logs", options);
  resumed->go_to(begun->position());
  const auto again = nad::folder_source(folder / "logs", options);
  again->go_to(resumed->position());
  CHECK(next_of(*again, 4) == uids(2, 6));
}

TEST_CASE("what lies between two positions comes again, or is passed over whole") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  append(path, zeek_header() + lines(0, 5));
  const auto log = nad::follow_log(path, quick());
  CHECK(next_of(*log, 5) == uids(0, 5));
  const std::string early = log->position();
  append(path, lines(5, 7));
  CHECK(next_of(*log, 2) == uids(5, 7));
  const std::string same_file = log->position();
  const auto from = [&](const std::string& position, const std::string& later, bool expected) {
    auto again = nad::follow_log(path, quick());
    CHECK(again->replay(position, later) == expected);
    return again;
  };
  CHECK(next_of(*from(early, same_file, true), 2) == uids(5, 7));
  std::string last = same_file;
  std::size_t number = 7;
  for (const char* name : {"conn.log.1", "conn.log.2"}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
    std::filesystem::rename(path, folder / name);
    append(path, zeek_header() + lines(number, number + 3));
    CHECK(next_of(*log, 3) == uids(number, number + 3));
    number += 3;
    last = log->position();
  }
  append(path, zeek_line(13));
  CHECK(next_of(*from(early, last, true), 9) == uids(5, 14));
  CHECK(next_of(*from(same_file, last, true), 7) == uids(7, 14));
  CHECK(next_of(*from(last, early, false), 9) == uids(5, 14));  // the wrong way round
  // a copy, and the log begun anew in its place
  std::filesystem::copy_file(path, folder / "conn.log.3");
  std::filesystem::resize_file(path, 0);
  append(path, zeek_header() + lines(14, 16));
  CHECK(next_of(*log, 2) == uids(14, 16));  // 13 went with the old content, unread
  CHECK(next_of(*from(last, log->position(), true), 3) == uids(13, 16));
  // one of those between is packed: nothing comes twice, and nothing new is taken for what came before
  std::filesystem::rename(folder / "conn.log.2", folder / "conn.log.2.gz");
  append(path, zeek_line(16));
  CHECK(next_of(*from(early, log->position(), false), 1) == uids(16, 17));
}

TEST_CASE("files of a folder come again in a row, whatever came meanwhile") {
  TemporaryFolder folder;
  const auto write = [&](const std::string& name, std::size_t first, std::size_t last) {
    append(folder / name, zeek_header() + lines(first, last));
  };
  write("b.log", 0, 4);
  write("d.log", 4, 8);
  write("f.log", 8, 12);
  nad::FolderOptions options{.settle_seconds = 0.0, .poll = 0.001};
  options.source.batch_rows = 2;
  const auto source = nad::folder_source(folder.path(), options);
  std::vector<std::string> found;
  std::vector<std::string> positions;
  while (found.size() < 10) {
    const std::optional<nad::Table> table = source->next(1.0);
    REQUIRE(table);
    take_values(*table, "uid", found);
    positions.push_back(source->position());
  }
  write("a.log", 20, 22);
  write("c.log", 22, 24);
  const auto from = [&](std::size_t batches, bool expected) {
    auto again = nad::folder_source(folder.path(), options);
    CHECK(again->replay(positions[batches - 1], positions.back()) == expected);
    return again;
  };
  for (const std::size_t batches : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}}) {
    CAPTURE(batches);
    std::vector<std::string> expected = uids(2 * batches, 12);
    const std::vector<std::string> fresh = uids(20, 24);
    expected.insert(expected.end(), fresh.begin(), fresh.end());
    CHECK(next_of(*from(batches, true), expected.size()) == expected);
  }
  std::filesystem::remove(folder / "d.log");
  const std::vector<std::string> rest = {"C10", "C11", "C20", "C21", "C22", "C23"};
  CHECK(next_of(*from(1, false), rest.size()) == rest);
}

}  // namespace
