#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "nad/nad.hpp"
#include "temporary_folder.hpp"

namespace {

std::string csv(const nad::Table& table, const nad::CsvOptions& options = {}) {
  std::ostringstream text;
  nad::write_csv(table, text, options);
  return text.str();
}

nad::Column texts(nad::ColumnType type, const std::vector<const char*>& values) {
  nad::ColumnBuilder builder(type);
  for (const char* value : values) {
    value == nullptr ? builder.add_missing() : builder.add_text(value);
  }
  return builder.finish();
}

nad::Table one_column(nad::ColumnType type, nad::Column column, std::string name = "x") {
  std::vector<nad::Column> columns;
  columns.push_back(std::move(column));
  return {nad::Schema({{std::move(name), type}}), std::move(columns)};
}

std::string file_content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("each type of column is written as CSV, and what is missing is empty") {
  using Type = nad::ColumnType;
  nad::ColumnBuilder number(Type::number);
  nad::ColumnBuilder integer(Type::integer);
  nad::ColumnBuilder time(Type::time);
  nad::ColumnBuilder address(Type::address);
  nad::ColumnBuilder boolean(Type::boolean);
  number.add_number(0.1);
  integer.add_integer(std::numeric_limits<std::int64_t>::min());
  time.add_time(nad::parse_time("2026-01-05 08:30:00.251547003").value());
  address.add_address(nad::Address::parse("2001:db8::1").value());
  boolean.add_boolean(true);
  number.add_number(-1e300);
  integer.add_integer(7);
  time.add_time(0);
  address.add_address(nad::Address::parse("192.0.2.7").value());
  boolean.add_boolean(false);
  for (auto* builder : {&number, &integer, &time, &address, &boolean}) {
    builder->add_missing();
  }
  std::vector<nad::Column> columns;
  for (auto* builder : {&number, &integer, &time, &address, &boolean}) {
    columns.push_back(builder->finish());
  }
  columns.push_back(texts(Type::category, {"tcp", "udp", nullptr}));
  columns.push_back(texts(Type::text, {"zażółć", "", nullptr}));
  const nad::Table table(nad::Schema({{"n", Type::number},
                                      {"i", Type::integer},
                                      {"t", Type::time},
                                      {"a", Type::address},
                                      {"b", Type::boolean},
                                      {"c", Type::category},
                                      {"s", Type::text}}),
                         std::move(columns));
  const std::string expected =
      "n,i,t,a,b,c,s\n"
      "0.1,-9223372036854775808,2026-01-05T08:30:00.251547003Z,2001:db8::1,true,tcp,zażółć\n"
      "-1e+300,7,1970-01-01T00:00:00Z,192.0.2.7,false,udp,\"\"\n"
      ",,,,,,\n";
  CHECK(csv(table) == expected);
  CHECK(csv(table, {.header = false}) == expected.substr(14));
  CHECK(csv(table.slice(1, 1)) == expected.substr(0, 14) + "-1e+300,7,1970-01-01T00:00:00Z,192.0.2.7,false,udp,\"\"\n");
  CHECK(csv(table.head(0)) == "n,i,t,a,b,c,s\n");
  CHECK(csv(nad::Table()).empty());
}

// The expected lines of texts without spaces at their ends are those of Python: csv.writer(f, lineterminator="\n").
TEST_CASE("what CSV would misread stands in quotes") {
  const auto type = nad::ColumnType::text;
  const nad::Column column =
      texts(type, {"a,b", "say \"hi\"", "\"", "two\nlines", "return\r", "semi;colon", "it's", "tab\there"});
  CHECK(csv(one_column(type, column)) ==
        "x\n\"a,b\"\n\"say \"\"hi\"\"\"\n\"\"\"\"\n\"two\nlines\"\n\"return\r\"\nsemi;colon\nit's\ntab\there\n");
  CHECK(csv(one_column(type, column.slice(0, 1)), {.separator = ';'}) == "x\na,b\n");
  CHECK(csv(one_column(type, column.slice(5, 1)), {.separator = ';'}) == "x\n\"semi;colon\"\n");
  CHECK(csv(one_column(type, column.slice(7, 1)), {.separator = '\t'}) == "x\n\"tab\there\"\n");
  CHECK(csv(one_column(type, texts(type, {" edge", "edge "}))) == "x\n\" edge\"\n\"edge \"\n");  // readers trim
  CHECK(csv(one_column(type, column.slice(6, 1), "a \"name\", odd")) == "\"a \"\"name\"\", odd\"\nit's\n");
  CHECK(csv(one_column(type, texts(type, {nullptr, "b"}))) == "x\n\"\"\nb\n");  // an empty line would be no row
  CHECK_THROWS_AS(csv(one_column(type, column), {.separator = '"'}), nad::Error);
  CHECK_THROWS_AS(csv(one_column(type, column), {.separator = '\n'}), nad::Error);
}

TEST_CASE("numbers in CSV read back as the same bits") {
  nad::Random random(3);
  nad::ColumnBuilder builder(nad::ColumnType::number);
  std::vector<double> values = {0.0, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, 123456789012345678.0, 1e22, 2.5e-7};
  for (int i = 0; i < 2000; ++i) {
    values.push_back((random.uniform() - 0.5) * std::pow(10.0, random.uniform() * 600.0 - 300.0));
  }
  for (const double value : values) {
    builder.add_number(value);
  }
  std::istringstream lines(csv(one_column(nad::ColumnType::number, builder.finish())));
  std::string line;
  std::getline(lines, line);
  std::size_t same = 0;
  for (const double value : values) {
    std::getline(lines, line);
    same += std::strtod(line.c_str(), nullptr) == value ? 1U : 0U;
  }
  CHECK(same == values.size());
}

TEST_CASE("a CSV file is replaced, and what cannot be written is an error that names it") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "flows.csv";
  const nad::Table flows = nad::synthetic_flows({.n_samples = 5000});
  nad::write_csv(flows, path);
  CHECK(file_content(path) == csv(flows));
  nad::write_csv(flows.head(2), path);
  CHECK(file_content(path) == csv(flows.head(2)));

  const auto message = [&](const std::filesystem::path& to) -> std::string {
    try {
      nad::write_csv(flows, to);
    } catch (const nad::Error& error) {
      CHECK(error.code() == nad::ErrorCode::io);
      return error.what();
    }
    return "no error";
  };
  const std::filesystem::path nowhere = folder / "no" / "such" / "folder.csv";
  CHECK(message(nowhere).find(nowhere.string()) != std::string::npos);
  if (std::filesystem::exists("/dev/full")) {
    CHECK(message("/dev/full").find("cannot write /dev/full") != std::string::npos);
  }
}
