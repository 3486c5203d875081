#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "nad/table/time.hpp"
#include "read_tools.hpp"
#include "shared_data.hpp"

using tests::contains;
using tests::counts;
using tests::first_difference;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::sum;
using tests::ten_megabytes_of;

namespace {

const std::string opening =
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n";
const std::string fields =
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\t"
    "conn_state\tlocal_orig\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\t"
    "tunnel_parents\n";
const std::string types =
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tcount\tstring\t"
    "count\tcount\tcount\tcount\tset[string]\n";
const std::string header = opening + fields + types;
const std::string web =
    "1600000000.25\tC1\t192.0.2.1\t40000\t198.51.100.2\t443\ttcp\tssl,http\t1."
    "5\t100\t2000\tSF\tT\t0\tShADadFf\t6\t412\t"
    "8\t2416\t(empty)\n";
const std::string lone_syn =
    "1600000001.000001\tC2\t2001:db8::1\t40001\tfe80::2%eth0\t22\ttcp\t-\t-\t-\t-\tS0\tF\t0\tS\t1\t60\t0\t0\tC9,C8\n";

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// The lines of a conn.log as the JSON that Zeek would have written, flat or with an inner object, times as ISO text on
/// request.
std::string as_json(const std::string& tsv, bool nested, bool iso) {
  std::vector<std::string> names;
  std::vector<std::string> kinds;
  std::string json;
  for (const std::string& line : split(tsv, '\n')) {
    const std::vector<std::string> parts = split(line, '\t');
    if (parts[0] == "#fields") {
      names.assign(parts.begin() + 1, parts.end());
    } else if (parts[0] == "#types") {
      kinds.assign(parts.begin() + 1, parts.end());
    }
    if (line.empty() || line.find('#') < 2) {
      continue;
    }
    std::string flat;
    std::string id;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string& value = parts[i];
      if (value == "-") {
        continue;  // unset is absent
      }
      const bool bare = kinds[i] == "count" || kinds[i] == "port" || kinds[i] == "interval" || kinds[i] == "time";
      std::string written = kinds[i] == "bool" ? (value == "T" ? "true" : "false") : bare ? value : '"' + value + '"';
      if (kinds[i] == "time" && iso) {
        written = '"' + nad::format_time(nad::parse_epoch_seconds(value).value()) + "Z\"";
        written[11] = 'T';
      }
      if (kinds[i].starts_with("set")) {
        written = value == "(empty)" ? "[]" : "[\"" + value + "\"]";
      }
      const bool inner = nested && names[i].starts_with("id.");
      std::string& out = inner ? id : flat;
      out += (out.empty() ? "\"" : ",\"") + (inner ? names[i].substr(3) : names[i]) + "\":" + written;
    }
    json += "{" + flat + (id.empty() ? "" : ", \"id\" : { " + id + " }") + "}\n";
  }
  return json;
}

}  // namespace

