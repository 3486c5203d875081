#include <algorithm>
#include <memory>

#include "detector_verbs.hpp"

namespace nad::python {

void check_columns(const Detector& detector, const Records& records) {
  const std::size_t given = records.view().columns();
  if (detector.is_fitted() && given != detector.n_features()) {
    throw Error(ErrorCode::invalid_data, "X has " + std::to_string(given) + " features, but " +
                                             std::string(detector.kind()) + " is expecting " +
                                             std::to_string(detector.n_features()) +
                                             " features as input: give the columns that fit() saw, in the same order");
  }
}

void require_table(const Records& records) {
  if (records.is_single()) {
    throw Error(
        ErrorCode::invalid_data,
        "Expected a 2D array with one row a record, got a 1D array. Reshape your data with X.reshape(-1, 1) if it "
        "is a single column, or X.reshape(1, -1) if it is a single record.");
  }
}

Matrix copy_of(MatrixView view) {
  Matrix matrix = Matrix::for_overwrite(view.rows(), view.columns());
  for (std::size_t row = 0; row < view.rows(); ++row) {
    std::copy_n(view.row(row), view.columns(), matrix.row(row).data());
  }
  return matrix;
}

py::array_t<float> array_of(Matrix&& matrix) {
  auto kept = std::make_unique<Matrix>(std::move(matrix));
  const auto rows = static_cast<py::ssize_t>(kept->rows());
  const auto columns = static_cast<py::ssize_t>(kept->columns());
  float* const values = kept->data();
  const py::capsule owner(kept.get(), [](void* held) { delete static_cast<Matrix*>(held); });
  static_cast<void>(kept.release());
  return py::array_t<float>({rows, columns}, values, owner);
}

namespace {

constexpr std::size_t small_batch = 64;  ///< rows that are scored faster than another thread could take the GIL

void fit_rows(Detector& detector, py::handle x, py::handle sample_weight, py::handle n_jobs, py::object progress,
              bool assume_finite) {
  const Records records(x);
  require_table(records);
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

py::object explain(const Detector& detector, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(detector, records);
  Run run(n_jobs, std::move(progress));
  Matrix contributions = run([&](const FitControl& control) { return detector.explain(records.view(), control); });
  const auto columns = static_cast<py::ssize_t>(contributions.columns());
  py::array_t<float> array = array_of(std::move(contributions));
  return records.is_single() ? py::object(array.reshape({columns})) : py::object(std::move(array));
}

}  // namespace

void register_detector(py::module_& module) {
  const auto x = py::arg("x");
  const auto n_jobs = py::arg("n_jobs") = 1;
  const auto progress = py::arg("progress") = py::none();

  py::class_<Detector>(module, "Detector")
      .def("fit", &fit_rows, x, py::arg("sample_weight") = py::none(), n_jobs, progress,
           py::arg("assume_finite") = false)
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

  register_autoencoder(module);
  register_boosted_trees(module);
  register_ecod(module);
  register_ensemble(module);
  register_gaussians(module);
  register_half_space_trees(module);
  register_histogram(module);
  register_isolation_forest(module);
  register_kmeans(module);
  register_loda(module);
  register_nearest_neighbours(module);
  register_one_class_svm(module);
  register_pca_residual(module);
}

}  // namespace nad::python
