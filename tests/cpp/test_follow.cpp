// Logs that grow, are rotated and truncated while they are read.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
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

TEST_CASE("a log is read as it grows, whole lines only") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  const auto log = nad::follow_log(path, quick());
  CHECK_FALSE(log->next(soon));  // it is not there yet
  append(path, zeek_header().substr(0, 30));
  CHECK_FALSE(log->next(soon));
  append(path, zeek_header().substr(30));
  CHECK_FALSE(log->next(soon));
  append(path, lines(0, 3) + zeek_line(3).substr(0, 25));
  CHECK(next_of(*log, 3) == uids(0, 3));
  append(path, zeek_line(3).substr(25));
  CHECK(next_of(*log, 1) == uids(3, 4));
  append(path, "nonsense\n" + zeek_line(4) + "#close\t2026-01-05\n");
  CHECK(next_of(*log, 1) == uids(4, 5));
  CHECK(log->stats().records == 5);
  CHECK(log->stats().skipped_records() >= 1);
  CHECK(log->is_live());
  CHECK_FALSE(log->ended());
}

TEST_CASE("a log that is renamed is read to its end, then the new one") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  const auto log = nad::follow_log(path, quick());
  append(path, zeek_header() + lines(0, 5));
  CHECK(next_of(*log, 5) == uids(0, 5));
  append(path, lines(5, 7));
  std::filesystem::rename(path, folder / "conn.log.1");
  append(folder / "conn.log.1", zeek_line(7) + zeek_line(8).substr(0, zeek_line(8).size() - 1));  // no newline
  append(path, zeek_header() + zeek_line(9));
  CHECK(next_of(*log, 5) == uids(5, 10));
  std::filesystem::rename(path, folder / "conn.log.2");  // nothing takes its place for a while
  CHECK_FALSE(log->next(soon));
  append(folder / "conn.log.2", zeek_line(10));
  append(path, zeek_header());
  append(path, zeek_line(11));
  CHECK(next_of(*log, 2) == uids(10, 12));
}

TEST_CASE("a log that is truncated is read from its beginning") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  const auto log = nad::follow_log(path, quick());
  append(path, zeek_header() + lines(0, 50));
  CHECK(next_of(*log, 50) == uids(0, 50));
  std::filesystem::copy_file(path, folder / "conn.log.1");
  std::filesystem::resize_file(path, 0);
  append(path, zeek_header() + lines(50, 52));
  CHECK(next_of(*log, 2) == uids(50, 52));
  REQUIRE(log->stats().notes.size() == 1);
  CHECK(contains(log->stats().notes[0], "was truncated"));
  // longer than before, so that its size does not tell
  std::filesystem::resize_file(path, 0);
  append(path, "#separator \\x09\n#open\tanother day\n" + zeek_header().substr(16) + lines(60, 160));
  CHECK(next_of(*log, 100) == uids(60, 160));
}

TEST_CASE("a log that is truncated, written anew and renamed while nobody looks is read whole") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  const auto log = nad::follow_log(path, quick());
  append(path, zeek_header() + lines(0, 40));
  CHECK(next_of(*log, 40) == uids(0, 40));
  std::filesystem::resize_file(path, 0);
  append(path, zeek_header() + lines(40, 90));
  std::filesystem::rename(path, folder / "conn.log.1");
  append(path, zeek_header() + lines(90, 100));
  CHECK(next_of(*log, 60) == uids(40, 100));
}

TEST_CASE("logs whose names move on while they wait are read in their order, each once") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  const auto log = nad::follow_log(path, {.source = {.batch_rows = 5}, .poll = 0.001, .rotate_wait = 0.01});
  std::size_t rotations = 0;
  const auto rotate = [&](std::size_t first) {  // as logrotate does
    for (std::size_t number = rotations; number >= 1; --number) {
      std::filesystem::rename(folder / ("conn.log." + std::to_string(number)),
                              folder / ("conn.log." + std::to_string(number + 1)));
    }
    if (std::filesystem::exists(path)) {
      std::filesystem::rename(path, folder / "conn.log.1");
      ++rotations;
    }
    append(path, zeek_header() + lines(first, first + 10));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // files have times by which they are told
  };
  std::vector<std::string> found;
  const auto read_to = [&](std::size_t count) {
    for (int times = 0; times < 100 && found.size() < count; ++times) {
      if (const std::optional<nad::Table> table = log->next(1.0)) {
        take_values(*table, "uid", found);
      }
    }
  };
  rotate(0);
  read_to(5);
  for (std::size_t first = 10; first < 50; first += 10) {
    rotate(first);
  }
  read_to(15);  // others wait behind it
  CHECK(found.size() < 50);
  for (std::size_t first = 50; first < 80; first += 10) {
    rotate(first);
  }
  read_to(80);
  rotate(80);
  read_to(90);
  CHECK(found == uids(0, 90));
}

