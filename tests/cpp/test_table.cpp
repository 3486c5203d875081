#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "nad/nad.hpp"

namespace {

/// A little of every type, with a gap in each.
nad::Table sample() {
  nad::ColumnBuilder duration(nad::ColumnType::number);
  nad::ColumnBuilder port(nad::ColumnType::integer);
  nad::ColumnBuilder service(nad::ColumnType::category);
  nad::ColumnBuilder note(nad::ColumnType::text);
  nad::ColumnBuilder begin(nad::ColumnType::time);
  nad::ColumnBuilder host(nad::ColumnType::address);
  nad::ColumnBuilder local(nad::ColumnType::boolean);
  for (int row = 0; row < 20; ++row) {
    if (row == 11) {
      for (nad::ColumnBuilder* column : {&duration, &port, &service, &note, &begin, &host, &local}) {
        column->add_missing();
      }
      continue;
    }
    duration.add_number(row / 4.0);
    port.add_integer(1000 + row);
    service.add_text(row % 3 == 0 ? "http" : "dns");
    note.add_text(std::string(static_cast<std::size_t>(row), 'x'));
    begin.add_time(row * nad::nanoseconds_per_second);
    host.add_address(nad::Address::v4(0xc0000200U + static_cast<std::uint32_t>(row)));
    local.add_boolean(row % 2 == 0);
  }
  return {nad::Schema({{"duration", nad::ColumnType::number},
                       {"port", nad::ColumnType::integer},
                       {"service", nad::ColumnType::category},
                       {"note", nad::ColumnType::text},
                       {"begin", nad::ColumnType::time, nad::Role::moment},
                       {"host", nad::ColumnType::address, nad::Role::identifier},
                       {"local", nad::ColumnType::boolean}},
                      "sample"),
          {duration.finish(), port.finish(), service.finish(), note.finish(), begin.finish(), host.finish(),
           local.finish()}};
}

std::vector<std::string> formatted(const nad::Table& table, std::size_t row) {
  std::vector<std::string> values;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    values.push_back(table.column(place).format(row));
  }
  return values;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a column of each type holds its values and its gap") {
  const nad::Table table = sample();
  CHECK(table.rows() == 20);
  CHECK(formatted(table, 6) ==
        std::vector<std::string>{"1.5", "1006", "http", "xxxxxx", "1970-01-01 00:00:06", "192.0.2.6", "true"});
  CHECK(formatted(table, 11) == std::vector<std::string>(7));
  for (std::size_t place = 0; place < table.columns(); ++place) {
    CHECK(table.column(place).missing_count() == 1);
    for (std::size_t row = 0; row < 20; ++row) {
      CHECK(table.column(place).is_missing(row) == (row == 11));
    }
  }
  CHECK(table["service"].categories().size() == 2);
  CHECK(table["service"].text(11).empty());
}

TEST_CASE("slices and chosen rows keep values and gaps, from any place on") {
  const nad::Table table = sample();
  for (std::size_t first = 0; first < 20; ++first) {
    const nad::Table part = table.slice(first, 20 - first);
    CHECK(part["duration"].numbers().data() == table["duration"].numbers().data() + first);  // nothing was copied
    for (std::size_t row = 0; row < part.rows(); ++row) {
      CHECK(formatted(part, row) == formatted(table, first + row));
    }
    const std::vector<std::size_t> places = {part.rows() - 1, 0, 0};
    const nad::Table taken = part.take(places);
    for (std::size_t i = 0; i < places.size(); ++i) {
      CHECK(formatted(taken, i) == formatted(part, places[i]));
    }
  }
  CHECK(table.slice(20, 0).rows() == 0);
  CHECK(message_of([&] { table.slice(19, 2); }).find("19") != std::string::npos);
  CHECK(message_of([&] { table.take(std::vector<std::size_t>{20}); }).find("row 20") != std::string::npos);
  const nad::Table odd = table.filter([&](std::size_t row) { return row % 2 == 1; });
  CHECK(odd.rows() == 10);
  CHECK(odd["port"].integers()[1] == 1003);
  CHECK(odd["port"].is_missing(5));
}

