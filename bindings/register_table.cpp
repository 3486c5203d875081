#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <tuple>

#include "table_tools.hpp"

namespace nad::python {

namespace {

using Names = std::vector<std::string>;
/// Name, role, origin.
using FieldWords = std::tuple<std::string, std::string, std::string>;

Table make_table(const std::vector<FieldWords>& words, std::vector<Column> columns, std::string source) {
  std::vector<Field> fields;
  for (std::size_t place = 0; place < words.size() && place < columns.size(); ++place) {
    const auto& [name, role, origin] = words[place];
    fields.push_back({.name = name, .type = columns[place].type(), .role = parse_role(role), .origin = origin});
  }
  return {Schema(std::move(fields), std::move(source)), std::move(columns)};
}

std::vector<FieldWords> field_words(const Table& table) {
  std::vector<FieldWords> words;
  for (const Field& field : table.schema()) {
    words.emplace_back(field.name, std::string(name(field.role)), field.origin);
  }
  return words;
}

std::vector<Column> columns_of(const Table& table) {
  std::vector<Column> columns;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    columns.push_back(table.column(place));
  }
  return columns;
}

/// All columns as numbers, one row a record, NaN where a value is missing.
py::array_t<double> to_matrix(const Table& table) {
  const std::size_t columns = table.columns();
  py::array_t<double> matrix({static_cast<py::ssize_t>(table.rows()), static_cast<py::ssize_t>(columns)});
  double* const out = matrix.mutable_data();
  without_gil([&] {
    std::array<double, 1024> block{};
    for (std::size_t first = 0; first < table.rows(); first += block.size()) {
      const std::size_t count = std::min(block.size(), table.rows() - first);
      for (std::size_t column = 0; column < columns; ++column) {
        table.column(column).copy_numbers(first, {block.data(), count});
        for (std::size_t row = 0; row < count; ++row) {
          out[(first + row) * columns + column] = block[row];
        }
      }
    }
  });
  return matrix;
}

/// The row that has the value, its share in the group and elsewhere.
std::vector<std::tuple<std::size_t, double, double>> shares_to_python(const std::vector<ValueShare>& values) {
  std::vector<std::tuple<std::size_t, double, double>> shares;
  shares.reserve(values.size());
  for (const ValueShare& value : values) {
    shares.emplace_back(value.first_row, value.share, value.share_elsewhere);
  }
  return shares;
}

py::object quartiles_to_python(const std::optional<Quartiles>& quartiles) {
  return quartiles ? py::object(py::make_tuple(quartiles->lower, quartiles->median, quartiles->upper)) : py::none();
}

py::dict trait_to_python(const GroupTrait& trait) {
  py::dict values;
  values["column"] = trait.column;
  values["type"] = name(trait.type);
  values["apart"] = trait.apart;
  values["missing"] = trait.missing;
  values["missing_elsewhere"] = trait.missing_elsewhere;
  values["quartiles"] = quartiles_to_python(trait.quartiles);
  values["quartiles_elsewhere"] = quartiles_to_python(trait.quartiles_elsewhere);
  values["values"] = shares_to_python(trait.values);
  values["sentence"] = trait.sentence;
  return values;
}

py::list profile_groups_to_python(const Table& table, const py::array_t<std::int64_t>& groups, std::size_t n_groups) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> numbers(static_cast<std::size_t>(groups.size()));
  std::transform(groups.data(), groups.data() + groups.size(), numbers.begin(), [](std::int64_t group) {
    return static_cast<std::uint32_t>(group < 0 || group > most ? most : group);  // refused, as too large
  });
  py::list profiles;
  for (const GroupProfile& one : without_gil([&] { return profile_groups(table, numbers, n_groups); })) {
    py::list traits;
    for (const GroupTrait& trait : one.traits) {
      traits.append(trait_to_python(trait));
    }
    py::list labels;
    for (const GroupLabels& label : one.labels) {
      labels.append(py::make_tuple(label.column, shares_to_python(label.values)));
    }
    py::dict values;
    values["rows"] = one.rows;
    values["share"] = one.share;
    values["traits"] = traits;
    values["labels"] = labels;
    profiles.append(values);
  }
  return profiles;
}

template <class Verb>
void def_rows_chosen(py::class_<Table>& table, const char* name, Verb verb) {
  table.def(
      name, [verb](const Table& self, const Names& by) { return without_gil([&] { return verb(self, by); }); },
      py::arg("by"));
}

