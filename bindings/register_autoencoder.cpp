#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "detector_verbs.hpp"

namespace nad::python {

namespace {

py::array_t<float> reconstruct(const Autoencoder& autoencoder, py::handle x, py::handle n_jobs, py::object progress) {
  const Records records(x);
  check_columns(autoencoder, records);
  Run run(n_jobs, std::move(progress));
  return array_of(run([&](const FitControl& control) { return autoencoder.reconstruct(records.view(), control); }));
}

py::dict history(const Autoencoder& autoencoder) {
  py::list loss;
  py::list validation_loss;
  py::list learning_rate;
  for (const EpochRecord& epoch : autoencoder.history()) {
    loss.append(epoch.loss);
    validation_loss.append(epoch.validation_loss);
    learning_rate.append(epoch.learning_rate);
  }
  py::dict values;
  values["loss"] = loss;
  values["validation_loss"] = validation_loss;
  values["learning_rate"] = learning_rate;
  return values;
}

py::list weights(const Autoencoder& autoencoder) {
  py::list steps;
  for (std::size_t step = 0; step + 1 < autoencoder.layers().size(); ++step) {
    const MatrixView view = autoencoder.weights(step);
    Matrix copy(view.rows(), view.columns());
    std::copy_n(view.data(), view.rows() * view.columns(), copy.data());
    steps.append(array_of(std::move(copy)));
  }
  return steps;
}

}  // namespace

void register_autoencoder(py::module_& module) {
  const auto x = py::arg("x");
  const auto n_jobs = py::arg("n_jobs") = 1;
  const auto progress = py::arg("progress") = py::none();
  auto autoencoder = detector_class<Autoencoder>(module, "Autoencoder");
  def_partial_fit(autoencoder);
  autoencoder
      .def("set_options",
           [](Autoencoder& self, const py::kwargs& options) {
             self.set_options(options_from<AutoencoderOptions>(options, "Autoencoder"));
           })
      .def("reconstruct", &reconstruct, x, n_jobs, progress)
      .def_property_readonly("history", &history)
      .def_property_readonly("best_epoch", &Autoencoder::best_epoch)
      .def_property_readonly("layers", &Autoencoder::layers)
      .def_property_readonly("weights", &weights);
}

}  // namespace nad::python
