#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "nad/nad.hpp"
#include "read_tools.hpp"
#include "temporary_folder.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;

// The expected tables were read off the texts by Python's csv module, where the text is not plain enough to see it.

namespace {

/// "a:integer b:category:label": what columns a table has; roles other than `feature` are named.
std::string columns_of(const nad::Table& table) {
  std::string result;
  for (const nad::Field& field : table.schema()) {
    result += (result.empty() ? "" : " ") + field.name + ":" + std::string(nad::name(field.type)) +
              (field.role == nad::Role::feature ? "" : ":" + std::string(nad::name(field.role)));
  }
  return result;
}

/// All values, rows by ';' and fields by '|'.
std::string values_of(const nad::Table& table) {
  std::string result;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t place = 0; place < table.columns(); ++place) {
      result += (place == 0 ? "" : "|") + table.column(place).format(row);
    }
    result += ";";
  }
  return result;
}

std::string read_columns(const std::string& text, const nad::ReadOptions& options = {}) {
  return columns_of(read_text(text, options));
}

std::string read_values(const std::string& text, const nad::ReadOptions& options = {}) {
  return values_of(read_text(text, options));
}

std::string one_column(const std::string& values) { return read_columns("x,y\n" + values, {.separator = ','}); }

}  // namespace

TEST_CASE("csv: counts since 1970 are times from 1990 to 2100") {
  const auto type = [](const std::string& least, const std::string& most) {
    const nad::Table table = read_text("time,x\n" + least + ",1\n" + most + ",2\n");
    return std::string(nad::name(table["time"].type())) + " " + table["time"].format(0);
  };
  CHECK(type("631152000", "4102444799") == "time 1990-01-01 00:00:00");
  CHECK(type("631151999", "4102444799") == "integer 631151999");
  CHECK(type("631152000", "4102444800") == "integer 631152000");
  CHECK(type("631152000000", "4102444799999") == "time 1990-01-01 00:00:00");
  CHECK(type("631151999999", "4102444799999") == "integer 631151999999");
  CHECK(type("631152000000000000", "631152000000000001") == "time 1990-01-01 00:00:00");
  CHECK(type("631151999999000000", "631152000000000001") == "integer 631151999999000000");
}

TEST_CASE("csv: separator, quotes and line ends are found out") {
  CHECK(read_values("a,b\n1,x\n2,y\n") == "1|x;2|y;");
  CHECK(read_values("a;b\r\n1;x\r\n2;y\r\n") == "1|x;2|y;");
  CHECK(read_values("a\tb\n1\tx, y\n2\tz\n") == "1|x, y;2|z;");
  CHECK(read_values("a|b\n1|x\n2|y") == "1|x;2|y;");
  CHECK(read_values("a b c\n1 2 3\n4 5 6\n") == "1|2|3;4|5|6;");
  CHECK(read_values("sep=;\na;b,c\n1;2\n") == "1|2;");
  CHECK(read_values("\xef\xbb\xbfk\xc3\xa4se,b\n1,2\n") == "1|2;");
  CHECK(read_values("a,b\r\n1,x\n2,y\r\n\n3,z\r\n") == "1|x;2|y;3|z;");  // mixed ends, a blank line

  CHECK(read_values("\"a, b\",c\n\"1, 2\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"\"\n") ==
        "1, 2|say \"hi\";two\nlines|;");
  CHECK(read_values("a,b\n'x, y',1\n'it''s',2\n") == "x, y|1;it's|2;");
  CHECK(read_values("a,b\n'tis,1\ndon't,2\n") == "'tis|1;don't|2;");
  CHECK(read_values("a,b\n5\" disk,1\nx\"y\"z,2\n\"q\"r,3\n") == "5\" disk|1;x\"y\"z|2;qr|3;");
  CHECK(read_values("a, b, c\n1, \"x, y\", u\n2, z, w\n") == "1|x, y|u;2|z|w;");  // a blank behind each separator
  CHECK(read_values("a,b\n  12 , tcp\n 7,udp\n") == "12| tcp;7|udp;");            // elsewhere blanks belong to texts

  // prose, and times, are no tables of words
  CHECK(read_columns("when\n2026-01-02 03:04:05\n2026-01-02 03:04:06\n") == "when:time:moment");
  CHECK(read_columns("remark\nnothing to see\nall is well, as ever\n") == "remark:category");
}

