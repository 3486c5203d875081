#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/nad.hpp"

namespace {

using nad::ColumnType;
using Texts = std::vector<std::string>;

nad::Column texts(const Texts& values, ColumnType type = ColumnType::text) {
  nad::ColumnBuilder builder(type);
  for (const std::string& value : values) {
    if (value == "-") {
      builder.add_missing();
    } else {
      builder.add_text(value);
    }
  }
  return builder.finish();
}

nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

nad::Column integers(const std::vector<std::int64_t>& values) {
  nad::ColumnBuilder builder(ColumnType::integer);
  for (const std::int64_t value : values) {
    builder.add_integer(value);
  }
  return builder.finish();
}

Texts converted(const nad::Column& column, ColumnType type) {
  const nad::Column result = nad::convert(column, type, "x");
  CHECK(result.type() == type);
  Texts values;
  for (std::size_t row = 0; row < result.size(); ++row) {
    values.push_back(result.is_missing(row) ? "-" : result.format(row));
  }
  return values;
}

void check_rejected(const nad::Column& column, ColumnType type, const char* message) {
  CHECK_THROWS_WITH_AS(nad::convert(column, type, "x"), doctest::Contains(message), nad::Error);
}

}  // namespace

TEST_CASE("text and categories become what they say") {
  for (const ColumnType type : {ColumnType::text, ColumnType::category}) {
    CHECK(converted(texts({"1.5", "-", "+2", "-1e3"}, type), ColumnType::number) == Texts{"1.5", "-", "2", "-1000"});
    CHECK(converted(texts({"-9223372036854775808", "+7", "-"}, type), ColumnType::integer) ==
          Texts{"-9223372036854775808", "7", "-"});
    CHECK(converted(texts({"192.0.2.7", "2001:DB8::1", "-"}, type), ColumnType::address) ==
          Texts{"192.0.2.7", "2001:db8::1", "-"});
    CHECK(converted(texts({"TRUE", "f", "No", "1"}, type), ColumnType::boolean) ==
          Texts{"true", "false", "false", "true"});
    CHECK(converted(texts({"2017-04-07T22:24:37+01:00", "1.5", "-"}, type), ColumnType::time) ==
          Texts{"2017-04-07 21:24:37", "1970-01-01 00:00:01.500", "-"});
    check_rejected(texts({"1", "eth0"}, type), ColumnType::address,
                   "column 'x', row 0: '1' is not an IPv4 or IPv6 address");
    check_rejected(texts({"1", "2x"}, type), ColumnType::number, "row 1: '2x' is not a number");
    check_rejected(texts({"", "2"}, type), ColumnType::number, "row 0: '' is not");
    check_rejected(texts({"+-2"}, type), ColumnType::number, "'+-2'");
    check_rejected(texts({"9223372036854775808"}, type), ColumnType::integer, "whole number of 64 bits");
    check_rejected(texts({"1.0"}, type), ColumnType::integer, "'1.0'");
    check_rejected(texts({"maybe"}, type), ColumnType::boolean, "true or false");
    check_rejected(texts({"soon"}, type), ColumnType::time, "row 0: 'soon' is not a time");
  }
  CHECK(converted(texts({"a", "b", "a", "-"}), ColumnType::category) == Texts{"a", "b", "a", "-"});
  CHECK(nad::convert(texts({"a", "b", "a"}), ColumnType::category, "x").categories().size() == 2);
}

TEST_CASE("numbers keep their value or are refused") {
  CHECK(converted(numbers({1.0, std::nan(""), -3.0}), ColumnType::integer) == Texts{"1", "-", "-3"});
  CHECK(converted(integers({0, 1}), ColumnType::boolean) == Texts{"false", "true"});
  CHECK(converted(numbers({0.0, 1.0}), ColumnType::boolean) == Texts{"false", "true"});
  CHECK(converted(nad::convert(integers({0, 1}), ColumnType::boolean, "x"), ColumnType::integer) == Texts{"0", "1"});
  CHECK(converted(integers({9007199254740992}), ColumnType::number) == Texts{"9007199254740992"});
  CHECK(converted(numbers({1.5, 1e300}), ColumnType::category) == Texts{"1.5", "1e+300"});
  check_rejected(numbers({1.0, 1.5}), ColumnType::integer, "row 1: '1.5'");
  check_rejected(numbers({0x1p63}), ColumnType::integer, "whole number of 64 bits");
  check_rejected(numbers({INFINITY}), ColumnType::integer, "'inf'");
  check_rejected(integers({9007199254740993}), ColumnType::number, "'9007199254740993' is not a number that a double");
  check_rejected(integers({9223372036854775807}), ColumnType::number, "'9223372036854775807'");
  check_rejected(integers({2}), ColumnType::boolean, "'2' is not true or false");
}

TEST_CASE("seconds and times") {
  CHECK(converted(numbers({1491600277.25, -0.5}), ColumnType::time) ==
        Texts{"2017-04-07 21:24:37.250", "1969-12-31 23:59:59.500"});
  CHECK(converted(integers({1491600277}), ColumnType::time) == Texts{"2017-04-07 21:24:37"});
  CHECK(converted(nad::convert(numbers({0.25}), ColumnType::time, "x"), ColumnType::number) == Texts{"0.25"});
  check_rejected(integers({9223372036854775807}), ColumnType::time, "is not a time");
  check_rejected(numbers({1e10}), ColumnType::time, "is not a time");
}

TEST_CASE("pairs without a meaning are refused whole") {
  check_rejected(integers({}), ColumnType::address, "is of type integer and cannot become address");
  check_rejected(nad::convert(integers({}), ColumnType::time, "x"), ColumnType::boolean,
                 "time and cannot become boolean");
}

TEST_CASE("a column of a table changes its type and keeps place, role and origin") {
  const nad::Table table(nad::Schema({{"src", ColumnType::text, nad::Role::identifier, "id.orig_h"}, {"n"}}, "zeek"),
                         {texts({"10.0.0.1"}), numbers({1})});
  const nad::Table typed = nad::with_type(table, "src", ColumnType::address);
  CHECK(typed.schema() ==
        nad::Schema({{"src", ColumnType::address, nad::Role::identifier, "id.orig_h"}, {"n"}}, "zeek"));
  CHECK_THROWS_WITH_AS(nad::with_type(table, "scr", ColumnType::address), doctest::Contains("did you mean 'src'"),
                       nad::Error);
  CHECK(nad::parse_column_type("address") == ColumnType::address);
  CHECK_THROWS_WITH_AS(nad::parse_column_type("float"), doctest::Contains("'number', 'integer'"), nad::Error);
  CHECK(nad::parse_role("moment") == nad::Role::moment);
}
