#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "nad/table/print.hpp"
#include "table_samples.hpp"

namespace {

using tests::contains;
using tests::random_table;

nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

nad::Table texts(const std::vector<std::string>& values, const std::string& name = "text") {
  nad::ColumnBuilder builder(nad::ColumnType::text);
  for (const std::string& value : values) {
    builder.add_text(value);
  }
  return nad::Table().with({name, nad::ColumnType::text}, builder.finish());
}

nad::Table flows() {
  nad::ColumnBuilder service(nad::ColumnType::category);
  nad::ColumnBuilder bytes(nad::ColumnType::integer);
  nad::ColumnBuilder host(nad::ColumnType::address);
  nad::ColumnBuilder seconds(nad::ColumnType::number);
  for (int row = 0; row < 12; ++row) {
    if (row == 1) {
      service.add_missing();
      bytes.add_missing();
      host.add_missing();
      seconds.add_missing();
      continue;
    }
    service.add_text(row % 2 == 0 ? "http" : "dns");
    bytes.add_integer(row * row * 100);
    host.add_address(nad::Address::v4(0x0a000001U + static_cast<std::uint32_t>(row)));
    seconds.add_number(row / 8.0);
  }
  return {nad::Schema({{"service", nad::ColumnType::category, nad::Role::label},
                       {"bytes", nad::ColumnType::integer},
                       {"host", nad::ColumnType::address},
                       {"seconds", nad::ColumnType::number}}),
          {service.finish(), bytes.finish(), host.finish(), seconds.finish()}};
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) {
    result.push_back(line);
  }
  return result;
}

/// Characters of a text that has only narrow ones.
std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// The numbers of a column as they are shown, in their rows.
std::vector<std::string> shown(const std::vector<double>& values, std::size_t digits = 6) {
  const auto all = lines(nad::to_string(nad::Table().with({"x"}, numbers(values)), {.digits = digits}));
  std::vector<std::string> result;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::string& line = all[3 + row];
    const std::size_t begin = line.find_first_not_of(' ', line.find(' ', line.find_first_not_of(' ')));
    result.push_back(line.substr(begin));
  }
  return result;
}

}  // namespace

TEST_CASE("a table is printed with names, types, first and last rows and its shape") {
  CHECK(nad::to_string(flows(), {.rows = 5}) ==
        "    service     bytes  host       seconds\n"
        "    category  integer  address     number\n"
        "──  ────────  ───────  ─────────  ───────\n"
        " 0  http            0  10.0.0.1     0.000\n"
        " 1  –               –  –                –\n"
        " 2  http          400  10.0.0.3     0.250\n"
        " …  …               …  …                …\n"
        "10  http        10000  10.0.0.11    1.250\n"
        "11  dns         12100  10.0.0.12    1.375\n"
        "12 rows × 4 columns");
}

TEST_CASE("all rows are printed where they fit, none where none are asked for or there") {
  CHECK(lines(nad::to_string(flows(), {.rows = 12})).size() == 3 + 12 + 1);
  CHECK(lines(nad::to_string(flows(), {.rows = 11})).size() == 3 + 11 + 1 + 1);
  CHECK(contains(nad::to_string(flows(), {.rows = 11}), "…"));
  CHECK_FALSE(contains(nad::to_string(flows(), {.rows = 12}), "…"));
  CHECK(lines(nad::to_string(flows(), {.rows = 1})).size() == 3 + 1 + 1);
  CHECK(lines(nad::to_string(flows(), {.rows = 0})).size() == 3 + 1);
  CHECK(contains(nad::to_string(flows().slice(0, 0)), "service   "));
  CHECK(contains(nad::to_string(flows().slice(0, 0)), "0 rows × 4 columns"));
  CHECK(nad::to_string(nad::Table()) == "0 rows × 0 columns");
  CHECK(contains(nad::to_string(flows().slice(0, 1).select({"host"})), "1 row × 1 column"));
  std::ostringstream stream;
  stream << flows();
  CHECK(stream.str() == nad::to_string(flows()) + "\n");
}

