#include <pybind11/operators.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert_tools.hpp"
#include "nad/detail/nearest_name.hpp"

namespace nad::python {

namespace {

using AlertClass = py::class_<Alert>;
using AlertSetters = std::map<std::string, std::function<void(Alert&, const py::handle&)>>;

AlertSetters& alert_setters() {
  static AlertSetters setters;
  return setters;
}

/// A property of an alert that its constructor takes, too.
template <class Value, class Get, class Set>
void alert_property(AlertClass& alert, const char* property, const Get& get, const Set& set, const char* text) {
  alert.def_property(
      property, get, [set](Alert& self, Value value) { set(self, std::move(value)); }, text);
  alert_setters()[property] = [set, property](Alert& self, const py::handle& value) {
    try {
      set(self, value.cast<Value>());
    } catch (const py::cast_error&) {
      throw Error(ErrorCode::invalid_argument,
                  std::string(property) + " is " + std::string(py::repr(value)) + ", which an alert cannot hold there");
    }
  };
}

template <class Value>
void alert_field(AlertClass& alert, const char* property, Value Alert::*field, const char* text) {
  alert_property<Value>(
      alert, property, [field](const Alert& self) { return self.*field; },
      [field](Alert& self, Value value) { self.*field = std::move(value); }, text);
}

std::optional<Address> address_from(const std::optional<GivenAddress>& given, const char* what) {
  if (!given) {
    return std::nullopt;
  }
  const std::optional<Address> address = Address::parse(given->text);
  if (!address) {
    throw Error(ErrorCode::invalid_argument, std::string(what) + " is '" + given->text + "', which is no address");
  }
  return address;
}

void alert_address(AlertClass& alert, const char* property, std::optional<Address> Alert::*field, const char* text) {
  alert_property<std::optional<GivenAddress>>(
      alert, property,
      [field](const Alert& self) {
        const std::optional<Address>& address = self.*field;
        return address ? std::optional(address->to_string()) : std::nullopt;
      },
      [field, property](Alert& self, const std::optional<GivenAddress>& given) {
        self.*field = address_from(given, property);
      },
      text);
}

void alert_time_field(AlertClass& alert, const char* property, std::int64_t Alert::*field, const char* text) {
  alert_property<GivenTime>(
      alert, property, [field](const Alert& self) { return self.*field; },
      [field](Alert& self, const GivenTime& given) { self.*field = given.nanoseconds; }, text);
}

Alert alert_from(const py::kwargs& fields) {
  Alert alert;
  for (const auto& field : fields) {
    const auto name = field.first.cast<std::string>();
    const auto found = alert_setters().find(name);
    if (found == alert_setters().end()) {
      std::vector<std::string> known;
      std::transform(alert_setters().begin(), alert_setters().end(), std::back_inserter(known),
                     [](const auto& entry) { return entry.first; });
      const std::string nearest = detail::nearest_name(name, known);
      throw Error(ErrorCode::invalid_argument,
                  "an alert has no '" + name + "'" + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
    }
    found->second(alert, field.second);
  }
  if (fields.contains("p_value") && !fields.contains("severity")) {
    alert.severity = severity_of(alert.p_value);
  }
  return alert;
}

std::optional<std::int64_t> time_or_none(const std::optional<GivenTime>& given) {
  return given ? std::optional(given->nanoseconds) : std::nullopt;
}

void register_alert_parts(py::module_& module) {
  py::class_<AlertReason>(module, "AlertReason", "What one column contributed to an alert; texts as people read them.")
      .def(py::init([](std::string column, std::string value, std::string expected, std::string unit,
                       double contribution, std::string direction) {
             return AlertReason{std::move(column), std::move(value), std::move(expected),
                                std::move(unit),   contribution,     std::move(direction)};
           }),
           py::arg("column"), py::arg("value"), py::arg("expected") = "", py::kw_only(), py::arg("unit") = "",
           py::arg("contribution") = 0.0, py::arg("direction") = "")
      .def_readwrite("column", &AlertReason::column, "What the record's table calls it.")
      .def_readwrite("value", &AlertReason::value, "Of the record.")
      .def_readwrite("expected", &AlertReason::expected, "What normal traffic holds there.")
      .def_readwrite("unit", &AlertReason::unit, "Of the value, such as \"bytes\"; \"\": none.")
      .def_readwrite("contribution", &AlertReason::contribution,
                     "To the surprise; negative ones speak for normal traffic.")
      .def_readwrite("direction", &AlertReason::direction,
                     "\"higher\", \"lower\", \"rare\", \"never_seen\", \"missing\" or \"usual\".")
      .def(py::self == py::self)
      .def("__repr__", [](const AlertReason& self) { return "<AlertReason: " + self.column + " " + self.value + ">"; });
  py::class_<AlertModel>(module, "AlertModel", "Which model spoke: times in nanoseconds since 1970.")
      .def(py::init([](std::string id, std::uint64_t version, std::string sha256, std::string schema,
                       std::optional<GivenTime> trained_until) {
             return AlertModel{std::move(id), version, std::move(sha256), std::move(schema),
                               time_or_none(trained_until)};
           }),
           py::arg("id") = "", py::kw_only(), py::arg("version") = 0, py::arg("sha256") = "", py::arg("schema") = "",
           py::arg("trained_until") = std::nullopt)
      .def_readwrite("id", &AlertModel::id, "What the model is called.")
      .def_readwrite("version", &AlertModel::version, "Which of the models of this name.")
      .def_readwrite("sha256", &AlertModel::sha256, "Of its file.")
      .def_readwrite("schema", &AlertModel::schema, "Of which format its training records were.")
      .def_property(
          "trained_until", [](const AlertModel& self) { return self.trained_until; },
          [](AlertModel& self, std::optional<GivenTime> given) { self.trained_until = time_or_none(given); },
          "The time of the latest record that it learnt from; None where nobody knows.")
      .def(py::self == py::self)
      .def("__repr__", [](const AlertModel& self) {
        return "<AlertModel: " + self.id + " version " + std::to_string(self.version) + ">";
      });
  py::class_<AlertFlow>(module, "AlertFlow", "What the flow of an alert carried: times in nanoseconds since 1970.")
      .def(py::init([](std::uint64_t packets_sent, std::uint64_t packets_received, std::uint64_t bytes_sent,
                       std::uint64_t bytes_received, GivenTime start, GivenTime end, std::string state,
                       std::string reason) {
             return AlertFlow{packets_sent,      packets_received, bytes_sent,       bytes_received,
                              start.nanoseconds, end.nanoseconds,  std::move(state), std::move(reason)};
           }),
           py::kw_only(), py::arg("packets_sent") = 0, py::arg("packets_received") = 0, py::arg("bytes_sent") = 0,
           py::arg("bytes_received") = 0, py::arg("start") = GivenTime(), py::arg("end") = GivenTime(),
           py::arg("state") = "", py::arg("reason") = "")
      .def_readwrite("packets_sent", &AlertFlow::packets_sent, "By the source.")
      .def_readwrite("packets_received", &AlertFlow::packets_received, "By the destination's answers.")
      .def_readwrite("bytes_sent", &AlertFlow::bytes_sent, "By the source.")
      .def_readwrite("bytes_received", &AlertFlow::bytes_received, "By the destination's answers.")
      .def_property(
          "start", [](const AlertFlow& self) { return self.start; },
          [](AlertFlow& self, GivenTime given) { self.start = given.nanoseconds; }, "Of the first packet.")
      .def_property(
          "end", [](const AlertFlow& self) { return self.end; },
          [](AlertFlow& self, GivenTime given) { self.end = given.nanoseconds; }, "Of the last packet.")
      .def_readwrite("state", &AlertFlow::state, "\"SF\", \"S0\", ... or what the log calls it.")
      .def_readwrite("reason", &AlertFlow::reason, "Why the record was written: \"timeout\", \"closed\", ...")
      .def(py::self == py::self)
      .def("__repr__", [](const AlertFlow& self) {
        return "<AlertFlow: " + std::to_string(self.bytes_sent) + " bytes sent, " +
               std::to_string(self.bytes_received) + " received>";
      });
}

/// Pairs of a text and a number or text; in Python a dict, which keeps their order.
template <class Part, class Value>
void alert_pairs(AlertClass& alert, const char* property, std::vector<Part> Alert::*field, std::string Part::*key,
                 Value Part::*value, const char* text) {
  alert_property<py::dict>(
      alert, property,
      [=](const Alert& self) {
        py::dict pairs;
        for (const Part& part : self.*field) {
          pairs[py::str(part.*key)] = part.*value;
        }
        return pairs;
      },
      [=](Alert& self, const py::dict& pairs) {
        std::vector<Part> parts;
        parts.reserve(pairs.size());
        for (const auto& pair : pairs) {
          Part& part = parts.emplace_back();
          part.*key = pair.first.cast<std::string>();
          part.*value = pair.second.cast<Value>();
        }
        self.*field = std::move(parts);
      },
      text);
}

void register_alert_class(py::module_& module) {
  AlertClass alert(
      module, "Alert",
      "What nad tells people and other programs: one record, or many alike, that normal traffic hardly has.\n"
      "\n"
      "Every attribute but `id` is also an argument of the constructor, by name; the severity follows from a\n"
      "p_value where it is not given. Addresses are texts, times are nanoseconds since 1970, `members`,\n"
      "`names` and `suppressed` are dicts. Objects of ipaddress, numpy.datetime64 and datetime, such as a\n"
      "row of a table holds, may be given in their place.\n"
      "\n"
      ">>> alert = nad.Alert(src=\"10.0.3.17\", dst=\"203.0.113.9\", dst_port=443, p_value=0.00021)\n"
      ">>> print(nad.to_eve(alert))");
  alert.def(py::init(&alert_from));
  alert_property<std::string>(
      alert, "kind", [](const Alert& self) { return std::string(name(self.kind)); },
      [](Alert& self, const std::string& word) { self.kind = enum_from_word<AlertKind>(word, "kind"); },
      "What the record stands for: \"first\" (something new), \"update\", \"closing\" or \"suppressed\".");
  alert_address(alert, "src", &Alert::src, "The address that began, as text; None where it is not known.");
  alert_address(alert, "dst", &Alert::dst, "The address that was asked; None where it is not known.");
  alert_field(alert, "src_port", &Alert::src_port, "Of TCP and UDP; of ICMP the type.");
  alert_field(alert, "dst_port", &Alert::dst_port, "Of TCP and UDP; of ICMP the code.");
  alert_field(alert, "protocol", &Alert::protocol, "In lower case: \"tcp\".");
  alert_field(alert, "service", &Alert::service, "Such as \"dns\", where something recognised it.");
  alert_field(alert, "community_id", &Alert::community_id,
              "The same text for the flow in every tool that knows community ids.");
  alert_field(alert, "interface", &Alert::interface, "Where it was captured.");
  alert_field(alert, "flow_id", &Alert::flow_id, "Of the log that the record is of; 0: not known.");
  alert_field(alert, "vlan", &Alert::vlan, "The VLANs, the outer one first.");
  alert_pairs(alert, "names", &Alert::names, &AlertName::column, &AlertName::value,
              "Columns of the record that allow-lists may ask for, such as server_name, and their values.");
  alert_field(alert, "anomaly_class", &Alert::anomaly_class, "A short word, the same for the same kind of anomaly.");
  alert_field(alert, "signature", &Alert::signature, "A sentence; made of the class where it is empty.");
  alert_field(alert, "signature_id", &Alert::signature_id, "A number for the kind of anomaly; 0: made of the class.");
  alert_field(alert, "revision", &Alert::revision, "Of the signature.");
  alert_field(alert, "category", &Alert::category, "What receivers sort alerts by.");
  alert_field(alert, "severity", &Alert::severity, "1 high, 2 medium, 3 low.");
  alert_field(alert, "techniques", &Alert::techniques, "Of MITRE ATT&CK, such as \"T1048\".");
  alert_field(alert, "score", &Alert::score, "The detector's; higher is more anomalous.");
  alert_field(alert, "threshold", &Alert::threshold, "The score above which records are reported.");
  alert_field(alert, "p_value", &Alert::p_value, "The share of normal records with such a score, or a higher one.");
  alert_field(alert, "extrapolated", &Alert::extrapolated, "The p-value lies beyond all calibration records.");
  alert_field(alert, "n_calibration", &Alert::n_calibration, "Records that the p-value was counted among.");
  alert_field(alert, "expected_alerts_per_day", &Alert::expected_alerts_per_day,
              "Normal records of a day that such a threshold reports; None where nobody knows.");
  alert_field(alert, "reasons", &Alert::reasons, "What the columns contributed, the largest contribution first.");
  alert_field(alert, "detector", &Alert::detector, "Which kind of detector spoke.");
  alert_pairs(alert, "members", &Alert::members, &AlertMember::name, &AlertMember::score,
              "The detectors of an ensemble and their scores.");
  alert_field(alert, "model", &Alert::model, "Which model spoke.");
  alert_field(alert, "features_missing", &Alert::features_missing, "Columns whose value was not there.");
  alert_time_field(alert, "first_seen", &Alert::first_seen, "The first alert of its key, nanoseconds since 1970.");
  alert_time_field(alert, "last_seen", &Alert::last_seen, "The time of the alert, nanoseconds since 1970.");
  alert_field(alert, "count", &Alert::count,
              "Alerts that this record stands for: over all records they add up to what happened.");
  alert_field(alert, "total", &Alert::total, "Alerts of its key since `first_seen`.");
  alert_field(alert, "interim", &Alert::interim, "The flow goes on.");
  alert_field(alert, "flow", &Alert::flow, "What the flow carried; None where that is not known.");
  alert_field(alert, "key", &Alert::key, "What a deduplicator knows it by; \"\": nobody has asked.");
  alert_pairs(alert, "suppressed", &Alert::suppressed, &SuppressedKey::key, &SuppressedKey::count,
              "Of the kind \"suppressed\": the keys whose alerts were held back, and how many, the most first.");
  alert_field(alert, "suppressed_elsewhere", &Alert::suppressed_elsewhere,
              "Alerts that were held back, of keys that are not listed.");
  alert
      .def_property_readonly("id", &alert_id,
                             "Thirty-two hexadecimal digits: the same record of the same model always has the same.")
      .def("__copy__", [](const Alert& self) { return Alert(self); })
      .def(
          "__deepcopy__", [](const Alert& self, const py::dict&) { return Alert(self); }, py::arg("memo"))
      .def(py::self == py::self)
      .def("__str__", [](const Alert& self) { return to_text(self); })
      .def("__repr__", [](const Alert& self) { return "<Alert: " + to_text(self) + ">"; })
      .def(py::pickle([](const Alert& self) { return to_eve(self); },
                      [](const std::string& state) { return alert_from_eve(state); }));
}

void register_deduplicator(py::module_& module) {
  py::class_<DeduplicatorStats>(module, "DeduplicatorStats", "What became of the alerts that a deduplicator was given.")
      .def_readonly("given", &DeduplicatorStats::given, "Alerts, by their counts.")
      .def_readonly("written", &DeduplicatorStats::written,
                    "Alerts that records stand for, those of the limit's reports among them.")
      .def_readonly("pending", &DeduplicatorStats::pending, "Alerts that no record stands for yet.")
      .def_readonly("records", &DeduplicatorStats::records, "That have left.")
      .def_readonly("held_back", &DeduplicatorStats::held_back, "Alerts that were due when the limit was reached.")
      .def_readonly("evicted", &DeduplicatorStats::evicted, "Keys that were closed to make room.")
      .def_readonly("keys", &DeduplicatorStats::keys, "That are open.")
      .def("__repr__", [](const DeduplicatorStats& self) {
        return "<DeduplicatorStats: " + std::to_string(self.given) + " alerts in " + std::to_string(self.records) +
               " records>";
      });
  py::class_<Deduplicator>(module, "Deduplicator")
      .def(py::init([](AlertKeyOptions key, std::vector<std::uint64_t> updates_at, std::uint64_t growth,
                       double update_seconds, double quiet_seconds, double records_per_minute, double burst,
                       double report_seconds, std::size_t most_keys, std::size_t most_listed) {
             return Deduplicator({key, std::move(updates_at), growth, update_seconds, quiet_seconds, records_per_minute,
                                  burst, report_seconds, most_keys, most_listed});
           }),
           py::arg("key"), py::arg("updates_at"), py::arg("growth"), py::arg("update_seconds"),
           py::arg("quiet_seconds"), py::arg("records_per_minute"), py::arg("burst"), py::arg("report_seconds"),
           py::arg("most_keys"), py::arg("most_listed"))
      .def(
          "add",
          [](Deduplicator& self, const Alert& alert, std::optional<std::int64_t> now) {
            return now ? self.add(alert, *now) : self.add(alert);
          },
          py::arg("alert"), py::arg("now"))
      .def("advance", &Deduplicator::advance, py::arg("now"))
      .def("flush", &Deduplicator::flush)
      .def("save_state", &Deduplicator::save_state)
      .def(
          "restore_state", [](Deduplicator& self, const std::string& text) { self.restore_state(text); },
          py::arg("text"))
      .def_property_readonly("stats", &Deduplicator::stats);
  py::class_<AlertKeyOptions>(module, "AlertKeyOptions")
      .def(py::init([](bool by_class, unsigned src_prefix_v4, unsigned src_prefix_v6, unsigned dst_prefix_v4,
                       unsigned dst_prefix_v6, bool by_dst_port, bool by_protocol, bool by_interface) {
             const AlertKeyOptions options{by_class,      src_prefix_v4, src_prefix_v6, dst_prefix_v4,
                                           dst_prefix_v6, by_dst_port,   by_protocol,   by_interface};
             options.check();
             return options;
           }),
           py::arg("by_class"), py::arg("src_prefix_v4"), py::arg("src_prefix_v6"), py::arg("dst_prefix_v4"),
           py::arg("dst_prefix_v6"), py::arg("by_dst_port"), py::arg("by_protocol"), py::arg("by_interface"));
}

}  // namespace

std::optional<std::int64_t> nanoseconds_from(const py::handle& value) {
  const auto whole = [](const py::handle& number) -> std::optional<std::int64_t> {
    int overflow = 0;
    const py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(number.ptr()));
    const long long nanoseconds = index ? PyLong_AsLongLongAndOverflow(index.ptr(), &overflow) : 0;
    if (!index || PyErr_Occurred() != nullptr) {
      throw py::error_already_set();
    }
    return overflow == 0 ? std::optional<std::int64_t>(nanoseconds) : std::nullopt;
  };
  if (PyBool_Check(value.ptr()) != 0) {
    return std::nullopt;
  }
  if (PyIndex_Check(value.ptr()) != 0) {
    return whole(value);
  }
  if (py::hasattr(value, "to_datetime64")) {  // pandas: a datetime of nanoseconds
    return nanoseconds_from(value.attr("to_datetime64")());
  }
  const py::module_ dates = py::module_::import("datetime");
  if (py::isinstance(value, dates.attr("datetime"))) {
    const py::object utc = dates.attr("timezone").attr("utc");
    const py::object moment = value.attr("tzinfo").is_none() ? value.attr("replace")(py::arg("tzinfo") = utc)
                                                             : py::object(value.attr("astimezone")(utc));
    const py::object passed = moment - dates.attr("datetime")(1970, 1, 1, py::arg("tzinfo") = utc);
    const auto part = [&](const char* name) { return passed.attr(name).cast<std::int64_t>(); };
    const std::int64_t microseconds = (part("days") * 86'400 + part("seconds")) * 1'000'000 + part("microseconds");
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1000;
    return microseconds >= -most && microseconds <= most ? std::optional(microseconds * 1000) : std::nullopt;
  }
  const py::module_ numpy = py::module_::import("numpy");
  if (py::isinstance(value, numpy.attr("datetime64")) && !numpy.attr("isnat")(value).cast<bool>()) {
    py::object exact;
    try {
      exact = value.attr("astype")("datetime64[ns]");
    } catch (const py::error_already_set& error) {  // as NumPy 2.5 says it; before, the years wrapped around
      if (!error.matches(PyExc_OverflowError)) {
        throw;
      }
      return std::nullopt;
    }
    const bool holds = exact.attr("astype")(value.attr("dtype")).equal(value);
    return holds ? whole(exact.attr("astype")("int64")) : std::nullopt;
  }
  return std::nullopt;
}

void register_alert(py::module_& module) {
  register_alert_parts(module);
  register_alert_class(module);
  register_deduplicator(module);
  module.def("to_eve", &to_eve, py::arg("alert"));
  module.def("to_ecs", &to_ecs, py::arg("alert"));
  module.def("to_cef", &to_cef, py::arg("alert"));
  module.def(
      "to_syslog", [](const Alert& alert, const py::dict& options) { return to_syslog(alert, syslog_from(options)); },
      py::arg("alert"), py::arg("options"));
  module.def(
      "to_text", [](const Alert& alert) { return to_text(alert); }, py::arg("alert"));
  module.def("to_report", &to_report, py::arg("alert"));
  module.def(
      "alert_from_eve", [](const std::string& line) { return alert_from_eve(line); }, py::arg("line"));
  module.def("alert_key", &alert_key, py::arg("alert"), py::arg("options"));
  module.def(
      "severity_of",
      [](double p_value, double high, double medium) {
        return severity_of(p_value, {high, medium});
      },
      py::arg("p_value"), py::arg("high"), py::arg("medium"));
}

}  // namespace nad::python