TEST_CASE("a log that is not there yet is waited for, and that is said") {
  TemporaryFolder folder;
  const auto log = nad::follow_log(folder / "conn.log", quick());
  CHECK_FALSE(log->next(soon));
  REQUIRE(log->stats().notes.size() == 1);
  CHECK(contains(log->stats().notes[0], "there is no file " + (folder / "conn.log").string() + " yet"));
  append(folder / "conn.log", zeek_header() + lines(0, 3));
  CHECK(next_of(*log, 3) == uids(0, 3));
}

TEST_CASE("[threads] a log is followed while somebody writes, rotates and truncates it") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  constexpr std::size_t rounds = 6;
  constexpr std::size_t per_round = 40;
  std::atomic<std::size_t> read{0};
  std::atomic<bool> given_up{false};
  std::thread writer([&] {
    nad::Random random(9);
    std::size_t number = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      append(path, zeek_header());
      for (std::size_t line = 0; line < per_round; ++line) {
        const std::string text = zeek_line(number++);
        const std::size_t cut = static_cast<std::size_t>(random.below(text.size()));
        append(path, text.substr(0, cut));
        if (line % 8 == 0) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        append(path, text.substr(cut));
      }
      if (round % 2 == 0) {
        std::filesystem::rename(path, folder / ("conn.log." + std::to_string(round + 1)));
      } else {
        while (read < number && !given_up) {  // what is truncated unread is lost
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        std::filesystem::resize_file(path, 0);
      }
    }
  });
  const auto log = nad::follow_log(path, quick());
  std::vector<std::string> found;
  constexpr double long_enough = 30.0;
  while (found.size() < rounds * per_round) {
    const std::optional<nad::Table> table = log->next(long_enough);
    if (!table) {
      break;
    }
    take_values(*table, "uid", found);
    read = found.size();
  }
  given_up = true;
  writer.join();
  CAPTURE(found.size());
  CHECK(found == uids(0, rounds * per_round));
}

TEST_CASE("a log that is rotated twice while nobody looks is read whole") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  append(path, zeek_header() + lines(0, 5));
  const auto log = nad::follow_log(path, quick());
  CHECK(next_of(*log, 5) == uids(0, 5));
  append(path, lines(5, 7));
  append(folder / "conn.log.0", "something older\n");
  std::filesystem::last_write_time(folder / "conn.log.0",
                                   std::filesystem::last_write_time(path) - std::chrono::hours(1));
  std::size_t number = 7;
  for (const char* name : {"conn.log.3", "conn.log.2", "conn.log.1"}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(15));  // files are told apart by when they changed
    std::filesystem::rename(path, folder / name);
    append(path, zeek_header() + lines(number, number + 3));
    number += 3;
  }
  CHECK(next_of(*log, 11) == uids(5, 16));
  CHECK(log->stats().skipped_records() == 0);
}

TEST_CASE("a stretch of nonsense ends nothing") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  std::string nonsense;
  for (int line = 0; line < 50; ++line) {
    nonsense += "nonsense\n";
  }
  append(path, zeek_header() + lines(0, 3) + nonsense + lines(3, 5));
  nad::FollowOptions once = quick();
  once.once = true;
  once.source.batch_rows = 4;
  const auto log = nad::follow_log(path, once);
  CHECK(all_of(*log) == uids(0, 5));
  CHECK(log->stats().skipped_records() == 50);
}

TEST_CASE("remarks without an end hold nothing up") {
  TemporaryFolder folder;
  const auto path = folder / "sizes.csv";
  std::string comments;
  while (comments.size() < (std::size_t{5} << 20U)) {
    comments += "# " + std::string(1000, 'c') + "\n";
  }
  append(path, comments);
  const auto log = nad::follow_log(path, quick());
  CHECK_FALSE(log->next(soon));
  append(path, "uid,size\nC0,5\nC1,6\n");
  CHECK(next_of(*log, 2) == uids(0, 2));
  CHECK(log->stats().skipped_records() > 0);
}

