#include "detector_verbs.hpp"

namespace nad::python {

void register_ecod(py::module_& module) {
  auto ecod = detector_class<ECOD>(module, "ECOD");
  ecod.def_property_readonly("skewness", [](const ECOD& self) {
    return py::array_t<double>(static_cast<py::ssize_t>(self.skewness().size()), self.skewness().data());
  });
}

}  // namespace nad::python
