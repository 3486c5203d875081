#include <doctest/doctest.h>

#include <string>

#include "read_tools.hpp"

using tests::contains;
using tests::counts;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::sum;
using tests::ten_megabytes_of;

namespace {

const std::string names = "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\n";

std::string packet(const std::string& time, const std::string& source, const std::string& target,
                   const std::string& protocol, int length, const std::string& info) {
  return "\"1\",\"" + time + "\",\"" + source + "\",\"" + target + "\",\"" + protocol + "\",\"" +
         std::to_string(length) + "\",\"" + info + "\"\n";
}

const std::string a = "192.0.2.1";
const std::string b = "198.51.100.2";

}  // namespace

TEST_CASE("packets of a list become flows") {
  nad::ReadReport report;
  const nad::Table table = read_text(
      names + packet("0.000000", a, b, "TCP", 74, "51544  >  443 [SYN] Seq=0 Win=64240 Len=0 MSS=1460") +
          packet("0.010000", b, a, "TCP", 70, "443  >  51544 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0") +
          packet("0.011000", a, b, "TCP", 66, "51544 \xe2\x86\x92 443 [ACK] Seq=1 Ack=1") +
          packet("0.020000", a, b, "TCP", 166, "[TCP Retransmission] 51544 -> https(443) [PSH, ACK] Seq=1 Len=100") +
          packet("0.100000", b, a, "TCP", 54, "443 > 51544 [FIN, ACK] Seq=1") +
          packet("0.110000", a, b, "TCP", 54, "51544 > 443 [FIN, ACK] Seq=1") +
          packet("0.120000", b, a, "TCP", 54, "443 > 51544 [ACK] Seq=2") +
          packet("0.200000", a, b, "TCP", 74, "51544 > 443 [SYN] Seq=0") +  // the same ends anew
          packet("0.300000", b, a, "TCP", 54, "443 > 51544 [RST, ACK] Seq=1") +
          packet("1.0", "fe80::1", "ff02::fb", "UDP", 60, "5353 > 5353 Len=18") +
          packet("2.0", "00:11:22:33:44:55", "Broadcast", "ARP", 42, "Who has 192.0.2.1? Tell 192.0.2.2") +
          packet("3.0", a, b, "ICMP", 98, "Echo (ping) request  id=0x0001, seq=1/256, ttl=64") +
          packet("3.5", b, a, "ICMP", 98, "Echo (ping) reply    id=0x0001, seq=1/256, ttl=64"),
      {}, &report);
  CHECK(report.format == "wireshark_csv");
  CHECK(report.rows == 5);
  CHECK(table.rows() == 5);
  CHECK(has_note(report, "13 packets were joined"));
  CHECK(has_note(report, "beginning of the capture"));
  CHECK(table["src_ip"].format(0) == a);
  CHECK(table["src_port"].integers()[0] == 51544);
  CHECK(table["dst_port"].integers()[0] == 443);
  CHECK(table["packets_sent"].integers()[0] == 4);
  CHECK(table["packets_received"].integers()[0] == 3);
  CHECK(table["bytes_sent"].integers()[0] == 360);
  CHECK(table["bytes_received"].integers()[0] == 178);
  CHECK(table["duration"].numbers()[0] == 0.12);
  CHECK(table["flags"].text(0) == "SAPF");
  CHECK(table["timestamp"].times()[1] == 200'000'000);
  CHECK(table["flags"].text(1) == "SAR");
  CHECK(table["protocol"].text(2) == "udp");
  CHECK(table["flags"].is_missing(2));
  CHECK(table["protocol"].text(3) == "arp");
  CHECK(table["src_ip"].is_missing(3));
  CHECK(table["src_mac"].text(3) == "00:11:22:33:44:55");
  CHECK(table["dst_name"].text(3) == "Broadcast");
  CHECK(table["packets_received"].integers()[4] == 1);
  CHECK(table["dst_port"].is_missing(4));
  for (std::size_t row = 0; row < 5; ++row) {
    CHECK(table["degraded"].booleans()[row] == 0);
  }
}