TEST_CASE("conn.log lines become flow columns") {
  nad::ReadReport report;
  const nad::Table table = read_text(header + web + lone_syn + "#close\t2024-04-21-08-00-00\n", {}, &report);
  CHECK(report.format == "zeek_conn");
  CHECK(table.rows() == 2);
  CHECK(report.skipped.empty());
  CHECK(table["timestamp"].times()[0] == 1600000000'250000000);
  CHECK(table["uid"].text(1) == "C2");
  CHECK(table["src_ip"].format(1) == "2001:db8::1");
  CHECK(table["dst_ip"].format(1) == "fe80::2");
  CHECK(table["dst_port"].integers()[0] == 443);
  CHECK(table["service"].text(0) == "ssl,http");
  CHECK(table["service"].is_missing(1));
  CHECK(table["duration"].numbers()[0] == 1.5);
  CHECK(table["duration"].is_missing(1));
  CHECK(table["bytes_received"].integers()[0] == 2000);
  CHECK(table["bytes_received"].is_missing(1));
  CHECK(table["ip_bytes_sent"].integers()[1] == 60);
  CHECK(table["state"].text(1) == "S0");
  CHECK(table["history"].text(0) == "ShADadFf");
  CHECK(table["local_orig"].booleans()[0] == 1);
  CHECK(table["local_orig"].booleans()[1] == 0);
  CHECK(table["tunnel_parents"].is_missing(0));
  CHECK(table["tunnel_parents"].text(1) == "C9,C8");
  const nad::Schema& schema = table.schema();
  CHECK(schema[schema.place("bytes_sent")].origin == "orig_bytes");
  CHECK(schema[schema.place("timestamp")].role == nad::Role::moment);
  CHECK(schema[schema.place("src_port")].role == nad::Role::identifier);
  CHECK(schema[schema.place("dst_port")].role == nad::Role::feature);
  CHECK(schema.source() == "zeek_conn");
}

TEST_CASE("headers of all kinds bind the fields") {
  const std::string rows = header + web + lone_syn;
  const nad::Table usual = read_text(rows);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = rows;
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
    return text;
  };
  CHECK(first_difference(usual, read_text("\t" + rows)) == "");
  CHECK(first_difference(usual, read_text("\xef\xbb\xbf" + rows)) == "");
  CHECK(first_difference(usual, read_text(replaced("\n", "\r\n"))) == "");
  CHECK(first_difference(usual, read_text(replaced("id.", "id_"))) == "");
  CHECK(first_difference(usual, read_text(fields + web + lone_syn)) == "");            // "#fields" alone
  CHECK(first_difference(usual, read_text(fields.substr(8) + web + lone_syn)) == "");  // names without '#'
  CHECK(first_difference(usual, read_text(rows + header + "#close\tx\n" + header).slice(0, 2)) == "");
  std::string bars = replaced("\t", "|");
  bars.replace(bars.find("\\x09"), 4, "\\x7c");
  CHECK(first_difference(usual, read_text(bars)) == "");
  CHECK(first_difference(usual, read_text(replaced("\t-", "\tNULL"))) == "");  // "#unset_field NULL"

  std::string node = replaced("#fields\t", "#fields\t_node_name\t");
  for (const std::string from : {"#types\t", "1600000000.25", "1600000001.000001"}) {
    node.insert(node.find(from) + (from[0] == '#' ? 7 : 0), from[0] == '#' ? "string\t" : "worker-1\t");
  }
  const nad::Table with_node = read_text(node);
  CHECK(first_difference(usual, with_node) == "");
  CHECK(with_node["_node_name"].text(1) == "worker-1");
}

TEST_CASE("labels behind the last field are columns of their own") {
  const std::string labelled = opening + fields.substr(0, fields.size() - 1) + "   label   detailed-label\n" +
                               types.substr(0, types.size() - 1) + "   string   string\n" +
                               web.substr(0, web.size() - 1) + "   Malicious   PartOfAHorizontalPortScan\n" +
                               lone_syn.substr(0, lone_syn.size() - 1) + "   Benign   -\n";
  const nad::Table table = read_text(labelled);
  CHECK(table["label"].text(0) == "Malicious");
  CHECK(table["label"].text(1) == "Benign");
  CHECK(table["detailed-label"].text(0) == "PartOfAHorizontalPortScan");
  CHECK(table["detailed-label"].is_missing(1));
  CHECK(table["tunnel_parents"].is_missing(0));
  CHECK(table["tunnel_parents"].text(1) == "C9,C8");
  CHECK(table.schema()[table.schema().place("label")].role == nad::Role::label);
}

TEST_CASE("joined logs: the same header again is fine, another is an error, other comments are counted") {
  nad::ReadReport report;
  CHECK(read_text(header + web + "#close\tx\n" + header + lone_syn + "#a remark\n", {}, &report).rows() == 2);
  CHECK(report.skipped["a line that begins with '#'"] == 1);
  std::string other = header;
  other.replace(other.find("\tservice"), 8, "\tanother");
  const std::string message = message_of(header + web + "#close\tx\n" + other + lone_syn);
  CHECK(contains(message, "line 15"));
  CHECK(contains(message, "another log begins here"));
  CHECK(contains(message_of(opening + "#fields\tts\tuid\tid.orig_h\tquery\n1.5\tC1\t192.0.2.1\tq\n"), "conn.log"));
  std::string dns = opening;
  dns.replace(dns.find("conn"), 4, "dns");
  CHECK(contains(message_of(dns + "#fields\tts\tuid\tid.orig_h\tquery\n1.5\tC1\t192.0.2.1\tq\n"), "'dns'"));
  CHECK(contains(message_of(opening + web), "#fields"));
  CHECK(read_text(header).rows() == 0);
  CHECK(read_text(header).columns() == 20);
}

