#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "table_tools.hpp"
#include "threshold_tools.hpp"

namespace nad::python {

namespace {

using ScoreArray = py::array_t<float, py::array::c_style | py::array::forcecast>;
using PValueArray = py::array_t<double, py::array::c_style | py::array::forcecast>;

template <class Array>
auto span_of_array(const Array& values, const char* what) {
  if (values.ndim() != 1) {
    throw Error(ErrorCode::invalid_argument, std::string(what) + " have one dimension, one value a record");
  }
  return std::span(values.data(), static_cast<std::size_t>(values.size()));
}

template <class Function>
py::array_t<double> of_each_score(const ScoreArray& scores, const Function& function) {
  const auto given = span_of_array(scores, "scores");
  py::array_t<double> values(static_cast<py::ssize_t>(given.size()));
  std::transform(given.begin(), given.end(), values.mutable_data(), function);
  return values;
}

py::tuple p_values(const Calibration& calibration, const ScoreArray& scores) {
  const auto given = span_of_array(scores, "scores");
  py::array_t<bool> extrapolated(static_cast<py::ssize_t>(given.size()));
  py::array_t<double> values(static_cast<py::ssize_t>(given.size()));
  for (std::size_t row = 0; row < given.size(); ++row) {
    const PValue p = calibration.p_value(given[row]);
    values.mutable_data()[row] = p.value;
    extrapolated.mutable_data()[row] = p.extrapolated;
  }
  return py::make_tuple(values, extrapolated);
}

py::tuple report(const PValueArray& p, double rate) {
  const Discoveries found = benjamini_hochberg(span_of_array(p, "p-values"), rate);
  py::array_t<bool> reported(static_cast<py::ssize_t>(found.reported.size()));
  std::copy(found.reported.begin(), found.reported.end(), reported.mutable_data());
  return py::make_tuple(reported, found.limit);
}

py::array_t<bool> decide(OnlineDiscovery& online, const PValueArray& p) {
  const auto given = span_of_array(p, "p-values");
  py::array_t<bool> reported(static_cast<py::ssize_t>(given.size()));
  std::transform(given.begin(), given.end(), reported.mutable_data(),
                 [&](double value) { return online.decide(value); });
  return reported;
}

std::vector<DriftReport> add_scores(DriftMonitor& monitor, const ScoreArray& scores) {
  std::vector<DriftReport> drifted;
  for (const float score : span_of_array(scores, "scores")) {
    if (monitor.add(score)) {
      drifted.push_back(monitor.last());
    }
  }
  return drifted;
}

}  // namespace

ThresholdRule rule_from(const std::string& kind, double value) {
  const auto words = words_of(ThresholdKind{});
  const auto found = std::find(words.begin(), words.end(), kind);
  if (found == words.end()) {
    throw Error(ErrorCode::invalid_argument,
                "there is no threshold by '" + kind + "'; there are " + detail::quoted_words(ThresholdKind{}));
  }
  const ThresholdRule rule{static_cast<ThresholdKind>(found - words.begin()), value};
  rule.check();
  return rule;
}

void register_threshold(py::module_& module) {
  py::class_<Calibration>(module, "Calibration")
      .def(py::init([](const ScoreArray& scores) { return Calibration(span_of_array(scores, "scores")); }),
           py::arg("scores"))
      .def("__len__", &Calibration::size)
      .def_property_readonly("scores",
                             [](const Calibration& self) {
                               return py::array_t<float>(static_cast<py::ssize_t>(self.size()), self.scores().data());
                             })
      .def("p_values", &p_values, py::arg("scores"))
      .def(
          "conformal_p_values",
          [](const Calibration& self, const ScoreArray& scores) {
            return of_each_score(scores, [&](float score) { return self.conformal_p_value(score); });
          },
          py::arg("scores"))
      .def(
          "surprise",
          [](const Calibration& self, const ScoreArray& scores) {
            return of_each_score(scores, [&](float score) { return self.surprise(score); });
          },
          py::arg("scores"))
      .def(
          "score_at",
          [](const Calibration& self, double p) {
            const ScoreLimit limit = self.score_at(p);
            return py::make_tuple(limit.score, limit.extrapolated);
          },
          py::arg("p"))
      .def("quantile", &Calibration::quantile, py::arg("q"));
  module.def("threshold_kinds", [] {
    const auto words = words_of(ThresholdKind{});
    return std::vector<std::string>(words.begin(), words.end());
  });
  module.def(
      "rule_to_text", [](const std::string& kind, double value) { return rule_from(kind, value).to_string(); },
      py::arg("kind"), py::arg("value"));
  module.def("benjamini_hochberg", &report, py::arg("p_values"), py::arg("rate"));
  module.def(
      "q_values",
      [](const PValueArray& p) {
        const std::vector<double> q = q_values(span_of_array(p, "p-values"));
        return py::array_t<double>(static_cast<py::ssize_t>(q.size()), q.data());
      },
      py::arg("p_values"));
  py::class_<OnlineDiscovery>(module, "OnlineDiscovery")
      .def(py::init(
               [](double rate, std::uint64_t horizon) { return OnlineDiscovery({.rate = rate, .horizon = horizon}); }),
           py::arg("rate"), py::arg("horizon"))
      .def("decide", &OnlineDiscovery::decide, py::arg("p_value"))
      .def("decide_all", &decide, py::arg("p_values"))
      .def_property_readonly("next_level", &OnlineDiscovery::next_level)
      .def_property_readonly("records", &OnlineDiscovery::records)
      .def_property_readonly("discoveries", &OnlineDiscovery::discoveries);
  py::class_<DriftReport>(module, "DriftReport", "How far scores have moved from those of the calibration.")
      .def_readonly("records", &DriftReport::records)
      .def_readonly("bulk_distance", &DriftReport::bulk_distance)
      .def_readonly("bulk_limit", &DriftReport::bulk_limit)
      .def_readonly("beyond_share", &DriftReport::beyond_share)
      .def_readonly("bulk_moved", &DriftReport::bulk_moved)
      .def_readonly("mostly_beyond", &DriftReport::mostly_beyond)
      .def_property_readonly("drifted", &DriftReport::drifted)
      .def("__str__", &DriftReport::to_string);
  py::class_<DriftMonitor>(module, "DriftMonitor")
      .def(py::init(
               [](const Calibration& calibration, std::size_t window, double false_alarm_rate, double least_distance) {
                 return DriftMonitor(
                     calibration,
                     {.window = window, .false_alarm_rate = false_alarm_rate, .least_distance = least_distance});
               }),
           py::arg("calibration"), py::arg("window"), py::arg("false_alarm_rate"), py::arg("least_distance"))
      .def("add", &add_scores, py::arg("scores"))
      .def_property_readonly("last", &DriftMonitor::last)
      .def("current", &DriftMonitor::current);
  module.def(
      "drift",
      [](const Calibration& calibration, const ScoreArray& scores, double false_alarm_rate, double least_distance) {
        return drift(calibration, span_of_array(scores, "scores"),
                     {.false_alarm_rate = false_alarm_rate, .least_distance = least_distance});
      },
      py::arg("calibration"), py::arg("scores"), py::arg("false_alarm_rate"), py::arg("least_distance"));
}

}  // namespace nad::python
