#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "arrow_by_hand.hpp"
#include "nad/nad.hpp"

namespace {

using by_hand::array;
using by_hand::bytes;
using by_hand::schema;

/// The first column of what is imported; both structs are used up.
nad::Column import_column(ArrowArray given, ArrowSchema described) {
  const nad::Table table = nad::import_arrow(&given, &described);
  CHECK(by_hand::is_released(given));
  CHECK(by_hand::is_released(described));
  return table.column(0);
}

std::vector<std::string> formatted(const nad::Column& column) {
  std::vector<std::string> values;
  for (std::size_t row = 0; row < column.size(); ++row) {
    values.push_back(column.is_missing(row) ? "-" : column.format(row));
  }
  return values;
}

using Texts = std::vector<std::string>;

/// Bits 1, 0, 1, 1, 0, ... from the lowest on.
const by_hand::Bytes second_missing = bytes<std::uint8_t>({0xfd});

}  // namespace

TEST_CASE("doubles and long integers keep their memory, and the memory lives as long as a column") {
  CHECK(by_hand::alive == 0);
  {
    nad::Column kept;
    {
      ArrowArray numbers = array(3, {second_missing, bytes({1.5, 2.5, -3.0})});
      const void* const memory = numbers.buffers[1];
      ArrowArray integers = array(3, {{}, bytes<std::int64_t>({7, 8, 9})});
      ArrowArray batch = array(3, {{}}, 0, {numbers, integers});
      ArrowSchema described = schema("+s", "", {schema("g", "a"), schema("l", "b")});
      const nad::Table table = nad::import_arrow(&batch, &described);
      CHECK(table.rows() == 3);
      CHECK(table["b"].integers()[2] == 9);
      CHECK(table["b"].parts().valid.empty());
      kept = table["a"];
      CHECK(static_cast<const void*>(kept.numbers().data()) == memory);
    }
    CHECK(by_hand::alive == 3);  // the batch and its columns; the schema is gone
    CHECK(formatted(kept) == Texts{"1.5", "-", "-3"});
  }
  CHECK(by_hand::alive == 0);
}

TEST_CASE("offsets of an array and of the batch around it move values and marks alike") {
  // rows 1 to 3 of rows 2 to 7: 13, 14 and 15 of 10, 11, ...; 14 is missing
  const auto marks = bytes<std::uint8_t>({0b11101111});
  ArrowArray column = array(6, {marks, bytes<std::int64_t>({10, 11, 12, 13, 14, 15, 16, 17})}, 2);
  ArrowArray truths = array(6, {{}, bytes<std::uint8_t>({0b00101000})}, 2);
  ArrowArray batch = array(3, {{}}, 1, {column, truths});
  ArrowSchema described = schema("+s", "", {schema("l", "a"), schema("b", "b")});
  const nad::Table table = nad::import_arrow(&batch, &described);
  CHECK(formatted(table["a"]) == Texts{"13", "-", "15"});
  CHECK(formatted(table["b"]) == Texts{"true", "false", "true"});
  CHECK(formatted(table.slice(1, 2)["a"]) == Texts{"-", "15"});
}

TEST_CASE("a batch that misses a row misses it in every column") {
  ArrowArray column = array(3, {bytes<std::uint8_t>({0b110}), bytes<std::int64_t>({1, 2, 3})});
  ArrowArray batch = array(3, {bytes<std::uint8_t>({0b011})}, 0, {column});
  ArrowSchema described = schema("+s", "", {schema("l", "a")});
  CHECK(formatted(nad::import_arrow(&batch, &described)["a"]) == Texts{"-", "2", "-"});
}

