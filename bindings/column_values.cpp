#include "column_values.hpp"

#include <cstring>
#include <limits>
#include <memory>

#include "table_tools.hpp"

namespace nad::python {

namespace {

/// A function or class of a module, looked up once. The slot has no guard of its own: a thread that waited for one
/// would keep the interpreter from the thread that it waits for.
py::handle once(py::handle& slot, const char* module, const char* attribute) {
  if (!slot) {
    slot = py::object(py::module_::import(module).attr(attribute)).release();
  }
  return slot;
}

py::object address_to_python(const Address& address) {
  static py::handle v4;
  static py::handle v6;
  if (address.is_v4()) {
    return once(v4, "ipaddress", "IPv4Address")(address.v4_value());
  }
  return once(v6, "ipaddress", "IPv6Address")(to_bytes(address.bytes().data(), address.bytes().size()));
}

py::object time_to_python(std::int64_t nanoseconds) {
  static py::handle datetime64;
  return once(datetime64, "numpy", "datetime64")(nanoseconds, "ns");
}

[[noreturn]] void reject_value(const std::string& name, std::size_t row, const std::string& what) {
  throw Error(ErrorCode::invalid_data, "column '" + name + "', row " + std::to_string(row) + ": " + what);
}

std::string short_repr(py::handle value) {
  std::string text = py::cast<std::string>(py::repr(value));
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

std::string_view utf8_of(py::handle value, const std::string& name, std::size_t row) {
  Py_ssize_t size = 0;
  const char* const text = PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8AndSize(value.ptr(), &size) : nullptr;
  if (text == nullptr) {
    PyErr_Clear();
    reject_value(name, row, short_repr(value) + " is no text that can be written as UTF-8");
  }
  return {text, static_cast<std::size_t>(size)};
}

std::int64_t integer_of(py::handle value, const std::string& name, std::size_t row) {
  const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  int overflow = 0;
  const long long number = integer ? PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow) : 0;
  if (!integer || overflow != 0) {
    PyErr_Clear();
    reject_value(name, row,
                 short_repr(value) + " is no whole number of 64 bits; give numbers as float, or names as text");
  }
  return number;
}

double number_of(py::handle value, const std::string& name, std::size_t row) {
  const double number = PyFloat_AsDouble(value.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    reject_value(name, row, short_repr(value) + " is no number that a double holds");
  }
  return number;
}

Address address_of(py::handle value, const std::string& name, std::size_t row) {
  const auto packed = py::cast<std::string>(value.attr("packed"));
  std::array<std::uint8_t, 16> bytes{};
  if (packed.size() == 4) {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, packed.data(), 4);
  } else if (packed.size() == 16) {
    std::memcpy(bytes.data(), packed.data(), 16);
  } else {
    reject_value(name, row, short_repr(value) + " is no IPv4 or IPv6 address");
  }
  return Address(bytes);
}

}  // namespace

py::str to_str(std::string_view text) {
  PyObject* const decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (decoded == nullptr) {
    throw py::error_already_set();
  }
  return py::reinterpret_steal<py::str>(decoded);
}

py::object to_python(const Column& column, std::size_t row) {
  if (row >= column.size()) {
    throw py::index_error("row " + std::to_string(row) + " of a column of " + std::to_string(column.size()));
  }
  if (column.is_missing(row)) {
    return py::none();
  }
  const ColumnParts& parts = column.parts();
  switch (parts.type) {
    case ColumnType::number:
      return py::float_(parts.numbers[row]);
    case ColumnType::integer:
      return py::int_(parts.integers[row]);
    case ColumnType::boolean:
      return py::bool_(parts.booleans[row] != 0);
    case ColumnType::time:
      return time_to_python(parts.integers[row]);
    case ColumnType::address:
      return address_to_python(parts.addresses[row]);
    case ColumnType::category:
    case ColumnType::text:
      break;
  }
  return to_str(column.text(row));
}

py::list to_list(const Column& column) {
  py::list values(column.size());
  std::vector<py::object> categories;  // each text once
  if (column.type() == ColumnType::category) {
    categories.resize(column.categories().size());
  }
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!categories.empty() && !column.is_missing(row)) {
      py::object& text = categories[static_cast<std::size_t>(column.codes()[row])];
      if (!text) {
        text = to_str(column.text(row));
      }
      values[row] = text;
    } else {
      values[row] = to_python(column, row);
    }
  }
  return values;
}