TEST_CASE("csv: the line of names is recognised, or told") {
  CHECK(read_columns("1,2\n3,4\n") == "column_1:integer column_2:integer");
  CHECK(read_columns("port\n80\n443\n") == "port:integer");
  CHECK(read_columns("name,proto\nweb,tcp\n") == "name:category proto:category");
  CHECK(read_columns("tcp,up\nudp,down\ntcp,down\n") == "column_1:category column_2:category");  // "tcp" comes again
  CHECK(read_columns("1.5,x\n2,y\n") == "column_1:number column_2:category");
  CHECK(read_columns("#ts\tn\n1.5\t007\n2\t12\n") == "ts:number n:category");
  CHECK(read_columns("x,NA,7\ny,1,8\n") == "column_1:category column_2:integer column_3:integer");
  CHECK(read_columns("1,2\n3,4\n", {.header = true}) == "1:integer 2:integer");
  CHECK(read_values("a,b\nc,d\n", {.header = false}) == "a|b;c|d;");
  CHECK(read_columns("1,2\n3,4\n", {.names = {"u", "v"}}) == "u:integer v:integer");
  CHECK(read_values("a,b\n3,4\n", {.names = {"u", "v"}}) == "3|4;");
  CHECK(read_values("a,b\nc,d\n", {.names = {"u", "v"}}) == "a|b;c|d;");
  CHECK(contains(message_of("1,2\n", {.names = {"u"}}), "names gives 1 names, the rows of stream have 2 fields"));

  nad::ReadReport report;
  CHECK(columns_of(read_text(" a ,a,,a.1\n1,2,3,4\n", {}, &report)) ==
        "a:integer a.2:integer column_3:integer a.1:integer");
  CHECK(has_note(report, "without a name: called after the place: 'column_3'"));
  CHECK(has_note(report, "a number is put behind it: 'a.2'"));
  const nad::Table empty = read_text("a,b,c\n");
  CHECK(empty.rows() == 0);
  CHECK(columns_of(empty) == "a:category b:category c:category");
  CHECK(read_columns("17\n") == "column_1:integer");
}

TEST_CASE("csv: remarks are left out, a '#' before the names is not one") {
  nad::ReadReport report;
  CHECK(columns_of(read_text("#a,b\n1,2\n", {}, &report)) == "a:integer b:integer");
  CHECK(report.notes.empty());
  CHECK(values_of(read_text("# made by x\n# in two parts\na,b\n1,2\n# more, rows, follow\n3,4\n", {}, &report)) ==
        "1|2;3|4;");
  CHECK(has_note(report, "remarks"));
  CHECK(report.skipped.empty());
  CHECK(read_columns("# x, y\na,b\n1,2\n") == "a:integer b:integer");
  CHECK(read_values("a,b\n#1,2\n#2,3\n") == "#1|2;#2|3;");  // as many fields as the others: rows
  CHECK(read_values("# r\na,b\n#1,2\n2,3\n", {}) == "2|3;");
  read_text("# r\na,b\n#1,2\n2,3\n", {}, &report);
  CHECK(report.skipped["a row that begins like a remark"] == 1);
  CHECK(read_values("% r\na,b\n1,2\n", {.comment = '%'}) == "1|2;");
  CHECK(read_values("#a,b\n#1,2\n", {.comment = '\0', .header = false}) == "#a|b;#1|2;");
  CHECK(contains(message_of("# a\n# b, c\n"), "holds only remarks"));
  CHECK(contains(message_of("% a\n", {.comment = '%'}), "holds only remarks"));
  std::string long_preface;
  for (int line = 0; line < 30000; ++line) {
    long_preface += "# much to say before anything else\n";
  }
  CHECK(contains(message_of(long_preface), "holds only remarks"));
  CHECK(read_values(long_preface + "a,b\n1,2\n") == "1|2;");
  CHECK(contains(message_of("\n\r\n\n"), "nothing but blank lines"));
  CHECK(contains(message_of("a,b\n", {.separator = '"'}), "three different characters"));
}