TEST_CASE("the shape is easy to read") {
  nad::ColumnBuilder builder(nad::ColumnType::boolean);
  for (int row = 0; row < 1234567; ++row) {
    builder.add_boolean(true);
  }
  const nad::Column column = builder.finish();
  const nad::Table table = nad::Table().with({"x", nad::ColumnType::boolean}, column);
  CHECK(contains(nad::to_string(table), "\n1,234,567 rows × 1 column"));
  CHECK(contains(nad::to_string(table.slice(0, 999)), "\n999 rows"));
  CHECK(contains(nad::to_string(table.slice(0, 1000)), "\n1,000 rows"));
}

TEST_CASE("no line is wider than asked, and columns left out are named") {
  nad::Table table = random_table(30, 2);
  for (int i = 0; i < 20; ++i) {
    table = table.with({"more_" + std::to_string(i)}, table["number"]);
  }
  table = table.with({"label", nad::ColumnType::category, nad::Role::label}, table["category"]);
  for (std::size_t width = 40; width < 300; width += 7) {
    const std::string text = nad::to_string(table, {.width = width});
    const auto all = lines(text);
    for (const std::string& line : all) {
      CHECK(characters(line) <= width);
    }
    CHECK(contains(all[0], "label"));  // in any case
    CHECK(contains(all[0], "number"));
    // each column is either shown or named below
    std::string named;
    for (std::size_t i = 3; i < all.size(); ++i) {
      named += all[i].rfind("…", 0) == 0 || all[i].rfind("  more", 0) == 0 ? all[i] : "";
    }
    if (contains(text, "more_0") && contains(named, "more columns")) {
      for (const nad::Field& field : table.schema()) {
        const bool is_shown = contains(" " + all[0] + " ", " " + field.name + " ");
        const bool is_named =
            contains(named + ",", " " + field.name + ",") || (!is_shown && named.rfind(" …") == named.size() - 4);
        CHECK_MESSAGE(is_shown != is_named, field.name);
      }
    }
  }
  const std::string text = nad::to_string(table.select({"number", "integer", "text", "label"}), {.width = 34});
  CHECK(contains(text, "… 2 more columns: integer, text\n"));
  CHECK(contains(lines(text)[0], "number  …  label"));
  CHECK(contains(nad::to_string(table.select({"number", "integer"}), {.width = 12}), "… 1 more column:"));
}

TEST_CASE("hundreds of columns left out are not all named") {
  nad::Table table = flows();
  std::vector<nad::Field> fields;
  std::vector<nad::Column> columns;
  for (int i = 0; i < 900; ++i) {
    fields.push_back({"column_" + std::to_string(i)});
    columns.push_back(table["seconds"]);
  }
  const std::string text = nad::to_string(nad::Table(nad::Schema(fields), columns), {.width = 80});
  CHECK(contains(text, "more columns: column_"));
  CHECK(contains(text, ", …\n12 rows × 900 columns"));
  CHECK(lines(text).size() < 25);
}

TEST_CASE("numbers are shown with few digits, in one form") {
  using Texts = std::vector<std::string>;
  CHECK(shown({0.1, 0.25, 1}) == Texts{"0.10", "0.25", "1.00"});
  CHECK(shown({1, 2, 300}) == Texts{"1", "2", "300"});
  CHECK(shown({-0.0, 1}) == Texts{"0", "1"});
  CHECK(shown({1.0 / 3.0, 100.0 / 3.0}) == Texts{"0.333333", "33.3333"});
  CHECK(shown({1.0 / 3.0}, 3) == Texts{"0.333"});
  CHECK(shown({123456789.0, 0.5}) == Texts{"123456789.0", "0.5"});
  CHECK(shown({0.00001234567, 2}) == Texts{"1.23457e-05", "2"});
  CHECK(shown({1e300, 6.02214076e23, 5}) == Texts{"1e+300", "6.02214e+23", "5"});
  CHECK(shown({999999.96}) == Texts{"1000000"});
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(shown({infinity, -infinity, 0.5}) == Texts{"inf", "-inf", "0.5"});
  CHECK(shown({2.0 / 3.0}, 17) == Texts{"0.66666666666666663"});
  CHECK(shown({2.0 / 3.0}, 0) == Texts{"0.7"});
}

