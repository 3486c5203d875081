#include "detector_verbs.hpp"

namespace nad::python {

void register_pca_residual(py::module_& module) {
  auto pca = detector_class<PcaResidual>(module, "PcaResidual");
  pca.def_property_readonly("components", [](const PcaResidual& self) { return array_of(copy_of(self.components())); })
      .def_property_readonly("explained", [](const PcaResidual& self) {
        return py::array_t<double>(static_cast<py::ssize_t>(self.explained().size()), self.explained().data());
      });
}

}  // namespace nad::python