TEST_CASE("malformed lines are errors with a place, or counted") {
  const std::string bad = header + web + "1.0\tcut in the mid\n" + lone_syn;
  CHECK(contains(message_of(bad), "line 9: the row has 2 fields where 20 belong"));
  std::string wrong = header + web + lone_syn;
  wrong.replace(wrong.find("198.51.100.2"), 12, "198.51.100.256");
  CHECK(contains(message_of(wrong),
                 "line 8, column 'dst_ip' ('id.resp_h' in the file): '198.51.100.256' is not of type address"));
  std::string encoding = header + web + lone_syn;
  encoding.replace(encoding.find("ShADadFf"), 8, "ShAD\xff");
  CHECK(contains(message_of(encoding), "column 'history': 'ShAD?' is not UTF-8"));

  nad::ReadReport report;
  const std::string all = bad + wrong.substr(wrong.find("1600")) + encoding.substr(encoding.find("1600")) +
                          ten_megabytes_of('x') + "\n" + web.substr(0, 40);
  const nad::Table table = read_text(all, {.on_error = nad::OnError::skip}, &report);
  CHECK(table.rows() == 4);
  CHECK(report.rows == 4);
  CHECK(report.skipped_rows() == 5);
  CHECK(report.skipped["column 'dst_ip': not of type address"] == 1);
  CHECK(report.skipped["1 field where 20 belong"] == 1);
}

TEST_CASE("JSON of the same records gives the same table") {
  const std::string rows = header + web + lone_syn;
  const nad::Table lines = read_text(rows);
  for (const bool nested : {false, true}) {
    for (const bool iso : {false, true}) {
      CHECK(first_difference(lines, read_text(as_json(rows, nested, iso))) == "");
    }
  }
  std::string floats = as_json(rows, false, false);
  floats.replace(floats.find("\"id.resp_p\":443"), 15, "\"id.resp_p\":443.0");
  CHECK(first_difference(lines, read_text(floats)) == "");
  CHECK(contains(message_of(floats.replace(floats.find("443.0"), 5, "443.5")),
                 "column 'dst_port' ('id.resp_p' in the file): '443.5'"));
}

TEST_CASE("JSON texts, keys that nobody knows, and records of other logs") {
  const std::string head = R"({"ts":1.5,"id.orig_h":"192.0.2.1","id.resp_h":"192.0.2.2","conn_state":"SF")";
  nad::ReadReport report;
  const nad::Table table = read_text(
      head + R"(,"proto":"TCP","uid":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","x":{"y":[1, "z"]},"n":-1.5e1,"b":true})" +
          "\n\n{\"ts\":2,\"_path\":\"dns\",\"query\":\"a\",\"later\":1}\n" + head +
          R"(,"proto":"udp","uid":null,"vlan":7,"n":3,"deep":[{"a":[]},"]"]})" + "\r\n",
      {}, &report);
  CHECK(table.rows() == 2);
  CHECK(table["protocol"].text(0) == "tcp");
  CHECK(table["uid"].text(0) == "a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80");
  CHECK(table["uid"].is_missing(1));
  CHECK(table["x.y"].text(0) == "1,z");
  CHECK(table["n"].numbers()[0] == -15.0);
  CHECK(table["b"].booleans()[0] == 1);
  CHECK(table["vlan"].integers()[1] == 7);
  CHECK(table["deep"].text(1) == "{\"a\":[]},]");
  CHECK(contains(message_of("{\"ts\":2,\"_path\":\"dns\",\"query\":\"a\"}\n"), "'dns'"));
  CHECK(contains(message_of("{\"ts\":2,\"uid\":\"C\",\"query\":\"a\"}\n"), "conn.log"));

  std::string stream = head + ",\"proto\":\"udp\",\"_path\":\"conn\"}\n{\"ts\":2,\"_path\":\"dns\",\"query\":\"a\"}\n";
  for (int row = 0; row < 3000; ++row) {
    stream += head + ",\"proto\":\"udp\",\"_path\":\"conn\",\"service\":\"dns\"" +
              (row > 2990 ? ",\"new\":{\"key\":1}" : "") + "}\n";
  }
  const nad::Table long_table = read_text(stream + "{\"ts\":3}\n", {.on_error = nad::OnError::skip}, &report);
  CHECK(long_table.rows() == 3001);
  CHECK(long_table["service"].text(3000) == "dns");
  CHECK(report.skipped == std::map<std::string, std::uint64_t>{{"log 'dns'", 1}, {"no connection", 1}});
  CHECK(has_note(report, "'new.key' are left out"));
  CHECK(has_note(report, "line 2994"));
}

