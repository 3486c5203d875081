// Logs that grow, are rotated and truncated while they are read; folders; and monitors that are killed.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using monitor_samples::append;
using monitor_samples::zeek_header;
using monitor_samples::zeek_lines;
using tests::contains;
using tests::message_of;

constexpr double soon = 0.02;

nad::FollowOptions quick() { return {.poll = 0.002, .rotate_wait = 0.03}; }

std::string zeek_line(std::size_t number) {
  return "1767571200." + std::to_string(100'000 + number) + "\tC" + std::to_string(number) +
         "\t10.0.0.5\t40000\t192.0.2.7\t80\ttcp\thttp\t0.5\t" + std::to_string(number) + "\t10\tSF\tShADadFf\t5\t4\n";
}

/// The uids that come until nothing comes any more.
std::vector<std::string> all_that_comes(nad::RecordSource& source, const char* column = "uid", double seconds = 0.08) {
  std::vector<std::string> found;
  while (std::optional<nad::Table> table = source.next(seconds)) {
    for (std::size_t row = 0; row < table->rows(); ++row) {
      found.push_back((*table)[column].format(row));
    }
  }
  return found;
}

std::vector<std::string> uids(std::size_t first, std::size_t last) {
  std::vector<std::string> names;
  for (std::size_t number = first; number < last; ++number) {
    names.push_back("C" + std::to_string(number));
  }
  return names;
}

std::string lines(std::size_t first, std::size_t last) {
  std::string text;
  for (std::size_t number = first; number < last; ++number) {
    text += zeek_line(number);
  }
  return text;
}

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
  CHECK(all_that_comes(*log, "uid", soon) == uids(0, 3));
  append(path, zeek_line(3).substr(25));
  CHECK(all_that_comes(*log, "uid", soon) == uids(3, 4));
  append(path, "nonsense\n" + zeek_line(4) + "#close\t2026-01-05\n");
  CHECK(all_that_comes(*log, "uid", soon) == uids(4, 5));
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
  CHECK(all_that_comes(*log) == uids(0, 5));
  append(path, lines(5, 7));
  std::filesystem::rename(path, folder / "conn.log.1");
  append(folder / "conn.log.1", zeek_line(7) + zeek_line(8).substr(0, zeek_line(8).size() - 1));  // no newline
  append(path, zeek_header() + zeek_line(9));
  CHECK(all_that_comes(*log) == uids(5, 10));
  std::filesystem::rename(path, folder / "conn.log.2");  // nothing takes its place for a while
  CHECK_FALSE(log->next(soon));
  append(folder / "conn.log.2", zeek_line(10));
  append(path, zeek_header());
  append(path, zeek_line(11));
  CHECK(all_that_comes(*log) == uids(10, 12));
}

TEST_CASE("a log that is truncated is read from its beginning") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  const auto log = nad::follow_log(path, quick());
  append(path, zeek_header() + lines(0, 50));
  CHECK(all_that_comes(*log) == uids(0, 50));
  std::filesystem::copy_file(path, folder / "conn.log.1");
  std::filesystem::resize_file(path, 0);
  append(path, zeek_header() + lines(50, 52));
  CHECK(all_that_comes(*log) == uids(50, 52));
  REQUIRE(log->stats().notes.size() == 1);
  CHECK(contains(log->stats().notes[0], "was truncated"));
  // longer than before, so that its size does not tell
  std::filesystem::resize_file(path, 0);
  append(path, "#separator \\x09\n#open\tanother day\n" + zeek_header().substr(16) + lines(60, 160));
  CHECK(all_that_comes(*log) == uids(60, 160));
}

