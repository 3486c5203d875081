#pragma once

// Simulated traffic, a small model of it, and what a monitor says, for the tests of monitors.

#include <nad/nad.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "temporary_folder.hpp"

namespace monitor_samples {

inline nad::SimulatorOptions quiet_office(std::uint64_t seed) {
  return {.random_state = seed, .hours = 0.05, .hosts = 8, .rate = 2.0, .rhythm = false};
}

inline void write_normal(const std::filesystem::path& path) {
  static_cast<void>(nad::Simulator(quiet_office(1)).write(path));
}

inline void write_attacked(const std::filesystem::path& path) {
  nad::SimulatorOptions options = quiet_office(2);
  options.attacks = {nad::Attack::port_scan({.start = 50, .duration = 4}),
                     nad::Attack::syn_flood({.start = 100, .duration = 2, .intensity = 0.15})};
  static_cast<void>(nad::Simulator(options).write(path));
}

/// Looks back, and is quick to learn.
inline nad::Model model_of(const nad::Table& normal, double rate = 0.01) {
  nad::Ensemble ensemble;
  ensemble.add(nad::IsolationForest({.n_estimators = 10, .max_samples = std::uint64_t{128}, .random_state = 1}));
  ensemble.add(nad::LODA({.n_projections = 20}));
  nad::Model model(ensemble, {.threshold = nad::ThresholdRule::false_positive_rate(rate)});
  model.set_pipeline(nad::FeaturePipeline(
      {nad::HostWindows{}, nad::LeaveOut{.columns = nad::ColumnChoice({"src_port", "dst_port", "history", "flags"})},
       nad::Impute{}, nad::OneHot{.max_categories = 8}, nad::Log1p{}, nad::Standardise{.clip = 10.0}}));
  model.fit(normal);
  return model;
}

/// Every id that left, in order, and what they count.
struct Said {
  std::vector<std::string> ids = {};
  std::uint64_t counted = 0;
  std::vector<float> scores = {};

  void watch(nad::Monitor& monitor) {
    monitor.on_alert([this](const nad::Alert& alert) {
      ids.push_back(nad::alert_id(alert));
      counted += alert.count;
    });
    monitor.on_records([this](const nad::Table&, const nad::Findings& findings) {
      scores.insert(scores.end(), findings.scores.begin(), findings.scores.end());
    });
  }
};

inline bool adds_up(const nad::MonitorStats& stats) {
  const nad::DeduplicatorStats& deduplicator = stats.deduplicator;
  return stats.reported == stats.allowed + stats.alerts && stats.alerts == deduplicator.given &&
         deduplicator.given == deduplicator.written + deduplicator.pending && stats.written == deduplicator.records;
}

/// A Zeek log of flows, as lines; the header is apart.
inline std::string zeek_header() {
  return "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
         "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\t"
         "resp_bytes\tconn_state\thistory\torig_pkts\tresp_pkts\n"
         "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tstring\tcount\t"
         "count\n";
}

inline std::vector<std::string> zeek_lines(const nad::Table& flows) {
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    const auto value = [&](const char* name) {
      const std::string text = flows[name].format(row);
      return (text.empty() ? "-" : text) + "\t";
    };
    lines.push_back(std::to_string(flows["timestamp"].times()[row] / 1'000'000'000) + "." +
                    std::to_string(1'000'000 + flows["timestamp"].times()[row] / 1000 % 1'000'000).substr(1) + "\tC" +
                    std::to_string(row) + "\t" + value("src_ip") + value("src_port") + value("dst_ip") +
                    value("dst_port") + value("protocol") + "-\t" + value("duration") + value("bytes_sent") +
                    value("bytes_received") + value("state") + value("history") + value("packets_sent") +
                    std::to_string(flows["packets_received"].integers()[row]) + "\n");
  }
  return lines;
}

/// Captures, their flows and a model, made once.
struct Office {
  TemporaryFolder folder;
  std::filesystem::path capture = folder / "attacked.pcap";
  nad::Table flows;
  std::optional<nad::Model> model;

  Office() {
    write_normal(folder / "normal.pcap");
    write_attacked(capture);
    model = model_of(nad::read(folder / "normal.pcap"));
    flows = nad::read(capture);
  }
};

inline const Office& office() {
  static const Office one;
  return one;
}

inline std::vector<nad::Table> pieces(const nad::Table& table, std::size_t rows) {
  std::vector<nad::Table> parts;
  for (std::size_t first = 0; first < table.rows(); first += rows) {
    parts.push_back(table.slice(first, std::min(rows, table.rows() - first)));
  }
  return parts;
}

/// Waits until something is so, which may take as long as it likes on a busy machine; false where it never is.
template <class Condition>
bool wait_until(const Condition& is_so) {
  constexpr std::chrono::seconds longest(30);
  const auto deadline = std::chrono::steady_clock::now() + longest;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline void append(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << text;
}

}  // namespace monitor_samples
