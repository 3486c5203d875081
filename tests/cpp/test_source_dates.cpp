#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "read_tools.hpp"
#include "temporary_folder.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;

// Dates like 01/02/2024: which of the two numbers is the day?

namespace {

const std::string names = "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,bytes_sent\n";

std::string flow(const std::string& time) { return time + ",192.0.2.1,192.0.2.2,4000,443,tcp,7\n"; }

std::string flows(const std::string& time, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += flow(time);
  }
  return text;
}

std::string first_time(const nad::Table& table) { return table["timestamp"].format(0); }

/// What reading in batches says.
std::string batches(const std::string& text, const nad::ReadOptions& options = {}) {
  std::istringstream stream(text);
  try {
    nad::Reader reader(stream, options);
    while (reader.next()) {
    }
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

const std::string note = "no date shows whether the day or the month comes first";

}  // namespace

TEST_CASE("a date far down decides for all dates of a table of flows [long]") {
  const std::string text = names + flows("01/02/2024 00:00:00", 20'000) + flow("01/13/2024 00:00:00");
  for (const nad::OnError on_error : {nad::OnError::raise, nad::OnError::skip}) {
    nad::ReadReport report;
    const nad::Table table = read_text(text, {.on_error = on_error}, &report);
    CHECK(report.format == "flow_csv");
    CHECK(table.rows() == 20'001);
    CHECK(first_time(table) == "2024-01-02 00:00:00");
    CHECK(table["timestamp"].format(20'000) == "2024-01-13 00:00:00");
    CHECK(report.skipped.empty());
    CHECK_FALSE(has_note(report, note));
  }
  const TemporaryFolder folder;
  std::ofstream(folder / "flows.csv", std::ios::binary) << text;
  CHECK(first_time(nad::read(folder / "flows.csv")) == "2024-01-02 00:00:00");

  // batches before it were read wrongly already: also where bad rows are left out, this is an error
  for (const nad::OnError on_error : {nad::OnError::raise, nad::OnError::skip}) {
    const std::string message = batches(text, {.on_error = on_error});
    CHECK(contains(message, "line 20002, column 'timestamp': '01/13/2024 00:00:00' shows that the month comes first"));
    CHECK(contains(message, "give day_first=false"));
  }
  CHECK(batches(text, {.day_first = false}) == "no error");
  CHECK(batches(names + flows("01/02/2024 00:00:00", 20'000) + flow("13/01/2024 00:00:00")) == "no error");
  nad::ReadReport report;
  read_text(names + flows("01/02/2024 00:00:00", 20'000) + flow("13/01/2024 00:00:00"), {}, &report);
  CHECK_FALSE(has_note(report, note));
}

TEST_CASE("dates that show no order are read as the option says, and the report tells how") {
  const std::string text = names + flows("01/02/2024 10:30", 3);
  nad::ReadReport report;
  CHECK(first_time(read_text(text, {}, &report)) == "2024-02-01 10:30:00");
  CHECK(has_note(report, note + "; they are read with the day first (day_first=false reads the month first)"));
  CHECK(first_time(read_text(text, {.day_first = false}, &report)) == "2024-01-02 10:30:00");
  CHECK(report.notes.empty());
  CHECK(first_time(read_text(text, {.day_first = true}, &report)) == "2024-02-01 10:30:00");
  CHECK(report.notes.empty());
  read_text(names + flow("2024-01-02 10:30"), {}, &report);
  CHECK(report.notes.empty());
}

TEST_CASE("dates that show an order keep it") {
  const std::string american = names + flow("01/02/2024 10:30") + flows("01/31/2024 10:30", 2);
  CHECK(first_time(read_text(american)) == "2024-01-02 10:30:00");
  CHECK(first_time(read_text(american, {.day_first = true})) == "2024-01-02 10:30:00");  // as in any text table
  CHECK(contains(message_of(american + flow("31/01/2024 10:30")),
                 "line 5, column 'timestamp': '31/01/2024 10:30' is not of type time (dates are read with the month "
                 "first)"));
  nad::ReadReport report;
  CHECK(read_text(american + flow("31/01/2024 10:30"), {.on_error = nad::OnError::skip}, &report).rows() == 3);
  CHECK(report.skipped == std::map<std::string, std::uint64_t>{{"column 'timestamp': not of type time", 1}});
  // both orders, far apart: the second reading cannot read them either
  CHECK(contains(message_of(names + flows("01/02/2024 00:00", 20'000) + flow("01/13/2024 00:00") +
                            flows("01/02/2024 00:00", 20'000) + flow("13/01/2024 00:00")),
                 "'13/01/2024 00:00' is not of type time"));
}

TEST_CASE("dates of other formats") {
  const std::string packets =
      "No.,Time,Source,Destination,Protocol,Length,Info\n"
      "1,01/02/2024 10:00:00.5,192.0.2.1,192.0.2.2,UDP,60,5353 > 5353 Len=18\n";
  nad::ReadReport report;
  const nad::Table list = read_text(packets, {}, &report);
  CHECK(report.format == "wireshark_csv");
  CHECK(first_time(list) == "2024-02-01 10:00:00.500");
  CHECK(has_note(report, note));
  CHECK(first_time(read_text(packets, {.day_first = false})) == "2024-01-02 10:00:00.500");
  CHECK(contains(message_of(packets + "2,01/02/1700 10:00:00,192.0.2.1,192.0.2.2,UDP,60,x\n"), "column 'time'"));

  const std::string argus =
      "StartTime,LastTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes\n"
      "01/02/2024 10:00:00,01/31/2024 10:00:00,1,tcp,192.0.2.1,1,->,192.0.2.2,2,3,4\n";
  CHECK(first_time(read_text(argus)) == "2024-01-02 10:00:00");  // another column shows it
  const std::string netflow =
      "ts,te,td,sa,da,sp,dp,pr,ipkt,ibyt\n"
      "01/02/2024 00:00:00,01/02/2024 00:00:01,1,192.0.2.1,192.0.2.2,1,2,TCP,1,1\n";
  CHECK(first_time(read_text(netflow, {.day_first = false})) == "2024-01-02 00:00:00");
  CHECK(read_text(netflow, {.day_first = false})["te"].format(0) == "2024-01-02 00:00:01");

  // where there are no such dates at all, the option is refused
  const std::string event =
      R"({"timestamp":"2024-05-01T12:00:00Z","event_type":"flow","src_ip":"192.0.2.1","dest_ip":"192.0.2.2"})"
      "\n";
  CHECK(contains(message_of(event, {.day_first = true}), "the option day_first means nothing"));
}
