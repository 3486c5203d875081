#include "detector_verbs.hpp"

namespace nad::python {

void register_half_space_trees(py::module_& module) {
  auto trees = detector_class<HalfSpaceTrees>(module, "HalfSpaceTrees");
  def_partial_fit(trees);
  trees.def_property_readonly("rows_seen", &HalfSpaceTrees::rows_seen);
}

}  // namespace nad::python