TEST_CASE("damaged JSON is an error with line and byte, or counted") {
  const std::string good =
      R"({"ts":1.5,"id.orig_h":"192.0.2.1","id.resp_h":"192.0.2.2","conn_state":"SF","proto":"udp"})";
  const auto fault = [&](const std::string& line) { return message_of(good + "\n" + line + "\n"); };
  CHECK(contains(fault(good.substr(0, 20)), "line 2: damaged JSON at byte 21: the line ends inside a text"));
  CHECK(contains(fault(good.substr(0, 10)), "the line ends inside an object"));
  CHECK(contains(fault("{\"ts\":"), "ends where a value"));
  CHECK(contains(fault(good + "}"), "behind the object"));
  CHECK(contains(fault("[1]"), "an object must begin here"));
  for (const std::string bad : {"{\"ts\":01}",
                                "{\"ts\":1.}",
                                "{\"ts\":.5}",
                                "{\"ts\":1e}",
                                "{\"ts\":-}",
                                "{\"ts\":+1}",
                                "{\"ts\":nan}",
                                "{\"ts\":tru}",
                                "{\"ts\":1,}",
                                "{\"ts\" 1}",
                                "{ts:1}",
                                "{\"ts\":1 \"b\":2}",
                                "{,\"ts\":1}",
                                "{\"ts\":'1'}",
                                "{\"a\":[1,]}",
                                "{\"a\":[1 2]}",
                                "{\"a\":[1}",
                                "{\"a\":{\"b\":1}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":\"\\u12g4\"}",
                                "{\"a\":\"\\ud800\"}",
                                "{\"a\":\"\\ud800\\u0041\"}",
                                "{\"a\":\"\\udc00\"}",
                                "{\"a\":\"\t\"}",
                                "{}{}",
                                "{"}) {
    CAPTURE(bad);
    CHECK(contains(fault(bad), "line 2: damaged JSON at byte"));
  }
  std::string deep = "{\"a\":";
  for (int level = 0; level < 100000; ++level) {
    deep += level % 2 == 0 ? "{\"a\":" : "[";
  }
  CHECK(contains(fault(deep), "too deeply"));
  CHECK(contains(fault("{\"a\":" + std::string(100000, '[')), "too deeply"));
  std::string objects;
  for (int level = 0; level < 100000; ++level) {
    objects += "{\"a\":";
  }
  CHECK(contains(fault(objects), "too deeply"));
  CHECK(contains(message_of(good + "\n" + good.substr(0, good.size() - 6) + "\"\xff\"}\n"), "is not UTF-8"));

  nad::ReadReport report;
  const std::string text = good + "\n" + good.substr(0, 50) + "\n" + good.substr(0, good.size() - 1) +
                           ",\"duration\":\"x\"}\n" + good.substr(0, good.size() - 1) + ",\"uid\":\"" +
                           ten_megabytes_of('u') + "\"}\n" + good + "\n" + good.substr(0, 60);
  const nad::Table table = read_text(text, {.on_error = nad::OnError::skip}, &report);
  CHECK(table.rows() == 3);
  CHECK(table["uid"].text(1).size() == 10'000'000);
  CHECK(report.skipped ==
        std::map<std::string, std::uint64_t>{{"column 'duration': not of type number", 1}, {"damaged JSON", 2}});
}

TEST_CASE("samples: every record is there, and sums agree with another reader's") {
  struct Sample {
    const char* file;
    std::size_t rows;
    std::int64_t bytes_sent;
    std::int64_t ip_bytes_received;
    std::int64_t ports;
    std::size_t tcp;
    std::int64_t last_time;
  };
  for (const Sample& sample : {
           Sample{"zeek_conn_tsv_one_hour.log.gz", 4179, 477937, 1319709, 17249927, 4075, 1713686390'775900000},
           Sample{"zeek_conn_tsv_mixed.log.gz", 141, 130839, 1030541, 405546, 38, 1601998420'887654000},
           Sample{"zeek_conn_tsv_horizontal_scan.log.gz", 41, 14265, 242410, 44116, 38, 958'869115000},
           Sample{"zeek_conn_json_mixed.log.gz", 576, 726271, 62341836, 235911, 319, 147'026993000},
           Sample{"zeek_conn_json_vertical_scan.log.gz", 50, 909, 270302, 540885, 47, 1700828218'126004000},
       }) {
    const auto path = shared_data(std::string("logs/") + sample.file);
    if (!path) {
      continue;
    }
    CAPTURE(sample.file);
    nad::ReadReport report;
    const nad::Table table = nad::read(*path, {}, &report);
    CHECK(table.rows() == sample.rows);
    CHECK(report.skipped.empty());
    CHECK(sum(table["bytes_sent"]) == sample.bytes_sent);
    CHECK(sum(table["ip_bytes_received"]) == sample.ip_bytes_received);
    CHECK(sum(table["dst_port"]) == sample.ports);
    CHECK(counts(table["protocol"])["tcp"] == sample.tcp);
    CHECK(table["timestamp"].times()[sample.rows - 1] == sample.last_time);
    CHECK(has_note(report, "beginning of the capture") == (sample.last_time < 1'000'000'000'000));
  }
}
