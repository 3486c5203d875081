#include "detector_options.hpp"

namespace nad::python {

void set_option(UniqueRows& option, py::handle value, const char* key) {
  if (PyBool_Check(value.ptr())) {
    option = value.cast<bool>() ? UniqueRows::on : UniqueRows::off;
  } else if (py::isinstance<py::str>(value) && value.cast<std::string>() == "log_count") {
    option = UniqueRows::log_count;
  } else {
    throw Error(ErrorCode::invalid_argument,
                std::string(key) + " is " + py::repr(value).cast<std::string>() + "; give False, True or 'log_count'");
  }
}

void set_option(bool& option, py::handle value, const char* key) { option = truth_value(value, key); }

void set_option(double& option, py::handle value, const char* key) { option = real_number(value, key); }

void set_option(std::int32_t& option, py::handle value, const char* key) {
  const auto complaint = [&] {
    return std::string(key) + " is " + py::repr(value).cast<std::string>() + "; give a whole number";
  };
  if (!is_integer(value)) {
    throw py::type_error(complaint());
  }
  try {
    option = value.cast<std::int32_t>();
  } catch (const py::cast_error&) {
    throw Error(ErrorCode::invalid_argument, complaint() + " that fits into 32 bits");
  }
}

void set_option(std::string& option, py::handle value, const char* key) {
  if (!py::isinstance<py::str>(value)) {
    throw py::type_error(std::string(key) + " holds " + py::repr(value).cast<std::string>() + "; give texts");
  }
  option = value.cast<std::string>();
}

void set_option(Amount& option, py::handle value, const char* key) {
  if (value.is_none()) {
    option = {};
  } else if (is_integer(value)) {
    option = static_cast<std::uint64_t>(whole_number(value, key, 1));
  } else {
    option = real_number(value, key);
  }
}

void set_option(KernelGamma& option, py::handle value, const char* key) {
  if (!py::isinstance<py::str>(value)) {
    option = real_number(value, key);
    return;
  }
  const auto word = value.cast<std::string>();
  if (word != "scale" && word != "auto") {
    throw Error(ErrorCode::invalid_argument, std::string(key) + " is " + py::repr(value).cast<std::string>() +
                                                 "; give 'scale', 'auto' or a number above 0");
  }
  option = word == "scale" ? KernelGamma::scale() : KernelGamma::automatic();
}

py::object option_to_python(const KernelGamma& gamma) {
  return gamma.is_number() ? py::object(py::float_(gamma.value())) : py::str(gamma.is_scale() ? "scale" : "auto");
}

py::object option_to_python(UniqueRows unique_rows) {
  return unique_rows == UniqueRows::log_count ? py::object(py::str("log_count"))
                                              : py::object(py::bool_(unique_rows == UniqueRows::on));
}

py::object option_to_python(const Amount& amount) {
  if (amount.is_automatic()) {
    return py::none();
  }
  if (amount.is_count()) {
    return py::int_(static_cast<std::uint64_t>(amount.value()));
  }
  return py::float_(amount.value());
}

}  // namespace nad::python