TEST_CASE("columns are chosen, dropped, renamed, replaced and added by name") {
  const nad::Table table = sample();
  const nad::Table two = table.select({"host", "port"});
  CHECK(two.columns() == 2);
  CHECK(two.schema()[0].name == "host");
  CHECK(two.schema()[0].role == nad::Role::identifier);
  CHECK(two.schema().source() == "sample");
  CHECK(table.drop({"note"}).columns() == 6);
  CHECK_FALSE(table.drop({"note"}).has("note"));
  CHECK(table.rename("port", "dst_port").has("dst_port"));
  CHECK(table.with_role("note", nad::Role::label).schema()[3].role == nad::Role::label);
  CHECK(table.with_source("other").schema().source() == "other");
  const nad::Table replaced = table.with({"port", nad::ColumnType::number}, table["duration"]);
  CHECK(replaced.columns() == 7);
  CHECK(replaced["port"].numbers()[4] == 1.0);
  CHECK(table.with({"again", nad::ColumnType::number}, table["duration"]).columns() == 8);
}

TEST_CASE("wrong names, lengths and types are errors that help") {
  const nad::Table table = sample();
  CHECK(message_of([&] { static_cast<void>(table["durration"]); }).find("did you mean 'duration'?") !=
        std::string::npos);
  CHECK(message_of([&] { static_cast<void>(table["zzzzzzzzzzzz"]); }).find("'local'") != std::string::npos);
  CHECK(message_of([&] { table["port"].numbers(); }).find("integer") != std::string::npos);
  CHECK(message_of([&] { table["host"].copy_numbers(0, {}); }).find("address") != std::string::npos);
  CHECK(message_of([&] { table.rename("port", "duration"); }).find("two columns") != std::string::npos);
  CHECK(message_of([&] {
          table.with({"x", nad::ColumnType::number}, table["duration"].slice(0, 3));
        }).find("3 rows") != std::string::npos);
  CHECK(message_of([&] {
          table.with({"x", nad::ColumnType::text}, table["duration"]);
        }).find("text") != std::string::npos);
  nad::ColumnBuilder integers(nad::ColumnType::integer);
  integers.add_number(3.0);
  CHECK(message_of([&] { integers.add_number(3.5); }).find("integer") != std::string::npos);
  CHECK(message_of([&] { integers.add_text("3"); }).find("text") != std::string::npos);
  CHECK(integers.finish().integers()[0] == 3);
}

TEST_CASE("numbers are copied out of every type that has them, NaN where missing") {
  const nad::Table table = sample();
  const auto expected = [](const std::string& name, std::size_t row) {
    return name == "duration" ? static_cast<double>(row) / 4.0
           : name == "port"   ? 1000.0 + static_cast<double>(row)
           : name == "begin"  ? static_cast<double>(row)
                              : static_cast<double>(row % 2 == 0);
  };
  for (const std::string name : {"duration", "port", "begin", "local"}) {
    std::vector<double> values(17);
    table.slice(2, 18)[name].copy_numbers(1, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK((i + 3 == 11 ? values[i] != values[i] : values[i] == expected(name, i + 3)));
    }
  }
}

TEST_CASE("a dictionary numbers texts in the order of their appearance, and finds them among many") {
  nad::Dictionary dictionary;
  CHECK(dictionary.find("") == nad::Dictionary::absent);
  for (int i = 0; i < 20000; ++i) {
    CHECK(dictionary.add("category " + std::to_string(i)) == i);
  }
  CHECK(dictionary.add("") == 20000);
  CHECK(dictionary.size() == 20001);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = "category " + std::to_string(i);
    CHECK(dictionary.find(text) == i);
    CHECK(dictionary[i] == text);
  }
  CHECK(dictionary.find("category 20000") == nad::Dictionary::absent);
  CHECK(dictionary.add("category 7") == 7);
}

