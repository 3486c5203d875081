#include "detector_verbs.hpp"

namespace nad::python {

void register_histogram(py::module_& module) {
  auto histogram = detector_class<Histogram>(module, "Histogram");
  histogram.def(
      "histogram",
      [](const Histogram& self, std::size_t column) {
        if (column >= self.n_features()) {
          throw py::index_error("there is no column " + std::to_string(column));
        }
        const std::span<const float> edges = self.edges(column);
        const std::span<const double> weights = self.weights(column);
        return py::make_tuple(py::array_t<float>(static_cast<py::ssize_t>(edges.size()), edges.data()),
                              py::array_t<double>(static_cast<py::ssize_t>(weights.size()), weights.data()));
      },
      py::arg("column"));
}

}  // namespace nad::python