TEST_CASE("points stand below one another") {
  const auto all = lines(nad::to_string(nad::Table().with({"x"}, numbers({1.0 / 3.0, 1e-9, 12345.678, 5}))));
  CHECK(all[3].find('.') == all[5].find('.'));
  CHECK(all[4].find("1e-09") + 1 == all[3].find('.'));
  CHECK(all[6].find('5') + 1 == all[3].find('.'));
}

TEST_CASE("what a record says cannot steer the terminal") {
  const std::string hostile = std::string("\x1b]0;owned\x07\x1b[2J", 14) + "\r\n\tx\x7f\x9b" + "\xc2\x9b" +
                              std::string(1, '\0') + "\xe2\x80\xae" + "txt\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x80\x81";
  nad::Table table = texts({hostile}, hostile);
  const std::string text = nad::to_string(table, {.cell_width = 200});
  const std::string html = nad::to_html(table, {.cell_width = 200});
  const std::string expected =
      "\\x1b]0;owned\\x07\\x1b[2J\\r\\n\\tx\\x7f\xef\xbf\xbd\\u009b\\x00\\u202etxt\\u200b\\ufeff"
      "\\U000e0001";
  CHECK(nad::printable(hostile) == expected);
  CHECK(lines(text)[0] == "   " + expected);  // a name is no safer than a value
  CHECK(lines(text)[3] == "0  " + expected);
  for (const std::string& out : {text, html}) {
    for (const char c : out) {
      CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
      CHECK(c != '\x7f');
    }
  }
  // also among the columns left out
  table = table.with({"second\x1b[1m", nad::ColumnType::text}, table.column(0));
  CHECK(contains(nad::to_string(table, {.width = 50}), "second\\x1b[1m"));
}

TEST_CASE("every control character is shown as an escape") {
  for (int code = 0; code < 0xa0; code = code == 0x1f ? 0x7f : code + 1) {
    const std::string character =
        code < 0x80 ? std::string(1, static_cast<char>(code)) : "\xc2" + std::string(1, static_cast<char>(code));
    CHECK(nad::printable(character).front() == '\\');
  }
  CHECK(nad::printable("\xe2\x80\xa8") == "\\u2028");
  CHECK(nad::printable("\xe2\x81\xa6") == "\\u2066");
  CHECK(nad::printable("C:\\temp") == "C:\\temp");
}

TEST_CASE("bytes that are not UTF-8 are replaced, each by one sign") {
  const std::string sign = "\xef\xbf\xbd";
  CHECK(nad::printable("a\xff"
                       "b") == "a" + sign + "b");
  CHECK(nad::printable("\xc3") == sign);                                   // cut
  CHECK(nad::printable("\xe2\x82") == sign + sign);                        // cut
  CHECK(nad::printable("\xc0\xaf") == sign + sign);                        // '/' in two bytes
  CHECK(nad::printable("\xe0\x80\xaf") == sign + sign + sign);             // '/' in three
  CHECK(nad::printable("\xed\xa0\x80") == sign + sign + sign);             // a surrogate
  CHECK(nad::printable("\xf4\x90\x80\x80") == sign + sign + sign + sign);  // beyond the last
  CHECK(nad::printable("\xc3\x28") == sign + "(");
  CHECK(nad::printable("caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80") == "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80");
}

