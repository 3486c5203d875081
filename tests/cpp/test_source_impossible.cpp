#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "nad/source/value_range-inl.hpp"
#include "read_tools.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::sum;

namespace {

using Skipped = std::map<std::string, std::uint64_t>;

const std::string flow_names = "timestamp,Source IP,dst_ip,Source Port,dst_port,protocol,duration,bytes_sent\n";

std::string flow(const std::string& port, const std::string& duration, const std::string& bytes) {
  return "2024-05-01T10:00:00Z,192.0.2.1,192.0.2.2," + port + ",443,tcp," + duration + "," + bytes + "\n";
}

const std::string kdd_rest = ",8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,";

std::string kdd(const std::string& bytes, const std::string& rate) {
  return "0,tcp,http,SF," + bytes + ",5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,7" + kdd_rest + rate + ",normal.\n";
}

std::string zeek(const std::string& port, const std::string& duration, const std::string& bytes) {
  return R"({"ts":1.5,"uid":"C1","id.orig_h":"192.0.2.1","id.orig_p":)" + port +
         R"(,"id.resp_h":"192.0.2.2","id.resp_p":443,"proto":"tcp","conn_state":"SF","missed_bytes":0,"duration":)" +
         duration + R"(,"orig_bytes":)" + bytes + "}\n";
}

}  // namespace

TEST_CASE("values that cannot be are malformed: an error with line, column and range") {
  const std::string good = flow_names + flow("0", "0", "0") + flow("65535", "1e9", "123456789012345678");
  CHECK(read_text(good).rows() == 2);
  CHECK(contains(message_of(good + flow("70000", "1", "1")),
                 "line 4, column 'src_port' ('Source Port' in the file): '70000' is not between 0 and 65535; mend"));
  CHECK(contains(message_of(good + flow("-5", "1", "1")), "'-5' is not between 0 and 65535"));
  CHECK(
      contains(message_of(good + flow("1", "-1.5", "1")), "line 4, column 'duration': '-1.5' is below 0 or infinite"));
  CHECK(contains(message_of(good + flow("1", "inf", "1")), "column 'duration': 'inf' is below 0 or infinite"));
  CHECK(contains(message_of(good + flow("1", "1", "-10")), "line 4, column 'bytes_sent': '-10' is below 0;"));
  CHECK(contains(message_of(good + flow("1", "1", "-9223372036854775808")), "is below 0"));
  CHECK(read_text(good + flow("1", "-0.0", "1")).rows() == 3);

  const std::string events = zeek("65535", "0.5", "9");
  CHECK(read_text(events).rows() == 1);
  CHECK(contains(message_of(events + zeek("70000", "0.5", "9")),
                 "line 2, column 'src_port' ('id.orig_p' in the file): '70000' is not between 0 and 65535"));
  CHECK(contains(message_of(events + zeek("1", "-1.5", "9")), "column 'duration': '-1.5' is below 0"));
  CHECK(contains(message_of(events + zeek("1", "1", "-10")), "('orig_bytes' in the file): '-10' is below 0"));
  std::string lines =
      "ts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state\tmissed_bytes\n"
      "1.5\t192.0.2.1\t1\t192.0.2.2\t443\ttcp\tSF\t-1\n";
  CHECK(contains(message_of(lines), "line 2, column 'missed_bytes': '-1' is below 0"));
  lines.replace(lines.find("\n1.5"), 4, "\nsoon");
  CHECK(contains(message_of(lines), "column 'timestamp' ('ts' in the file): 'soon' is not of type time"));

  const std::string record = kdd("181", "1.00");
  CHECK(contains(message_of(record + kdd("181", "7.00")),
                 "line 2, column 'dst_host_srv_rerror_rate': '7.00' is not between 0 and 1"));
  CHECK(contains(message_of(record + kdd("-181", "1")), "line 2, column 'src_bytes': '-181' is below 0"));
  const std::string argus =
      "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes\n"
      "2018/12/18 14:00:00,1,tcp,192.0.2.1,1,->,192.0.2.2,2,-3,4\n";
  CHECK(contains(message_of(argus), "column 'TotPkts': '-3' is below 0"));
  CHECK(contains(message_of("ts,te,td,sa,da,sp,dp,pr,ipkt,ibyt\n"
                            "2024-01-01 00:00:00,2024-01-01 00:00:00,1,192.0.2.1,192.0.2.2,1,65536,TCP,1,1\n"),
                 "column 'dst_port' ('dp' in the file): '65536' is not between"));
  CHECK(contains(message_of("2 1 e 1.2.3.4 1.2.3.4 1 2 6 1 -1 1 2 ACCEPT OK\n"), "('bytes' in the file): '-1'"));
  CHECK(contains(message_of(R"({"timestamp":"2024-05-01T12:00:00Z","event_type":"flow","src_ip":"192.0.2.1",)"
                            R"("dest_ip":"192.0.2.2","proto":"TCP","flow":{"age":-1}})"
                            "\n"),
                 "column 'flow.age': '-1' is below 0"));
  CHECK(read_text("duration,x\n-1.5,1\n").rows() == 1);  // another table may mean something else
}

