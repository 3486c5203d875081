#include <pybind11/stl.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "column_values.hpp"
#include "table_tools.hpp"

namespace nad::python {

namespace {

/// A new array of what `value` says of each row.
template <class Value, class ValueOf>
py::array_t<Value> filled(const Column& column, ValueOf value) {
  py::array_t<Value> array(static_cast<py::ssize_t>(column.size()));
  Value* const out = array.mutable_data();
  without_gil([&] {
    for (std::size_t row = 0; row < column.size(); ++row) {
      out[row] = value(row);
    }
  });
  return array;
}

py::array times_to_numpy(const Column& column) {
  const py::dtype nanoseconds("datetime64[ns]");
  if (column.parts().valid.empty()) {
    return read_only_array(nanoseconds, column.size(), column.times().data(), column);
  }
  constexpr std::int64_t not_a_time = std::numeric_limits<std::int64_t>::min();
  return filled<std::int64_t>(
             column, [&](std::size_t row) { return column.is_missing(row) ? not_a_time : column.times()[row]; })
      .attr("view")(nanoseconds);
}

/// Numbers as they are where nothing is marked as missing; else copied, NaN where a value is missing.
py::array to_numpy(const Column& column) {
  const ColumnParts& parts = column.parts();
  const bool all_there = parts.valid.empty() || column.missing_count() == 0;
  switch (parts.type) {
    case ColumnType::number:
      if (parts.valid.empty()) {
        return read_only_array(py::dtype::of<double>(), column.size(), parts.numbers.data(), column);
      }
      break;
    case ColumnType::integer:
      if (all_there) {
        return read_only_array(py::dtype::of<std::int64_t>(), column.size(), parts.integers.data(), column);
      }
      break;
    case ColumnType::boolean:
      if (all_there) {
        return read_only_array(py::dtype::of<bool>(), column.size(), parts.booleans.data(), column);
      }
      return py::module_::import("numpy").attr("array")(to_list(column), py::arg("dtype") = "O");
    case ColumnType::time:
      return times_to_numpy(column);
    default: {
      const py::list values = to_list(column);
      const py::array objects = py::module_::import("numpy").attr("empty")(values.size(), py::arg("dtype") = "O");
      objects[py::slice(0, static_cast<py::ssize_t>(values.size()), 1)] = values;
      return objects;
    }
  }
  py::array_t<double> numbers(static_cast<py::ssize_t>(column.size()));
  column.copy_numbers(0, {numbers.mutable_data(), column.size()});
  return numbers;
}

/// Rows that are marked become missing.
Column with_missing(const Column& column, const py::array_t<bool>& missing) {
  const std::vector<std::size_t> rows = rows_from_mask(missing, column.size());
  if (rows.empty()) {
    return column;
  }
  ColumnParts parts = column.parts();
  GrowingBuffer<std::uint8_t> valid(column.size() / 8 + 1);
  std::fill_n(valid.data(), valid.size(), std::uint8_t{0});
  const auto marked = missing.unchecked<1>();
  for (std::size_t row = 0; row < column.size(); ++row) {
    const unsigned present = column.is_missing(row) || marked(static_cast<py::ssize_t>(row)) ? 0U : 1U;
    valid[row / 8] = static_cast<std::uint8_t>(valid[row / 8] | present << row % 8);
  }
  parts.valid = std::move(valid).finish();
  parts.valid_offset = 0;
  return Column(std::move(parts));
}

py::list categories_of(const Column& column) {
  const Dictionary& categories = column.categories();
  py::list texts(categories.size());
  for (std::size_t code = 0; code < categories.size(); ++code) {
    texts[code] = to_str(categories[static_cast<std::int32_t>(code)]);
  }
  return texts;
}

/// What is stored, whatever is marked as missing: there, a value means nothing. Texts have no such form.
py::array stored(const Column& column) {
  const ColumnParts& parts = column.parts();
  const auto view = [&](const py::dtype& dtype, const void* data) {
    return read_only_array(dtype, column.size(), data, column);
  };
  switch (parts.type) {
    case ColumnType::number:
      return view(py::dtype::of<double>(), parts.numbers.data());
    case ColumnType::integer:
      return view(py::dtype::of<std::int64_t>(), parts.integers.data());
    case ColumnType::time:
      return view(py::dtype("datetime64[ns]"), parts.integers.data());
    case ColumnType::boolean:
      return view(py::dtype::of<bool>(), parts.booleans.data());
    case ColumnType::address:
      return view(py::dtype("S16"), parts.addresses.data());  // bytes in the order of the network
    case ColumnType::category:
    case ColumnType::text:
      break;
  }
  throw py::type_error("texts are compared by compare_text, compare_texts and is_one_of");
}

/// "<" and its like, of what compares as text.
bool holds(const std::string& comparison, std::string_view a, std::string_view b) {
  const int order = a.compare(b);  // of the bytes of UTF-8, which is the order of code points
  if (comparison == "eq" || comparison == "ne") {
    return (order == 0) == (comparison == "eq");
  }
  if (comparison == "lt" || comparison == "ge") {
    return (order < 0) == (comparison == "lt");
  }
  return (order > 0) == (comparison == "gt");
}

/// What is true of the text of each row, false where it is missing. Of categories each is asked once.
template <class Verdict>
py::array_t<bool> of_each_text(const Column& column, Verdict verdict) {
  if (column.type() != ColumnType::category) {
    return filled<bool>(column, [&](std::size_t row) { return !column.is_missing(row) && verdict(column.text(row)); });
  }
  std::vector<bool> verdicts(column.categories().size());
  for (std::size_t code = 0; code < verdicts.size(); ++code) {
    verdicts[code] = verdict(column.categories()[static_cast<std::int32_t>(code)]);
  }
  const std::span<const std::int32_t> codes = column.codes();
  return filled<bool>(column, [&](std::size_t row) {
    return !column.is_missing(row) && verdicts[static_cast<std::size_t>(codes[row])];
  });
}

void register_comparisons(py::class_<Column>& column) {
  column.def("stored", &stored)
      .def(
          "compare_text",
          [](const Column& self, const std::string& comparison, const std::string& text) {
            return of_each_text(self, [&](std::string_view own) { return holds(comparison, own, text); });
          },
          py::arg("comparison"), py::arg("text"))
      .def(
          "compare_texts",
          [](const Column& self, const std::string& comparison, const Column& other) {
            if (other.size() != self.size()) {
              throw Error(ErrorCode::invalid_argument, "columns of different lengths cannot be compared");
            }
            return filled<bool>(self, [&](std::size_t row) {
              return !self.is_missing(row) && !other.is_missing(row) &&
                     holds(comparison, self.text(row), other.text(row));
            });
          },
          py::arg("comparison"), py::arg("other"))
      .def(
          "is_one_of",
          [](const Column& self, const std::vector<std::string>& texts) {
            const std::set<std::string, std::less<>> wanted(texts.begin(), texts.end());
            return of_each_text(self, [&](std::string_view own) { return wanted.find(own) != wanted.end(); });
          },
          py::arg("texts"));
}

}  // namespace

void register_column(py::module_& module) {
  py::class_<Column> column(module, "Column");
  column.def_static("from_list", &column_from_list, py::arg("kind"), py::arg("values"), py::arg("name"))
      .def_static("from_array", &column_from_array, py::arg("values"), py::arg("name"))
      .def_static("from_times", &column_from_times, py::arg("values"), py::arg("per_unit"), py::arg("name"))
      .def_static("from_codes", &column_from_codes, py::arg("codes"), py::arg("categories"), py::arg("name"))
      .def_property_readonly("type", [](const Column& self) { return std::string(name(self.type())); })
      .def_property_readonly("missing_count", &Column::missing_count)
      .def("__len__", &Column::size)
      .def("value", &to_python, py::arg("row"))
      .def(
          "format", [](const Column& self, std::size_t row) { return to_str(self.format(row)); }, py::arg("row"))
      .def("slice", &Column::slice, py::arg("first"), py::arg("count"))
      .def(
          "take",
          [](const Column& self, const py::array_t<std::int64_t>& places) {
            const std::vector<std::size_t> rows = rows_from(places, self.size());
            return without_gil([&] { return self.take(rows); });
          },
          py::arg("places"))
      .def(
          "filter",
          [](const Column& self, const py::array_t<bool>& mask) {
            const std::vector<std::size_t> rows = rows_from_mask(mask, self.size());
            return without_gil([&] { return self.take(rows); });
          },
          py::arg("mask"))
      .def(
          "convert",
          [](const Column& self, const std::string& type, const std::string& name) {
            return without_gil([&] { return convert(self, parse_column_type(type), name); });
          },
          py::arg("type"), py::arg("name"))
      .def("with_missing", &with_missing, py::arg("missing"))
      .def("is_missing",
           [](const Column& self) { return filled<bool>(self, [&](std::size_t row) { return self.is_missing(row); }); })
      .def("to_list", &to_list)
      .def("to_numpy", &to_numpy)
      .def("categories", &categories_of)
      .def("codes",
           [](const Column& self) {
             const std::span<const std::int32_t> codes = self.codes();
             return filled<std::int32_t>(
                 self, [&](std::size_t row) { return self.is_missing(row) ? Dictionary::absent : codes[row]; });
           })
      .def("value_counts",
           [](const Column& self) {
             py::list counts;
             for (const ValueCount& count : without_gil([&] { return value_counts(self); })) {
               counts.append(py::make_tuple(to_str(count.value), count.count));
             }
             return counts;
           })
      .def(
          "equals",
          [](const Column& self, const Column& other) { return without_gil([&] { return equal(self, other); }); },
          py::arg("other"))
      .def(
          "export_array",
          [](const Column& self, const std::string& name) {
            return export_array({.name = name, .type = self.type()}, self);
          },
          py::arg("name"))
      .def(py::pickle(&column_state, &column_from_state));
  register_comparisons(column);
}

}  // namespace nad::python
