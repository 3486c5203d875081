#include <pybind11/stl.h>

#include "helpers.hpp"

namespace nad::python {

void register_simd(py::module_& module) {
  module.def("simd_compiled", &simd::compiled);
  module.def("simd_supported", &simd::supported);
  module.def("simd_active", &simd::active);
  module.def("simd_force", &simd::force, py::arg("name"));
}

}  // namespace nad::python