void register_rows(py::class_<Table>& table) {
  def_rows_chosen(table, "drop_duplicates",
                  [](const Table& self, const Names& by) { return drop_duplicates(self, by); });
  def_rows_chosen(table, "drop_missing", [](const Table& self, const Names& by) { return drop_missing(self, by); });
  table.def("slice", &Table::slice, py::arg("first"), py::arg("count"))
      .def(
          "take",
          [](const Table& self, const py::array_t<std::int64_t>& places) {
            const std::vector<std::size_t> rows = rows_from(places, self.rows());
            return without_gil([&] { return self.take(rows); });
          },
          py::arg("places"))
      .def(
          "filter",
          [](const Table& self, const py::array_t<bool>& mask) {
            const std::vector<std::size_t> rows = rows_from_mask(mask, self.rows());
            return without_gil([&] { return self.take(rows); });
          },
          py::arg("mask"))
      .def(
          "sort",
          [](const Table& self, const Names& by, bool descending) {
            return without_gil([&] { return sort(self, by, {.descending = descending}); });
          },
          py::arg("by"), py::arg("descending"))
      .def(
          "sample",
          [](const Table& self, const py::object& rows, std::optional<double> fraction, bool replace, bool keep_order,
             const py::object& random_state) {
            SampleOptions options{.fraction = fraction,
                                  .replace = replace,
                                  .keep_order = keep_order,
                                  .random_state = whole_number(random_state, "random_state", 0)};
            if (!rows.is_none()) {
              options.rows = whole_number(rows, "rows", 0);
            }
            return without_gil([&] { return sample(self, options); });
          },
          py::arg("rows"), py::arg("fraction"), py::arg("replace"), py::arg("keep_order"), py::arg("random_state"))
      .def(
          "train_test_split",
          [](const Table& self, double test_size, const std::string& stratify, const std::string& by_time,
             const py::object& random_state) {
            const std::uint64_t seed = whole_number(random_state, "random_state", 0);
            TableSplit split = without_gil([&] {
              return train_test_split(
                  self, {.test_size = test_size, .random_state = seed, .stratify = stratify, .by_time = by_time});
            });
            return std::pair(std::move(split.train), std::move(split.test));
          },
          py::arg("test_size"), py::arg("stratify"), py::arg("by_time"), py::arg("random_state"));
}

void register_columns(py::class_<Table>& table) {
  table
      .def(
          "column", [](const Table& self, const std::string& name) { return self[name]; }, py::arg("name"))
      .def("select", &Table::select, py::arg("names"))
      .def("drop", &Table::drop, py::arg("names"))
      .def(
          "with_column",
          [](const Table& self, const std::string& name, const Column& column, const std::string& role,
             const std::string& origin) {
            return self.with({.name = name, .type = column.type(), .role = parse_role(role), .origin = origin}, column);
          },
          py::arg("name"), py::arg("column"), py::arg("role"), py::arg("origin"))
      .def(
          "with_role",
          [](const Table& self, const std::string& name, const std::string& role) {
            return self.with_role(name, parse_role(role));
          },
          py::arg("name"), py::arg("role"))
      .def(
          "with_type",
          [](const Table& self, const std::string& name, const std::string& type) {
            return without_gil([&] { return with_type(self, name, parse_column_type(type)); });
          },
          py::arg("name"), py::arg("type"))
      .def("with_source", &Table::with_source, py::arg("source"));
}

}  // namespace

void register_table(py::module_& module) {
  py::class_<Table> table(module, "Table");
  table.def(py::init(&make_table), py::arg("fields"), py::arg("columns"), py::arg("source"))
      .def_static("import_stream", &import_stream, py::arg("stream"))
      .def_static("import_array", &import_array, py::arg("schema"), py::arg("array"))
      .def_static(
          "concatenate",
          [](const std::vector<Table>& tables) { return without_gil([&] { return concatenate(tables); }); },
          py::arg("tables"))
      .def("export_stream", &export_stream, py::arg("requested"))
      .def("export_schema", [](const Table& self) { return export_schema(self.schema()); })
      .def("__len__", &Table::rows)
      .def_property_readonly("fields", &field_words)
      .def_property_readonly("columns", &columns_of)
      .def_property_readonly("source", [](const Table& self) { return self.schema().source(); })
      .def("to_matrix", &to_matrix)
      .def("describe", [](const Table& self) { return without_gil([&] { return describe(self); }); })
      .def(
          "equals",
          [](const Table& self, const Table& other, bool check_roles) {
            return without_gil([&] { return equal(self, other); }) && (!check_roles || self.schema() == other.schema());
          },
          py::arg("other"), py::arg("check_roles"))
      .def(
          "to_text",
          [](const Table& self, std::size_t rows, std::size_t width) {
            return to_string(self, {.rows = rows, .width = width});
          },
          py::arg("rows"), py::arg("width"))
      .def(
          "to_html", [](const Table& self, std::size_t rows) { return to_html(self, {.rows = rows}); }, py::arg("rows"))
      .def(py::pickle(
          [](const Table& self) { return py::make_tuple(field_words(self), columns_of(self), self.schema().source()); },
          [](const py::tuple& state) {
            return make_table(state[0].cast<std::vector<FieldWords>>(), state[1].cast<std::vector<Column>>(),
                              state[2].cast<std::string>());
          }));
  register_columns(table);
  register_rows(table);
  module.def("profile_groups", &profile_groups_to_python, py::arg("table"), py::arg("groups"), py::arg("n_groups"));
  module.def(
      "printable", [](const std::string& text, std::size_t width) { return printable(text, width); }, py::arg("text"),
      py::arg("width"));
  module.def(
      "guess_role",
      [](const std::string& name, const std::string& type) {
        return std::string(nad::name(guess_role(name, parse_column_type(type))));
      },
      py::arg("name"), py::arg("type"));
}

}  // namespace nad::python