TEST_CASE("integers of every width") {
  const auto check = [](const char* format, by_hand::Bytes values, const Texts& expected) {
    const nad::Column column = import_column(array(3, {second_missing, std::move(values)}), schema(format, "x"));
    CHECK(column.type() == nad::ColumnType::integer);
    CHECK(formatted(column) == expected);
  };
  check("c", bytes<std::int8_t>({-128, 0, 127}), {"-128", "-", "127"});
  check("C", bytes<std::uint8_t>({255, 0, 1}), {"255", "-", "1"});
  check("s", bytes<std::int16_t>({-32768, 0, 1}), {"-32768", "-", "1"});
  check("S", bytes<std::uint16_t>({65535, 0, 1}), {"65535", "-", "1"});
  check("i", bytes<std::int32_t>({-2147483647, 0, 1}), {"-2147483647", "-", "1"});
  check("I", bytes<std::uint32_t>({4294967295U, 0, 1}), {"4294967295", "-", "1"});
  check("l", bytes<std::int64_t>({-5, 0, 1}), {"-5", "-", "1"});
  check("L", bytes<std::uint64_t>({9223372036854775807ULL, ~0ULL, 1}), {"9223372036854775807", "-", "1"});
}

TEST_CASE("floats of 32 and 16 bits") {
  const nad::Column floats = import_column(array(3, {second_missing, bytes({0.1F, 0.0F, -2.0F})}), schema("f", "x"));
  CHECK(floats.numbers()[0] == static_cast<double>(0.1F));
  CHECK(floats.is_missing(1));
  const nad::Column halves = import_column(
      array(7, {{}, bytes<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0xfc00, 0x7e00})}), schema("e", "x"));
  const std::vector<double> expected{1.0, -2.0, 65504.0, 0x1p-24, 0x1p-14, -std::numeric_limits<double>::infinity()};
  CHECK(std::equal(expected.begin(), expected.end(), halves.numbers().begin()));
  CHECK(halves.is_missing(6));
}

TEST_CASE("decimals become the nearest double") {
  const nad::Column prices = import_column(
      array(3, {{}, bytes<std::int64_t>({12345, 0, -110, -1, 1234567890123456789, 0})}), schema("d:19,2", "x"));
  CHECK(prices.numbers()[0] == 123.45);
  CHECK(prices.numbers()[1] == -1.10);
  CHECK(prices.numbers()[2] == 12345678901234567.89);
  const nad::Column wide = import_column(array(1, {{}, bytes<std::int64_t>({0, 1, 0, 0})}), schema("d:76,-1,256", "x"));
  CHECK(wide.numbers()[0] == 184467440737095516160.0);
  const nad::Column narrow = import_column(array(2, {{}, bytes<std::int32_t>({-7, 5})}), schema("d:9,1,32", "x"));
  CHECK(formatted(narrow) == Texts{"-0.7", "0.5"});
}

TEST_CASE("times of every unit are nanoseconds, spans are seconds") {
  const auto check = [](const char* format, by_hand::Bytes values, const std::string& expected) {
    CHECK(formatted(import_column(array(2, {second_missing, std::move(values)}), schema(format, "x"))) ==
          Texts{expected, "-"});
  };
  constexpr std::int64_t beyond = std::numeric_limits<std::int64_t>::max();
  check("tss:", bytes<std::int64_t>({-1, beyond}), "1969-12-31 23:59:59");
  check("tsm:Europe/Berlin", bytes<std::int64_t>({1500, beyond}), "1970-01-01 00:00:01.500");
  check("tsu:UTC", bytes<std::int64_t>({1500, beyond}), "1970-01-01 00:00:00.001500");
  check("tsn:", bytes<std::int64_t>({1500, beyond}), "1970-01-01 00:00:00.000001500");
  check("tdD", bytes<std::int32_t>({19000, 0x7fffffff}), "2022-01-08 00:00:00");
  check("tdm", bytes<std::int64_t>({86400000, beyond}), "1970-01-02 00:00:00");
  check("ttm", bytes<std::int32_t>({1500, 0}), "1.5");
  check("ttn", bytes<std::int64_t>({1500000000, 0}), "1.5");
  check("tDs", bytes<std::int64_t>({-3, 0}), "-3");
  check("tDu", bytes<std::int64_t>({2500000, 0}), "2.5");
}