TEST_CASE("ports and flags that are not in the list mark a flow as degraded") {
  const nad::Table table = read_text(
      names + packet("0.0", a, b, "TCP", 74, "51544 > 443 [SYN] Seq=0") +
      packet("0.1", a, b, "TLSv1.2", 583, "Client Hello, \"\"quoted\"\"\nand broken") +
      packet("0.2", b, a, "TLSv1.2", 1000, "Server Hello") + packet("0.3", a, b, "X11", 100, "something new") +
      packet("1.0", a, "dns.example", "DNS", 70, "Standard query 0x1234 A example.com") +
      packet("1.1", "dns.example", a, "DNS", 90, "Standard query response 0x1234 A example.com A 192.0.2.7") +
      packet("2.0", b, "192.0.2.9", "HTTP", 500, "HTTP/1.1 200 OK  (text/html)") +
      packet("3.0", b, "192.0.2.8", "NOVEL", 60, "who > knows") +
      packet("4.0", b, "192.0.2.7", "TCP", 60, "[TCP segment of a reassembled PDU]"));
  CHECK(table.rows() == 5);
  CHECK(table["service"].text(0) == "tls");
  CHECK(table["packets_sent"].integers()[0] == 3);
  CHECK(table["packets_received"].integers()[0] == 1);
  CHECK(table["src_port"].integers()[0] == 51544);
  CHECK(table["protocol"].text(1) == "udp");
  CHECK(table["dst_port"].integers()[1] == 53);
  CHECK(table["src_port"].is_missing(1));
  CHECK(table["dst_name"].text(1) == "dns.example");
  CHECK(table["packets_received"].integers()[1] == 1);
  CHECK(table["src_ip"].format(2) == "192.0.2.9");  // who asked, though only the answer is in the list
  CHECK(table["packets_sent"].integers()[2] == 0);
  CHECK(table["packets_received"].integers()[2] == 1);
  CHECK(table["dst_port"].integers()[2] == 80);
  CHECK(table["protocol"].text(3) == "unknown");
  CHECK(table["service"].text(3) == "novel");
  CHECK(table["dst_port"].is_missing(4));
  for (std::size_t row = 0; row < 5; ++row) {
    CHECK(table["degraded"].booleans()[row] == 1);
  }
}

