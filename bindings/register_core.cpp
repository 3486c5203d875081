#include <exception>

#include "helpers.hpp"

namespace nad::python {

namespace {

/// The classes of nad.errors are Python code, so that they can say what else they are: ValueError, OSError, ...
void raise_in_python(const Error& error) {
  const py::object exception =
      py::module_::import("nad.errors").attr("from_core")(std::string(name(error.code())), std::string(error.what()));
  PyErr_SetObject(py::type::handle_of(exception).ptr(), exception.ptr());
}

}  // namespace

void register_core(py::module_& module) {
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) {
        std::rethrow_exception(std::move(thrown));
      }
    } catch (const Error& error) {
      raise_in_python(error);
    }
  });

  py::class_<Progress>(module, "Progress", "How far a long call is.")
      .def_property_readonly(
          "stage", [](const Progress& self) { return std::string(self.stage); }, "What is done now, in a word or two.")
      .def_readonly("done", &Progress::done, "Units of it that are done.")
      .def_readonly("total", &Progress::total, "Units that there are; 0 where nobody knows.")
      .def("__repr__", [](const Progress& self) {
        return "Progress(stage='" + std::string(self.stage) + "', done=" + std::to_string(self.done) +
               ", total=" + std::to_string(self.total) + ")";
      });
}

}  // namespace nad::python