TEST_CASE("[threads] a log is followed while somebody writes, rotates and truncates it") {
  TemporaryFolder folder;
  const auto path = folder / "conn.log";
  constexpr std::size_t rounds = 6;
  constexpr std::size_t per_round = 60;
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
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        append(path, text.substr(cut));
      }
      if (round % 2 == 0) {
        std::filesystem::rename(path, folder / ("conn.log." + std::to_string(round + 1)));
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(150));  // what is truncated unread is lost
        std::filesystem::resize_file(path, 0);
      }
    }
  });
  const auto log = nad::follow_log(path, quick());
  std::vector<std::string> found;
  while (found.size() < rounds * per_round) {
    const std::optional<nad::Table> table = log->next(2.0);
    if (!table) {
      break;
    }
    for (std::size_t row = 0; row < table->rows(); ++row) {
      found.push_back((*table)["uid"].format(row));
    }
  }
  writer.join();
  CHECK(found == uids(0, rounds * per_round));
}

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
  CHECK(all_that_comes(*first) == uids(0, 5));
  const std::string here = first->position();
  CHECK(all_that_comes(*at(begin)) == uids(0, 5));
  CHECK(all_that_comes(*at(here)).empty());
  append(path, zeek_line(5));
  CHECK(all_that_comes(*at(here)) == uids(5, 6));
  std::filesystem::rename(path, folder / "conn.2026-01-05-10.log");
  CHECK(all_that_comes(*at(here)) == uids(5, 6));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  append(path, zeek_header() + zeek_line(6));
  CHECK(all_that_comes(*at(here)) == uids(5, 7));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::filesystem::rename(path, folder / "conn.2026-01-05-11.log");
  append(path, zeek_header() + zeek_line(7));
  append(folder / "conn-summary.log", "something else\n");
  CHECK(all_that_comes(*at(here)) == uids(5, 8));
  // packed meanwhile: what came behind it can still be read
  std::filesystem::rename(folder / "conn.2026-01-05-10.log", folder / "conn.2026-01-05-10.log.gz");
  const auto late = at(here);
  CHECK(all_that_comes(*late) == uids(6, 8));
  REQUIRE(!late->stats().notes.empty());
  CHECK(contains(late->stats().notes[0], "was not read"));
  // copied and truncated
  std::filesystem::remove(folder / "conn.2026-01-05-11.log");
  const auto there = at(nad::follow_log(path, quick())->position());
  CHECK(all_that_comes(*there) == uids(7, 8));
  const std::string end = there->position();
  append(path, zeek_line(8));
  std::filesystem::copy_file(path, folder / "conn.log.1");
  std::filesystem::resize_file(path, 0);
  append(path, zeek_header() + zeek_line(9));
  CHECK(all_that_comes(*at(end)) == uids(8, 10));
  CHECK(contains(message_of([&] { static_cast<void>(at("{}")); }), "not one of the log"));
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
    const std::size_t before = all_that_comes(*log, column).size();
    append(path, second);
    const std::vector<std::string> found = all_that_comes(*log, column);
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
  const auto log = nad::follow_log(path, quick());
  const std::size_t found = all_that_comes(*log, "size").size();
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
  CHECK(all_that_comes(*log) == uids(5, 7));
  nad::FollowOptions once = quick();
  once.once = true;
  append(path, zeek_line(7).substr(0, zeek_line(7).size() - 1));
  const auto whole = nad::follow_log(path, once);
  CHECK(all_that_comes(*whole) == uids(0, 8));
  CHECK(whole->ended());
  CHECK(contains(message_of([&] { static_cast<void>(nad::follow_log(folder / "none", once)->next(soon)); }),
                 "there is no such file"));
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
  CHECK(all_that_comes(*source) == uids(0, 6));
  CHECK(source->stats().skipped.at("file that cannot be read") == 1);
  const std::string middle = source->position();
  write("d.log", 6, 9);
  std::optional<nad::Table> two = source->next(1.0);
  REQUIRE(two);
  CHECK(two->rows() == 2);
  const std::string within = source->position();
  CHECK(all_that_comes(*source) == uids(8, 9));
  for (const auto& [position, first] :
       {std::pair(begin, std::size_t{0}), std::pair(middle, std::size_t{6}), std::pair(within, std::size_t{8})}) {
    const auto again = nad::folder_source(folder.path(), options);
    again->go_to(position);
    CHECK(all_that_comes(*again) == uids(first, 9));
  }
  nad::FolderOptions once = options;
  once.once = true;
  once.order = nad::FolderOrder::times;
  const auto all = nad::folder_source(folder.path(), once);
  std::vector<std::string> found = all_that_comes(*all);
  CHECK(found.size() == 9);
  CHECK(all->ended());
  CHECK(contains(message_of([&] { static_cast<void>(nad::folder_source(folder / "no")->next(soon)); }), "cannot look"));
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