TEST_CASE("the fields of tshark give whole flows") {
  const std::string fields =
      "frame.time_epoch,ip.src,ip.dst,ipv6.src,ipv6.dst,ip.proto,ipv6.nxt,tcp.srcport,tcp.dstport,udp.srcport,"
      "udp.dstport,tcp.flags,frame.len,_ws.col.Protocol\n";
  const std::string rows =
      "1600000000.5,192.0.2.1,198.51.100.2,,,6,,51544,443,,,0x0002,74,TCP\n"
      "\"1600000000.6\",\"198.51.100.2,10.0.0.1\",\"192.0.2.1,10.0.0.2\",,,\"6,6\",,443,51544,,,0x00000012,70,TCP\n"
      "1600000000.7,192.0.2.1,198.51.100.2,,,6,,51544,443,,,0x0018,583,TLSv1.2\n"
      "1600000001.0,,,2001:db8::1,2001:db8::2,,17,,,4000,53,,90,DNS\n"
      "1600000100.0,,,2001:db8::1,2001:db8::2,,17,,,4000,53,,91,DNS\n";
  const nad::Table table = read_text(fields + rows);
  CHECK(table.rows() == 3);
  CHECK(table["timestamp"].times()[0] == 1600000000'500000000);
  CHECK(table["packets_sent"].integers()[0] == 2);
  CHECK(table["packets_received"].integers()[0] == 1);
  CHECK(table["bytes_sent"].integers()[0] == 657);
  CHECK(table["service"].text(0) == "tls");
  CHECK(table["flags"].text(0) == "SAP");
  CHECK(table["src_ip"].format(1) == "2001:db8::1");
  CHECK(table["dst_port"].integers()[1] == 53);
  CHECK(table["bytes_sent"].integers()[1] == 90);
  CHECK(table["bytes_sent"].integers()[2] == 91);  // more than 60 seconds later
  CHECK(counts(table["degraded"])["false"] == 3);

  const nad::Table tabs = read_text(
      "frame.time\tip.src\tip.dst\ttcp.srcport\ttcp.dstport\ttcp.flags.str\tframe.len\n"
      "May  4, 2021 12:33:59.123456000 UTC\t192.0.2.1\t192.0.2.2\t1\t2\t"
      "\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7S\xc2\xb7\t60\n");
  CHECK(tabs["timestamp"].format(0) == "2021-05-04 12:33:59.123456");
  CHECK(tabs["flags"].text(0) == "S");
}

TEST_CASE("times of all kinds, and what is malformed") {
  const auto first_time = [](const std::string& time) {
    return read_text(names + packet(time, a, b, "UDP", 60, "1 > 2 Len=18"))["timestamp"].format(0);
  };
  CHECK(first_time("2021-05-04 12:33:59.123456") == "2021-05-04 12:33:59.123456");
  CHECK(first_time("1620131639.123") == "2021-05-04 12:33:59.123");
  CHECK(first_time("12:33:59.123456") == "1970-01-01 12:33:59.123456");
  CHECK(first_time("Dec 31, 1999 23:59:59.5 CET") == "1999-12-31 23:59:59.500");
  const std::string good = packet("1.0", a, b, "UDP", 60, "1 > 2 Len=18");
  CHECK(contains(message_of(names + good + packet("", a, b, "UDP", 60, "")), "line 3, column 'time'"));
  CHECK(contains(message_of(names + good + packet("1", a, b, "UDP", -1, "")),
                 "column 'length' ('Length' in the file): '-1'"));
  CHECK(contains(message_of(names + good + "\"1\",\"2\n"), "line 3: a quote is opened"));
  nad::ReadReport report;
  const nad::Table table =
      read_text(names + good + packet("x", a, b, "UDP", 60, "") + "a,b\n" + names + good +
                    packet("1.5", b, a, "UDP", 60, ten_megabytes_of('i')) + packet("1.6", a, b, "UDP", 60, "\xff"),
                {.on_error = nad::OnError::skip}, &report);
  CHECK(table.rows() == 1);
  CHECK(report.rows == 1);
  CHECK(table["packets_sent"].integers()[0] == 2);
  CHECK(table["packets_received"].integers()[0] == 1);
  CHECK(report.skipped == std::map<std::string, std::uint64_t>{{"2 fields where 7 belong", 1},
                                                               {"a repeated line of names", 1},
                                                               {"column 'info': not UTF-8", 1},
                                                               {"column 'time': not of type time", 1}});
}

TEST_CASE("a flow ends after more than a minute of silence") {
  const std::string first = packet("10.0", a, b, "UDP", 60, "5000 > 53 Len=18");
  const auto flows = [&](const std::string& time) {
    return read_text(names + first + packet(time, a, b, "UDP", 60, "5000 > 53 Len=18"));
  };
  CHECK(flows("69.999999").rows() == 1);
  CHECK(flows("70.000000").rows() == 1);
  CHECK(flows("70.000000")["duration"].numbers()[0] == 60.0);
  CHECK(flows("70.000001").rows() == 2);
  CHECK(flows("200.0").rows() == 2);
  // a packet of others is what tells the time, and one in between keeps a flow alive
  const std::string other = packet("70.000001", b, "192.0.2.9", "UDP", 60, "1 > 2 Len=18");
  CHECK(read_text(names + first + other + packet("70.1", a, b, "UDP", 60, "5000 > 53 Len=18")).rows() == 3);
  CHECK(read_text(names + first + packet("40.0", b, a, "UDP", 60, "53 > 5000 Len=18") + other +
                  packet("70.1", a, b, "UDP", 60, "5000 > 53 Len=18"))
            .rows() == 2);
}

TEST_CASE("flows are bounded in number and come in batches [long]") {
  std::string text = names;
  for (int i = 0; i < 70000; ++i) {
    text += packet("1." + std::to_string(100000 + i), "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250),
                   b, "UDP", 60, "7 > 9 Len=18");
  }
  nad::ReadReport report;
  const nad::Table table = read_text(text, {}, &report);
  CHECK(table.rows() == 70000);
  CHECK(sum(table["packets_sent"]) == 70000);
  CHECK(has_note(report, "ended early"));
  std::istringstream stream(text);
  nad::Reader reader(stream, {.batch_rows = 30000});
  CHECK(reader.next()->rows() == 30000);
  CHECK(reader.next()->rows() == 30000);
  CHECK(reader.next()->rows() == 10000);
  CHECK_FALSE(reader.next().has_value());
}