TEST_CASE("texts are cut by the places that they take on a terminal") {
  CHECK(nad::printable("abcdef", 6) == "abcdef");
  CHECK(nad::printable("abcdefg", 6) == "abcde…");
  CHECK(nad::printable("abc", 1) == "…");
  CHECK(nad::printable("abc", 0).empty());
  CHECK(nad::printable("日本語", 6) == "日本語");
  CHECK(nad::printable("日本語", 5) == "日本…");
  CHECK(nad::printable("日本語", 4) == "日…");
  CHECK(nad::printable("ab\x1b"
                       "cd",
                       6) == "ab…");  // an escape is not cut in two
  CHECK(nad::printable("e\xcc\x81tude", 5) == "e\xcc\x81tude");
  std::string piled = "a";
  for (int i = 0; i < 1000; ++i) {
    piled += "\xcc\x81";
  }
  CHECK(nad::printable(piled, 10).size() < 40);
  // and cells are padded by them
  const auto all = lines(nad::to_string(
      texts({"日本", "abcd", "e\xcc\x81tud"}).with({"b", nad::ColumnType::boolean}, random_table(3, 1)["boolean"])));
  const auto gap = [&](std::size_t row, const std::string& cell) {
    const std::string rest = all[3 + row].substr(all[3 + row].find(cell) + cell.size());
    return rest.find_first_not_of(' ');
  };
  CHECK(gap(0, "日本") == gap(1, "abcd"));
  CHECK(gap(2, "e\xcc\x81tud") == gap(1, "abcd"));
}

TEST_CASE("a text of megabytes is cut at once") {
  std::string long_one = "x";
  long_one.resize(10'000'000, 'x');
  const nad::Table table = texts({long_one, std::string(1, '\0') + long_one});
  CHECK(nad::to_string(table).size() < 1000);
  CHECK(nad::to_html(table).size() < 3000);
}

TEST_CASE("HTML shows the same, every value escaped") {
  const std::string script = "<script>alert(\"1\" & '2')</script>";
  const std::string escaped = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;";
  nad::Table table = texts({script}, script);
  std::string html = nad::to_html(table);
  CHECK_FALSE(contains(html, "<script"));
  CHECK(contains(html, "<th>" + escaped + "<br><small>text</small></th>"));
  CHECK(contains(html, "<td>" + escaped + "</td>"));
  table = table.with({"other", nad::ColumnType::text}, table.column(0)).with({script + "2"}, numbers({1}));
  html = nad::to_html(table, {.columns = 1});
  CHECK_FALSE(contains(html, "<script"));
  CHECK(contains(html, "… 2 more columns: other, &lt;script&gt;"));
  CHECK(contains(html, "<th>…</th></tr>"));
  nad::ColumnBuilder category(nad::ColumnType::category);
  category.add_text(script);
  CHECK_FALSE(
      contains(nad::to_html(nad::Table().with({"c", nad::ColumnType::category}, category.finish())), "<script"));
}

TEST_CASE("HTML has a cell for each value, whatever is left out") {
  const auto count = [](const std::string& text, const std::string& part) {
    std::size_t times = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++times;
    }
    return times;
  };
  const std::string html = nad::to_html(flows(), {.rows = 5});
  CHECK(count(html, "<tr>") == 1 + 5 + 1);
  CHECK(count(html, "</tr>") == 1 + 5 + 1);
  CHECK(count(html, "<td") == 5 * 4 + 1);
  CHECK(count(html, "</td>") == 5 * 4 + 1);
  CHECK(contains(html, "<small>category · label</small>"));
  CHECK(contains(html, "<td class=\"nad-right nad-quiet\">–</td>"));
  CHECK(contains(html, "<td class=\"nad-right\">1.250</td>"));
  CHECK(contains(html, "<td>10.0.0.3</td>"));
  CHECK(contains(html, "colspan=\"4\""));
  CHECK(contains(html, "12 rows × 4 columns"));
  const std::string cut = nad::to_html(flows(), {.rows = 20, .columns = 2});
  CHECK(count(cut, "<td") == 12 * 3);
  CHECK(contains(cut, "… 2 more columns: host, seconds"));
  for (const std::string& text : {html, cut, nad::to_html(nad::Table()), nad::to_html(flows().slice(0, 0))}) {
    for (const std::string tag : {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "small", "style"}) {
      CHECK(count(text, "<" + tag + ">") + count(text, "<" + tag + " ") == count(text, "</" + tag + ">"));
    }
    CHECK(count(text, "#") == 0);  // no colour of its own
  }
}
