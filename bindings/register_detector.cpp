#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "helpers.hpp"
#include "nad/detector/isolation_forest_serialize.hpp"

namespace nad::python {

namespace {

constexpr std::size_t small_batch = 64;  ///< rows that are scored faster than another thread could take the GIL

constexpr std::array split_choices{Split::random, Split::best};
constexpr std::array missing_choices{Missing::reject, Missing::route, Missing::impute};

template <class Enum, std::size_t n>
Enum choose(py::handle value, const char* option, const std::array<Enum, n>& choices) {
  std::string wish;
  const std::string given = py::isinstance<py::str>(value) ? value.cast<std::string>() : "";
  for (const Enum choice : choices) {
    if (given == name(choice)) {
      return choice;
    }
    wish += (wish.empty() ? "'" : ", '") + std::string(name(choice)) + "'";
  }
  throw Error(ErrorCode::invalid_argument,
              std::string(option) + " is " + py::repr(value).cast<std::string>() + "; give one of " + wish);
}

UniqueRows unique_rows_from(py::handle value) {
  if (PyBool_Check(value.ptr())) {
    return value.cast<bool>() ? UniqueRows::on : UniqueRows::off;
  }
  if (py::isinstance<py::str>(value) && value.cast<std::string>() == "log_count") {
    return UniqueRows::log_count;
  }
  throw Error(ErrorCode::invalid_argument,
              "unique_rows is " + py::repr(value).cast<std::string>() + "; give False, True or 'log_count'");
}

py::object to_python(UniqueRows unique_rows) {
  return unique_rows == UniqueRows::log_count ? py::object(py::str("log_count"))
                                              : py::object(py::bool_(unique_rows == UniqueRows::on));
}

/// None: automatic; an integer: that many; a float: a fraction.
Amount amount_from(py::handle value, const char* option) {
  if (value.is_none()) {
    return {};
  }
  if (is_integer(value)) {
    return static_cast<std::uint64_t>(whole_number(value, option, 1));
  }
  return real_number(value, option);
}

py::object to_python(const Amount& amount) {
  if (amount.is_automatic()) {
    return py::none();
  }
  if (amount.is_count()) {
    return py::int_(static_cast<std::uint64_t>(amount.value()));
  }
  return py::float_(amount.value());
}

std::optional<double> contamination_from(py::handle value) {
  return value.is_none() ? std::nullopt : std::optional(real_number(value, "contamination"));
}

IsolationForestOptions isolation_forest_options(const py::kwargs& given) {
  IsolationForestOptions options;
  for (const auto& [key, value] : given) {
    const auto option = key.cast<std::string>();
    if (option == "n_estimators") {
      options.n_estimators = whole_number(value, "n_estimators", 1);
    } else if (option == "max_samples") {
      options.max_samples = amount_from(value, "max_samples");
    } else if (option == "max_features") {
      options.max_features = amount_from(value, "max_features");
    } else if (option == "max_depth") {
      options.max_depth = value.is_none() ? std::nullopt : std::optional(whole_number(value, "max_depth", 1));
    } else if (option == "bootstrap") {
      options.bootstrap = truth_value(value, "bootstrap");
    } else if (option == "contamination") {
      options.contamination = contamination_from(value);
    } else if (option == "random_state") {
      options.random_state = whole_number(value, "random_state", 0);
    } else if (option == "warm_start") {
      options.warm_start = truth_value(value, "warm_start");
    } else if (option == "ndim") {
      options.ndim = whole_number(value, "ndim", 1);
    } else if (option == "split") {
      options.split = choose(value, "split", split_choices);
    } else if (option == "ntry") {
      options.ntry = whole_number(value, "ntry", 1);
    } else if (option == "unique_rows") {
      options.unique_rows = unique_rows_from(value);
    } else if (option == "missing") {
      options.missing = choose(value, "missing", missing_choices);
    } else {
      throw py::type_error("IsolationForest has no option " + option);
    }
  }
  return options;
}

py::dict to_python(const IsolationForestOptions& options) {
  py::dict values;
  values["n_estimators"] = options.n_estimators;
  values["max_samples"] = to_python(options.max_samples);
  values["max_features"] = to_python(options.max_features);
  values["max_depth"] = options.max_depth;
  values["bootstrap"] = options.bootstrap;
  values["contamination"] = options.contamination;
  values["random_state"] = options.random_state;
  values["warm_start"] = options.warm_start;
  values["ndim"] = options.ndim;
  values["split"] = name(options.split);
  values["ntry"] = options.ntry;
  values["unique_rows"] = to_python(options.unique_rows);
  values["missing"] = name(options.missing);
  return values;
}

/// The words that scikit-learn's own checks look for; nad's check behind this one would say the same in others.
void check_columns(const Detector& detector, const Records& records) {
  const std::size_t given = records.view().columns();
  if (detector.is_fitted() && given != detector.n_features()) {
    throw Error(ErrorCode::invalid_data, "X has " + std::to_string(given) + " features, but " +
                                             std::string(detector.kind()) + " is expecting " +
                                             std::to_string(detector.n_features()) +
                                             " features as input: give the columns that fit() saw, in the same order");
  }
}

void fit(Detector& detector, py::handle x, py::handle sample_weight, py::handle n_jobs, py::object progress,
         bool assume_finite) {
  const Records records(x);
  if (records.is_single()) {
    throw Error(
        ErrorCode::invalid_data,
        "Expected a 2D array with one row a record, got a 1D array. Reshape your data with X.reshape(-1, 1) if it "
        "is a single column, or X.reshape(1, -1) if it is a single record.");
  }
  const std::vector<float> weights = weights_from(sample_weight);
  Run run(n_jobs, std::move(progress));
  run([&](FitControl control) {
    control.assume_finite = assume_finite;
    detector.fit(records.view(), weights, control);
  });
}

py::object anomaly_score(const Detector& detector, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(detector, records);
  static_cast<void>(threads_from(n_jobs));  // also where one thread is enough: what is wrong shows in the first call
  if (records.is_single()) {
    return py::float_(static_cast<double>(detector.anomaly_score(records.row())));
  }
  const std::size_t rows = records.view().rows();
  py::array_t<float> scores(static_cast<py::ssize_t>(rows));
  const std::span<float> out(scores.mutable_data(), rows);
  if (rows <= small_batch && progress.is_none()) {
    detector.anomaly_score(records.view(), out);
    return scores;
  }
  Run run(n_jobs, std::move(progress));
  run([&](const FitControl& control) { detector.anomaly_score(records.view(), out, control); });
  return scores;
}

/// The verbs that give one number a row and are not in a hurry.
template <class D, std::vector<float> (D::*verb)(MatrixView, const FitControl&) const>
py::object number_per_row(const D& detector, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(detector, records);
  Run run(n_jobs, std::move(progress));
  return per_row(records, run([&](const FitControl& control) { return (detector.*verb)(records.view(), control); }));
}

py::object explain(const Detector& detector, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(detector, records);
  Run run(n_jobs, std::move(progress));
  auto contributions = std::make_unique<Matrix>(
      run([&](const FitControl& control) { return detector.explain(records.view(), control); }));
  const auto rows = static_cast<py::ssize_t>(contributions->rows());
  const auto columns = static_cast<py::ssize_t>(contributions->columns());
  float* const values = contributions->data();
  // the array takes the matrix over: no copy
  const py::capsule owner(contributions.get(), [](void* matrix) { delete static_cast<Matrix*>(matrix); });
  static_cast<void>(contributions.release());
  if (records.is_single()) {
    return py::array_t<float>(columns, values, owner);
  }
  return py::array_t<float>({rows, columns}, values, owner);
}

/// What all detectors pickle to: their model file.
template <class D, class Class>
void add_pickle(Class& cls) {
  cls.def(py::pickle(
      [](const D& self) {
        const std::vector<std::byte> bytes = save_bytes(self);
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      [](const py::bytes& state) {
        const std::string_view bytes(state);
        return load_bytes<D>({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
      }));
  cls.def("__copy__", [](const D& self) { return D(self); });
}

}  // namespace

void register_detector(py::module_& module) {
  const auto x = py::arg("x");
  const auto n_jobs = py::arg("n_jobs") = 1;
  const auto progress = py::arg("progress") = py::none();

  py::class_<Detector>(module, "Detector")
      .def("fit", &fit, x, py::arg("sample_weight") = py::none(), n_jobs, progress, py::arg("assume_finite") = false)
      .def("anomaly_score", &anomaly_score, x, n_jobs, progress)
      .def("raw_score",
           &number_per_row<Detector, static_cast<std::vector<float> (Detector::*)(MatrixView, const FitControl&) const>(
                                         &Detector::raw_score)>,
           x, n_jobs, progress)
      .def("explain", &explain, x, n_jobs, progress)
      .def_property_readonly("baseline", &Detector::baseline)
      .def_property("threshold", &Detector::threshold,
                    [](Detector& self, py::handle value) {
                      self.set_threshold(static_cast<float>(real_number(value, "threshold_")));
                    })
      .def_property_readonly("kind", &Detector::kind)
      .def_property_readonly("is_fitted", &Detector::is_fitted)
      .def_property_readonly("n_features", &Detector::n_features);

  py::class_<IsolationForest, Detector> forest(module, "IsolationForest");
  forest.def(py::init([](const py::kwargs& options) { return IsolationForest(isolation_forest_options(options)); }))
      .def_property_readonly("options", [](const IsolationForest& self) { return to_python(self.options()); })
      .def(
          "set_n_estimators",
          [](IsolationForest& self, py::handle n) { self.set_n_estimators(whole_number(n, "n_estimators", 1)); },
          py::arg("n_estimators"))
      .def(
          "set_contamination",
          [](IsolationForest& self, py::handle share) { self.set_contamination(contamination_from(share)); },
          py::arg("contamination"))
      .def("set_warm_start", &IsolationForest::set_warm_start, py::arg("warm_start"))
      .def("merge", &IsolationForest::merge, py::arg("other"))
      .def("path_length", &number_per_row<IsolationForest, &IsolationForest::path_length>, x, n_jobs, progress)
      .def_property_readonly("n_trees", &IsolationForest::n_trees)
      .def_property_readonly("samples_per_tree", &IsolationForest::samples_per_tree)
      .def_property_readonly("n_nodes", [](const IsolationForest& self) { return self.nodes().size(); });
  add_pickle<IsolationForest>(forest);
}

}  // namespace nad::python
