#include "detector_verbs.hpp"

namespace nad::python {

void register_gaussians(py::module_& module) {
  auto mahalanobis = detector_class<Mahalanobis>(module, "Mahalanobis");
  mahalanobis
      .def_property_readonly("location",
                             [](const Mahalanobis& self) {
                               const std::span<const float> mean = self.location();
                               return py::array_t<float>(static_cast<py::ssize_t>(mean.size()), mean.data());
                             })
      .def_property_readonly("shrinkage", &Mahalanobis::shrinkage);
  auto local = detector_class<LocalGaussian>(module, "LocalGaussian");
  local.def_property_readonly("shares", [](const LocalGaussian& self) {
    return py::array_t<double>(static_cast<py::ssize_t>(self.shares().size()), self.shares().data());
  });
}

}  // namespace nad::python
