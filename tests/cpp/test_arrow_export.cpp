#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "nad/nad.hpp"

namespace {

/// A column of every type; row 5 of 20 is missing everywhere.
nad::Table sample() {
  std::vector<nad::ColumnBuilder> builders;
  for (const auto type :
       {nad::ColumnType::number, nad::ColumnType::integer, nad::ColumnType::category, nad::ColumnType::text,
        nad::ColumnType::time, nad::ColumnType::address, nad::ColumnType::boolean}) {
    builders.emplace_back(type);
  }
  for (int row = 0; row < 20; ++row) {
    if (row == 5) {
      for (nad::ColumnBuilder& builder : builders) {
        builder.add_missing();
      }
      continue;
    }
    builders[0].add_number(row / 8.0);
    builders[1].add_integer(row - 10);
    builders[2].add_text(row % 3 == 0 ? "http" : "dns");
    builders[3].add_text(std::string(static_cast<std::size_t>(row % 4), 'x') + "\xc3\xa9");
    builders[4].add_time(row * nad::nanoseconds_per_second);
    builders[5].add_address(row % 2 == 0 ? nad::Address::v4(0xc0000200U + static_cast<std::uint32_t>(row))
                                         : nad::Address());
    builders[6].add_boolean(row % 3 == 1);
  }
  std::vector<nad::Column> columns;
  columns.reserve(builders.size());
  for (nad::ColumnBuilder& builder : builders) {
    columns.push_back(builder.finish());
  }
  return {nad::Schema({{"duration", nad::ColumnType::number},
                       {"balance", nad::ColumnType::integer, nad::Role::feature, "srv bal"},
                       {"service", nad::ColumnType::category, nad::Role::label},
                       {"note", nad::ColumnType::text},
                       {"begin", nad::ColumnType::time, nad::Role::moment},
                       {"host", nad::ColumnType::address, nad::Role::identifier},
                       {"local", nad::ColumnType::boolean}},
                      "sample"),
          std::move(columns)};
}

std::vector<std::string> formatted(const nad::Table& table) {
  std::vector<std::string> values;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    for (std::size_t row = 0; row < table.rows(); ++row) {
      values.push_back(table.column(place).is_missing(row) ? "-" : table.column(place).format(row));
    }
  }
  return values;
}

/// Exported structs as another library would hold them: not through nad's own import.
struct Held {
  ArrowArray array{};
  ArrowSchema schema{};

  explicit Held(const nad::Table& table) { nad::export_arrow(table, &array, &schema); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (array.release != nullptr) {
      array.release(&array);
    }
    if (schema.release != nullptr) {
      schema.release(&schema);
    }
  }

  template <class Value>
  Value value(int column, int buffer, int place) const {
    Value found{};
    std::memcpy(&found, static_cast<const Value*>(array.children[column]->buffers[buffer]) + place, sizeof found);
    return found;
  }
  bool bit(int column, int buffer, int place) const {
    return (static_cast<unsigned>(value<std::uint8_t>(column, buffer, place / 8)) >> place % 8 & 1U) != 0;
  }
};

}  // namespace

TEST_CASE("what is exported stands where Arrow says, borrowed where it can be") {
  const nad::Table table = sample();
  const Held held(table);
  CHECK(held.array.length == 20);
  CHECK(held.array.n_children == 7);
  const std::array<std::string, 7> formats{"g", "l", "i", "U", "tsn:UTC", "U", "b"};
  for (int column = 0; column < 7; ++column) {
    const ArrowArray& part = *held.array.children[column];
    CHECK(held.schema.children[column]->format == formats[static_cast<std::size_t>(column)]);
    CHECK(held.schema.children[column]->name == table.schema()[static_cast<std::size_t>(column)].name);
    CHECK(held.schema.children[column]->flags == ARROW_FLAG_NULLABLE);
    CHECK(part.length == 20);
    CHECK(part.null_count == 1);
    CHECK(part.offset == 0);
    for (int row = 0; row < 20; ++row) {
      CHECK(held.bit(column, 0, row) == (row != 5));
    }
  }
  CHECK(held.array.children[0]->buffers[1] == table["duration"].numbers().data());
  CHECK(held.array.children[1]->buffers[1] == table["balance"].integers().data());
  CHECK(held.array.children[3]->buffers[2] == table["note"].parts().text.data());
  CHECK(held.array.children[4]->buffers[1] == table["begin"].times().data());
  CHECK(held.value<std::int32_t>(2, 1, 5) == 0);  // a missing category looks like one that is there
  CHECK(held.value<std::int32_t>(2, 1, 6) == 0);
  CHECK(held.value<std::int32_t>(2, 1, 7) == 1);
  const ArrowArray& services = *held.array.children[2]->dictionary;
  CHECK(services.length == 2);
  CHECK(std::string(static_cast<const char*>(services.buffers[2]), 7) == "httpdns");
  CHECK(std::string(held.schema.children[2]->dictionary->format) == "U");
  CHECK(std::string(static_cast<const char*>(held.array.children[5]->buffers[2]), 13) == "192.0.2.0::19");
  for (int row = 0; row < 20; ++row) {
    CHECK((row == 5 || held.bit(6, 1, row) == (row % 3 == 1)));
  }
}

