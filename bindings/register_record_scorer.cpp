#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "state.hpp"

namespace nad::python {

namespace {

/// Takes records as dicts.
class DictScorer {
 public:
  /// `column_of(value, type, name)` makes a column of one value out of what is not of the plainest types.
  DictScorer(const Model& model, py::function column_of, std::size_t records)
      : scorer_(model, records), column_of_(std::move(column_of)) {
    for (const Field& field : scorer_.inputs()) {
      names_.push_back(py::reinterpret_steal<py::object>(PyUnicode_InternFromString(field.name.c_str())));
    }
  }

  RecordScore score(const py::dict& record) {
    set_all(record);
    return scorer_.score();
  }

  std::optional<Finding> detect(const py::dict& record, py::handle most_reasons) {
    const std::size_t most = whole_number(most_reasons, "most_reasons", 0);
    set_all(record);
    return scorer_.detect(most);
  }

  Findings detect_table(const Table& table, py::handle most_reasons, py::handle most_explained, py::handle n_jobs,
                        const py::object& progress) {
    const DetectOptions options{.most_reasons = whole_number(most_reasons, "most_reasons", 0),
                                .most_explained = whole_number(most_explained, "most_explained", 0)};
    Run run(n_jobs, progress);
    return run([&](const FitControl& control) { return scorer_.detect(table, options, control); });
  }

  Finding explain(py::handle most_reasons) const {
    return scorer_.explain(whole_number(most_reasons, "most_reasons", 0));
  }

  /// What a copy begins with: the model, how values become columns, and the records so far.
  py::tuple state() const {
    if (scorer_.model().pipeline().looks_back() && scorer_.records() > 0) {
      throw Error(ErrorCode::invalid_argument,
                  "steps of this scorer's pipeline look back at the records before, which a copy would not know; make "
                  "a new scorer of the model");
    }
    return py::make_tuple(scorer_.model(), column_of_, scorer_.records());
  }
  std::size_t records() const { return scorer_.records(); }

  std::vector<std::pair<std::string, std::string>> inputs() const {
    std::vector<std::pair<std::string, std::string>> words;
    for (const Field& field : scorer_.inputs()) {
      words.emplace_back(field.name, name(field.type));
    }
    return words;
  }

 private:
  void set_all(const py::dict& record) {
    for (std::size_t place = 0; place < names_.size(); ++place) {
      PyObject* const value = PyDict_GetItemWithError(record.ptr(), names_[place].ptr());
      if (value == nullptr) {
        if (PyErr_Occurred() != nullptr) {
          throw py::error_already_set();
        }
        refuse_lack(record);
      }
      set(place, value);
    }
  }

  [[noreturn]] void refuse_lack(const py::dict& record) const {
    std::string missing;
    for (const py::object& wanted : names_) {
      if (!record.contains(wanted)) {
        missing += (missing.empty() ? "'" : ", '") + py::cast<std::string>(wanted) + "'";
      }
    }
    throw Error(ErrorCode::invalid_data, "the record does not fit this model, which learnt from " +
                                             std::to_string(names_.size()) + " columns: it lacks " + missing +
                                             "; give None where a value is not known");
  }

  void set(std::size_t place, PyObject* value) {
    const ColumnType type = scorer_.inputs()[place].type;
    const bool is_text = type == ColumnType::category || type == ColumnType::text;
    const bool is_number = type == ColumnType::number || type == ColumnType::integer || type == ColumnType::boolean;
    if (value == Py_None) {
      scorer_.set_missing(place);
    } else if (is_number && PyFloat_CheckExact(value)) {
      set_number(place, PyFloat_AS_DOUBLE(value));
    } else if (is_number && (PyLong_CheckExact(value) || PyBool_Check(value))) {
      const double number = PyLong_AsDouble(value);
      if (PyErr_Occurred() != nullptr) {
        throw py::error_already_set();
      }
      set_number(place, number);
    } else if (is_text && PyUnicode_CheckExact(value)) {
      Py_ssize_t size = 0;
      const char* const text = PyUnicode_AsUTF8AndSize(value, &size);
      if (text == nullptr) {
        throw py::error_already_set();
      }
      scorer_.set(place, std::string_view(text, static_cast<std::size_t>(size)));
    } else {
      const py::object column = column_of_(py::handle(value), name(type), names_[place]);
      set(place, py::cast<const Column&>(column));
    }
  }

  void set_number(std::size_t place, double value) {
    if (detail::is_nan(value)) {
      scorer_.set_missing(place);
    } else {
      scorer_.set(place, value);
    }
  }

  void set(std::size_t place, const Column& column) {
    if (column.is_missing(0)) {
      scorer_.set_missing(place);
      return;
    }
    switch (column.type()) {
      case ColumnType::category:
      case ColumnType::text:
        scorer_.set(place, column.text(0));
        break;
      case ColumnType::time:
        scorer_.set_time(place, column.times()[0]);
        break;
      case ColumnType::address:
        scorer_.set(place, column.addresses()[0]);
        break;
      default: {
        double number = 0.0;
        column.copy_numbers(0, {&number, 1});
        scorer_.set(place, number);
      }
    }
  }

  RecordScorer scorer_;
  py::function column_of_;
  std::vector<py::object> names_;
};

}  // namespace

void register_record_scorer(py::module_& module) {
  py::class_<RecordScore>(module, "RecordScore", "What a model says of one record.")
      .def_readonly("score", &RecordScore::score, "The detector's; higher is more anomalous.")
      .def_property_readonly(
          "p_value", [](const RecordScore& self) { return self.p.value; },
          "The share of normal records with such a score, or a higher one.")
      .def_property_readonly(
          "extrapolated", [](const RecordScore& self) { return self.p.extrapolated; },
          "The p-value lies beyond all calibration records.")
      .def_readonly("is_alert", &RecordScore::is_alert, "The score is above the model's threshold.")
      .def("__eq__", [](const RecordScore& self, const RecordScore& other) { return self == other; })
      .def(pickled(RecordScore()))
      .def("__repr__", [](const RecordScore& self) {
        return "<RecordScore: score " + std::to_string(self.score) + ", p = " + std::to_string(self.p.value) +
               (self.is_alert ? ", an alert>" : ">");
      });
  py::class_<DictScorer>(module, "RecordScorer")
      .def(py::init<const Model&, py::function, std::size_t>(), py::arg("model"), py::arg("column_of"),
           py::arg("records"))
      .def(py::pickle([](const DictScorer& self) { return self.state(); },
                      [](const py::tuple& state) {
                        return std::make_unique<DictScorer>(
                            state[0].cast<const Model&>(), state[1].cast<py::function>(), state[2].cast<std::size_t>());
                      }))
      .def("score", &DictScorer::score, py::arg("record"))
      .def("detect", &DictScorer::detect, py::arg("record"), py::arg("most_reasons"))
      .def("detect_table", &DictScorer::detect_table, py::arg("table"), py::arg("most_reasons"),
           py::arg("most_explained"), py::arg("n_jobs"), py::arg("progress"))
      .def("explain", &DictScorer::explain, py::arg("most_reasons"))
      .def_property_readonly("records", &DictScorer::records)
      .def_property_readonly("inputs", &DictScorer::inputs);
}

}  // namespace nad::python