TEST_CASE("text of every kind, in its own memory where offsets are long") {
  const by_hand::Bytes text = bytes(std::string("..httpdns\xc3\xa9"));
  ArrowArray large = array(3, {bytes<std::uint8_t>({0b101}), bytes<std::int64_t>({2, 6, 9, 11}), text});
  const void* const memory = large.buffers[2];
  const nad::Column borrowed = import_column(large, schema("U", "x"));
  CHECK(borrowed.type() == nad::ColumnType::text);
  CHECK(formatted(borrowed) == Texts{"http", "-", "\xc3\xa9"});
  CHECK(static_cast<const void*>(borrowed.parts().text.data()) == memory);

  CHECK(formatted(import_column(array(2, {{}, bytes<std::int32_t>({2, 2, 6, 9}), text}, 1), schema("u", "x"))) ==
        Texts{"http", "dns"});
  CHECK(formatted(import_column(array(2, {{}, bytes(std::string("abcdef"))}, 1), schema("w:2", "x"))) ==
        Texts{"cd", "ef"});
  CHECK(formatted(import_column(array(0, {{}, {}, {}}), schema("u", "x"))).empty());
  CHECK(formatted(import_column(array(1, {{}, bytes<std::int32_t>({0, 0}), {}}), schema("z", "x"))) == Texts{""});
  // empty texts that begin behind others, which are not there any more
  const nad::Column empty = import_column(array(2, {{}, bytes<std::int32_t>({15, 15, 15}), {}}), schema("u", "x"));
  CHECK(formatted(empty) == Texts{"", ""});
  CHECK(empty.parts().integers[2] == 0);
}

TEST_CASE("views of text") {
  by_hand::Bytes views = bytes<std::int32_t>({3, 0, 0, 0, 13, 0, 0, 2, -1, -1, -1, -1});
  std::memcpy(views.data() + 4, "dns", 3);
  const auto given = [&](std::int64_t size) {
    return array(3, {bytes<std::uint8_t>({0b011}), views, bytes(std::string("..thirteen-long")), bytes({size})});
  };
  CHECK(formatted(import_column(given(15), schema("vu", "x"))) == Texts{"dns", "thirteen-long", "-"});
  CHECK_THROWS_WITH_AS(import_column(given(14), schema("vu", "x")), doctest::Contains("row 1: its text lies outside"),
                       nad::Error);
}

TEST_CASE("dictionaries are categories") {
  const auto words = [] {
    return array(3, {{}, bytes<std::int32_t>({0, 4, 7, 10}), bytes(std::string("httpdnsftp"))});
  };
  ArrowArray codes = array(4, {second_missing, bytes<std::int32_t>({2, -1, 0, 2})}, 0, {}, {words()});
  const void* const memory = codes.buffers[1];
  const nad::Column borrowed = import_column(codes, schema("i", "x", {}, {schema("u", "")}));
  CHECK(borrowed.type() == nad::ColumnType::category);
  CHECK(formatted(borrowed) == Texts{"ftp", "-", "http", "ftp"});
  CHECK(static_cast<const void*>(borrowed.codes().data()) == memory);
  CHECK(borrowed.categories().size() == 3);

  // other widths
  CHECK(formatted(import_column(array(2, {{}, bytes<std::int8_t>({1, 0})}, 0, {}, {words()}),
                                schema("c", "x", {}, {schema("u", "")}))) == Texts{"dns", "http"});
  CHECK(formatted(import_column(array(1, {{}, bytes<std::uint64_t>({9, 2})}, 1, {}, {words()}),
                                schema("L", "x", {}, {schema("u", "")}))) == Texts{"ftp"});
  // a word that is there twice, and one that is missing
  ArrowArray untidy =
      array(4, {bytes<std::uint8_t>({0b0111}), bytes<std::int32_t>({0, 1, 2, 3, 3}), bytes(std::string("aba"))});
  const nad::Column tidied = import_column(array(4, {{}, bytes<std::int32_t>({2, 1, 3, 0})}, 0, {}, {untidy}),
                                           schema("i", "x", {}, {schema("u", "")}));
  CHECK(tidied.categories().size() == 2);
  CHECK(formatted(tidied) == Texts{"a", "b", "-", "a"});
  // values that are no text
  CHECK(formatted(import_column(
            array(2, {{}, bytes<std::int32_t>({1, 0})}, 0, {}, {array(2, {{}, bytes<std::int64_t>({443, 80})})}),
            schema("i", "x", {}, {schema("l", "")}))) == Texts{"80", "443"});
}