/// What a process that is killed again and again tells, and one that is not.
struct Told {
  std::set<std::string> ids = {};
  std::size_t lines = 0;
  std::uint64_t counted = 0;
};

Told told(const std::filesystem::path& path) {
  Told result;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"event_type\":\"alert\"") == std::string::npos || line.back() != '}') {
      continue;  // cut off by the kill; it comes again
    }
    const nad::Alert alert = nad::alert_from_eve(line);
    ++result.lines;
    if (result.ids.insert(nad::alert_id(alert)).second) {
      result.counted += alert.count;
    }
  }
  return result;
}

TEST_CASE("a monitor that is killed at any moment loses nothing, and repeats with the same ids") {
  TemporaryFolder folder;
  monitor_samples::write_normal(folder / "normal.pcap");
  monitor_samples::write_attacked(folder / "attacked.pcap");
  const nad::Table normal = nad::read(folder / "normal.pcap");
  append(folder / "normal.log", zeek_header());
  for (const std::string& line : zeek_lines(normal)) {
    append(folder / "normal.log", line);
  }
  const nad::Model model = monitor_samples::model_of(nad::read(folder / "normal.log"), 0.02);
  const std::vector<std::string> all = zeek_lines(nad::read(folder / "attacked.pcap"));
  const auto watch = [&](const std::filesystem::path& log, const std::filesystem::path& alerts,
                         const std::filesystem::path& checkpoint, bool once) {
    nad::MonitorOptions options{.checkpoint = checkpoint, .checkpoint_seconds = 0.01, .stats_seconds = 0.0};
    nad::Monitor monitor(model, options);
    monitor.add_sink(nad::file_channel({.path = alerts}), {.when_full = nad::WhenFull::block});
    nad::FollowOptions follow = quick();
    follow.once = once;
    follow.source.batch_rows = 40;
    const auto source = nad::follow_log(log, follow);
    monitor.run(*source);
    CHECK(monitor_samples::adds_up(monitor.stats()));
  };
  append(folder / "whole.log", zeek_header());
  for (const std::string& line : all) {
    append(folder / "whole.log", line);
  }
  watch(folder / "whole.log", folder / "whole.json", folder / "whole.checkpoint", true);
  const Told whole = told(folder / "whole.json");
  REQUIRE(whole.ids.size() > 10);
  CHECK(whole.lines == whole.ids.size());

  const auto log = folder / "conn.log";
  append(log, zeek_header());
  nad::Random random(3);
  std::size_t next = 0;
  std::size_t rotations = 0;
  const auto write_some = [&](std::size_t lines_at_once) {
    for (std::size_t line = 0; line < lines_at_once && next < all.size(); ++line) {
      append(log, all[next++]);
    }
  };
  while (next < all.size()) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        watch(log, folder / "killed.json", folder / "killed.checkpoint", false);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "the child threw: %s\n", error.what());
      }
      ::_exit(1);
    }
    const auto parts = static_cast<std::size_t>(2 + random.below(4));
    for (std::size_t part = 0; part < parts; ++part) {
      write_some(all.size() / 25);
      std::this_thread::sleep_for(std::chrono::milliseconds(10 + random.below(60)));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    write_some(20);  // while nobody reads
    if (++rotations % 2 == 0) {
      std::filesystem::rename(log, folder / ("conn.log." + std::to_string(rotations)));
      append(log, zeek_header());
    }
  }
  watch(log, folder / "killed.json", folder / "killed.checkpoint", true);
  const Told killed = told(folder / "killed.json");
  CHECK(killed.ids == whole.ids);
  CHECK(killed.counted == whole.counted);
  CHECK(killed.lines >= whole.lines);
}

}  // namespace
