#include "detector_verbs.hpp"

namespace nad::python {

void register_loda(py::module_& module) {
  auto loda = detector_class<LODA>(module, "LODA");
  def_partial_fit(loda);
}

}  // namespace nad::python