TEST_CASE("csv: types are what all values of the beginning agree on") {
  CHECK(one_column("1,0\n-20,0\n9223372036854775807,0\n") == "x:integer y:integer");
  CHECK(one_column("1,0\n2.5,0\n1e3,0\n-.5,0\ninf,0\n") == "x:number y:integer");
  CHECK(one_column("1,0\nNA,0\n,0\n-,0\n?,0\nnan,0\n") == "x:integer y:integer");
  CHECK(one_column("true,0\nFalse,0\n") == "x:boolean y:integer");
  CHECK(one_column("T,0\nF,0\n") == "x:boolean y:integer");
  CHECK(one_column("F,0\nF,0\n") == "x:category y:integer");  // perhaps a flag
  CHECK(one_column("0,0\n1,0\n") == "x:integer y:integer");
  CHECK(one_column("192.0.2.7,0\n2001:db8::1,0\n") == "x:address:identifier y:integer");
  CHECK(one_column("eth0,0\n192.0.2.7,0\n") == "x:category y:integer");
  CHECK(one_column("2026-01-02 03:04:05.6,0\n2026/01/03T00:00Z,0\n2026-01-04,0\n") == "x:time:moment y:integer");

  // what only looks like a number
  CHECK(one_column("007,0\n12,0\n") == "x:category y:integer");
  CHECK(one_column("+1,0\n+2,0\n") == "x:category y:integer");
  CHECK(one_column("0x1f,0\n0x20,0\n") == "x:category y:integer");
  CHECK(one_column("\"1,234\",0\n\"2,345\",0\n") == "x:category y:integer");
  CHECK(one_column("1e999,0\n1,0\n") == "x:category y:integer");
  CHECK(one_column("18446744073709551615,0\n18446744073709551614,0\n") == "x:category y:integer");
  nad::ReadReport report;
  const nad::Table mixed = read_text("x\n18446744073709551615\n1\n2\n", {}, &report);
  CHECK(mixed["x"].numbers()[0] == 18446744073709551615.0);
  CHECK(has_note(report, "the last digits are lost: 'x'"));
  CHECK(read_columns("flow_id\n18446744073709551615\n1\n2\n") == "flow_id:text:identifier");

  std::string texts = "x,y\n";
  std::string categories = "x,y\n";
  for (int row = 0; row < 500; ++row) {
    texts += "name " + std::to_string(row) + ",0\n";
    categories += "name " + std::to_string(row % 120) + ",0\n";
  }
  CHECK(read_columns(texts) == "x:text y:integer");
  CHECK(read_columns(categories) == "x:category y:integer");
}

TEST_CASE("csv: roles follow from names and types") {
  CHECK(read_columns("Label,is_anomaly,attack type,flowID,user_id,src,classes\nx,0,y,1,2,10.0.0.1,z\n") ==
        "Label:category:label is_anomaly:integer:label attack type:category:label flowID:integer:identifier "
        "user_id:integer:identifier src:address:identifier classes:category");
  CHECK(read_columns(",x\n0,5\n1,7\n2,7\n") == "column_1:integer:identifier x:integer");
  CHECK(read_columns("paid,x\n0,5\n1,7\n") == "paid:integer x:integer");
}

TEST_CASE("csv: times of other forms") {
  const auto first_time = [](const std::string& text, const nad::ReadOptions& options = {}) {
    return read_text(text, options)["t"].format(0);
  };
  CHECK(first_time("t\n07/04/2017 22:24:37\n13/04/2017 22:24:37\n") == "2017-04-07 22:24:37");
  CHECK(first_time("t\n07/04/2017 22:24:37\n07/13/2017 22:24:37\n") == "2017-07-04 22:24:37");
  CHECK(first_time("t\n7-4-2017 9:05\n13-4-2017 19:05\n") == "2017-04-07 09:05:00");
  CHECK(first_time("t\n07.04.2017 12:00:00.25 AM\n08.04.2017 12:00 PM\n") == "2017-04-07 00:00:00.250");

  nad::ReadReport report;
  const std::string undecided = "t\n07/04/2017\n08/04/2017\n";
  CHECK(columns_of(read_text(undecided, {}, &report)) == "t:category");
  CHECK(has_note(report, "day_first"));
  CHECK(first_time(undecided, {.day_first = true}) == "2017-04-07 00:00:00");
  CHECK(first_time(undecided, {.day_first = false}) == "2017-07-04 00:00:00");
  CHECK(contains(message_of(undecided, {.types = {{"t", nad::ColumnType::time}}}), "day_first"));
  CHECK(read_columns("t\n13/04/2017\n04/13/2017\n") == "t:category");  // no order fits both

  CHECK(columns_of(read_text("ts\n1491603877.251547\n", {}, &report)) == "ts:time:moment");
  CHECK(has_note(report, "seconds since 1970"));
  CHECK(read_values("ts\n1491603877.251547\n") == "2017-04-07 22:24:37.251547;");
  CHECK(read_values("flowStart\n1491603877251\n") == "2017-04-07 22:24:37.251;");
  CHECK(read_values("event_time\n1491603877251547\n") == "2017-04-07 22:24:37.251547;");
  CHECK(read_values("timestamp\n1491603877251547001\n") == "2017-04-07 22:24:37.251547001;");
  CHECK(read_columns("bytes\n1491603877\n") == "bytes:integer");                       // the name says nothing of time
  CHECK(read_columns("timeout,ts\n1491603877,12\n") == "timeout:integer ts:integer");  // too small
  CHECK(read_values("x\n1491603877\n", {.types = {{"x", nad::ColumnType::time}}}) == "2017-04-07 22:24:37;");

  // three forms in one column: nothing is guessed
  CHECK(read_columns("t\n2017-04-07 22:24:37\n07/04/2017\n1491603877\n") == "t:category");
}

