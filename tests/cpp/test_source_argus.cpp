#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "read_tools.hpp"
#include "shared_data.hpp"

using tests::contains;
using tests::counts;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::sum;

namespace {

const std::string header =
    "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n";
const std::string rows =
    "2018/12/18 14:00:00.075359,0.5,tcp,192.0.2.1,52691,   ->,198.51.100.2,445,S_RA,0,,5,700,300,2,flow=Background\n"
    "2018/12/18 14:00:01,0,icmp,192.0.2.1,0x0303,  <->,198.51.100.2,0x0ecc,URP,0,0,1,70,70,1,\n"
    "1970/01/01 01:00:00.000000,0.000000,llc,00:11:22:33:44:55,0,   ->,01:80:c2:00:00:00,0,INT,,,1,60,60,1,x\n"
    "2018/05/10 10:52:47.283479,0.045010,man,0,0,,0,0,STA,,,0,0,0,0,\n"
    "1970/01/01 01:00:08.156845,3554.2,arp,10.0.2.15,,  who,10.0.2.2,,CON,,,22,924,462,11,flow=Background-ARP\n";

std::string with_tabs(std::string text) {
  for (char& c : text) {
    c = c == ',' ? '\t' : c;
  }
  return text;
}

}  // namespace

TEST_CASE("Argus flows, with commas and with tabs") {
  const std::string usual = header + rows;
  const std::vector<std::string> forms = {usual, with_tabs(usual), "#" + usual};
  for (const std::string& text : forms) {
    nad::ReadReport report;
    const nad::Table table = read_text(text, {}, &report);
    CHECK(report.format == "argus");
    CHECK(table.rows() == 5);
    CHECK(report.skipped.empty());
    CHECK(table["timestamp"].format(0) == "2018-12-18 14:00:00.075359");
    CHECK(table["duration"].numbers()[0] == 0.5);
    CHECK(table["src_port"].integers()[1] == 0x303);
    CHECK(table["dst_port"].integers()[1] == 0xecc);
    CHECK(table["dst_port"].is_missing(4));
    CHECK(table["bytes_sent"].integers()[0] == 300);
    CHECK(table["bytes_received"].integers()[0] == 400);
    CHECK(table["packets_received"].integers()[0] == 3);
    CHECK(table["Dir"].text(1) == "<->");
    CHECK(table["Dir"].text(4) == "who");
    CHECK(table["Dir"].is_missing(3));
    CHECK(table["src_ip"].is_missing(2));
    CHECK(table["src_mac"].text(2) == "00:11:22:33:44:55");
    CHECK(table["dst_mac"].text(2) == "01:80:c2:00:00:00");
    CHECK(table["src_ip"].is_missing(3));
    CHECK(table["src_mac"].is_missing(3));
    CHECK(table["src_ip"].format(4) == "10.0.2.15");
    CHECK(table["protocol"].text(4) == "arp");
    CHECK(table["state"].text(0) == "S_RA");
    CHECK(table["dTos"].is_missing(0));
    CHECK(table["label"].text(4) == "flow=Background-ARP");
    CHECK(table["label"].is_missing(1));
    CHECK(table.schema()[table.schema().place("label")].role == nad::Role::label);
    CHECK(table.schema()[table.schema().place("src_ip")].origin == "SrcAddr");
    CHECK(has_note(report, "UTC"));
  }
}

TEST_CASE("Argus flows without SrcPkts and Label, in another order, joined and malformed") {
  const std::string short_header = "StartTime,Flgs,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotPkts,TotBytes,State\n";
  const std::string row = "1525942367.25, e        ,udp,192.0.2.1,53,   ->,192.0.2.2,1024,2,200,CON\n";
  nad::ReadReport report;
  const nad::Table table = read_text(short_header + row + short_header + row, {}, &report);
  CHECK(table.rows() == 2);
  CHECK(report.skipped["a repeated line of names"] == 1);
  CHECK(table["timestamp"].format(0) == "2018-05-10 08:52:47.250");
  CHECK(table["Flgs"].text(0) == "e");
  CHECK(table["TotBytes"].integers()[1] == 200);
  CHECK_FALSE(table.has("packets_sent"));
  CHECK_FALSE(table.has("label"));
  CHECK(contains(message_of(short_header + row + "1,2\n"), "line 3: the row has 2 fields where 11 belong"));
  std::string named = short_header + row;
  named.replace(named.find("192.0.2.2"), 9, "some.host");
  CHECK(contains(message_of(named),
                 "line 2, column 'dst_ip' ('DstAddr' in the file): 'some.host' is not of type address"));
}

TEST_CASE("Argus: what came back is the rest, and no rest where a part is more than the whole") {
  const auto row = [](const std::string& packets, const std::string& bytes, const std::string& sent_bytes,
                      const std::string& sent_packets) {
    return "2018/12/18 14:00:01,0,tcp,192.0.2.1,1,<->,198.51.100.2,2,URP,0,0," + packets + "," + bytes + "," +
           sent_bytes + "," + sent_packets + ",\n";
  };
  const nad::Table table = read_text(header + row("5", "700", "700", "5") + row("5", "700", "701", "6") +
                                     row("5", "700", "0", "0") + row("", "", "3", "1") + row("5", "700", "", ""));
  CHECK(table["bytes_received"].integers()[0] == 0);
  CHECK(table["packets_received"].integers()[0] == 0);
  CHECK(table["bytes_received"].is_missing(1));
  CHECK(table["packets_received"].is_missing(1));
  CHECK(table["bytes_sent"].integers()[1] == 701);
  CHECK(table["bytes_received"].integers()[2] == 700);
  CHECK(table["packets_received"].integers()[2] == 5);
  for (const std::size_t row_without : {3U, 4U}) {
    CHECK(table["bytes_received"].is_missing(row_without));
    CHECK(table["packets_received"].is_missing(row_without));
  }
}

TEST_CASE("samples: every record is there, and sums agree with another reader's") {
  struct Sample {
    const char* file;
    std::size_t rows;
    std::int64_t sent, received, packets_received, ports;
    std::size_t one_way, unlabelled;
  };
  for (const Sample& sample : {
           Sample{"argus_binetflow_mixed_csv", 89, 22438, 17341, 74, 189055, 78, 89},
           Sample{"argus_binetflow_mixed_tsv", 300, 2670884, 155233, 712, 43280, 96, 1},
           Sample{"argus_binetflow_portscan", 66, 44364, 137540, 320, 1362622, 66, 66},
       }) {
    const auto path = shared_data("logs/" + std::string(sample.file) + ".binetflow.gz");
    if (!path) {
      continue;
    }
    CAPTURE(sample.file);
    nad::ReadReport report;
    const nad::Table table = nad::read(*path, {}, &report);
    CHECK(table.rows() == sample.rows);
    CHECK(report.skipped.empty());
    CHECK(sum(table["bytes_sent"]) == sample.sent);
    CHECK(sum(table["bytes_received"]) == sample.received);
    CHECK(sum(table["packets_received"]) == sample.packets_received);
    CHECK(sum(table["dst_port"]) == sample.ports);
    CHECK(counts(table["Dir"])["->"] == sample.one_way);
    CHECK(table["label"].missing_count() == sample.unlabelled);
  }
}
