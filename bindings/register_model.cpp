#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "state.hpp"
#include "table_tools.hpp"
#include "threshold_tools.hpp"

namespace nad::python {

namespace {

using Rule = std::pair<std::string, double>;

std::optional<std::pair<float, bool>> pair_of(const std::optional<ScoreLimit>& limit) {
  return limit ? std::optional(std::pair(limit->score, limit->extrapolated)) : std::nullopt;
}

Rule rule_words(const ThresholdRule& rule) { return {std::string(name(rule.kind)), rule.value}; }

ModelOptions model_options(const std::string& training, const std::optional<Rule>& threshold, py::handle calibration,
                           py::handle records_per_day, std::string label, std::string normal, bool runs,
                           std::uint64_t random_state) {
  ModelOptions options;
  const auto words = words_of(Training{});
  const auto found = std::find(words.begin(), words.end(), training);
  if (found == words.end()) {
    throw Error(ErrorCode::invalid_argument,
                "training is '" + training + "'; give one of " + detail::quoted_words(Training{}));
  }
  options.training = static_cast<Training>(found - words.begin());
  if (threshold) {
    options.threshold = rule_from(threshold->first, threshold->second);
  }
  options.calibration = real_number(calibration, "calibration");
  options.records_per_day = real_number_if(records_per_day, "records_per_day");
  options.label = std::move(label);
  options.normal = std::move(normal);
  options.runs = runs;
  options.random_state = random_state;
  return options;
}

py::dict options_of_model(const Model& model) {
  const ModelOptions& options = model.options();
  py::dict words;
  words["training"] = std::string(name(options.training));
  words["threshold"] = options.threshold ? py::cast(rule_words(*options.threshold)) : py::none();
  words["calibration"] = options.calibration;
  words["records_per_day"] = options.records_per_day;
  words["label"] = options.label;
  words["normal"] = options.normal;
  words["runs"] = options.runs;
  words["random_state"] = options.random_state;
  return words;
}

Findings detect_in(const Model& model, const Table& table, py::handle false_discovery_rate, py::handle most_reasons,
                   py::handle most_explained, bool runs, py::handle n_jobs, const py::object& progress) {
  const DetectOptions options{.false_discovery_rate = real_number_if(false_discovery_rate, "false_discovery_rate"),
                              .most_reasons = whole_number(most_reasons, "most_reasons", 0),
                              .most_explained = whole_number(most_explained, "most_explained", 0),
                              .runs = runs};
  Run run(n_jobs, progress);
  return run([&](const FitControl& control) { return model.detect(table, options, control); });
}

py::array_t<float> float_array(const std::vector<float>& values) {
  return py::array_t<float>(static_cast<py::ssize_t>(values.size()), values.data());
}

void register_findings(py::module_& module) {
  py::class_<Reason>(module, "Reason", "What one column contributed to a finding.")
      .def_readonly("column", &Reason::column, "What the table calls it.")
      .def_readonly("value", &Reason::value, "Of the record, as people read it.")
      .def_readonly("expected", &Reason::expected, "What normal traffic holds there.")
      .def_property_readonly(
          "direction", [](const Reason& self) { return std::string(name(self.direction)); },
          "\"higher\", \"lower\", \"rare\", \"never_seen\", \"missing\" or \"usual\".")
      .def_readonly(
          "contribution", &Reason::contribution,
          "In powers of ten of the p-value: of a record that scores above the detector's baseline, the contributions "
          "of all columns add up to `Finding.surprise`. Negative ones speak for a normal record.")
      .def_property_readonly(
          "anomaly_class", [](const Reason& self) { return anomaly_class_of(self); },
          "In two or three words: \"high bytes_sent\".")
      .def("__eq__", [](const Reason& self, const Reason& other) { return self == other; })
      .def("__str__", &Reason::to_string)
      .def(pickled(Reason()))
      .def("__repr__", [](const Reason& self) { return "<Reason: " + self.to_string() + ">"; });
  py::class_<SourceRun>(module, "SourceRun",
                        "What a source had come to with a record: many unusual ones, or connections at a steady beat "
                        "to a service that is not known for it.")
      .def_readonly("source", &SourceRun::source, "Its address.")
      .def_readonly("records", &SourceRun::records, "Unusual ones so far; beats.")
      .def_readonly("seconds", &SourceRun::seconds, "Since the first of them.")
      .def_readonly("evidence", &SourceRun::evidence, "How far the run goes beyond what sources usually bring.")
      .def_readonly("destination", &SourceRun::destination, "Of a steady beat, with its port; else \"\".")
      .def_readonly("period", &SourceRun::period, "Of a steady beat, in seconds; else 0.")
      .def_property_readonly("is_beat", &SourceRun::is_beat, "A steady beat, and not many unusual records.")
      .def_property_readonly(
          "p_value", [](const SourceRun& self) { return self.p.value; },
          "The share of normal records that bring a source so far.")
      .def_property_readonly(
          "extrapolated", [](const SourceRun& self) { return self.p.extrapolated; },
          "The p-value lies beyond all that calibration showed.")
      .def("__eq__", [](const SourceRun& self, const SourceRun& other) { return self == other; })
      .def("__str__", &SourceRun::to_string)
      .def(pickled(SourceRun()))
      .def("__repr__", [](const SourceRun& self) { return "<SourceRun: " + self.to_string() + ">"; });
  py::class_<Finding>(module, "Finding", "A record that is reported: its score, p-value and reasons.")
      .def_readonly("row", &Finding::row, "Of the table that was given.")
      .def_readonly("score", &Finding::score, "The detector's; higher is more anomalous.")
      .def_property_readonly(
          "p_value", [](const Finding& self) { return self.p.value; },
          "The share of normal records with such a score, or a higher one.")
      .def_property_readonly(
          "extrapolated", [](const Finding& self) { return self.p.extrapolated; },
          "The p-value lies beyond all calibration records.")
      .def_readonly("surprise", &Finding::surprise,
                    "-log10 of the p-value without its steps: interpolated between calibration scores, so it differs "
                    "from that of `p`, most where those are few; and it goes on where `p` ends, at 3.3e-308.")
      .def_readonly("family", &Finding::family, "Of attacks, where the model learnt from labels.")
      .def_property_readonly(
          "anomaly_class", [](const Finding& self) { return anomaly_class_of(self); },
          "The family, or the strongest reason in two or three words.")
      .def_readonly("reasons", &Finding::reasons, "The columns that contributed most, the largest first.")
      .def_readonly("run", &Finding::run, "Where it is reported for that, above the limit itself or not.")
      .def_property_readonly(
          "members",
          [](const Finding& self) {
            py::dict members;
            for (const MemberScore& member : self.members) {
              members[py::str(member.name)] = member.score;
            }
            return members;
          },
          "The detectors of an ensemble and their scores.")
      .def("__eq__", [](const Finding& self, const Finding& other) { return self == other; })
      .def("__str__", &Finding::to_string)
      .def(pickled(Finding()))
      .def("__repr__", [](const Finding& self) {
        return "<Finding of row " + std::to_string(self.row) + ", " + std::to_string(self.reasons.size()) + " reasons>";
      });
  py::class_<Findings>(module, "Findings", "What a model says of a table.")
      .def_property_readonly("scores", [](const Findings& self) { return float_array(self.scores); })
      .def_readonly("reported", &Findings::reported)
      .def_property_readonly(
          "limit", [](const Findings& self) { return py::make_tuple(self.limit.score, self.limit.extrapolated); })
      .def_readonly("drift", &Findings::drift)
      .def(pickled(Findings()));
}

}  // namespace

void register_model(py::module_& module) {
  register_findings(module);
  py::class_<Model>(module, "Model")
      .def(py::init([](const Detector* detector, const std::string& training, const std::optional<Rule>& threshold,
                       py::handle calibration, py::handle records_per_day, std::string label, std::string normal,
                       bool runs, std::uint64_t random_state) {
             const ModelOptions options = model_options(training, threshold, calibration, records_per_day,
                                                        std::move(label), std::move(normal), runs, random_state);
             return detector == nullptr ? Model(options) : Model(*detector, options);
           }),
           py::arg("detector"), py::kw_only(), py::arg("training"), py::arg("threshold"), py::arg("calibration"),
           py::arg("records_per_day"), py::arg("label"), py::arg("normal"), py::arg("runs"), py::arg("random_state"))
      .def("set_pipeline", &Model::set_pipeline, py::arg("pipeline"))
      .def(
          "fit",
          [](Model& self, const Table& table, py::handle n_jobs, const py::object& progress) {
            Run run(n_jobs, progress);
            Model learner = self;  // what is being used elsewhere stays as it is until the end
            run([&](const FitControl& control) { learner.fit(table, control); });
            self = std::move(learner);
          },
          py::arg("table"), py::arg("n_jobs"), py::arg("progress"))
      .def("detect", &detect_in, py::arg("table"), py::arg("false_discovery_rate"), py::arg("most_reasons"),
           py::arg("most_explained"), py::arg("runs"), py::arg("n_jobs"), py::arg("progress"))
      .def(
          "anomaly_score",
          [](const Model& self, const Table& table, py::handle n_jobs, const py::object& progress) {
            Run run(n_jobs, progress);
            return float_array(run([&](const FitControl& control) { return self.anomaly_score(table, control); }));
          },
          py::arg("table"), py::arg("n_jobs"), py::arg("progress"))
      .def(
          "predict",
          [](const Model& self, const Table& table, py::handle n_jobs, const py::object& progress) {
            Run run(n_jobs, progress);
            const std::vector<std::int32_t> found =
                run([&](const FitControl& control) { return self.predict(table, control); });
            return py::array_t<std::int32_t>(static_cast<py::ssize_t>(found.size()), found.data());
          },
          py::arg("table"), py::arg("n_jobs"), py::arg("progress"))
      .def(
          "explain",
          [](const Model& self, const Table& table, const std::vector<std::size_t>& rows, py::handle n_jobs,
             const py::object& progress) {
            Run run(n_jobs, progress);
            return run([&](const FitControl& control) { return self.explain(table, rows, control); });
          },
          py::arg("table"), py::arg("rows"), py::arg("n_jobs"), py::arg("progress"))
      .def_property_readonly("is_fitted", &Model::is_fitted)
      .def_property_readonly("options", &options_of_model)
      .def_property_readonly("pipeline", [](const Model& self) { return self.pipeline(); })
      .def_property_readonly("detector", [](const Model& self) { return self.detector().clone(); })
      .def_property_readonly("calibration", [](const Model& self) { return self.calibration(); })
      .def_property_readonly("records_per_day", &Model::records_per_day)
      .def_property_readonly("warnings", &Model::warnings)
      .def_property_readonly("families", &Model::families)
      .def_property_readonly("rule", [](const Model& self) { return rule_words(self.threshold_rule()); })
      .def_property_readonly(
          "limit",
          [](const Model& self) { return py::make_tuple(self.threshold().score, self.threshold().extrapolated); })
      .def_property_readonly("run_limit", [](const Model& self) { return pair_of(self.run_limit()); })
      .def_property_readonly("beat_limit", [](const Model& self) { return pair_of(self.beat_limit()); })
      .def(
          "set_threshold",
          [](Model& self, const Rule& rule, const Table* labelled, py::handle n_jobs) {
            Run run(n_jobs, py::none());
            const ThresholdRule wanted = rule_from(rule.first, rule.second);
            run([&](const FitControl& control) {
              if (labelled == nullptr) {
                self.set_threshold(wanted);
              } else {
                self.set_threshold(wanted, *labelled, control);
              }
            });
          },
          py::arg("rule"), py::arg("labelled"), py::arg("n_jobs"))
      .def(
          "set_records_per_day",
          [](Model& self, py::handle records) { self.set_records_per_day(real_number(records, "records_per_day")); },
          py::arg("records"))
      .def_property_readonly("importance",
                             [](const Model& self) {
                               std::vector<std::pair<std::string, double>> columns;
                               for (const ColumnImportance& column : self.importance()) {
                                 columns.emplace_back(column.name, column.share);
                               }
                               return columns;
                             })
      .def("describe", &Model::describe)
      .def("save", &Model::save, py::arg("path"), py::arg("note"))
      .def("save_bytes",
           [](const Model& self) {
             const std::vector<std::byte> bytes = self.save_bytes();
             return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
           })
      .def_static("load", &Model::load, py::arg("path"))
      .def_static(
          "load_bytes",
          [](const py::bytes& bytes) {
            const std::string_view view(bytes);
            return Model::load_bytes({reinterpret_cast<const std::byte*>(view.data()), view.size()});
          },
          py::arg("bytes"))
      .def(py::pickle(
          [](const Model& self) {
            const std::vector<std::byte> bytes = self.save_bytes();
            return py::make_tuple(py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
          },
          [](const py::tuple& state) {
            const auto bytes = state[0].cast<py::bytes>();
            const std::string_view view(bytes);
            return Model::load_bytes({reinterpret_cast<const std::byte*>(view.data()), view.size()});
          }));
}

}  // namespace nad::python