TEST_CASE("csv: a decimal comma is one where it is certain") {
  nad::ReadReport report;
  CHECK(values_of(read_text("a;b\n0,5;x\n12;y\n", {}, &report)) == "0.5|x;12|y;");
  CHECK(has_note(report, "decimal comma: 'a'"));
  CHECK(read_columns("a;b\n1,234;1\n2,345;2\n") == "a:category b:integer");  // perhaps thousands
  CHECK(read_columns("a;b\n1,234;0,5\n2,345;2\n") == "a:number b:number");   // no: there are commas elsewhere
  CHECK(read_columns("a;b\n1,25;0.5\n2,35;2\n") == "a:category b:number");   // no: there are points
  CHECK(read_columns("a\tb\n1,25\t1\n2,35\t2\n") == "a:category b:integer");
}

TEST_CASE("csv: options say what the beginning does not") {
  using nad::ColumnType;
  CHECK(read_values("a,b\n007,1\n+12,2\n", {.types = {{"a", ColumnType::integer}}}) == "7|1;12|2;");
  CHECK(read_columns("a,b\n7,1\n12,0\n", {.types = {{"a", ColumnType::text}, {"b", ColumnType::boolean}}}) ==
        "a:text b:boolean");
  CHECK(contains(message_of("port,b\n1,2\n", {.types = {{"prot", ColumnType::text}}}), "did you mean 'port'?"));
  CHECK(contains(message_of("a,b\nx,2\n", {.types = {{"a", ColumnType::integer}}}),
                 "line 2, column 'a': 'x' is not of type integer; mend"));

  const nad::Table table = read_text("a,b\n-1,x\n2,-\n", {.missing = std::vector<std::string>{"-1"}});
  CHECK(table["a"].is_missing(0));
  CHECK(table["a"].type() == ColumnType::integer);
  CHECK(table["b"].text(1) == "-");
  CHECK(contains(message_of("a,b\n1,x\n,y\n", {.types = {{"a", ColumnType::integer}}, .missing = {{}}}),
                 "line 3, column 'a': '' is not of type integer"));

  CHECK(read_values("a,b\n\"x\",1\n", {.quote = '\0'}) == "\"x\"|1;");
  CHECK(read_values("a;b,c\n1;2,3\n", {.separator = ','}) == "1;2|3;");
  CHECK(contains(message_of("a,b\n1,2\n", {.format = "kdd99"}), "not of the format 'kdd99'"));
  const std::string log =
      "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,packet_size,duration,flags,bytes_sent,"
      "bytes_received,packets_sent,packets_received\n"
      "2026-01-02 03:04:05,192.0.2.1,192.0.2.2,1,2,TCP,100,0.5,S,10,20,1,2\n";
  CHECK(contains(message_of(log, {.types = {{"src_port", ColumnType::text}}}), "for which the option types means"));
  CHECK(read_text(log, {.format = "csv", .types = {{"src_port", ColumnType::text}}})["src_port"].text(0) == "1");
}

TEST_CASE("csv: other encodings are read when asked for") {
  const std::string text = "name,n\ncaf\xe9 \x80 \x96,1\n";
  CHECK(contains(message_of(text),
                 "line 2, column 'name': 'caf? ? ?' is not UTF-8 (files in another encoding are read "
                 "with encoding=\"latin-1\""));
  CHECK(read_text(text, {.encoding = "windows-1252"})["name"].text(0) == "caf\xc3\xa9 \xe2\x82\xac \xe2\x80\x93");
  CHECK(read_text(text, {.encoding = "latin-1"})["name"].text(0) == "caf\xc3\xa9 \xc2\x80 \xc2\x96");
  CHECK(read_columns("gr\xf6\xdf"
                     "e\n1\n",
                     {.encoding = "latin-1"}) ==
        "gr\xc3\xb6\xc3\x9f"
        "e:integer");
  CHECK(contains(message_of("gr\xf6\xdf"
                            "e\n1\n"),
                 "the name of column 'gr??e' is not UTF-8; give encoding"));
  CHECK(
      contains(message_of("srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status x\xe9\n"),
               "the name of column 'x?' is not UTF-8"));  // of any format
  CHECK(contains(message_of(text, {.encoding = "klingon"}), "'windows-1252'"));
  CHECK(contains(message_of("\xef\xbb\xbf"
                            "a\n1\n",
                            {.encoding = "latin-1"}),
                 "leave the option encoding out"));
  std::string large = "name,n\n";  // characters across the borders of blocks
  for (int row = 0; row < 30000; ++row) {
    large += "\xe9\xe9\xe9 " + std::to_string(row % 10) + ",1\n";
  }
  const nad::Table table = read_text(large, {.encoding = "latin-1"});
  CHECK(table.rows() == 30000);
  CHECK(table["name"].categories().size() == 10);
  CHECK(table["name"].text(29999) == "\xc3\xa9\xc3\xa9\xc3\xa9 9");
}