TEST_CASE("a stream joins its batches; one that is alone is not copied") {
  const auto batch = [](std::initializer_list<double> values) {
    return array(static_cast<std::int64_t>(values.size()), {{}}, 0,
                 {array(static_cast<std::int64_t>(values.size()), {{}, bytes(values)})});
  };
  const auto described = [] { return schema("+s", "", {schema("g", "x")}); };
  ArrowArrayStream stream = by_hand::Stream::make(described(), {batch({1, 2}), batch({}), batch({3})});
  CHECK(formatted(nad::import_arrow_stream(&stream)["x"]) == Texts{"1", "2", "3"});
  CHECK(by_hand::is_released(stream));

  ArrowArray alone = batch({1, 2});
  const void* const memory = alone.children[0]->buffers[1];
  stream = by_hand::Stream::make(described(), {batch({}), alone});
  CHECK(static_cast<const void*>(nad::import_arrow_stream(&stream)["x"].numbers().data()) == memory);

  stream = by_hand::Stream::make(
      schema("+s", "", {schema("g", "x"), schema("i", "y", {}, {schema("u", "")}), schema("tdD", "z")}), {});
  const nad::Table empty = nad::import_arrow_stream(&stream);
  CHECK(empty.rows() == 0);
  CHECK(empty["y"].type() == nad::ColumnType::category);
  CHECK(empty["z"].type() == nad::ColumnType::time);

  stream = by_hand::Stream::make(described(), {batch({1})}, "the disk is full");
  CHECK_THROWS_WITH_AS(nad::import_arrow_stream(&stream), doctest::Contains("the disk is full"), nad::Error);
  CHECK(by_hand::is_released(stream));
  CHECK_THROWS_AS(nad::import_arrow_stream(&stream), nad::Error);  // it is used up
  CHECK(by_hand::alive == 0);
}

TEST_CASE("rows of a stream are counted over its batches in messages") {
  const auto batch = [](std::int64_t value) { return array(1, {{}}, 0, {array(1, {{}, bytes({value})})}); };
  ArrowArrayStream stream =
      by_hand::Stream::make(schema("+s", "", {schema("L", "hash")}), {batch(1), batch(2), batch(-1)});
  CHECK_THROWS_WITH_AS(nad::import_arrow_stream(&stream),
                       doctest::Contains("column 'hash' (Arrow type uint64), row 2: 18446744073709551615"), nad::Error);
  CHECK(by_hand::alive == 0);
}

TEST_CASE("types that nad has no columns for are named") {
  const auto check = [](const char* format, const char* expected) {
    ArrowArray batch = array(1, {{}}, 0, {array(1, {{}, {}})});
    ArrowSchema described = schema("+s", "", {schema(format, "odd")});
    CHECK_THROWS_WITH_AS(nad::import_arrow(&batch, &described), doctest::Contains(expected), nad::Error);
    CHECK(by_hand::alive == 0);
  };
  check("+l", "column 'odd' (Arrow type list): nad has no columns of lists");
  check("+w:3", "(Arrow type list)");
  check("+m", "(Arrow type map)");
  check("+ud:0", "(Arrow type union)");
  check("+r", "(Arrow type run-end encoded): decode it");
  check("tiD", "(Arrow type interval)");
  check("w:-3", "(Arrow type fixed_size_binary)");
  check("d:5,2,77", "(Arrow type decimal77)");
  check("", "an unknown type, ''");
  check("tsx:", "an unknown type, 'tsx:'");
  CHECK_THROWS_WITH_AS(
      import_column(array(1, {{}}, 0, {array(1, {{}}, 0, {})}), schema("+s", "", {schema("+s", "in")})),
      doctest::Contains("column 'in' (Arrow type struct)"), nad::Error);
}

