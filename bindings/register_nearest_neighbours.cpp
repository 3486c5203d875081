#include <algorithm>
#include <utility>

#include "detector_verbs.hpp"

namespace nad::python {

void register_nearest_neighbours(py::module_& module) {
  auto neighbours = detector_class<NearestNeighbours>(module, "NearestNeighbours");
  neighbours.def_property_readonly("samples",
                                   [](const NearestNeighbours& self) { return array_of(copy_of(self.samples())); });
}

}  // namespace nad::python