TEST_CASE("values that cannot be are counted and left out on request, missing ones stay") {
  nad::ReadReport report;
  std::string text = flow_names;
  for (int i = 0; i < 5000; ++i) {
    text += flow(i % 3 == 0  ? ""
                 : i == 4000 ? "65536"
                             : "7",
                 i % 2 == 0  ? ""
                 : i == 4001 ? "-1"
                             : "0.5",
                 i == 10 || i == 4001 ? "-7" : "7");
  }
  const nad::Table table = read_text(text, {.on_error = nad::OnError::skip}, &report);
  CHECK(table.rows() == 4997);
  CHECK(report.skipped == Skipped{{"column 'src_port': not between 0 and 65535", 1},
                                  {"column 'duration': below 0 or infinite", 1},
                                  {"column 'bytes_sent': below 0", 1}});
  CHECK(table["src_port"].missing_count() == 1667);
  CHECK(sum(table["bytes_sent"]) == 7 * 4997);
  CHECK(read_text(kdd("1", "2.00") + kdd("1", "0.5"), {.on_error = nad::OnError::skip}, &report).rows() == 1);
  CHECK(report.skipped == Skipped{{"column 'dst_host_srv_rerror_rate': not between 0 and 1", 1}});
}

TEST_CASE("files that are known for such values lose only these") {
  nad::ReadReport report;
  const nad::Table table = read_text(
      " Destination Port, Flow Duration, Total Fwd Packets, Total Backward Packets, Label\n"
      "54865,-13,2,0,BENIGN\n80,3000000,2,0,BENIGN\n",
      {}, &report);
  CHECK(table.rows() == 2);
  CHECK(table["duration"].is_missing(0));
  CHECK(table["duration"].numbers()[1] == 3.0);
  CHECK(has_note(report, "values of 'duration' that are below 0 or infinite are taken as missing"));
  const std::string row =
      ",udp,CON,0.001055,132,164,31,29,0,0,dns,500473.9375,621800.9375,2,2,0,0,0,0,66,82,0,0,0,0,1421927414,1421927415,"
      "0.017,0.013,0,0,0,0,0,0,0,0,3,7,1,3,1,1,1,,0\n";
  const nad::Table unsw = read_text("59.166.0.0,1390,149.171.126.6,0x20205321" + row, {}, &report);
  CHECK(unsw["dst_port"].is_missing(0));
  CHECK(unsw["src_port"].integers()[0] == 1390);
  CHECK(report.notes.size() == 1);

  const nad::Table backwards = read_text("2 1 e 1.2.3.4 1.2.3.4 1 2 6 1 1 100 90 ACCEPT OK\n", {}, &report);
  CHECK(backwards["duration"].is_missing(0));
  CHECK(has_note(report, "end before they begin"));
}