Column column_from_list(const std::string& kind, const py::list& values, const std::string& name) {
  ColumnBuilder builder(parse_column_type(kind));
  for (std::size_t row = 0; row < values.size(); ++row) {
    const py::handle value = values[row];
    if (value.is_none()) {
      builder.add_missing();
      continue;
    }
    switch (builder.type()) {
      case ColumnType::number:
        builder.add_number(number_of(value, name, row));
        break;
      case ColumnType::integer:
        builder.add_integer(integer_of(value, name, row));
        break;
      case ColumnType::time:
        builder.add_time(integer_of(value, name, row));
        break;
      case ColumnType::boolean:
        builder.add_boolean(truth_value(value, name.c_str()));
        break;
      case ColumnType::address:
        builder.add_address(address_of(value, name, row));
        break;
      case ColumnType::category:
      case ColumnType::text:
        builder.add_text(utf8_of(value, name, row));
        break;
    }
  }
  return builder.finish();
}

Column column_from_array(const py::array& values, const std::string& name) {
  const auto rows = static_cast<std::size_t>(values.size());
  ColumnParts parts;
  parts.size = rows;
  const auto copy = [&](auto example) {
    using Value = decltype(example);
    GrowingBuffer<Value> copied;
    copied.append(static_cast<const Value*>(values.data()), rows);
    return std::move(copied).finish();
  };
  if (values.ndim() != 1 || (values.flags() & py::array::c_style) == 0) {
    throw py::type_error("column '" + name + "' needs a contiguous 1D array");
  }
  if (py::array_t<double>::check_(values)) {
    parts.numbers = copy(double{});
  } else if (py::array_t<bool>::check_(values)) {
    parts.type = ColumnType::boolean;
    parts.booleans = copy(std::uint8_t{});
  } else if (py::array_t<std::int64_t>::check_(values) || py::array_t<std::uint64_t>::check_(values)) {
    parts.type = ColumnType::integer;
    parts.integers = copy(std::int64_t{});
    for (std::size_t row = 0; values.dtype().kind() == 'u' && row < rows; ++row) {
      if (parts.integers[row] < 0) {
        reject_value(name, row,
                     std::to_string(static_cast<std::uint64_t>(parts.integers[row])) +
                         " is more than an integer column holds, 9223372036854775807; give numbers as float64, or "
                         "names as text");
      }
    }
  } else {
    throw py::type_error("column '" + name + "' needs an array of float64, int64, uint64 or bool");
  }
  return Column(std::move(parts));
}

Column column_from_times(const py::array_t<std::int64_t>& values, std::int64_t per_unit, const std::string& name) {
  const auto given = values.unchecked<1>();
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / per_unit;
  ColumnBuilder builder(ColumnType::time);
  for (py::ssize_t row = 0; row < given.shape(0); ++row) {
    if (given(row) == std::numeric_limits<std::int64_t>::min()) {
      builder.add_missing();
    } else if (given(row) > most || given(row) < -most) {
      reject_value(name, static_cast<std::size_t>(row),
                   "its time is outside of what nanoseconds hold, the years 1678 to 2261; leave such rows out or make "
                   "their values missing");
    } else {
      builder.add_time(given(row) * per_unit);
    }
  }
  return builder.finish();
}

Column column_from_codes(const py::array_t<std::int64_t>& codes, const py::list& categories, const std::string& name) {
  const auto given = codes.unchecked<1>();
  std::vector<std::string_view> texts;
  for (std::size_t code = 0; code < categories.size(); ++code) {
    texts.push_back(utf8_of(categories[code], name, code));
  }
  ColumnBuilder builder(ColumnType::category);
  for (const std::string_view text : texts) {
    builder.raw_categories().add(text);  // so that the codes stay
  }
  for (py::ssize_t row = 0; row < given.shape(0); ++row) {
    if (given(row) < 0) {
      builder.add_missing();
    } else {
      builder.add_text(texts.at(static_cast<std::size_t>(given(row))));
    }
  }
  return builder.finish();
}

}  // namespace nad::python
