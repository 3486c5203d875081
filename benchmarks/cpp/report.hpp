#pragma once

/// The figures of a benchmark program: a table for people, JSON for programs.
///
///   Report report("isolation_forest");
///   report.add({.what = "one row", .value = 1.4, .unit = "us", .goal = at_most(2.0)});
///   report.print(stdout);
///   report.write_json("figures.json");

#include <cstdio>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace benchmark {

struct Goal {
  double bound = 0.0;
  bool is_upper = false;
  bool met_by(double value) const { return is_upper ? value <= bound : value >= bound; }
};

inline Goal at_least(double bound) { return {bound, false}; }
inline Goal at_most(double bound) { return {bound, true}; }

struct Figure {
  std::string what;
  double value = 0.0;
  std::string unit = {};
  std::optional<double> spread = {};
  std::optional<Goal> goal = {};
  std::vector<double> samples = {};  ///< one number a round, in JSON only
};

inline std::string number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

class Report {
 public:
  /// A name and a value for the head of the JSON.
  void note(std::string name, const std::string& value) { notes_.emplace_back(std::move(name), quoted(value)); }
  void note(std::string name, std::size_t value) { notes_.emplace_back(std::move(name), std::to_string(value)); }
  void add(Figure figure) { figures_.push_back(std::move(figure)); }

  void print(std::FILE* out) const {
    for (const auto& [name, value] : notes_) {
      std::fprintf(out, "%s: %s\n", name.c_str(), value.c_str());
    }
    std::fprintf(out, "\n%-58s %12s %-16s %7s  %-10s\n", "", "median", "", "spread", "goal");
    for (const Figure& figure : figures_) {
      const std::string spread = figure.spread ? number(*figure.spread * 100.0).substr(0, 4) + " %" : "";
      std::fprintf(out, "%-58s %12s %-16s %7s  %-10s %s\n", figure.what.c_str(), number(figure.value).c_str(),
                   figure.unit.c_str(), spread.c_str(), goal(figure).c_str(), verdict(figure));
    }
  }

  void write_json(const std::string& path) const {
    std::ofstream out(path);
    out << "{\n";
    for (const auto& [name, value] : notes_) {
      out << "  " << quoted(name) << ": " << value << ",\n";
    }
    out << "  " << quoted("figures") << ": [\n";
    for (std::size_t i = 0; i < figures_.size(); ++i) {
      out << "    {" << members(figures_[i]) << (i + 1 < figures_.size() ? "},\n" : "}\n");
    }
    out << "  ]\n}\n";
    if (!out.flush()) {
      throw std::runtime_error("cannot write " + path);
    }
  }

 private:
  static std::string goal(const Figure& figure) {
    return figure.goal ? (figure.goal->is_upper ? "<= " : ">= ") + number(figure.goal->bound) : "";
  }

  static const char* verdict(const Figure& figure) {
    return !figure.goal ? "" : figure.goal->met_by(figure.value) ? "met" : "NOT MET";
  }

  static std::string members(const Figure& figure) {
    std::string out = quoted("what") + ": " + quoted(figure.what);
    const auto add = [&out](const char* name, const std::string& value) { out += ", " + quoted(name) + ": " + value; };
    add("value", number(figure.value));
    add("unit", quoted(figure.unit));
    add("goal", quoted(goal(figure)));
    add("verdict", quoted(verdict(figure)));
    if (figure.spread) {
      add("spread", number(*figure.spread));
    }
    std::string samples;
    for (const double sample : figure.samples) {
      samples += (samples.empty() ? "" : ", ") + number(sample);
    }
    add("samples", "[" + samples + "]");
    return out;
  }

  static std::string quoted(const std::string& text) {
    std::string out(1, '"');
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out += '\\';
      }
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + '"';
  }

  std::vector<std::pair<std::string, std::string>> notes_;
  std::vector<Figure> figures_;
};

}  // namespace benchmark
