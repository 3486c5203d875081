#include "table_tools.hpp"

#include <memory>

namespace nad::python {

namespace {

constexpr const char* stream_name = "arrow_array_stream";
constexpr const char* schema_name = "arrow_schema";
constexpr const char* array_name = "arrow_array";

/// What nobody took over is released with the capsule.
template <class Struct>
void destroy(PyObject* capsule) {
  auto* const held = static_cast<Struct*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  if (held != nullptr && held->release != nullptr) {
    held->release(held);
  }
  delete held;
}

template <class Struct>
py::capsule capsule_of(std::unique_ptr<Struct> held, const char* name) {
  PyObject* const capsule = PyCapsule_New(held.get(), name, &destroy<Struct>);
  if (capsule == nullptr) {
    if (held->release != nullptr) {
      held->release(held.get());
    }
    throw py::error_already_set();
  }
  static_cast<void>(held.release());
  return py::reinterpret_steal<py::capsule>(capsule);
}

template <class Struct>
Struct* struct_in(py::handle capsule, const char* name) {
  if (!PyCapsule_IsValid(capsule.ptr(), name)) {
    throw py::type_error(std::string("expected a PyCapsule named '") + name +
                         "'; give an object with __arrow_c_stream__ or __arrow_c_array__");
  }
  return static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
}

}  // namespace

py::array read_only_array(const py::dtype& dtype, std::size_t size, const void* data, Column owner) {
  auto kept = std::make_unique<Column>(std::move(owner));
  const py::capsule base(kept.get(), [](void* column) { delete static_cast<Column*>(column); });
  static_cast<void>(kept.release());
  static const std::byte nothing{};  // a null pointer would make NumPy allocate
  py::array array(dtype, {static_cast<py::ssize_t>(size)}, {dtype.itemsize()}, data == nullptr ? &nothing : data, base);
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

std::vector<std::size_t> rows_from(const py::array_t<std::int64_t>& places, std::size_t rows) {
  if (places.ndim() != 1) {
    throw Error(ErrorCode::invalid_argument,
                "row numbers must be a 1D array, this one has " + std::to_string(places.ndim()) + " dimensions");
  }
  const auto given = places.unchecked<1>();
  std::vector<std::size_t> found;
  found.reserve(static_cast<std::size_t>(given.shape(0)));
  for (py::ssize_t i = 0; i < given.shape(0); ++i) {
    const std::int64_t place = given(i) < 0 ? given(i) + static_cast<std::int64_t>(rows) : given(i);
    if (place < 0 || place >= static_cast<std::int64_t>(rows)) {
      throw py::index_error("row " + std::to_string(given(i)) + " of " + std::to_string(rows));
    }
    found.push_back(static_cast<std::size_t>(place));
  }
  return found;
}

std::vector<std::size_t> rows_from_mask(const py::array_t<bool>& mask, std::size_t rows) {
  if (mask.ndim() != 1 || static_cast<std::size_t>(mask.shape(0)) != rows) {
    throw Error(ErrorCode::invalid_argument, "a mask has one truth value a row: " + std::to_string(rows) +
                                                 " here, but this one holds " + std::to_string(mask.size()) + " in " +
                                                 std::to_string(mask.ndim()) + " dimension(s)");
  }
  const auto given = mask.unchecked<1>();
  std::vector<std::size_t> found;
  for (std::size_t row = 0; row < rows; ++row) {
    if (given(static_cast<py::ssize_t>(row))) {
      found.push_back(row);
    }
  }
  return found;
}

py::capsule export_stream(const Table& table, py::handle requested) {
  if (!requested.is_none()) {
    const auto* const wanted = struct_in<ArrowSchema>(requested, schema_name);
    if (wanted->release == nullptr || wanted->n_children != static_cast<std::int64_t>(table.columns())) {
      throw Error(ErrorCode::invalid_argument, "a schema of " + std::to_string(wanted->n_children) +
                                                   " columns was requested of a table of " +
                                                   std::to_string(table.columns()) + "; select columns first");
    }
  }
  auto stream = std::make_unique<ArrowArrayStream>();
  export_arrow_stream(table, stream.get());
  return capsule_of(std::move(stream), stream_name);
}

py::capsule export_schema(const Schema& schema) {
  auto exported = std::make_unique<ArrowSchema>();
  export_arrow_schema(schema, exported.get());
  return capsule_of(std::move(exported), schema_name);
}

py::tuple export_array(const Field& field, const Column& column) {
  auto schema = std::make_unique<ArrowSchema>();
  auto array = std::make_unique<ArrowArray>();
  without_gil([&] { export_arrow(field, column, array.get(), schema.get()); });
  const py::capsule schema_capsule = capsule_of(std::move(schema), schema_name);
  return py::make_tuple(schema_capsule, capsule_of(std::move(array), array_name));
}

Table import_stream(py::handle capsule) {
  auto* const stream = struct_in<ArrowArrayStream>(capsule, stream_name);
  return without_gil([&] { return import_arrow_stream(stream); });
}

Table import_array(py::handle schema, py::handle array) {
  auto* const own_schema = struct_in<ArrowSchema>(schema, schema_name);
  auto* const own_array = struct_in<ArrowArray>(array, array_name);
  return without_gil([&] { return import_arrow(own_array, own_schema); });
}

}  // namespace nad::python
