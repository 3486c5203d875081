#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "state.hpp"
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

py::tuple report(const PValueArray& p, py::handle rate) {
  const Discoveries found = benjamini_hochberg(span_of_array(p, "p-values"), real_number(rate, "rate"));
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

ScoreRange range_from(const std::string& word) {
  const auto words = words_of(ScoreRange{});
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    throw Error(ErrorCode::invalid_argument,
                "score_range is '" + word + "'; give one of " + detail::quoted_words(ScoreRange{}));
  }
  return static_cast<ScoreRange>(found - words.begin());
}

DriftOptions drift_options(py::handle false_alarm_rate, py::handle least_distance, py::handle limit,
                           py::handle least_excess) {
  DriftOptions options;
  options.false_alarm_rate = real_number(false_alarm_rate, "false_alarm_rate");
  options.least_distance = real_number(least_distance, "least_distance");
  if (const std::optional<double> score = real_number_if(limit, "limit")) {
    options.limit = static_cast<float>(*score);
  }
  options.least_excess = real_number(least_excess, "least_excess");
  return options;
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
      .def(py::init([](const ScoreArray& scores, const std::string& range) {
             return Calibration(span_of_array(scores, "scores"), range_from(range));
           }),
           py::arg("scores"), py::arg("score_range"))
      .def_property_readonly("score_range", [](const Calibration& self) { return std::string(name(self.range())); })
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
          [](const Calibration& self, py::handle p) {
            const ScoreLimit limit = self.score_at(real_number(p, "p"));
            return py::make_tuple(limit.score, limit.extrapolated);
          },
          py::arg("p"))
      .def(
          "quantile", [](const Calibration& self, py::handle q) { return self.quantile(real_number(q, "q")); },
          py::arg("q"))
      .def(pickled(Calibration()));
  module.def("threshold_kinds", [] {
    const auto words = words_of(ThresholdKind{});
    return std::vector<std::string>(words.begin(), words.end());
  });
  module.def(
      "rule_to_text",
      [](const std::string& kind, py::handle value) {
        return rule_from(kind, real_number(value, kind.c_str())).to_string();
      },
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
      .def(
          py::init([](py::handle rate, py::handle horizon) {
            return OnlineDiscovery({.rate = real_number(rate, "rate"), .horizon = whole_number(horizon, "horizon", 1)});
          }),
          py::arg("rate"), py::arg("horizon"))
      .def("decide", &OnlineDiscovery::decide, py::arg("p_value"))
      .def("decide_all", &decide, py::arg("p_values"))
      .def_property_readonly("next_level", &OnlineDiscovery::next_level)
      .def_property_readonly("records", &OnlineDiscovery::records)
      .def_property_readonly("discoveries", &OnlineDiscovery::discoveries)
      .def(pickled(OnlineDiscovery()));
  py::class_<DriftReport>(module, "DriftReport", "How far scores have moved from those of the calibration.")
      .def_readonly("records", &DriftReport::records, "Of the window.")
      .def_readonly("bulk_distance", &DriftReport::bulk_distance, "0 to 1.")
      .def_readonly("bulk_limit", &DriftReport::bulk_limit,
                    "Above it the bulk has moved; 1 where too few scores lie in the bulk to ask.")
      .def_readonly("beyond_share", &DriftReport::beyond_share,
                    "Of the records above all but 5 % of the calibration scores.")
      .def_readonly("bulk_moved", &DriftReport::bulk_moved, "The ordinary scores are unlike those of the calibration.")
      .def_readonly("mostly_beyond", &DriftReport::mostly_beyond,
                    "More than half of the records score above all but 5 % of the calibration.")
      .def_readonly("reported_share", &DriftReport::reported_share,
                    "Of the records above the limit; 0 without one, like the next.")
      .def_readonly("promised_share", &DriftReport::promised_share, "Of normal records, by the calibration.")
      .def_readonly("beyond_promise", &DriftReport::beyond_promise, "More records above the limit than promised.")
      .def_property_readonly("drifted", &DriftReport::drifted, "One of these two.")
      .def_property_readonly("needs_attention", &DriftReport::needs_attention,
                             "Any of the three: a person should look.")
      .def("__eq__", [](const DriftReport& self, const DriftReport& other) { return self == other; })
      .def("__str__", &DriftReport::to_string)
      .def("__repr__", [](const DriftReport& self) { return "<DriftReport: " + self.to_string() + ">"; })
      .def(pickled(DriftReport()));
  py::class_<DriftMonitor>(module, "DriftMonitor")
      .def(py::init([](const Calibration& calibration, py::handle window, py::handle false_alarm_rate,
                       py::handle least_distance, py::handle limit, py::handle least_excess) {
             DriftOptions options = drift_options(false_alarm_rate, least_distance, limit, least_excess);
             options.window = whole_number(window, "window", 0);
             return DriftMonitor(calibration, options);
           }),
           py::arg("calibration"), py::arg("window"), py::arg("false_alarm_rate"), py::arg("least_distance"),
           py::arg("limit"), py::arg("least_excess"))
      .def("add", &add_scores, py::arg("scores"))
      .def_property_readonly("last", &DriftMonitor::last)
      .def("current", &DriftMonitor::current)
      .def(pickled(DriftMonitor(Calibration(std::array{0.0F, 1.0F}))));
  module.def(
      "drift",
      [](const Calibration& calibration, const ScoreArray& scores, py::handle false_alarm_rate,
         py::handle least_distance, py::handle limit, py::handle least_excess) {
        return drift(calibration, span_of_array(scores, "scores"),
                     drift_options(false_alarm_rate, least_distance, limit, least_excess));
      },
      py::arg("calibration"), py::arg("scores"), py::arg("false_alarm_rate"), py::arg("least_distance"),
      py::arg("limit"), py::arg("least_excess"));
}

}  // namespace nad::python