TEST_CASE("other formats grow, too, with the types that a model learnt") {
  TemporaryFolder folder;
  const auto check = [&](const std::string& name, const std::string& header, const std::string& first,
                         const std::string& second, const char* column, const std::string& value) {
    CAPTURE(name);
    const auto path = folder / name;
    append(path, header + first);
    const auto log = nad::follow_log(path, quick());
    log->expect(nad::Schema({{column, nad::ColumnType::number}}));
    const std::size_t before = next_of(*log, 1, column).size();
    append(path, second);
    const std::vector<std::string> found = next_of(*log, 1, column);
    CHECK(before == 1);
    REQUIRE(found.size() == 1);
    CHECK(found[0] == value);
  };
  const std::string csv = "when,host,size,note\n";
  check("plain.csv", csv, "2026-01-05 10:00:00,a,5,x\n", "2026-01-05 10:00:01,b,6.5,7\n", "size", "6.5");
  check("quoted.csv", csv, "2026-01-05 10:00:00,a,5,\"x\ny\"\n", "2026-01-05 10:00:01,b,6.5,\"p\nq\"\n", "size", "6.5");
  check("zeek.json", "",
        R"({"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,)"
        R"("proto":"tcp","conn_state":"S0"})"
        "\n",
        R"({"ts":2.5,"uid":"C2","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,)"
        R"("proto":"tcp","duration":2.5,"orig_bytes":7,"resp_bytes":8,"conn_state":"SF"})"
        "\n",
        "duration", "2.5");
  const auto eve = [](const std::string& end, const std::string& sent) {
    return R"({"timestamp":"2017-04-07T22:24:37.251547+0100","event_type":"alert"})"
           "\n"
           R"({"timestamp":"2017-04-07T22:24:37.251547+0100","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1",)"
           R"("src_port":1,"dest_ip":"10.0.0.2","dest_port":2,"proto":"TCP","flow":{"pkts_toserver":1,)"
           R"("pkts_toclient":1,"bytes_toserver":)" +
           sent + R"(,"bytes_toclient":60,"start":"2017-04-07T22:24:37.251547+0100","end":"2017-04-07T22:24:)" + end +
           R"(.251547+0100","age":0,"state":"closed","reason":"timeout","alerted":false}})"
           "\n";
  };
  check("eve.json", "", eve("38", "7"), eve("39", "70"), "bytes_sent", "70");
  check("kdd.csv", "",
        "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,"
        "0.11,0.00,0.00,0.00,0.00,0.00,normal.\n",
        "0,tcp,http,SF,239,486,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,19,19,1.00,0.00,"
        "0.05,0.00,0.00,0.00,0.00,0.00,normal.\n",
        "src_bytes", "239");
}

TEST_CASE("a quote that is never closed holds nothing up for ever") {
  TemporaryFolder folder;
  const auto path = folder / "q.csv";
  std::string rows = "when,size,note\n2026-01-05 10:00:00,5,x\n2026-01-05 10:00:01,6,\"open\n";
  for (int row = 0; row < 60'000; ++row) {
    rows += "2026-01-05 10:00:02,7,and so on\n";
  }
  append(path, rows);
  nad::FollowOptions once = quick();
  once.once = true;
  const auto log = nad::follow_log(path, once);
  const std::size_t found = all_of(*log, "size").size();
  CHECK(found > 20'000);
  CHECK(found + log->stats().skipped_records() > 20'000);
}

TEST_CASE("what is no log of records is an error that says so") {
  TemporaryFolder folder;
  append(folder / "x.json", "{\"a\": 1}\n{\"a\": 2}\n");
  const auto log = nad::follow_log(folder / "x.json", quick());
  CHECK(contains(message_of([&] { static_cast<void>(log->next(soon)); }), "neither Zeek's conn.log nor"));
  append(folder / "w.csv",
         "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\n"
         "\"1\",\"0.0\",\"10.0.0.1\",\"10.0.0.2\",\"TCP\",\"60\",\"1 > 2 [SYN] Seq=0\"\n");
  const auto packets = nad::follow_log(folder / "w.csv", quick());
  CHECK(contains(message_of([&] { static_cast<void>(packets->next(soon)); }), "cannot be followed"));
}

TEST_CASE("from the end on, and to the end") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  append(path, zeek_header() + lines(0, 5) + zeek_line(5).substr(0, 9));
  nad::FollowOptions end = quick();
  end.from_beginning = false;
  const auto log = nad::follow_log(path, end);
  CHECK_FALSE(log->next(soon));
  append(path, zeek_line(5).substr(9) + zeek_line(6));
  CHECK(next_of(*log, 2) == uids(5, 7));
  nad::FollowOptions once = quick();
  once.once = true;
  append(path, zeek_line(7).substr(0, zeek_line(7).size() - 1));
  const auto whole = nad::follow_log(path, once);
  CHECK(next_of(*whole, 8) == uids(0, 8));
  CHECK(whole->ended());
  CHECK(contains(message_of([&] { static_cast<void>(nad::follow_log(folder / "none", once)->next(soon)); }),
                 "there is no such file"));
}

TEST_CASE("a path opens what it most likely is") {
  TemporaryFolder folder;
  append(folder / "conn.log", zeek_header() + lines(0, 5));
  monitor_samples::write_normal(folder / "a.pcap");
  CHECK(contains(nad::open_record_source((folder / "conn.log").string())->describe(), "the log"));
  CHECK(contains(nad::open_record_source((folder / "a.pcap").string())->describe(), "the capture"));
  CHECK(contains(nad::open_record_source(folder.path().string())->describe(), "the folder"));
  CHECK(contains(nad::open_record_source((folder / "later.log").string())->describe(), "the log"));
  CHECK(nad::open_record_source("-")->describe() == "the standard input");
}

}  // namespace
