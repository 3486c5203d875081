#include <cstring>
#include <memory>

#include "column_values.hpp"
#include "table_tools.hpp"

namespace nad::python {

namespace {

template <class Value>
py::bytes buffer_bytes(const Buffer<Value>& values) {
  return to_bytes(values.data(), values.size());
}

template <class Value>
Buffer<Value> buffer_from(py::handle state) {
  const auto bytes = py::cast<std::string_view>(state);
  if (bytes.size() % sizeof(Value) != 0) {
    throw Error(ErrorCode::bad_file, "the pickled column is damaged: " + std::to_string(bytes.size()) +
                                         " bytes are no whole number of values");
  }
  GrowingBuffer<Value> values;
  if (!bytes.empty()) {
    std::memcpy(values.append_raw(bytes.size() / sizeof(Value)), bytes.data(), bytes.size());
  }
  return std::move(values).finish();
}

/// The column in memory of its own that holds nothing else: a slice may look at a part of much more.
Column compact(const Column& column) {
  std::vector<std::size_t> rows(column.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = row;
  }
  return column.take(rows);
}

/// What the column's own checks leave to whoever made it.
void check(const Column& column) {
  const ColumnParts& parts = column.parts();
  const auto require = [](bool is_sound) {
    if (!is_sound) {
      throw Error(ErrorCode::bad_file, "the pickled column is damaged: a value lies outside of its memory");
    }
  };
  if (parts.type == ColumnType::text) {
    std::int64_t last = 0;
    for (std::size_t row = 0; row < parts.integers.size(); ++row) {
      require(parts.integers[row] >= last);
      last = parts.integers[row];
    }
    require(static_cast<std::size_t>(last) <= parts.text.size());
  }
  for (std::size_t row = 0; row < parts.codes.size(); ++row) {
    require(column.is_missing(row) ||
            (parts.codes[row] >= 0 && static_cast<std::size_t>(parts.codes[row]) < parts.categories->size()));
  }
}

}  // namespace

py::tuple column_state(const Column& column) {
  const Column own = without_gil([&] { return compact(column); });
  const ColumnParts& parts = own.parts();
  py::list categories;
  for (std::size_t code = 0; parts.type == ColumnType::category && code < parts.categories->size(); ++code) {
    const std::string_view text = (*parts.categories)[static_cast<std::int32_t>(code)];
    categories.append(py::bytes(text.data(), text.size()));
  }
  return py::make_tuple(std::string(name(parts.type)), parts.size, buffer_bytes(parts.numbers),
                        buffer_bytes(parts.integers), buffer_bytes(parts.codes), buffer_bytes(parts.addresses),
                        buffer_bytes(parts.booleans), buffer_bytes(parts.text), categories, buffer_bytes(parts.valid));
}

Column column_from_state(const py::tuple& state) {
  if (state.size() != 10) {
    throw Error(ErrorCode::bad_file, "the pickled column is damaged, or was written by another version of nad");
  }
  ColumnParts parts{.type = parse_column_type(py::cast<std::string>(state[0])),
                    .size = py::cast<std::size_t>(state[1]),
                    .numbers = buffer_from<double>(state[2]),
                    .integers = buffer_from<std::int64_t>(state[3]),
                    .codes = buffer_from<std::int32_t>(state[4]),
                    .addresses = buffer_from<Address>(state[5]),
                    .booleans = buffer_from<std::uint8_t>(state[6]),
                    .text = buffer_from<char>(state[7])};
  auto categories = std::make_shared<Dictionary>();
  for (const py::handle text : py::cast<py::list>(state[8])) {
    categories->add(py::cast<std::string_view>(text));
  }
  parts.categories = std::move(categories);
  parts.valid = buffer_from<std::uint8_t>(state[9]);
  Column column(std::move(parts));
  check(column);
  return column;
}

}  // namespace nad::python
