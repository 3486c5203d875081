#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <array>
#include <filesystem>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <streambuf>
#include <string>

#include "flow_tools.hpp"
#include "table_tools.hpp"

namespace nad::python {

namespace {

/// A Python object with `read(size) -> bytes` as a C++ stream. Long calls run without the GIL; this takes it.
class PythonBuffer final : public std::streambuf {
 public:
  explicit PythonBuffer(const py::object& file) : file_(file), read_(file.attr("read")) {}
  PythonBuffer(const PythonBuffer&) = delete;
  PythonBuffer& operator=(const PythonBuffer&) = delete;
  ~PythonBuffer() override {
    const AcquiredGil gil;
    file_ = py::object();
    read_ = py::object();
    bytes_ = py::object();
  }

 protected:
  int_type underflow() override {
    const AcquiredGil gil;
    constexpr std::size_t at_once = std::size_t{1} << 18U;
    bytes_ = read_(at_once);
    if (!py::isinstance<py::bytes>(bytes_)) {
      throw Error(ErrorCode::invalid_argument, "read() of the file object gave " +
                                                   py::str(py::type::of(bytes_)).cast<std::string>() +
                                                   ", not bytes; open the file in binary mode");
    }
    char* data = nullptr;
    Py_ssize_t size = 0;
    PyBytes_AsStringAndSize(bytes_.ptr(), &data, &size);
    setg(data, data, data + size);
    return size == 0 ? traits_type::eof() : traits_type::to_int_type(*data);
  }

  /// Where the next byte stands; nothing else is asked for.
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode /*which*/) override {
    const AcquiredGil gil;
    if (offset != 0 || from != std::ios_base::cur || !py::hasattr(file_, "seekable") ||
        !file_.attr("seekable")().cast<bool>()) {
      return {off_type(-1)};
    }
    return {file_.attr("tell")().cast<off_type>() - (egptr() - gptr())};
  }

  pos_type seekpos(pos_type position, std::ios_base::openmode /*which*/) override {
    const AcquiredGil gil;
    file_.attr("seek")(static_cast<off_type>(position));
    setg(nullptr, nullptr, nullptr);
    return position;
  }

 private:
  py::object file_;
  py::object read_;
  py::object bytes_;
};

/// An error of the buffer must reach the caller, not become a state of the stream.
class PythonStream final : public std::istream {
 public:
  explicit PythonStream(const py::object& file) : std::istream(nullptr), buffer_(file) {
    rdbuf(&buffer_);
    exceptions(std::ios::badbit);
  }

 private:
  PythonBuffer buffer_;
};

char character_from(const py::handle& value, const std::string& option) {
  const auto text = value.cast<std::string>();
  if (text.size() != 1) {
    throw Error(ErrorCode::invalid_argument, option + " is '" + text + "'; give one character");
  }
  return text.front();
}

ReadOptions read_options(const std::string& format, const std::string& on_error, const py::dict& given) {
  ReadOptions options;
  options.format = format;
  if (on_error != "raise" && on_error != "skip") {
    throw Error(ErrorCode::invalid_argument, "on_error is '" + on_error + "'; give 'raise' or 'skip'");
  }
  options.on_error = on_error == "skip" ? OnError::skip : OnError::raise;
  for (const auto& [key, value] : given) {
    const auto option = key.cast<std::string>();
    if (option == "separator") {
      options.separator = character_from(value, option);
    } else if (option == "quote") {
      options.quote = value.cast<std::string>().empty() ? '\0' : character_from(value, option);
    } else if (option == "comment") {
      options.comment = value.cast<std::string>().empty() ? '\0' : character_from(value, option);
    } else if (option == "encoding") {
      options.encoding = value.cast<std::string>();
    } else if (option == "day_first") {
      options.day_first = value.cast<bool>();
    } else if (option == "header") {
      options.header = value.cast<bool>();
    } else if (option == "names") {
      options.names = value.cast<std::vector<std::string>>();
    } else if (option == "types") {
      for (const auto& [name, type] : value.cast<std::map<std::string, std::string>>()) {
        options.types[name] = parse_column_type(type);
      }
    } else if (option == "missing") {
      options.missing = value.cast<std::vector<std::string>>();
    } else if (option == "batch_rows") {
      options.batch_rows = whole_number(value, "batch_rows", 1);
    } else if (set_flow_option(options.flow, option, value)) {
      continue;
    } else {
      throw py::type_error("read() has no option " + option);
    }
  }
  return options;
}

py::dict to_python(const ReadReport& report) {
  py::dict result;
  result["format"] = report.format;
  result["rows"] = report.rows;
  result["skipped"] = report.skipped;
  result["notes"] = report.notes;
  return result;
}

/// A file or a Python stream, open for reading in batches.
class OpenReader {
 public:
  OpenReader(const py::object& source, ReadOptions options) {
    if (py::hasattr(source, "read")) {
      stream_ = std::make_unique<PythonStream>(source);
      without_gil([&] { reader_ = std::make_unique<Reader>(*stream_, std::move(options), "stream"); });
    } else {
      const auto path = source.cast<std::filesystem::path>();
      without_gil([&] { reader_ = std::make_unique<Reader>(path, std::move(options)); });
    }
  }

