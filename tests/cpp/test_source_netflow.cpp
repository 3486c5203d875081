#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "read_tools.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;

// NetFlow as nfdump writes it, and flow logs of Amazon VPCs: flows counted in one direction.

namespace {

const std::string short_names =
    "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,svln,dvln,ismc,"
    "odmc,idmc,osmc,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6,mpls7,mpls8,mpls9,mpls10,cl,sl,al,ra,eng,exid,tr\n";
const std::string zeros =
    ",0,0,10,1200,4,300,3,4,64512,0,24,16,0,0,0.0.0.0,0.0.0.0,0,0,00:00:00:00:00:00,00:00:00:00:00:00,"
    "00:00:00:00:00:00,00:00:00:00:00:00,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,    0.000,    "
    "0.000,    0.000,192.0.2.254,0/0,1,2024-09-01 10:00:06.500\n";
const std::string tcp =
    "2024-09-01 10:00:00,2024-09-01 10:00:05,5.250,192.0.2.1,2001:db8::2,51514,443,TCP,...AP.SF" + zeros;
const std::string icmp =
    "2024-09-01 10:00:01,2024-09-01 10:00:01,0.000,192.0.2.1,192.0.2.2,0,3.13,ICMP,........" + zeros;
const std::string summary = "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n2,2400,20,0,0,0\n";

}  // namespace

TEST_CASE("nfdump's csv with short names, with and without its summary") {
  const std::string rows = short_names + tcp + icmp;
  for (const bool summed : {false, true}) {
    nad::ReadReport report;
    const nad::Table table = read_text(summed ? rows + summary : rows, {}, &report);
    CHECK(report.format == "netflow");
    CHECK(table.rows() == 2);
    CHECK(report.skipped.empty());
    CHECK(table["timestamp"].format(0) == "2024-09-01 10:00:00");
    CHECK(table["duration"].numbers()[0] == 5.25);
    CHECK(table["dst_ip"].format(0) == "2001:db8::2");
    CHECK(table["dst_port"].integers()[0] == 443);
    CHECK(table["dst_port"].integers()[1] == 3 * 256 + 13);  // type 3, code 13
    CHECK(table["protocol"].text(1) == "icmp");
    CHECK(table["flags"].text(0) == "...AP.SF");
    CHECK(table["packets_sent"].integers()[0] == 10);
    CHECK(table["bytes_received"].integers()[0] == 300);
    CHECK(table["tr"].format(0) == "2024-09-01 10:00:06.500");
    CHECK(table.schema()[table.schema().place("bytes_sent")].origin == "ibyt");
    CHECK(has_note(report, "Summary") == summed);
  }
  CHECK(read_text(short_names + summary).rows() == 0);
}

TEST_CASE("nfdump's csv with long names") {
  const std::string text =
      "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
      "2025-01-05 12:33:59.123,5.023,17,192.0.2.1,5353,224.0.0.251,5353,3,1800000,1\n";
  const nad::Table table = read_text(text);
  CHECK(table.schema().source() == "netflow");
  CHECK(table["timestamp"].format(0) == "2025-01-05 12:33:59.123");
  CHECK(table["protocol"].text(0) == "udp");
  CHECK(table["bytes_sent"].integers()[0] == 1800000);
  CHECK(table["flows"].numbers()[0] == 1);
  const nad::Table ends = read_text(
      "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes\n"
      "1,2,2025-01-05 12:33:59.5,2025-01-05 12:34:01,6,192.0.2.1,1,192.0.2.2,2,3,4\n");
  CHECK(ends["duration"].numbers()[0] == 1.5);

  std::string rounded = text;
  rounded.replace(rounded.find("1800000"), 7, "1.8 M");
  CHECK(contains(message_of(rounded),
                 "line 2, column 'bytes_sent' ('bytes' in the file): '1.8 M' is not of type integer"));
  CHECK(contains(message_of("Date first seen          Event  XEvent Proto      Src IP Addr:Port\n"
                            "2024-09-01 10:00:00.000 INVALID  Ignore TCP 192.0.2.1:1 -> 192.0.2.2:2 1.2 M\n"),
                 "nfdump -o csv"));
  CHECK(contains(message_of(short_names + tcp + "2024-09-01 10:00:00,x\n"), "line 3: the row has 2 fields where 48"));
}

TEST_CASE("flow logs of VPCs with a line of names, without, and with CloudWatch's time") {
  const std::string ok =
      "2 123456789010 eni-1 172.31.16.139 2001:db8::21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";
  const std::string none = "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA\n";
  const std::string lost = "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - SKIPDATA\n";
  const std::string names =
      "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
      "log-status\n";
  const std::string time = "2015-05-10T18:01:16.000Z ";
  const std::vector<std::string> forms = {ok + none + ok + lost + none, names + ok + none + ok + lost + names + none,
                                          none + ok + lost + ok + none,
                                          time + none + time + ok + time + lost + time + ok + time + none};
  for (const std::string& text : forms) {
    nad::ReadReport report;
    const nad::Table table = read_text(text, {}, &report);
    CHECK(report.format == "aws_vpc");
    CHECK(table.rows() == 2);
    CHECK(report.rows == 2);
    CHECK(report.skipped["log-status NODATA"] == 2);
    CHECK(report.skipped["log-status SKIPDATA"] == 1);
    CHECK(report.skipped["a repeated line of names"] == (text.find(names, 1) != std::string::npos ? 1 : 0));
    CHECK(table["timestamp"].times()[0] == 1418530010'000000000);
    CHECK(table["duration"].numbers()[0] == 60.0);
    CHECK(table["dst_ip"].format(0) == "2001:db8::21");
    CHECK(table["protocol"].text(1) == "tcp");
    CHECK(table["state"].text(0) == "ACCEPT");
    CHECK(table["bytes_sent"].integers()[1] == 4249);
  }
  const nad::Table custom = read_text(
      "version vpc-id srcaddr dstaddr pkt-srcaddr tcp-flags type flow-direction interface-id protocol start end\n"
      "3 vpc-1 10.0.0.62 52.213.180.42 10.0.0.63 19 IPv4 egress eni-9 17 1566848875 1566848933\n");
  CHECK(custom["flags"].text(0) == "19");
  CHECK(custom["pkt-srcaddr"].format(0) == "10.0.0.63");
  CHECK(custom["protocol"].text(0) == "udp");
  CHECK(custom["flow-direction"].text(0) == "egress");
  CHECK(contains(message_of(ok + ok.substr(0, 50) + "\n"), "line 2: the row has"));
  CHECK(contains(message_of(ok + "2 1 e 1.2.3.4 1.2.3.4 x 22 6 1 1 1 1 ACCEPT OK\n"),
                 "column 'src_port' ('srcport' in the file): 'x'"));
  // a batch of nothing but NODATA is no batch
  std::istringstream stream(none + none + none + ok);
  nad::Reader reader(stream, {.batch_rows = 1});
  CHECK(reader.next()->rows() == 1);
  CHECK_FALSE(reader.next().has_value());
}
