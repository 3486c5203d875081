#include "detector_verbs.hpp"

namespace nad::python {

void register_one_class_svm(py::module_& module) {
  auto svm = detector_class<OneClassSVM>(module, "OneClassSVM");
  def_partial_fit(svm);
  svm.def_property_readonly("support_vectors",
                            [](const OneClassSVM& self) { return array_of(copy_of(self.support_vectors())); })
      .def_property_readonly("dual_coefficients",
                             [](const OneClassSVM& self) {
                               return py::array_t<double>(static_cast<py::ssize_t>(self.dual_coefficients().size()),
                                                          self.dual_coefficients().data());
                             })
      .def_property_readonly("rho", &OneClassSVM::rho)
      .def_property_readonly("gamma", &OneClassSVM::gamma)
      .def_property_readonly("iterations", &OneClassSVM::iterations)
      .def_property_readonly("converged", &OneClassSVM::converged);
}

}  // namespace nad::python