TEST_CASE("what makes no sense is an error, and everything is released once") {
  const auto check = [](ArrowArray given, ArrowSchema described, const char* expected) {
    CHECK_THROWS_WITH_AS(nad::import_arrow(&given, &described), doctest::Contains(expected), nad::Error);
    CHECK(by_hand::is_released(given));
    CHECK(by_hand::is_released(described));
    CHECK(by_hand::alive == 0);
  };
  const auto column = [&](ArrowArray given, const char* format, const char* expected) {
    check(given, schema(format, "x"), expected);
  };
  const auto numbers = [] { return array(2, {{}, bytes({1.0, 2.0})}); };
  const auto with = [&](auto change) {
    ArrowArray given = numbers();
    change(given);
    return given;
  };
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  check(numbers(), schema("g", "\xff"), "its name is not UTF-8");
  check(numbers(), schema("g", "x", {}, {}, by_hand::metadata("nad.origin", "\xfe")), "its name is not UTF-8");
  check(numbers(), schema("\xff", "x"), "?");
  column(with([](ArrowArray& a) { a.length = -1; }), "g", "claims -1 rows");
  column(with([](ArrowArray& a) { a.length = huge; }), "g", "claims 9223372036854775807 rows");
  column(with([](ArrowArray& a) { a.offset = -7; }), "g", "from -7 on");
  column(with([](ArrowArray& a) { a.offset = huge; }), "g", "claims 2 rows from 9223372036854775807 on");
  column(with([](ArrowArray& a) { a.null_count = -2; }), "g", "-2 of them missing");
  column(with([](ArrowArray& a) { a.null_count = 1; }), "g", "does not mark them");
  column(with([](ArrowArray& a) { a.n_buffers = 1; }), "g", "has 1 buffers, not 2");
  column(with([](ArrowArray& a) { a.n_buffers = -1; }), "g", "has -1 buffers, not 2");
  column(with([](ArrowArray& a) { a.buffers = nullptr; }), "g", "has no buffers");
  column(array(2, {{}, {}}), "g", "buffer 1 is a null pointer");
  column(array(2, {{}, {}}), "b", "buffer 1 is a null pointer");
  column(array(1, {{}, bytes<std::int32_t>({0, 3}), {}}), "u", "buffer 2 is a null pointer");
  column(array(2, {{}, bytes<std::int32_t>({0, 3, 1}), bytes(std::string("abc"))}), "u",
         "row 1: its text ends at byte 1");
  column(array(1, {{}, bytes<std::int64_t>({-4, 3}), bytes(std::string("abc"))}), "U",
         "row 0: its text ends at byte -4");
  column(array(2, {{}, bytes<std::int32_t>({0, 1, 2}), bytes(std::string("a\xff"))}), "u",
         "row 1: its bytes are no UTF-8");
  column(array(2, {{}, bytes<std::int32_t>({0, 1, 2}), bytes(std::string("\xc3\xa9"))}), "z",
         "row 0: its bytes are no UTF-8");
  column(array(1, {{}, bytes<std::int32_t>({-3, 0, 0, 0}), {}}), "vu", "negative length");
  column(array(1, {{}, bytes<std::int32_t>({13, 0, 5, 0}), {}}), "vu", "outside of the buffers");
  column(array(1, {{}, bytes<std::int64_t>({9223372036854775})}), "tsm:", "row 0: 9223372036854775 is outside");
  column(array(1, {{}, bytes<std::int64_t>({-9223372036854775807 - 1})}), "tss:", "years 1678 to 2261");

  const auto coded = [&](by_hand::Bytes codes, const char* format, const char* expected) {
    check(
        array(1, {{}, std::move(codes)}, 0, {}, {array(1, {{}, bytes<std::int32_t>({0, 1}), bytes(std::string("a"))})}),
        schema(format, "x", {}, {schema("u", "")}), expected);
  };
  coded(bytes<std::int32_t>({1}), "i", "row 0: its code is 1, but the dictionary has 1 values");
  coded(bytes<std::int32_t>({-1}), "i", "its code is -1");
  coded(bytes<std::int32_t>({-1}), "I", "its code is 4294967295");
  coded(bytes<std::int8_t>({-1}), "c", "its code is -1");
  coded(bytes<std::int64_t>({huge}), "l", "its code is 9223372036854775807");
  coded(bytes({0.0}), "g", "no integers");
  check(numbers(), schema("i", "x", {}, {schema("u", "")}), "no dictionary");

  const auto batch = [&](ArrowArray part) { return array(2, {{}}, 0, {part}); };
  const auto one_number = [] { return schema("+s", "", {schema("g", "x")}); };
  ArrowArray broken = batch(numbers());
  broken.n_children = 2;
  check(broken, one_number(), "has 2 columns, its schema 1");
  broken = batch(numbers());
  broken.children = nullptr;
  check(broken, one_number(), "has 1 columns, its schema 1");
  broken = batch(numbers());
  broken.length = 3;
  check(broken, one_number(), "its array has 2 rows, the batch around it has 3");
  ArrowSchema formless = one_number();
  formless.children[0]->format = nullptr;
  check(batch(numbers()), formless, "has no format");
  check(array(2, {{}}, 0, {numbers(), numbers()}), schema("+s", "", {schema("g", "x"), schema("g", "x")}),
        "two columns are called 'x'");

  ArrowArray nothing{};
  ArrowSchema described = one_number();
  CHECK_THROWS_WITH_AS(nad::import_arrow(&nothing, &described), doctest::Contains("released before"), nad::Error);
  ArrowArray given = numbers();
  ArrowSchema no_schema{};
  CHECK_THROWS_WITH_AS(nad::import_arrow(&given, &no_schema), doctest::Contains("released before"), nad::Error);
  CHECK_THROWS_AS(nad::import_arrow(nullptr, nullptr), nad::Error);
  CHECK(by_hand::alive == 0);
}

