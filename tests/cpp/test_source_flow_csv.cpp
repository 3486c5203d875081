#include <doctest/doctest.h>

#include <string>

#include "read_tools.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::ten_megabytes_of;

namespace {

const std::string header =
    "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,packet_size,duration,flags,bytes_sent,bytes_received,"
    "packets_sent,packets_received,is_anomaly\n";
const std::string row = "2021-05-04 10:00:00.5,192.0.2.1,192.0.2.2,4000,443,TCP,512.5,1.5,SA,100,200,3,4,0\n";

}  // namespace

TEST_CASE("a table of flows in any order, case and spelling") {
  nad::ReadReport report;
  const nad::Table table =
      read_text(header + row + "1620122400500,2001:db8::1,192.0.2.2,4000.0,443,17,60,0,,100,,3,4,1\n", {}, &report);
  CHECK(report.format == "flow_csv");
  CHECK(table.rows() == 2);
  CHECK(table.columns() == 14);
  CHECK(table["timestamp"].times()[0] == table["timestamp"].times()[1]);  // milliseconds
  CHECK(table["src_port"].integers()[1] == 4000);
  CHECK(table["protocol"].text(0) == "tcp");
  CHECK(table["protocol"].text(1) == "udp");
  CHECK(table["packet_size"].numbers()[0] == 512.5);
  CHECK(table["bytes_received"].is_missing(1));
  CHECK(table["flags"].is_missing(1));
  CHECK(table["is_anomaly"].booleans()[1] == 1);
  CHECK(table.schema()[table.schema().place("is_anomaly")].role == nad::Role::label);

  const nad::Table other = read_text(
      "# Bytes Received;\"Is Anomaly\";SOURCE_IP; Dst-IP ;Src Port;DestinationPort;Proto;Duration (ms);TCP "
      "Flags;sent_bytes;Packets Sent;time;bytes\n"
      "200;true;192.0.2.1;192.0.2.2;4000;443;tcp;1500;SA;100;3;04/05/2021 10:00:00.5;300\n");
  for (const std::string name : {"timestamp", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "duration",
                                 "flags", "bytes_sent", "bytes_received", "packets_sent"}) {
    CAPTURE(name);
    CHECK(other[name].format(0) == table[name].format(0));
  }
  CHECK(other["is_anomaly"].booleans()[0] == 1);
  CHECK(other["bytes"].numbers()[0] == 300);  // of both directions?
  CHECK(other.schema()[other.schema().place("duration")].origin == "Duration (ms)");
}

TEST_CASE("CICFlowMeter: blanks before names, a name twice, undefined rates, microseconds, names again") {
  const std::string names =
      "Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration, Total "
      "Fwd "
      "Packets, Total Backward Packets,Total Length of Fwd Packets, Total Length of Bwd Packets,Flow Bytes/s, Flow "
      "Packets/s, Fwd Header Length, Fwd Header Length, Label\n";
  const std::string rows =
      "a-b-1-2-6,192.0.2.1,443,192.0.2.2,54865,6,7/7/2017 3:30,3,2,0,12,0,Infinity,NaN,40,41,BENIGN\n"
      "a-b-1-2-6,192.0.2.1,443,192.0.2.2,54865,17,13/07/2017 03:30:01 PM,1500000,2,1,12.0,6,4000000,666666.6,40,42, "
      "DDoS\n";
  nad::ReadReport report;
  const nad::Table table = read_text(names + rows + names + rows, {}, &report);
  CHECK(report.format == "flow_csv");
  CHECK(table.rows() == 4);
  CHECK(report.skipped == std::map<std::string, std::uint64_t>{{"a repeated line of names", 1}});
  CHECK(table["timestamp"].format(0) == "2017-07-07 03:30:00");
  CHECK(table["timestamp"].format(1) == "2017-07-13 15:30:01");
  CHECK(table["duration"].numbers()[0] == 3e-6);
  CHECK(table["duration"].numbers()[1] == 1.5);
  CHECK(table["bytes_sent"].integers()[1] == 12);
  CHECK(table["packets_received"].integers()[1] == 1);
  CHECK(table["Flow Bytes/s"].is_missing(0));
  CHECK(table["Flow Bytes/s"].numbers()[1] == 4e6);
  CHECK(table["Flow Packets/s"].is_missing(0));
  CHECK(has_note(report, "'Flow Bytes/s'"));
  CHECK(table["Fwd Header Length"].numbers()[1] == 40);
  CHECK(table["Fwd Header Length.1"].numbers()[1] == 42);
  CHECK(table["label"].text(1) == "DDoS");
  CHECK(table["flow_id"].text(0) == "a-b-1-2-6");

  // the published tables of 2017 for machine learning have no addresses; those of 2018 short names
  const nad::Table bare = read_text(
      " Destination Port, Flow Duration, Total Fwd Packets, Total Backward Packets, Label\n54865,3000000,2,0,BENIGN\n");
  CHECK(bare.schema().source() == "flow_csv");
  CHECK(bare["duration"].numbers()[0] == 3.0);
  const nad::Table later = read_text(
      "Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,TotLen Fwd Pkts,TotLen Bwd Pkts,Flow "
      "Byts/s,Label\n0,0,14/02/2018 08:31:01,112641719,3,0,0,7,0.5,Benign\n");
  CHECK(later["packets_sent"].integers()[0] == 3);
  CHECK(later["bytes_received"].integers()[0] == 7);
  CHECK(later["timestamp"].format(0) == "2018-02-14 08:31:01");
}

