#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "nad/nad.hpp"

namespace {

nad::Column categories(const std::vector<std::string>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::category);
  for (const std::string& value : values) {
    builder.add_text(value);
  }
  return builder.finish();
}

nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

}  // namespace

TEST_CASE("columns are equal by their values") {
  CHECK(nad::equal(numbers({1, std::nan(""), -0.0}), numbers({1, std::nan(""), 0.0})));
  CHECK_FALSE(nad::equal(numbers({1, std::nan("")}), numbers({1, 2})));
  CHECK_FALSE(nad::equal(numbers({1, 2}), numbers({1, std::nan("")})));
  CHECK_FALSE(nad::equal(numbers({1, 2}), numbers({1, 3})));
  CHECK_FALSE(nad::equal(numbers({1, 2}), numbers({1})));
  CHECK_FALSE(nad::equal(numbers({}), categories({})));
  // the same words under other codes
  CHECK(nad::equal(categories({"a", "b", "b"}).slice(1, 2), categories({"b", "b"})));
  CHECK_FALSE(nad::equal(categories({"a", "b"}), categories({"b", "a"})));
  for (const auto type : {nad::ColumnType::integer, nad::ColumnType::text, nad::ColumnType::time,
                          nad::ColumnType::address, nad::ColumnType::boolean}) {
    const bool is_address = type == nad::ColumnType::address;
    const auto make = [&](const char* last) {
      nad::ColumnBuilder text(nad::ColumnType::text);
      text.add_text(is_address ? "10.0.0.1" : "1");
      text.add_missing();
      text.add_text(last);
      return nad::convert(text.finish(), type, "x");
    };
    CHECK(nad::equal(make(is_address ? "::" : "0"), make(is_address ? "::" : "0")));
    CHECK_FALSE(nad::equal(make(is_address ? "::" : "0"), make(is_address ? "::1" : "1")));
  }
}

TEST_CASE("tables are equal by names and columns; roles are the schema's matter") {
  const nad::Table table(nad::Schema({{"x"}, {"y"}}), {numbers({1}), numbers({2})});
  CHECK(nad::equal(table, table.with_role("x", nad::Role::label)));
  CHECK_FALSE(nad::equal(table, table.rename("x", "z")));
  CHECK_FALSE(nad::equal(table, table.select({"y", "x"})));
  CHECK_FALSE(nad::equal(table, table.drop({"y"})));
}
