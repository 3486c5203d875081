// Measures the way from a record file to a matrix inside C++: reading, learning features, computing them, one record at
// a time, and the memory that each takes. Prints a table and, with --json, writes every sample.
//
//   nad_benchmark_records kddcup.data_10_percent              # any file that nad reads
//   nad_benchmark_records FILE --copies 14 --json figures.json    # also so many copies of it, read in batches

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "allocation_count.hpp"
#include "arguments.hpp"
#include "measure.hpp"
#include "nad/nad.hpp"
#include "report.hpp"

namespace {

using benchmark::Contest;
using benchmark::Report;

struct Arguments {
  std::string file;
  std::string json_file;
  std::size_t rounds = 7;
  std::size_t copies = 0;
};

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  arguments.file =
      benchmark::parse(words, {{"--copies", [&](const std::string& value) { arguments.copies = std::stoul(value); }},
                               {"--rounds", [&](const std::string& value) { arguments.rounds = std::stoul(value); }},
                               {"--json", [&](const std::string& value) { arguments.json_file = value; }}});
  return arguments;
}

/// Bytes resident now ("VmRSS") or at the most so far ("VmHWM"); 0 where the system does not say.
double resident(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) {
      return std::stod(line.substr(line.find(':') + 1)) * 1024.0;
    }
  }
  return 0.0;
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double bytes_of(const nad::Table& table) {
  double bytes = 0.0;
  for (std::size_t place = 0; place < table.columns(); ++place) {
    const nad::ColumnParts& parts = table.column(place).parts();
    bytes += static_cast<double>(parts.numbers.size() * 8 + parts.integers.size() * 8 + parts.codes.size() * 4 +
                                 parts.addresses.size() * 16 + parts.booleans.size() + parts.text.size() +
                                 parts.valid.size());
  }
  return bytes;
}

double bytes_of(const nad::Matrix& x) { return static_cast<double>(x.rows() * x.columns() * sizeof(float)); }

nad::FeaturePipeline one_hot_and_standard() {
  return nad::FeaturePipeline({nad::Impute{}, nad::OneHot{}, nad::Standardise{}});
}

/// Before anything else took memory that this could use again.
void measure_memory(const Arguments& arguments, Report& report) {
  forget_peak();
  const double before = resident("VmRSS");
  const nad::Table table = nad::read(arguments.file);
  nad::FeaturePipeline pipeline = one_hot_and_standard();
  const nad::Matrix x = pipeline.fit_transform(table);
  const double results = bytes_of(table) + bytes_of(x);
  report.add({.what = "table", .value = bytes_of(table) / 1e6, .unit = "MB"});
  report.add({.what = "matrix", .value = bytes_of(x) / 1e6, .unit = "MB"});
  if (resident("VmHWM") > 0.0) {
    report.add({.what = "peak memory, file to matrix",
                .value = (resident("VmHWM") - before) / results,
                .unit = "x (table + matrix)",
                .goal = benchmark::at_most(1.5)});
  }
}

void measure_copies(const Arguments& arguments, Report& report) {
  const std::filesystem::path large = std::filesystem::temp_directory_path() / "nad-benchmark-records";
  {
    std::ofstream out(large, std::ios::binary);
    for (std::size_t copy = 0; copy < arguments.copies; ++copy) {
      out << std::ifstream(arguments.file, std::ios::binary).rdbuf();
    }
  }
  nad::FeaturePipeline pipeline = one_hot_and_standard();
  nad::IsolationForest forest;
  {
    nad::Reader sample(arguments.file);
    forest.fit(pipeline.fit_transform(*sample.next()));
  }
  forget_peak();
  const double before = resident("VmRSS");
  std::uint64_t rows = 0;
  std::vector<Contest> contests;
  contests.emplace_back("batches", [&] {
    nad::Reader reader(large);
    while (const std::optional<nad::Table> batch = reader.next()) {
      static_cast<void>(forest.anomaly_score(pipeline.transform(*batch)));
    }
    rows = reader.report().rows;
  });
  contests[0].run(true);
  const auto size = static_cast<double>(std::filesystem::file_size(large));
  std::filesystem::remove(large);
  report.add({.what = "read, compute features and score " + benchmark::number(size / 1e9) + " GB in batches",
              .value = static_cast<double>(rows) / contests[0].cpu[0] / 1e6,
              .unit = "million rows/s"});
  report.add({.what = "memory that this takes",
              .value = (resident("VmHWM") - before) / 1e6,
              .unit = "MB",
              .goal = benchmark::at_most(200.0)});
}