TEST_CASE("addresses are read in every spelling and written in one") {
  const std::vector<std::pair<std::string, std::string>> spellings = {
      {"192.0.2.7", "192.0.2.7"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8::0001:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group of zeros is not left out
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"fe80::1%eth0", "fe80::1"},
      {"::ffff:192.0.2.7", "192.0.2.7"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"}};
  for (const auto& spelling : spellings) {
    const auto address = nad::Address::parse(spelling.first);
    REQUIRE_MESSAGE(address.has_value(), spelling.first);
    CHECK(address->to_string() == spelling.second);
    CHECK(nad::Address::parse(spelling.second) == address);
  }
  for (const char* wrong : {"",
                            "1.2.3",
                            "1.2.3.4.5",
                            "256.1.1.1",
                            "1.2.3.",
                            "1.2.3.4 ",
                            "1,2,3,4",
                            "eth0",
                            "00:11:22:33:44:55",
                            ":",
                            ":::",
                            "1::2::3",
                            "1:2:3:4:5:6:7",
                            "1:2:3:4:5:6:7:8:9",
                            "1:2:3:4:5:6:7:8::",
                            "12345::",
                            "g::",
                            "1:",
                            "::1.2.3",
                            "1.2.3.4::",
                            "1:2:3:4:5:6:7:1.2.3.4"}) {
    CHECK_MESSAGE(!nad::Address::parse(wrong).has_value(), wrong);
  }
  CHECK(nad::Address::v4(0x0a000001).to_string() == "10.0.0.1");
  CHECK(nad::Address::v4(0x0a000001).v4_value() == 0x0a000001);
  CHECK(nad::Address::parse("10.0.0.1") < nad::Address::parse("10.0.0.2"));
}

TEST_CASE("times are read as logs write them, to the nanosecond") {
  constexpr std::int64_t second = nad::nanoseconds_per_second;
  CHECK(nad::parse_time("1970-01-01") == 0);
  CHECK(nad::parse_time("2017-04-07T22:24:37.251547+0100") == 1491600277 * second + 251547000);
  CHECK(nad::parse_time("2017-04-07T21:24:37.251547123Z") == 1491600277 * second + 251547123);
  CHECK(nad::parse_time("2017-04-07 21:24:37.2515471239") == 1491600277 * second + 251547123);
  CHECK(nad::parse_time("2017/04/07 16:24-05:00") == 1491600240 * second);
  CHECK(nad::parse_time("1969-12-31T23:59:59.5") == -second / 2);
  CHECK(nad::parse_time("2024-02-29") == 1709164800 * second);
  for (const char* wrong : {"", "2017", "2017-04", "2017-13-01", "2023-02-29", "2017-04-07T", "2017-04-07T25:00",
                            "2017-04-07T22:24:37.", "2017-04-07T22:24:37+", "2017-04-07x", "17-04-07", "2017-04/07",
                            "2017-04-07T22:24:37 UTC", "9999-01-01", "2017-04-07T22:24.5", "2017-04-07T22:24+01:60"}) {
    CHECK_MESSAGE(!nad::parse_time(wrong).has_value(), wrong);
  }
  CHECK(nad::parse_epoch_seconds("1650031200.251547") == 1650031200 * second + 251547000);
  CHECK(nad::parse_epoch_seconds("-0.5") == -second / 2);
  CHECK(nad::parse_epoch_seconds("7") == 7 * second);
  CHECK(nad::parse_epoch_seconds("7.") == 7 * second);
  for (const char* wrong : {"", "-", ".5", "1e9", "1.5x", "99999999999999999999", "1 "}) {
    CHECK_MESSAGE(!nad::parse_epoch_seconds(wrong).has_value(), wrong);
  }
  CHECK(nad::format_time(1491600277 * second + 251547000) == "2017-04-07 21:24:37.251547");
  CHECK(nad::format_time(1491600277 * second + 251000000) == "2017-04-07 21:24:37.251");
  CHECK(nad::format_time(1491600277 * second + 1) == "2017-04-07 21:24:37.000000001");
  CHECK(nad::format_time(0) == "1970-01-01 00:00:00");
  CHECK(nad::format_time(-second / 2) == "1969-12-31 23:59:59.500");
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1709164800123456789},
                                  std::int64_t{-86400 * second}, std::int64_t{-86401 * second}}) {
    CHECK(nad::parse_time(nad::format_time(time)) == time);
  }
}

TEST_CASE("buffers grow, share and shrink") {
  nad::GrowingBuffer<std::int64_t> growing;
  for (std::int64_t i = 0; i < 100000; ++i) {
    growing.push_back(i);
  }
  const nad::Buffer<std::int64_t> buffer = std::move(growing).finish();
  CHECK(buffer.size() == 100000);
  CHECK(buffer[99999] == 99999);
  CHECK(buffer.slice(5, 3).data() == buffer.data() + 5);
  CHECK(nad::GrowingBuffer<char>().finish().empty());
  CHECK_THROWS_AS(nad::GrowingBuffer<std::int64_t>().reserve(static_cast<std::size_t>(-1) / 2), std::bad_alloc);
}