  std::optional<Table> next() {
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
    return without_gil([&] { return reader_->next(); });
  }
  py::dict report() const { return to_python(reader_->report()); }

 private:
  std::unique_ptr<PythonStream> stream_;
  std::unique_ptr<Reader> reader_;
};

std::pair<Table, py::dict> read_file(const py::object& source, const std::string& format, const std::string& on_error,
                                     const py::dict& given, const py::object& progress) {
  ReadOptions options = read_options(format, on_error, given);
  ReadReport report;
  std::unique_ptr<PythonStream> stream;
  std::filesystem::path path;
  if (py::hasattr(source, "read")) {
    stream = std::make_unique<PythonStream>(source);
  } else {
    path = source.cast<std::filesystem::path>();
  }
  Run run(py::int_(1), progress);
  Table table = run([&](const FitControl& control) {
    options.progress = control.progress;
    return stream ? read(*stream, options, &report) : read(path, options, &report);
  });
  return {std::move(table), to_python(report)};
}

Table make_synthetic_flows(const py::object& n_samples, double anomaly_ratio, std::vector<std::string> anomalies,
                           const py::object& random_state, const std::optional<std::string>& begin, double days,
                           const py::object& hosts, bool rhythm) {
  SyntheticFlows options{.n_samples = whole_number(n_samples, "n_samples", 0),
                         .anomaly_ratio = anomaly_ratio,
                         .anomalies = std::move(anomalies),
                         .random_state = whole_number(random_state, "random_state", 0),
                         .days = days,
                         .hosts = whole_number(hosts, "hosts", 0),
                         .rhythm = rhythm};
  if (begin) {
    const std::optional<std::int64_t> moment = parse_time(*begin);
    if (!moment) {
      throw Error(ErrorCode::invalid_argument,
                  "begin is '" + *begin + "'; give a time such as 2026-01-05T00:00, or a datetime");
    }
    options.begin = *moment;
  }
  return without_gil([&] { return synthetic_flows(options); });
}

CsvOptions csv_options(const std::string& separator, bool header) {
  if (separator.size() != 1) {
    throw Error(ErrorCode::invalid_argument, "separator is '" + separator + "'; give one character");
  }
  return {.separator = separator[0], .header = header};
}

}  // namespace

void register_source(py::module_& module) {
  module.def("read", &read_file, py::arg("source"), py::arg("format"), py::arg("on_error"), py::arg("options"),
             py::arg("progress"));
  module.def("formats", &formats);
  module.def("kdd99_families", [] {
    std::map<std::string, std::string> families;
    for (const auto& [label, family] : kdd99_families()) {
      families.emplace(label, family);
    }
    return families;
  });
  module.def("synthetic_flows", &make_synthetic_flows, py::arg("n_samples"), py::arg("anomaly_ratio"),
             py::arg("anomalies"), py::arg("random_state"), py::arg("begin"), py::arg("days"), py::arg("hosts"),
             py::arg("rhythm"));
  module.def("synthetic_anomalies", [] {
    std::vector<std::pair<std::string, std::string>> kinds;
    for (const SyntheticAnomaly& kind : synthetic_anomalies()) {
      kinds.emplace_back(kind.name, kind.description);
    }
    return kinds;
  });
  module.def(
      "write_csv",
      [](const Table& table, const std::filesystem::path& path, const std::string& separator, bool header) {
        without_gil([&] { write_csv(table, path, csv_options(separator, header)); });
      },
      py::arg("table"), py::arg("path"), py::arg("separator"), py::arg("header"));
  module.def(
      "to_csv",
      [](const Table& table, const std::string& separator, bool header) {
        const std::string text = without_gil([&] {
          std::ostringstream stream;
          write_csv(table, stream, csv_options(separator, header));
          return std::move(stream).str();
        });
        return py::bytes(text);
      },
      py::arg("table"), py::arg("separator"), py::arg("header"));
  py::class_<OpenReader>(module, "Reader")
      .def(py::init([](const py::object& source, const std::string& format, const std::string& on_error,
                       const py::dict& options) {
             return std::make_unique<OpenReader>(source, read_options(format, on_error, options));
           }),
           py::arg("source"), py::arg("format"), py::arg("on_error"), py::arg("options"))
      .def("next", &OpenReader::next)
      .def_property_readonly("report", &OpenReader::report);
}

}  // namespace nad::python