void measure_speed(const Arguments& arguments, Report& report) {
  nad::Table table = nad::read(arguments.file);
  nad::FeaturePipeline pipeline = one_hot_and_standard();
  std::vector<Contest> contests;
  contests.emplace_back("read", [&] { table = nad::read(arguments.file); });
  contests.emplace_back("fit", [&] { pipeline.fit(table); });
  contests.emplace_back("transform", [&] { static_cast<void>(pipeline.transform(table)); });
  contests.emplace_back("file to matrix", [&] {
    nad::FeaturePipeline fresh = one_hot_and_standard();
    static_cast<void>(fresh.fit_transform(nad::read(arguments.file)));
  });
  contests.emplace_back("automatic", [&] { static_cast<void>(nad::FeaturePipeline::automatic(table)); });
  benchmark::take_turns(contests, arguments.rounds);
  for (const Contest& contest : contests) {
    report.add({.what = contest.name,
                .value = benchmark::median(contest.cpu) * 1e3,
                .unit = "ms",
                .spread = benchmark::spread(contest.cpu),
                .samples = contest.cpu});
  }
  report.add({.what = "read",
              .value = static_cast<double>(table.rows()) / benchmark::median(contests[0].cpu) / 1e6,
              .unit = "million rows/s"});
}

/// A record as a sensor has it: a value for each column, set one by one.
void measure_one_record(const Arguments& arguments, Report& report) {
  const nad::Table table = nad::read(arguments.file);
  nad::FeaturePipeline pipeline = one_hot_and_standard();
  pipeline.fit(table);
  nad::FeatureStream stream(pipeline);
  const nad::Schema& inputs = stream.inputs();
  std::vector<const nad::Column*> columns;
  for (const nad::Field& field : inputs) {
    columns.push_back(&table[field.name]);
  }
  const auto one = [&](std::size_t row) {
    for (std::size_t place = 0; place < columns.size(); ++place) {
      const nad::Column& column = *columns[place];
      if (column.is_missing(row)) {
        stream.set_missing(place);
      } else if (column.type() == nad::ColumnType::category) {
        stream.set(place, column.categories()[column.codes()[row]]);
      } else {
        double value = 0.0;
        column.copy_numbers(row, {&value, 1});
        stream.set(place, value);
      }
    }
    return stream.next()[0];
  };
  volatile float sink = 0.0F;
  const std::size_t rows = std::min<std::size_t>(table.rows(), 200'000);
  const auto all = [&] {
    for (std::size_t row = 0; row < rows; ++row) {
      sink = one(row);
    }
  };
  all();
  const std::size_t before = benchmark::allocations();
  all();
  const double allocated = static_cast<double>(benchmark::allocations() - before) / static_cast<double>(rows);
  std::vector<Contest> contests;
  contests.emplace_back("one record", all);
  benchmark::take_turns(contests, arguments.rounds);
  report.add({.what = "one record of " + std::to_string(columns.size()) + " columns, set and transformed",
              .value = benchmark::median(contests[0].cpu) / static_cast<double>(rows) * 1e6,
              .unit = "us",
              .spread = benchmark::spread(contests[0].cpu),
              .goal = benchmark::at_most(5.0)});
  report.add({.what = "allocations a record", .value = allocated, .unit = ""});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = parse({argv, static_cast<std::size_t>(argc)});
    Report report;
    report.note("benchmark", std::string("records"));
    report.note("file", std::filesystem::path(arguments.file).filename().string());
    report.note("kernel", std::string(nad::simd::active()));
    measure_memory(arguments, report);
    measure_speed(arguments, report);
    measure_one_record(arguments, report);
    if (arguments.copies > 0) {
      measure_copies(arguments, report);
    }
    report.print(stdout);
    if (!arguments.json_file.empty()) {
      report.write_json(arguments.json_file);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
