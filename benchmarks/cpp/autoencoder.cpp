// Measures the autoencoder inside C++: training at several sizes of batches, scoring with each kernel and each score,
// one row. Prints a table and, with --json, writes every sample.
//
//   nad_benchmark_autoencoder                                         # synthetic rows
//   nad_benchmark_autoencoder --rounds 11 --json figures.json

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "allocation_count.hpp"
#include "measure.hpp"
#include "nad/nad.hpp"
#include "report.hpp"

namespace {

using benchmark::Contest;
using benchmark::Report;

constexpr std::size_t columns = 118;
constexpr std::uint64_t seed = 1'000'003;

/// Keeps the compiler from dropping work whose result nobody reads.
volatile float sink = 0.0F;

struct Arguments {
  std::string json_file;
  std::size_t rounds = 7;
  bool quick = false;
};

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--quick") {
      arguments.quick = true;
    } else if (word == "--json" && i + 1 < words.size()) {
      arguments.json_file = words[++i];
    } else if (word == "--rounds" && i + 1 < words.size()) {
      arguments.rounds = std::max<std::size_t>(1, std::stoul(words[++i]));
    } else {
      throw std::runtime_error("usage: --rounds N --json FILE --quick");
    }
  }
  return arguments;
}

/// Columns between 0 and 1 that two hidden causes move, and noise: something to learn.
nad::Matrix waves(std::size_t count) {
  nad::Random random(seed);
  nad::Matrix rows(count, columns);
  for (std::size_t row = 0; row < count; ++row) {
    const double a = random.uniform();
    const double b = random.uniform();
    for (std::size_t column = 0; column < columns; ++column) {
      const double wave = std::sin(a * static_cast<double>(1 + column % 7) + b * static_cast<double>(column % 5));
      rows(row, column) = static_cast<float>(0.5 + 0.36 * wave + 0.05 * random.uniform());
    }
  }
  return rows;
}

void add_rate(Report& report, const std::string& what, const std::vector<double>& seconds, double rows) {
  std::vector<double> samples = seconds;
  for (double& sample : samples) {
    sample = rows / sample;
  }
  report.add({.what = what,
              .value = benchmark::median(samples),
              .unit = "rows/s CPU",
              .spread = benchmark::spread(samples),
              .samples = samples});
}

/// What four epochs take longer than one: what is done once does not count.
void measure_training(Report& report, nad::MatrixView rows, std::size_t rounds) {
  const std::vector<std::size_t> batches = {32, 256, 1024};
  std::vector<Contest> contests;
  for (const std::size_t batch : batches) {
    for (const std::size_t epochs : {std::size_t{1}, std::size_t{4}}) {
      contests.emplace_back("train", [=] {
        nad::Autoencoder model({.epochs = epochs, .batch_size = batch, .residual = nad::ResidualScore::mean});
        model.fit(rows, {.assume_finite = true});
      });
    }
  }
  benchmark::take_turns(contests, rounds);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    std::vector<double> three_epochs;
    for (std::size_t round = 0; round < rounds; ++round) {
      three_epochs.push_back(contests[2 * i + 1].cpu[round] - contests[2 * i].cpu[round]);
    }
    add_rate(report, "train 118-64-16-64-118, batches of " + std::to_string(batches[i]), three_epochs,
             3.0 * static_cast<double>(rows.rows()));
  }
}

void measure_scoring(Report& report, const nad::Autoencoder& model, nad::MatrixView rows, std::size_t rounds) {
  const std::vector<std::string_view> kernels = nad::simd::supported();
  std::vector<float> scores(rows.rows());
  std::vector<Contest> contests;
  for (const std::string_view kernel : kernels) {
    contests.emplace_back(std::string(kernel), [&, kernel] {
      nad::simd::force(kernel);
      model.anomaly_score(rows, scores);
    });
  }
  benchmark::take_turns(contests, rounds);
  nad::simd::force("auto");
  for (const Contest& contest : contests) {
    add_rate(report, "score " + std::string(name(model.options().residual)) + ", " + contest.name, contest.cpu,
             static_cast<double>(rows.rows()));
  }
}

void measure_one_row(Report& report, const nad::Autoencoder& model, nad::MatrixView rows, std::size_t calls) {
  std::vector<double> times(calls);
  const std::size_t before = benchmark::allocations();
  for (std::size_t i = 0; i < calls; ++i) {
    const std::span<const float> row(rows.row(i * 7919 % rows.rows()), columns);
    const auto start = std::chrono::steady_clock::now();
    sink = model.anomaly_score(row);
    times[i] = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }
  const std::size_t allocations = benchmark::allocations() - before;
  std::sort(times.begin(), times.end());
  const std::string title = "one row " + std::string(name(model.options().residual));
  report.add(
      {.what = title + ", median", .value = times[calls / 2], .unit = "us wall", .goal = benchmark::at_most(3.0)});
  report.add({.what = "  99 %", .value = times[calls * 99 / 100], .unit = "us wall"});
  report.add({.what = "  allocations", .value = static_cast<double>(allocations), .goal = benchmark::at_most(0.0)});
}

void run(const Arguments& arguments) {
  const nad::Matrix rows = waves(arguments.quick ? 4'000 : 50'000);
  Report report;
  report.note("program", "autoencoder");
  report.note("nad", NAD_VERSION_STRING);
#ifdef NDEBUG
  report.note("build", "optimised");
#else
  report.note("build", "WITH ASSERTIONS: times mean nothing");
#endif
  report.note("kernel", std::string(nad::simd::active()));
  report.note("rows", rows.rows());
  report.note("columns", rows.columns());
  report.note("rounds", arguments.rounds);
  measure_training(report, rows, arguments.rounds);
  for (const nad::ResidualScore residual :
       {nad::ResidualScore::mean, nad::ResidualScore::variance_weighted, nad::ResidualScore::whitened}) {
    nad::Autoencoder model({.epochs = 2, .batch_size = 256, .residual = residual});
    model.fit(rows);
    measure_scoring(report, model, rows, arguments.rounds);
    measure_one_row(report, model, rows, arguments.quick ? 10'000 : 100'000);
  }
  report.print(stdout);
  if (!arguments.json_file.empty()) {
    report.write_json(arguments.json_file);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse(std::span(argv, static_cast<std::size_t>(argc))));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nad_benchmark_autoencoder: %s\n", error.what());
    return 1;
  }
}