TEST_CASE("a block of values is judged as each of them is") {
  using nad::detail::may_leave;
  using nad::detail::ValueRange;
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (const ValueRange& range : {nad::detail::from_zero, nad::detail::port_range, nad::detail::share_range}) {
    const std::vector<std::int64_t> whole = {0, 1, 2, 65535, 65536, -1, largest, smallest, smallest + 1, -65536};
    for (const std::int64_t value : whole) {
      const std::array<std::int64_t, 3> block = {0, value, 1};
      CHECK(may_leave(range, block.data(), block.size()) == !range.holds(value));
    }
    for (const double value :
         {0.0, 5e-324, 0.5, 1.0, 1.0000001, 65535.0, 65535.5, 1.7e308, infinite, -infinite, -1e-9}) {
      const std::array<double, 3> block = {0.0, value, 1.0};
      CHECK(may_leave(range, block.data(), block.size()) == !range.holds(value));
    }
  }
}

TEST_CASE("a malformed first row is malformed, and the format stays") {
  using Options = nad::ReadOptions;
  struct Sample {
    std::string format, head, row, bad, message;
  };
  const std::string unsw =
      ",udp,CON,0.001055,132,164,31,29,0,0,dns,500473.9375,621800.9375,2,2,0,0,0,0,66,82,0,0,0,0,1421927414,1421927415,"
      "0.017,0.013,0,0,0,0,0,0,0,0,3,7,1,3,1,1,1,,0\n";
  std::string bad_flow = flow("1", "1", "1");
  bad_flow.replace(bad_flow.find("192.0.2.1"), 9, "10.0.0.999");
  for (const Sample& sample : {
           Sample{"flow_csv", flow_names, flow("1", "1", "1"), bad_flow, "line 2, column 'src_ip' ('Source IP' in"},
           Sample{"flow_csv", flow_names, flow("1", "1", "1"), "x\n", "line 2: the row has 1 field where 8 belong"},
           Sample{"flow_csv", "", "59.166.0.0,1390,149.171.126.6,53" + unsw, "nowhere,1390,149.171.126.6,53" + unsw,
                  "line 1, column 'src_ip'"},
           Sample{"kdd99", "", kdd("1", "1"), kdd("abc", "1"), "line 1, column 'src_bytes': 'abc' is not of type"},
           Sample{"kdd99", "", kdd("1", "1"), "x,y,z\n", "line 1: the row has 3 fields where 42 belong"},
           Sample{"aws_vpc", "", "2 1 e 1.2.3.4 1.2.3.4 1 2 6 1 1 90 100 ACCEPT OK\n",
                  "2 1 e 1.2.3.4 1.2.3.4 1 2 6 1 1 90 100 ACCEPT\n", "line 1: the row has 13 fields where 14 belong"},
           Sample{"netflow", "ts,te,td,sa,da,sp,dp,pr,ipkt,ibyt\n",
                  "2024-01-01 00:00:00,2024-01-01 00:00:00,1,192.0.2.1,192.0.2.2,1,6,TCP,1,1\n",
                  "2024-01-01 00:00:00,2024-01-01 00:00:00,1,192.0.2,192.0.2.2,1,6,TCP,1,1\n",
                  "line 2, column 'src_ip'"},
           Sample{"argus", "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes\n",
                  "2018/12/18 14:00:00,1,tcp,192.0.2.1,1,->,192.0.2.2,2,3,4\n",
                  "2018/12/18 14:00:00,1,tcp,192.0.2,1,->,192.0.2.2,2,3,4\n", "line 2, column 'src_ip'"},
           Sample{"wireshark_csv", "No.,Time,Source,Destination,Protocol,Length,Info\n",
                  "1,0.5,192.0.2.1,192.0.2.2,UDP,60,5353 > 5353 Len=18\n", "1,soon,192.0.2.1,192.0.2.2,UDP,60,x\n",
                  "line 2, column 'time' ('Time' in the file)"},
       }) {
    CAPTURE(sample.format);
    std::string text = sample.head + sample.bad;
    for (int i = 0; i < 1000; ++i) {
      text += sample.row;
    }
    CHECK(contains(message_of(text), sample.message));
    nad::ReadReport report;
    const nad::Table table = read_text(text, {.on_error = nad::OnError::skip}, &report);
    CHECK(report.format == sample.format);
    CHECK(table.rows() == (sample.format == "wireshark_csv" ? 1 : 1000));
    CHECK(report.skipped_rows() == 1);
  }
  std::string other;  // a line of other names above such rows is still a line of names
  for (int i = 0; i < 42; ++i) {
    other += (i == 0 ? "x" : ",x") + std::to_string(i);
  }
  CHECK(read_text(other + "\n" + kdd("1", "1")).schema().source() == "csv");
  // names that promise no addresses are believed by what stands below them
  const std::string mail = "timestamp,source,destination,duration,protocol,flags\n";
  nad::ReadReport report;
  read_text(mail + "1,alice,bob,2,mail,x\n1,192.0.2.1,carol,2,mail,x\n", {}, &report);
  CHECK(report.format == "csv");
  read_text(mail + "1,alice,192.0.2.1,2,tcp,x\n1,192.0.2.1,192.0.2.2,2,tcp,x\n",
            Options{.on_error = nad::OnError::skip}, &report);
  CHECK(report.format == "flow_csv");
  CHECK(report.rows == 1);
}