TEST_CASE("buffers that lie askew are copied") {
  ArrowArray given = array(2, {{},
                               bytes<std::uint8_t>(std::initializer_list<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f,
                                                                                       0, 0, 0, 0, 0, 0, 0, 0x40})});
  given.buffers[1] = static_cast<const std::byte*>(given.buffers[1]) + 1;
  CHECK(formatted(import_column(given, schema("g", "x"))) == Texts{"1", "2"});
}

TEST_CASE("metadata says roles, origins and addresses") {
  const auto addresses = [](const std::string& text) {
    return array(2, {bytes<std::uint8_t>({0b01}), bytes<std::int32_t>({0, static_cast<std::int32_t>(text.size()), 3}),
                     bytes(text)});
  };
  const std::string is_address = by_hand::metadata("nad.type", "address");
  CHECK(formatted(import_column(array(1, {{}, bytes<std::int32_t>({0, 9}), bytes(std::string("192.0.2.7"))}),
                                schema("u", "x", {}, {}, is_address))) == Texts{"192.0.2.7"});
  CHECK_THROWS_WITH_AS(import_column(addresses("no1"), schema("u", "x", {}, {}, is_address)),
                       doctest::Contains("row 0: its metadata says that it holds addresses, but 'no1' is none"),
                       nad::Error);
  ArrowArray given = array(1, {{}}, 0, {array(1, {{}, bytes({1.0})})});
  ArrowSchema described = schema("+s", "", {schema("g", "x", {}, {}, by_hand::metadata("nad.role", "label"))}, {},
                                 by_hand::metadata("nad.source", "eve"));
  const nad::Table table = nad::import_arrow(&given, &described);
  CHECK(table.schema()[0].role == nad::Role::label);
  CHECK(table.schema().source() == "eve");
  CHECK_THROWS_WITH_AS(
      import_column(array(1, {{}, bytes({1.0})}), schema("g", "x", {}, {}, by_hand::metadata("nad.role", "king"))),
      doctest::Contains("there is no role 'king'"), nad::Error);
  CHECK_THROWS_WITH_AS(
      import_column(array(1, {{}, bytes({1.0})}), schema("g", "x", {}, {}, std::string("\xff\xff\xff\xff"))),
      doctest::Contains("negative length"), nad::Error);
}
