#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "nad/nad.hpp"
#include "read_tools.hpp"
#include "temporary_folder.hpp"
#include "watched.hpp"

using tests::contains;
using tests::has_note;
using tests::message_of;
using tests::read_text;
using tests::ten_megabytes_of;

// What a file has in store behind its beginning.

namespace {

/// More rows than a table is judged by, then these.
std::string late(const std::string& header, const std::string& row, const std::string& rows) {
  std::string text = header + "\n";
  while (text.size() < 600'000) {
    text += row + "\n";
  }
  return text + rows;
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string type_of(const nad::Table& table, const std::string& column) {
  return std::string(nad::name(table[column].type()));
}

}  // namespace

TEST_CASE("csv: a value that contradicts the type widens it, and the file is read again [long]") {
  nad::ReadReport report;
  const std::string decimals = late("a,b", "1,x", "2.5,y\n");
  const nad::Table numbers = read_text(decimals, {}, &report);
  CHECK(type_of(numbers, "a") == "number");
  CHECK(numbers["a"].numbers()[0] == 1.0);
  CHECK(numbers["a"].numbers()[numbers.rows() - 1] == 2.5);
  CHECK(numbers.rows() == line_count(decimals) - 1);
  CHECK(report.rows == numbers.rows());
  CHECK(has_note(report, "column 'a' is of type number: it begins like integer, but line " +
                             std::to_string(line_count(decimals)) + " has '2.5'"));

  // several columns at once; text is kept as it is written
  const nad::Table texts = read_text(late("a,b,c,d", "1,1.50,10.0.0.1,true", "2.5,x,eth0,maybe\n007,1,1,1\n"));
  CHECK(type_of(texts, "a") == "category");
  CHECK(texts["a"].text(texts.rows() - 1) == "007");
  CHECK(texts["b"].text(0) == "1.50");
  CHECK(texts["c"].text(texts.rows() - 2) == "eth0");
  CHECK(texts["d"].text(texts.rows() - 2) == "maybe");

  // blanks are no contradiction, beyond 64 bits is one
  const nad::Table padded = read_text(late("a,b", "1,x", " 2 ,y\n"));
  CHECK(padded["a"].integers()[padded.rows() - 1] == 2);
  CHECK(type_of(read_text(late("a,b", "1,x", "18446744073709551615,y\n")), "a") == "number");
  CHECK(type_of(read_text(late("uid,b", "1,x", "18446744073709551615,y\n")), "uid") == "category");
  CHECK(type_of(read_text(late("a,b", "2026-01-02,x", "1491603877,y\n")), "a") == "category");
  CHECK(type_of(read_text(late("a;b", "1;0,5", "2,5;1\n")), "a") == "number");

  const TemporaryFolder folder;
  std::ofstream(folder / "late.csv", std::ios::binary) << decimals;
  CHECK(type_of(nad::read(folder / "late.csv"), "a") == "number");
  CHECK(contains(message_of(late("a,b", "1,x", "y,2\n"), {.types = {{"a", nad::ColumnType::integer}}}),
                 "'y' is not of type integer"));
}

TEST_CASE("csv: a column whose first value comes late gets the type of its values") {
  nad::ReadReport report;
  const nad::Table table = read_text(late("a,b,c", "1,,", "2,0.5,\n3,,\n"), {}, &report);
  CHECK(type_of(table, "b") == "number");
  CHECK(table["b"].numbers()[table.rows() - 2] == 0.5);
  CHECK(has_note(report, "column 'b' is of type number: its first value comes late"));
  CHECK(type_of(table, "c") == "category");
  CHECK(table["c"].missing_count() == table.rows());
}

TEST_CASE("csv: what cannot be read again names the way out") {
  const std::string text = late("port,b", "1,x", "http,y\n");
  std::istringstream stream(text);
  nad::Reader reader(stream);
  std::string message;
  std::size_t rows = 0;
  try {
    while (const auto batch = reader.next()) {
      rows += batch->rows();
    }
  } catch (const nad::Error& error) {
    message = error.what();
  }
  CHECK(rows > 65535);
  CHECK(
      contains(message, "line " + std::to_string(line_count(text)) + ", column 'port': 'http' is not of type integer"));
  CHECK(contains(message, "types={\"port\": \"text\"}"));

  nad::ReadReport report;  // left out when asked for: the other rows are numbers
  const nad::Table table = read_text(text, {.on_error = nad::OnError::skip}, &report);
  CHECK(type_of(table, "port") == "integer");
  CHECK(report.skipped["column 'port': not of type integer"] == 1);
  CHECK(has_note(report, "'port' was taken for integer"));
  CHECK(type_of(read_text(late("a,b", "1,x", "2.5,y\n"), {.on_error = nad::OnError::skip}), "a") == "number");
}

TEST_CASE("csv: a few values that make texts of a column are noted") {
  const auto text = [](const std::string& usual, const std::string& odd, int count, const std::string& name = "v") {
    std::string rows = name + ",w\n";
    for (int i = 0; i < count; ++i) {
      rows += usual + ",1\n" + (i == 54 || (count < 54 && i == 0) ? odd + ",2\n" : "");
    }
    return rows;
  };
  nad::ReadReport report;
  CHECK(type_of(read_text(text("1.5", "oops", 100), {}, &report), "v") == "category");
  CHECK(report.notes == std::vector<std::string>{
                            "column 'v': 100 of 101 values are numbers, but 'oops' (line 57) is not, so the column "
                            "is read as category; types={'v': 'number'} with on_error='skip' leaves such rows out"});
  const nad::ReadOptions way = {.on_error = nad::OnError::skip, .types = {{"v", nad::ColumnType::number}}};
  CHECK(read_text(text("1.5", "oops", 100), way, &report).rows() == 100);
  CHECK(report.notes.empty());
  read_text("sep=,\n" + text("1", "1e400", 100), {}, &report);
  CHECK(has_note(report, "'1e400' (line 58) is not"));
  read_text(text("1", "oops", 9), {}, &report);
  CHECK(has_note(report, "9 of 10 values are numbers, but 'oops' (line 3)"));
  read_text(text("1", "oops", 8), {}, &report);  // too few to tell
  CHECK(report.notes.empty());
  read_text("v,w\n" + text("1", "oops", 9).substr(4) + "no,1\n", {}, &report);  // 9 of 11 are not enough
  CHECK(report.notes.empty());
  read_text(text("192.0.2.1", "eth0", 20), {}, &report);
  CHECK(has_note(report, "20 of 21 values are addresses, but 'eth0'"));
  read_text(text("2024-01-02", "soon", 20), {}, &report);
  CHECK(has_note(report, "20 of 21 values are times, but 'soon'"));
  read_text(text("true", "maybe", 20), {}, &report);
  CHECK(has_note(report, "20 of 21 values are true or false, but 'maybe'"));
  read_text(text("1", "attack", 20, "label"), {}, &report);  // the answer may be anything
  CHECK(report.notes.empty());
  std::string times = "time,w\n";
  for (int i = 0; i < 10; ++i) {
    times += "2024-01-02,1\n13/01/2024 10:00,1\n1704067200,1\n";
  }
  CHECK(type_of(read_text(times, {}, &report), "time") == "category");
  CHECK(has_note(report, "column 'time': all 30 values are times, but not all in one form, so the column is read as"));

  std::string flows = "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,packet_size\n";
  for (int i = 0; i < 30; ++i) {
    flows += "2024-01-02,192.0.2.1,192.0.2.2,1,2,tcp," + std::string(i == 20 ? "oops" : "60") + "\n";
  }
  CHECK(type_of(read_text(flows, {}, &report), "packet_size") == "category");
  CHECK(report.format == "flow_csv");
  CHECK(has_note(report, "column 'packet_size': 29 of 30 values are numbers, but 'oops' (line 22) is not"));
  CHECK(has_note(report, "format='csv' with types={'packet_size': 'number'} and on_error='skip'"));
}

TEST_CASE("csv: malformed files are errors with line and column, or counted") {
  CHECK(contains(message_of("a,b\n1,2\n3\n4,5\n"), "line 3: the row has 1 field where 2 belong"));
  CHECK(contains(message_of("a,b\n\"x\ny\",2\n\"u\n\nv\",3\nz\n"), "line 7: the row has 1 field"));
  CHECK(contains(message_of("a,b\n1,2\n\"x,3\n4,5\n"), "line 3: a quote is opened in the row that begins here"));
  CHECK(contains(message_of("\"a,b\n1,2\n"), "line 1: a quote is opened in the first record and never closed"));
  CHECK(contains(message_of("a,b,\n1,2,\n3,4,5\n"), "line 3: the row has 3 fields where 2 belong") == false);
  CHECK(contains(message_of(late("a,b,", "1,2,", "3,4,5\n")), "the row has 3 fields where 2 belong"));

  nad::ReadReport report;
  const nad::Table table = read_text("a,b\n1,2\n\"x,3\n4,5\n6\n7,8\n", {.on_error = nad::OnError::skip}, &report);
  CHECK(table["b"].integers()[2] == 8);
  CHECK(table.rows() == 3);
  CHECK(report.skipped["a quote that is never closed"] == 1);
  CHECK(report.skipped["1 field where 2 belong"] == 1);

  std::string with_nul = late("a,b", "x,1", "y,2\n");
  with_nul[with_nul.size() - 4] = '\0';
  CHECK(contains(message_of(with_nul), "column 'a': '?' is no text: it holds a NUL byte; mend the file"));
  CHECK(contains(message_of("<?xml version=\"1.0\"?>\n<a/>\n"), "of no format that nad knows"));
  // files joined end to end
  CHECK(read_text("a,b\n1,2\na,b\n3,4\n", {}, &report).rows() == 2);
  CHECK(report.skipped["a repeated line of names"] == 1);
}

TEST_CASE("csv: large fields, many columns, many categories [long]") {
  const std::string long_text = ten_megabytes_of('x');
  const nad::Table lines = read_text("a,b\n1," + long_text + "\n2,\"" + long_text + "\"\n");
  CHECK(lines["b"].text(0).size() == 10'000'000);
  CHECK(lines["b"].text(1) == lines["b"].text(0));
  nad::ReadReport report;
  CHECK(read_text(long_text, {}, &report).columns() == 1);
  for (const std::string& note : report.notes) {  // one says the column's name
    CHECK(note.size() < 600);
  }
  CHECK(report.notes.size() == 1);

  constexpr int n_columns = tests::watched ? 10'000 : 100'000;
  std::string wide;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < n_columns; ++column) {
      wide += (column == 0 ? "" : ",") + (row == 0 ? "c" + std::to_string(column / 2) : std::to_string(row));
    }
    wide += "\n";
  }
  const nad::Table table = read_text(wide);
  CHECK(table.columns() == n_columns);
  CHECK(table.rows() == 2);
  CHECK(table.schema()[n_columns - 1].name == "c" + std::to_string(n_columns / 2 - 1) + ".1");
  CHECK(table.column(n_columns - 1).integers()[1] == 2);

  constexpr int n_rows = tests::watched ? 200'000 : 1'000'000;
  std::string many = "name,n\n";
  for (int row = 0; row < n_rows; ++row) {
    many += "n" + std::to_string(row * (row > 100'000 ? 1 : 0)) + ",2\n";  // a category, as it begins
  }
  const nad::Table categories = read_text(many);
  CHECK(type_of(categories, "name") == "category");
  CHECK(categories["name"].categories().size() == n_rows - 100'000);
  CHECK(categories["name"].text(123'456) == "n123456");
}

TEST_CASE("csv: quoted fields are cut as a slow reader cuts them") {
  nad::Random random(11);
  const std::vector<std::string> parts = {"a",    "\"b, c\"",        "\"say \"\"x\"\"\"", "\"two\nlines\"", "",
                                          "\"\"", "long plain text", "5\" disk",          "\"q\"tail",      "\"\"\"\""};
  const std::vector<std::string> values = {"a",        "b, c",  "say \"x\"", "two\nlines", "", "", "long plain text",
                                           "5\" disk", "qtail", "\""};
  for (std::size_t kinds : {std::size_t{7}, parts.size()}) {  // with and without quotes that surround no whole field
    for (std::size_t round = 0; round < 40; ++round) {
      const std::string end = round % 2 == 0 ? "\n" : "\r\n";
      std::string text = "u,v,w" + end;
      std::vector<std::string> expected;
      const std::size_t rows = round == 0 ? 30'000 : 1 + random.below(40);
      for (std::size_t row = 0; row < rows; ++row) {
        if (random.below(20) == 0) {
          text += end;
        }
        for (std::size_t field = 0; field < 3; ++field) {
          const std::size_t kind = random.below(kinds);
          text += parts[kind] + (field == 2 ? end : ",");
          expected.push_back(values[kind]);
        }
      }
      using nad::ColumnType;
      const nad::Table table =
          read_text(text, {.separator = ',',
                           .quote = '"',
                           .comment = '\0',
                           .header = true,
                           .types = {{"u", ColumnType::text}, {"v", ColumnType::text}, {"w", ColumnType::text}},
                           .missing = {{}}});
      REQUIRE(table.rows() == rows);
      bool same = true;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        same = same && table.column(i % 3).text(i / 3) == expected[i];
      }
      CHECK(same);
    }
  }
}
