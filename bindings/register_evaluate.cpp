#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "evaluate_tools.hpp"
#include "table_tools.hpp"

namespace nad::python {

Scores::Scores(py::handle scores) {
  is_single_ = py::isinstance<py::array_t<float>>(scores);
  array_ = is_single_
               ? py::array(py::array_t<float, static_cast<int>(py::array::c_style)>::ensure(scores))
               : py::array(
                     py::array_t<double, static_cast<int>(py::array::c_style) | static_cast<int>(py::array::forcecast)>(
                         py::reinterpret_borrow<py::object>(scores)));
  if (array_.ndim() != 1) {
    throw Error(ErrorCode::invalid_data,
                "the scores have " + std::to_string(array_.ndim()) + " dimensions; give one number a row");
  }
}

ScoreView Scores::view() const noexcept {
  const auto size = static_cast<std::size_t>(array_.size());
  if (is_single_) {
    return std::span<const float>(static_cast<const float*>(array_.data()), size);
  }
  return std::span<const double>(static_cast<const double*>(array_.data()), size);
}

namespace {

using Weights = std::optional<Doubles>;

/// Name, parameter, threshold, family; NaN where one is not given.
using MetricWords = std::tuple<std::string, double, double, std::uint32_t>;

template <class Enum>
Enum value_from(const std::string& word, const char* option) {
  const auto words = words_of(Enum{});
  const auto place = std::find(words.begin(), words.end(), word);
  if (place == words.end()) {
    throw Error(ErrorCode::invalid_argument,
                std::string(option) + " is '" + word + "'; give one of " + detail::quoted_words(Enum{}));
  }
  return static_cast<Enum>(place - words.begin());
}

py::tuple to_python(const Interval& interval) { return py::make_tuple(interval.value, interval.low, interval.high); }

Ranking make_ranking(py::handle scores, const Bytes& labels, const Weights& weights) {
  const Scores given(scores);
  return without_gil([&] { return Ranking(given.view(), view_of(labels), view_of(weights)); });
}

py::tuple roc_to_python(const Ranking& ranking, bool drop_intermediate, py::handle most) {
  const std::size_t max_points = whole_number(most, "max_points", 0);
  const RocCurve curve = without_gil([&] { return roc_curve(ranking, {drop_intermediate, max_points}); });
  return py::make_tuple(to_array(curve.thresholds), to_array(curve.false_positive_rate), to_array(curve.recall));
}

py::tuple precision_recall_to_python(const Ranking& ranking, bool drop_intermediate, py::handle most) {
  const std::size_t max_points = whole_number(most, "max_points", 0);
  const PrecisionRecallCurve curve = without_gil([&] {
    return precision_recall_curve(ranking, {drop_intermediate, max_points});
  });
  return py::make_tuple(to_array(curve.thresholds), to_array(curve.precision), to_array(curve.recall));
}

py::list bootstrap_to_python(py::handle scores, const Bytes& labels, const std::vector<MetricWords>& metrics,
                             py::handle replicates, py::handle confidence, const std::string& method,
                             std::uint64_t random_state, const std::optional<Codes>& groups,
                             const std::optional<Codes>& families, const Weights& weights, py::handle n_jobs,
                             py::object progress) {
  const Scores given(scores);
  std::vector<MetricChoice> choices;
  for (const auto& [word, parameter, threshold, family] : metrics) {
    choices.push_back({value_from<Metric>(word, "the metric"), parameter, threshold, family});
  }
  const BootstrapOptions options{.replicates = whole_number(replicates, "n_bootstrap", 0),
                                 .confidence = real_number(confidence, "confidence"),
                                 .method = value_from<IntervalMethod>(method, "method"),
                                 .random_state = random_state,
                                 .groups = view_of(groups),
                                 .families = view_of(families)};
  Run run(n_jobs, std::move(progress));
  py::list found;
  for (const Interval& interval : run([&](const FitControl& control) {
         return bootstrap(given.view(), view_of(labels), choices, options, view_of(weights), control);
       })) {
    found.append(to_python(interval));
  }
  return found;
}

py::tuple calibration_to_python(py::handle scores, const Bytes& labels, py::handle n_bins, const std::string& spacing,
                                const Weights& weights) {
  const Scores given(scores);
  const std::size_t bins = whole_number(n_bins, "bins", 1);
  const CalibrationCurve found = calibration_curve(
      given.view(), view_of(labels), {bins, value_from<BinSpacing>(spacing, "spacing")}, view_of(weights));
  return py::make_tuple(to_array(found.predicted), to_array(found.observed), to_array(found.weight),
                        found.expected_error, found.largest_error);
}

py::tuple histogram_to_python(py::handle scores, const Bytes& labels, py::handle n_bins, const std::string& spacing,
                              const Weights& weights) {
  const Scores given(scores);
  const std::size_t bins = whole_number(n_bins, "bins", 1);
  const ScoreHistogram found = score_histogram(given.view(), view_of(labels),
                                               {bins, value_from<BinSpacing>(spacing, "spacing")}, view_of(weights));
  return py::make_tuple(to_array(found.edges), to_array(found.normals), to_array(found.attacks));
}

py::list delays_to_python(const Bytes& alerts, const Numbers& episodes, const std::optional<Doubles>& seconds) {
  py::list found;
  for (const Episode& episode : detection_delays(view_of(alerts), view_of(episodes), view_of(seconds))) {
    py::dict values;
    values["id"] = episode.id;
    values["first_row"] = episode.first_row;
    values["rows"] = episode.rows;
    values["alerts"] = episode.alerts;
    values["first_alert_row"] = episode.is_detected() ? py::object(py::int_(episode.first_alert_row)) : py::none();
    values["delay_rows"] = episode.is_detected() ? py::object(py::int_(episode.delay_rows)) : py::none();
    values["delay_seconds"] = episode.delay_seconds;
    found.append(values);
  }
  return found;
}

/// The report as text, as JSON, and as JSON with the curves.
py::tuple evaluate_to_python(py::handle scores, const Bytes& labels, const py::dict& given, py::handle n_jobs,
                             py::object progress) {
  const Scores score_array(scores);
  // kept until the work is done: the options look at their memory
  const auto weights = given["weights"].cast<std::optional<Doubles>>();
  const auto families = given["families"].cast<std::optional<Codes>>();
  const auto seconds = given["seconds"].cast<std::optional<Doubles>>();
  const auto episodes = given["episodes"].cast<std::optional<Numbers>>();
  const auto groups = given["groups"].cast<std::optional<Codes>>();
  EvaluationOptions options;
  options.threshold = real_number_if(given["threshold"], "threshold");
  options.weights = view_of(weights);
  options.families = view_of(families);
  options.family_names = given["family_names"].cast<std::vector<std::string>>();
  options.seconds = view_of(seconds);
  options.episodes = view_of(episodes);
  options.episode_gap.max_gap_seconds = real_number(given["max_gap_seconds"], "max_gap_seconds");
  options.groups = view_of(groups);
  options.false_positive_rates = given["false_positive_rates"].cast<std::vector<double>>();
  options.max_fpr = real_number(given["max_fpr"], "max_fpr");
  options.replicates = whole_number_if(given["replicates"], "n_bootstrap", 0);
  options.confidence = real_number(given["confidence"], "confidence");
  options.method = value_from<IntervalMethod>(given["method"].cast<std::string>(), "method");
  options.random_state = given["random_state"].cast<std::uint64_t>();
  Run run(n_jobs, std::move(progress));
  const Evaluation found =
      run([&](const FitControl& control) { return evaluate(score_array.view(), view_of(labels), options, control); });
  return py::make_tuple(to_text(found), to_json(found), to_json(found, /*with_curves=*/true));
}

void register_confusion(py::module_& module) {
  py::class_<Confusion>(module, "Confusion", "What a threshold does: rows, or their weights, by truth and alert.")
      .def_readonly("true_negatives", &Confusion::true_negatives, "Normal rows without an alert.")
      .def_readonly("false_positives", &Confusion::false_positives, "Normal rows with an alert.")
      .def_readonly("false_negatives", &Confusion::false_negatives, "Attacks without an alert.")
      .def_readonly("true_positives", &Confusion::true_positives, "Attacks with an alert.")
      .def_property_readonly("attacks", &Confusion::attacks, "All rows that are attacks.")
      .def_property_readonly("normals", &Confusion::normals, "All rows that are normal.")
      .def_property_readonly("alerts", &Confusion::alerts, "All rows with an alert.")
      .def_property_readonly("total", &Confusion::total, "All rows.")
      .def_property_readonly("accuracy", &Confusion::accuracy, "The share of rows that are judged right.")
      .def_property_readonly("precision", &Confusion::precision,
                             "The share of alerts that are attacks; NaN without alerts.")
      .def_property_readonly("recall", &Confusion::recall, "The share of attacks with an alert.")
      .def_property_readonly("false_positive_rate", &Confusion::false_positive_rate,
                             "The share of normal rows with an alert.")
      .def_property_readonly("specificity", &Confusion::specificity, "The share of normal rows without an alert.")
      .def_property_readonly("f1", &Confusion::f1, "The harmonic mean of precision and recall.")
      .def_property_readonly("balanced_accuracy", &Confusion::balanced_accuracy, "The mean of recall and specificity.")
      .def_property_readonly("matthews", &Confusion::matthews,
                             "The correlation of truth and alert: 1 is right, 0 chance, -1 wrong.")
      .def("f_beta", &Confusion::f_beta, py::arg("beta"),
           "The F score that weighs recall beta times as high as precision.")
      .def("__repr__",
           [](const Confusion& self) {
             return py::str(
                        "Confusion(true_negatives={:g}, false_positives={:g}, false_negatives={:g}, "
                        "true_positives={:g})")
                 .format(self.true_negatives, self.false_positives, self.false_negatives, self.true_positives);
           })
      .def(py::pickle(
          [](const Confusion& self) {
            return py::make_tuple(self.true_negatives, self.false_positives, self.false_negatives, self.true_positives);
          },
          [](const py::tuple& state) {
            return Confusion{state[0].cast<double>(), state[1].cast<double>(), state[2].cast<double>(),
                             state[3].cast<double>()};
          }));
  module.def(
      "confusion_at",
      [](py::handle scores, const Bytes& labels, double threshold, const Weights& weights) {
        return confusion_at(Scores(scores).view(), view_of(labels), threshold, view_of(weights));
      },
      py::arg("scores"), py::arg("labels"), py::arg("threshold"), py::arg("weights"));
  module.def(
      "confusion_of",
      [](const Bytes& alerts, const Bytes& labels, const Weights& weights) {
        return confusion_of(view_of(alerts), view_of(labels), view_of(weights));
      },
      py::arg("alerts"), py::arg("labels"), py::arg("weights"));
}

py::tuple figures_to_python(const ClassFigures& figures) {
  return py::make_tuple(figures.precision, figures.recall, figures.f1, figures.support);
}

void register_classes(py::module_& module) {
  py::class_<ClassConfusion>(module, "ClassConfusion", "Who was taken for whom.")
      .def(py::init([](const Codes& truth, const Codes& predicted, std::size_t n_classes, const Weights& weights) {
             return ClassConfusion(view_of(truth), view_of(predicted), n_classes, view_of(weights));
           }),
           py::arg("truth"), py::arg("predicted"), py::arg("n_classes"), py::arg("weights"))
      .def_property_readonly("counts",
                             [](const ClassConfusion& self) {
                               const auto size = static_cast<py::ssize_t>(self.n_classes());
                               return py::array_t<double>({size, size}, self.counts().data());
                             })
      .def(
          "of", [](const ClassConfusion& self, std::size_t one) { return figures_to_python(self.of(one)); },
          py::arg("number"))
      .def("macro", [](const ClassConfusion& self) { return figures_to_python(self.macro()); })
      .def("weighted", [](const ClassConfusion& self) { return figures_to_python(self.weighted()); })
      .def("micro", [](const ClassConfusion& self) { return figures_to_python(self.micro()); })
      .def_property_readonly("accuracy", &ClassConfusion::accuracy)
      .def_property_readonly("balanced_accuracy", &ClassConfusion::balanced_accuracy)
      .def_property_readonly("matthews", &ClassConfusion::matthews)
      .def(
          "mean_cost", [](const ClassConfusion& self, const Doubles& costs) { return self.mean_cost(view_of(costs)); },
          py::arg("costs"))
      .def(py::pickle(
          [](const ClassConfusion& self) {
            return py::make_tuple(std::vector<double>(self.counts().begin(), self.counts().end()), self.n_classes());
          },
          [](const py::tuple& state) {
            return ClassConfusion(state[0].cast<std::vector<double>>(), state[1].cast<std::size_t>());
          }));
  module.def("kdd99_costs", [] {
    std::vector<std::string> classes(kdd99_cost_classes().begin(), kdd99_cost_classes().end());
    return std::make_tuple(classes, std::vector<double>(kdd99_costs().begin(), kdd99_costs().end()));
  });
}

}  // namespace

void register_evaluate(py::module_& module) {
  register_confusion(module);
  register_classes(module);
  register_splits(module);
  py::class_<Ranking>(module, "Ranking", "How well scores put attacks before normal rows.")
      .def(py::init(&make_ranking), py::arg("scores"), py::arg("labels"), py::arg("weights"))
      .def("roc_auc", &Ranking::roc_auc)
      .def("average_precision", &Ranking::average_precision)
      .def("partial_auc", &Ranking::partial_auc, py::arg("max_fpr"))
      .def("tpr_at_fpr", &Ranking::tpr_at_fpr, py::arg("fpr"))
      .def("threshold_at_fpr", &Ranking::threshold_at_fpr, py::arg("fpr"))
      .def(
          "best_f_beta",
          [](const Ranking& self, double beta) {
            const BestThreshold best = self.best_f_beta(beta);
            return py::make_tuple(best.threshold, best.value);
          },
          py::arg("beta"))
      .def("roc_curve", &roc_to_python, py::arg("drop_intermediate"), py::arg("max_points"))
      .def("precision_recall_curve", &precision_recall_to_python, py::arg("drop_intermediate"), py::arg("max_points"));
  module.def(
      "area_under", [](const Doubles& x, const Doubles& y) { return area_under(view_of(x), view_of(y)); }, py::arg("x"),
      py::arg("y"));
  module.def("bootstrap", &bootstrap_to_python, py::arg("scores"), py::arg("labels"), py::arg("metrics"),
             py::arg("replicates"), py::arg("confidence"), py::arg("method"), py::arg("random_state"),
             py::arg("groups"), py::arg("families"), py::arg("weights"), py::arg("n_jobs"), py::arg("progress"));
  module.def(
      "proportion_interval",
      [](double successes, double trials, double confidence) {
        return to_python(proportion_interval(successes, trials, confidence));
      },
      py::arg("successes"), py::arg("trials"), py::arg("confidence"));
  module.def("calibration_curve", &calibration_to_python, py::arg("scores"), py::arg("labels"), py::arg("bins"),
             py::arg("spacing"), py::arg("weights"));
  module.def("score_histogram", &histogram_to_python, py::arg("scores"), py::arg("labels"), py::arg("bins"),
             py::arg("spacing"), py::arg("weights"));
  module.def(
      "log_loss",
      [](py::handle scores, const Bytes& labels, const Weights& weights) {
        return log_loss(Scores(scores).view(), view_of(labels), view_of(weights));
      },
      py::arg("scores"), py::arg("labels"), py::arg("weights"));
  module.def(
      "brier_score",
      [](py::handle scores, const Bytes& labels, const Weights& weights) {
        return brier_score(Scores(scores).view(), view_of(labels), view_of(weights));
      },
      py::arg("scores"), py::arg("labels"), py::arg("weights"));
  module.def(
      "attack_episodes",
      [](const Codes& families, const Bytes& labels, const std::optional<Doubles>& seconds, double max_gap_seconds,
         std::size_t max_gap_rows) {
        return to_array(
            attack_episodes(view_of(families), view_of(labels), view_of(seconds), {max_gap_seconds, max_gap_rows}));
      },
      py::arg("families"), py::arg("labels"), py::arg("seconds"), py::arg("max_gap_seconds"), py::arg("max_gap_rows"));
  module.def("detection_delays", &delays_to_python, py::arg("alerts"), py::arg("episodes"), py::arg("seconds"));
  module.def(
      "alerts_per_day", [](double alerts, const Doubles& seconds) { return alerts_per_day(alerts, view_of(seconds)); },
      py::arg("alerts"), py::arg("seconds"));
  module.def("evaluate", &evaluate_to_python, py::arg("scores"), py::arg("labels"), py::arg("options"),
             py::arg("n_jobs"), py::arg("progress"));
}

}  // namespace nad::python