TEST_CASE("a NUL byte in a text is told with its line, and a binary file is none") {
  const auto with_nul = [](std::string text, const std::string& at) { return text.replace(text.find(at), 1, 1, '\0'); };
  nad::ReadReport report;
  const std::string table = with_nul("a,b\n1,x\n2,y\n3,z\n4,w\n", "3,z");
  CHECK(contains(message_of(table), "line 4, column 'a': '?' is no text: it holds a NUL byte"));
  CHECK(read_text(table, {.on_error = nad::OnError::skip}, &report)["a"].type() == nad::ColumnType::integer);
  CHECK(report.skipped == Skipped{{"column 'a': no text: it holds a NUL byte", 1}});
  const std::string flows = with_nul(flow_names + flow("1", "1", "1") + flow("2", "1", "1"), "tcp");
  CHECK(contains(message_of(flows), "line 2, column 'protocol': '?cp' is no text: it holds a NUL byte"));
  CHECK(read_text(flows, {.on_error = nad::OnError::skip}).rows() == 1);
  CHECK(contains(message_of(with_nul("a,b\n1,2\n", "b")), "the name of column '?' holds a NUL byte"));
  CHECK(contains(message_of(std::string("\x7f"
                                        "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0",
                                        20)),
                 "not a text file"));
  CHECK(contains(message_of("\1\2\3\4\5\6"), "not a text file"));
}

TEST_CASE("lines that end with carriage returns alone are refused with a way out") {
  CHECK(contains(message_of("a,b\r1,2\r3,4\r"), "carriage returns alone, as old Macs did; turn them into newlines"));
  CHECK(contains(message_of("a,b\r1,2"), "`tr '\\r' '\\n' < old > new`"));
  CHECK(read_text("a,b\r\n1,2\r\n").rows() == 1);
  CHECK(read_text("a,b\r\n").columns() == 2);
  CHECK(read_text("a,b\n1,\"x\ry\"\n")["b"].text(0) == "x\ry");
}

TEST_CASE("JSON: a list is no number") {
  const std::string good = zeek("1", "0.5", "9");
  CHECK(contains(message_of(good + zeek("1", "0.5", "[1]")),
                 "line 2, column 'bytes_sent' ('orig_bytes' in the file): '[1]'"));
  CHECK(contains(message_of(good + zeek("1", "[]", "1")), "column 'duration': '[]' is not of type number"));
  CHECK(read_text(good + zeek("1", "0.5", "null"))["bytes_sent"].is_missing(1));
}