TEST_CASE("a table comes back as it went, with roles, origins, addresses and source") {
  const nad::Table table = sample();
  // slices whose marks begin inside a byte, at one, and where nothing is missing
  for (const auto& [first, count] :
       {std::pair<std::size_t, std::size_t>{0, 20}, {3, 9}, {8, 12}, {1, 4}, {5, 1}, {2, 0}}) {
    const nad::Table part = table.slice(first, count);
    ArrowArrayStream stream{};
    nad::export_arrow_stream(part, &stream);
    const nad::Table back = nad::import_arrow_stream(&stream);
    CHECK(static_cast<bool>(stream.release == nullptr));
    CHECK(back.schema() == part.schema());
    CHECK(formatted(back) == formatted(part));
    if (count != 0) {
      CHECK(back["begin"].times().data() == part["begin"].times().data());
    }
  }
  ArrowArray array{};
  ArrowSchema schema{};
  nad::export_arrow(nad::Table(), &array, &schema);
  CHECK(nad::import_arrow(&array, &schema).columns() == 0);
}

TEST_CASE("exported memory outlives the table, and a column that was moved outlives the batch") {
  ArrowArray moved{};
  {
    auto table = std::make_unique<nad::Table>(sample());
    Held held(*table);
    table.reset();
    CHECK(held.value<double>(0, 1, 8) == 1.0);
    moved = *held.array.children[1];
    held.array.children[1]->release = nullptr;
  }
  CHECK(static_cast<const std::int64_t*>(moved.buffers[1])[19] == 9);
  moved.release(&moved);
  CHECK(static_cast<bool>(moved.release == nullptr));
}

TEST_CASE("NaN is missing for others, too") {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : {1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    builder.add_number(value);
  }
  const nad::Column column = builder.finish();
  ArrowArray array{};
  ArrowSchema schema{};
  nad::export_arrow({.name = "x"}, column, &array, &schema);
  CHECK(array.null_count == 1);
  CHECK(static_cast<const std::uint8_t*>(array.buffers[0])[0] == 0b101);
  CHECK(array.buffers[1] == column.numbers().data());
  const nad::Table back = nad::import_arrow(&array, &schema);
  CHECK(back["x"].is_missing(1));
  CHECK(std::isinf(back["x"].numbers()[2]));
}

TEST_CASE("columns without rows or without values have buffers all the same") {
  for (const auto type : {nad::ColumnType::number, nad::ColumnType::category, nad::ColumnType::text,
                          nad::ColumnType::address, nad::ColumnType::boolean}) {
    for (const int rows : {0, 2}) {
      nad::ColumnBuilder builder(type);
      for (int row = 0; row < rows; ++row) {
        builder.add_missing();
      }
      const nad::Table table(nad::Schema({{"x", type}}), {builder.finish()});
      Held held(table);
      CHECK(held.array.children[0]->null_count == rows);
      for (int buffer = 1; buffer < held.array.children[0]->n_buffers; ++buffer) {
        CHECK(held.array.children[0]->buffers[buffer] != nullptr);
      }
      CHECK(formatted(nad::import_arrow(&held.array, &held.schema)) == formatted(table));
    }
  }
}

TEST_CASE("text that is not UTF-8 does not leave") {
  nad::ColumnBuilder text(nad::ColumnType::text);
  text.add_text("fine");
  text.add_text("caf\xe9");
  const nad::Table texts(nad::Schema({{"note", nad::ColumnType::text}}), {text.finish()});
  ArrowArrayStream stream{};
  nad::export_arrow_stream(texts, &stream);
  CHECK_THROWS_WITH_AS(nad::import_arrow_stream(&stream),
                       doctest::Contains("column 'note', row 1: its text is not UTF-8"), nad::Error);
  nad::ColumnBuilder words(nad::ColumnType::category);
  words.add_text("\xc3");
  words.add_text("\xa9");  // one character only where both are put together
  const nad::Table categories(nad::Schema({{"word", nad::ColumnType::category}}), {words.finish()});
  ArrowArray array{};
  ArrowSchema schema{};
  CHECK_THROWS_WITH_AS(nad::export_arrow(categories, &array, &schema), doctest::Contains("category 0"), nad::Error);
  CHECK(static_cast<bool>(array.release == nullptr));
  CHECK(static_cast<bool>(schema.release == nullptr));
}

TEST_CASE("codes that stand for nothing are an error") {
  nad::ColumnParts parts{.type = nad::ColumnType::category, .size = 1};
  nad::GrowingBuffer<std::int32_t> codes;
  codes.push_back(3);
  parts.codes = std::move(codes).finish();
  const nad::Table table(nad::Schema({{"x", nad::ColumnType::category}}), {nad::Column(parts)});
  ArrowArray array{};
  ArrowSchema schema{};
  CHECK_THROWS_WITH_AS(nad::export_arrow(table, &array, &schema), doctest::Contains("row 0: its code 3"), nad::Error);
}