TEST_CASE("UNSW-NB15 with and without a line of names") {
  const std::string first =
      "59.166.0.0,1390,149.171.126.6,53,udp,CON,0.001055,132,164,31,29,0,0,dns,500473.9375,621800.9375,2,2,0,0,0,0,66,"
      "82,0,0,0,0,1421927414,1421927415,0.017,0.013,0,0,0,0,0,0,0,0,3,7,1,3,1,1,1,,0\n";
  const std::string second =
      "59.166.0.0,0x000b,149.171.126.6,-,tcp,CON,0.5,132,164,31,29,0,0,-,500473.9375,621800.9375,2,2,0,0,0,0,66,82,0,0,"
      "0,0,1421927414,1421927414,0.017,0.013,0,0,0,0,0, , ,0,3,7,1,3,1,1,1, Fuzzers ,1\n";
  const nad::Table raw = read_text(first + second);
  CHECK(raw.rows() == 2);
  CHECK(raw.columns() == 49);
  CHECK(raw["timestamp"].times()[0] == 1421927414'000000000);
  CHECK(raw["src_port"].integers()[1] == 11);
  CHECK(raw["dst_port"].is_missing(1));
  CHECK(raw["service"].text(0) == "dns");
  CHECK(raw["service"].is_missing(1));
  CHECK(raw["bytes_received"].integers()[0] == 164);
  CHECK(raw["is_ftp_login"].is_missing(1));
  CHECK(raw["attack_cat"].text(1) == "Fuzzers");
  CHECK(raw["label"].text(1) == "1");
  CHECK(raw.schema()[raw.schema().place("attack_cat")].role == nad::Role::label);

  const nad::Table named = read_text(
      "\xef\xbb\xbfid,dur,proto,service,state,spkts,dpkts,sbytes,dbytes,rate,attack_cat,label\n"
      "1,0.121478,tcp,-,FIN,6,4,258,172,74.08749,Normal,0\n");
  CHECK(named.schema().source() == "flow_csv");
  CHECK(named["packets_sent"].integers()[0] == 6);
  CHECK(named["duration"].numbers()[0] == 0.121478);
  CHECK(named["rate"].numbers()[0] == 74.08749);
}

TEST_CASE("times in several formats") {
  const auto time_of = [](const std::string& time, const std::string& another) {
    const std::string rest = row.substr(row.find(','));
    return read_text(header + time + rest + another + rest)["timestamp"].format(0);
  };
  CHECK(time_of("1620122400", "0") == "2021-05-04 10:00:00");
  CHECK(time_of("1620122400.25", "0") == "2021-05-04 10:00:00.250");
  CHECK(time_of("1620122400250", "0") == "2021-05-04 10:00:00.250");
  CHECK(time_of("1620122400250001", "0") == "2021-05-04 10:00:00.250001");
  CHECK(time_of("1620122400250001002", "0") == "2021-05-04 10:00:00.250001002");
  CHECK(time_of("2021-05-04T12:00:00+02:00", "0") == "2021-05-04 10:00:00");
  CHECK(time_of("04/05/2021 10:00", "31/05/2021 10:00") == "2021-05-04 10:00:00");
  CHECK(time_of("05/04/2021 10:00", "05/31/2021 10:00") == "2021-05-04 10:00:00");  // month first, as the other shows
  CHECK(time_of("4/5/2021 12:00:30 AM", "0") == "2021-05-04 00:00:30");
  for (const std::string bad : {"31/31/2021 10:00", "4/5/2021 13:00 PM", "4/5/2021", "yesterday", "12:00"}) {
    CHECK(contains(message_of(header + bad + row.substr(row.find(','))), "column 'timestamp'"));
  }
}

TEST_CASE("what is not whole, wrong or no table of flows") {
  CHECK(contains(message_of(header + row + "1,2\n"), "line 3: the row has 2 fields where 14 belong"));
  std::string half = header + row;
  half.replace(half.find(",443,"), 5, ",443.5,");
  CHECK(contains(message_of(half), "column 'dst_port': '443.5' is not of type integer"));
  std::string flag = header + row + row;
  flag.replace(flag.rfind(",0\n"), 3, ",maybe\n");
  CHECK(contains(message_of(flag), "line 3, column 'is_anomaly': 'maybe' is not of type boolean"));
  nad::ReadReport report;
  const std::string nothing = header + row + row.substr(0, 30) + "\n" + ten_megabytes_of('x') + "\n" + row +
                              "2021,192.0.2.1,192.0.2.2,1,2,t\xff,1,1,1,1,1,1,1,1\n" + row.substr(0, 40);
  CHECK(read_text(nothing, {.on_error = nad::OnError::skip}, &report).rows() == 2);
  CHECK(report.skipped_rows() == 4);
  CHECK(report.skipped["column 'protocol': not UTF-8"] == 1);

  // other tables, and flows between names, are left to others
  for (const std::string text :
       {"a,b,c\n1,2,3\n", "time,source,value,label\n1,x,3,y\n", "src,dst,weight\n1,2,3\n",
        "timestamp,src,dst,duration,protocol,flags\n1,alice,bob,2,mail,x\n", "duration,protocol,label\n1,tcp,x\n"}) {
    CHECK_THROWS_AS(read_text(text, {.format = "flow_csv"}), nad::Error);
  }
}
