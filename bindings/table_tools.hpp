#pragma once

/// What the bindings of tables and columns share.

#include <string>
#include <utility>

#include "helpers.hpp"

namespace nad::python {

/// Runs a long call that touches no Python object.
template <class Work>
auto without_gil(Work&& work) {
  const ReleasedGil release;
  return std::forward<Work>(work)();
}

/// A copy of bytes for a pickle, and back.
template <class Value>
py::bytes to_bytes(const Value* values, std::size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(Value)};
}

/// A NumPy array that looks at memory which `owner` keeps; nobody may write to it.
py::array read_only_array(const py::dtype& dtype, std::size_t size, const void* data, Column owner);

/// Row numbers from Python; a negative one counts from the end.
std::vector<std::size_t> rows_from(const py::array_t<std::int64_t>& places, std::size_t rows);
/// The places of what is true, one truth value a row.
std::vector<std::size_t> rows_from_mask(const py::array_t<bool>& mask, std::size_t rows);

/// Capsules as the Arrow PyCapsule interface names them. Each is used up by whoever imports it.
/// `requested` is None or the schema that somebody would like; one with other columns is an error.
py::capsule export_stream(const Table& table, py::handle requested);
py::capsule export_schema(const Schema& schema);
py::tuple export_array(const Field& field, const Column& column);
Table import_stream(py::handle capsule);
Table import_array(py::handle schema, py::handle array);

}  // namespace nad::python
