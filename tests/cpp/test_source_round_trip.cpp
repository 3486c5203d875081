#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "nad/source/flow_names-inl.hpp"
#include "nad/source/kdd99.hpp"
#include "nad/source/write_csv.hpp"
#include "read_tools.hpp"
#include "shared_data.hpp"

using tests::first_difference;
using tests::read_text;

// What write_csv writes, read gives back: names in their order, types, roles and values.

namespace {

std::string written(const nad::Table& table) {
  std::ostringstream text;
  nad::write_csv(table, text);
  return text.str();
}

/// "" where the table comes back as it is.
std::string lost(const nad::Table& table, const std::string& format) {
  nad::ReadReport report;
  const nad::Table again = read_text(written(table), {}, &report);
  std::string names;
  for (std::size_t place = 0; place < table.columns() && place < again.columns(); ++place) {
    if (table.schema()[place].name != again.schema()[place].name) {
      names += table.schema()[place].name + " became " + again.schema()[place].name + "; ";
    }
  }
  if (report.format != format || report.skipped_rows() != 0 || table.columns() != again.columns()) {
    names += "format " + report.format + ", " + std::to_string(again.columns()) + " columns";
  }
  return names + first_difference(table, again);
}

}  // namespace

TEST_CASE("round trip: the public samples") {
  struct Sample {
    const char* file;
    const char* format;
  };
  for (const Sample& sample : {Sample{"kdd99/corrected.gz", "kdd99"},
                               {"nsl_kdd/KDDTest-21.txt.gz", "nsl_kdd"},
                               {"logs/argus_binetflow_mixed_csv.binetflow.gz", "flow_csv"},
                               {"logs/argus_binetflow_mixed_tsv.binetflow.gz", "flow_csv"},
                               {"logs/argus_binetflow_portscan.binetflow.gz", "flow_csv"},
                               {"logs/suricata_eve_ad_exercise.json.gz", "flow_csv"},
                               {"logs/zeek_conn_json_mixed.log.gz", "flow_csv"},
                               {"logs/zeek_conn_json_vertical_scan.log.gz", "flow_csv"},
                               {"logs/zeek_conn_tsv_horizontal_scan.log.gz", "flow_csv"},
                               {"logs/zeek_conn_tsv_mixed.log.gz", "flow_csv"},
                               {"logs/zeek_conn_tsv_one_hour.log.gz", "flow_csv"}}) {
    if (const auto path = shared_data(sample.file)) {
      CAPTURE(sample.file);
      const nad::Table table = nad::read(*path);
      CHECK(lost(table.head(20'000), sample.format) == "");
    }
  }
}

TEST_CASE("round trip: logs of which no public sample is here") {
  const std::string kdd_rest =
      "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,7,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,"
      "0.11,0.00,0.00,0.00,0.00,0.00";
  CHECK(lost(read_text(kdd_rest + "\n"), "kdd99") == "");
  CHECK(lost(read_text(kdd_rest + ",normal.\n" + kdd_rest + ",new_kind.\n"), "kdd99") == "");
  CHECK(lost(read_text(kdd_rest + ",neptune,21\n"), "nsl_kdd") == "");
  // the tables of contests have other names for the label
  std::string names;
  for (const std::string_view name : nad::kdd99_columns()) {
    names += std::string(name) + ",";
  }
  CHECK(read_text(names + "class,level\n" + kdd_rest + ",neptune,21\n")["attack_family"].text(0) == "dos");

  CHECK(lost(read_text("No.,Time,Source,Destination,Protocol,Length,Info\n"
                       "1,0.5,192.0.2.1,192.0.2.2,UDP,60,5353 > 5353 Len=18\n"
                       "2,1.0,00:11:22:33:44:55,Broadcast,ARP,42,Who has 192.0.2.1?\n"),
             "flow_csv") == "");
  CHECK(lost(read_text("ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt,in,out,sas,nh\n"
                       "2024-01-01 00:00:00,2024-01-01 00:00:01.5,1.5,192.0.2.1,192.0.2.2,1,2,TCP,......,3,4,5,6,7,"
                       "192.0.2.9\n"),
             "flow_csv") == "");
  CHECK(lost(read_text("2 123456789 eni-1 1.2.3.4 5.6.7.8 1 2 6 10 1000 100 190 ACCEPT OK\n"
                       "2 123456789 eni-1 1.2.3.4 5.6.7.8 - - 6 10 1000 100 190 REJECT OK\n"),
             "flow_csv") == "");
  const std::string netflow =
      R"(,"event_type":"netflow","dest_port":2,"proto":"TCP","vlan":[10,20],"netflow":{"pkts":5,"bytes":500,)"
      R"("start":"2024-05-01T11:59:58.000000+0200","end":"2024-05-01T11:59:59.500000+0200","age":1,"min_ttl":64}})";
  CHECK(
      lost(read_text(R"({"timestamp":"2024-05-01T12:00:00Z","src_ip":"192.0.2.1","dest_ip":"192.0.2.2","flow_id":17)" +
                     netflow + "\n"),
           "flow_csv") == "");
  CHECK(
      lost(read_text("#separator \\x09\n#unset_field\t-\n"
                     "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state\torig_ip_bytes\t"
                     "local_orig\tvlan\tproxied\tvia\tsince\trank\n"
                     "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tcount\tbool\tint\tbool\taddr\ttime\t"
                     "interval\n"
                     "1600000000.25\tC1\t192.0.2.1\t1\t192.0.2.2\t2\ttcp\tSF\t9\tT\t7\tF\t::1\t1600000000.5\t2.0\n"),
           "flow_csv") == "");
  CHECK(lost(read_text("Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow "
                       "Duration, Total Fwd Packets, Total Backward Packets,Flow Bytes/s, Fwd Header Length, Label\n"
                       "a-b,192.0.2.1,443,192.0.2.2,54865,6,7/7/2017 3:30,3,2,0,Infinity,40,BENIGN\n"
                       "a-c,192.0.2.1,443,192.0.2.2,54865,6,13/7/2017 3:30,3,2,0,1.5,40, DDoS\n"),
             "flow_csv") == "");
  CHECK(lost(read_text("59.166.0.0,1390,149.171.126.6,53,udp,CON,0.001055,132,164,31,29,0,0,dns,500473.9375,"
                       "621800.9375,2,2,0,0,0,0,66,82,0,0,0,0,1421927414,1421927415,0.017,0.013,0,0,0,0,0,,,0,3,7,1,3,"
                       "1,1,1, Fuzzers ,1\n"),
             "flow_csv") == "");
}

TEST_CASE("round trip: other tables") {
  CHECK(lost(read_text("when,größe,where,flag,name,n,gap\n"
                       "07.04.2017 22:24,1.5,192.0.2.1,yes,\"a, \"\"b\"\"\",-3,\n"
                       "08.04.2017,-1e300,::1,no,\"two\nlines\",9223372036854775807,\n"),
             "csv") == "");
  // what the header says that cannot come back
  const nad::Table texts = read_text("a,b\nx,1.0\n\"\",2.0\n", {.missing = std::vector<std::string>{"?"}});
  const nad::Table again = read_text(written(texts));
  CHECK(texts["a"].text(1).empty());
  CHECK(again["a"].is_missing(1));
  CHECK(texts["b"].type() == nad::ColumnType::number);
  CHECK(again["b"].type() == nad::ColumnType::integer);
}

TEST_CASE("every flow column is known by its own name") {
  for (const nad::detail::FlowColumn& column : nad::detail::flow_columns) {
    const auto& names = nad::detail::flow_names;
    CAPTURE(column.name);
    CHECK(std::any_of(names.begin(), names.end(), [&](const nad::detail::NamedColumn& known) {
      return known.plain == nad::detail::plain_name(column.name) && known.name == column.name;
    }));
  }
}
