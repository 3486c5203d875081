// Measures the hot paths of Isolation Forest inside C++: fitting, batches with each kernel, one row, two threads,
// explanations. Prints a table and, with --json, writes every sample.
//
//   nad_benchmark_isolation_forest                                    # synthetic rows
//   nad_benchmark_isolation_forest --rows kdd99.f32 --columns 41 --json figures.json

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "allocation_count.hpp"
#include "measure.hpp"
#include "nad/nad.hpp"
#include "report.hpp"
#include "rows.hpp"

namespace {

using benchmark::Contest;
using benchmark::Report;

struct Arguments {
  std::string rows_file;
  std::string json_file;
  std::size_t columns = 41;
  std::size_t rounds = 7;
  bool quick = false;
};

struct Shape {
  std::string name;
  nad::IsolationForestOptions options;
  bool has_goals = false;  ///< the forest of which the goals speak
};

constexpr std::uint64_t seed = 1'000'003;

/// Keeps the compiler from dropping work whose result nobody reads.
volatile float sink = 0.0F;

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--quick") {
      arguments.quick = true;
      continue;
    }
    if (i + 1 == words.size()) {
      throw std::runtime_error("usage: --rows FILE --columns N --rounds N --json FILE --quick");
    }
    const std::string value = words[++i];
    if (word == "--rows") {
      arguments.rows_file = value;
    } else if (word == "--json") {
      arguments.json_file = value;
    } else if (word == "--columns") {
      arguments.columns = std::stoul(value);
    } else if (word == "--rounds") {
      arguments.rounds = std::max<std::size_t>(1, std::stoul(value));
    } else {
      throw std::runtime_error("unknown option " + std::string(word));
    }
  }
  return arguments;
}

std::vector<Shape> shapes() {
  return {{"100 x 256", {.max_samples = 256, .random_state = seed}, true},
          {"100 x 4096", {.max_samples = 4096, .random_state = seed}},
          {"100 x 256, ndim 2", {.max_samples = 256, .random_state = seed, .ndim = 2}}};
}

void add_timed(Report& report, const std::string& what, const std::vector<double>& seconds, double factor,
               const std::string& unit) {
  std::vector<double> samples = seconds;
  for (double& sample : samples) {
    sample *= factor;
  }
  report.add({.what = what,
              .value = benchmark::median(samples),
              .unit = unit,
              .spread = benchmark::spread(samples),
              .samples = samples});
}

void measure_fit(Report& report, const Shape& shape, nad::MatrixView rows, std::size_t rounds) {
  std::vector<Contest> contests;
  contests.emplace_back(
      "fit", [&] { nad::IsolationForest(shape.options).fit(rows); }, 0.05);
  benchmark::take_turns(contests, rounds);
  add_timed(report, "fit " + shape.name, contests[0].cpu, 1e3, "ms CPU");
}

/// Every kernel on all rows; throws when two of them disagree in a single bit.
void measure_batches(Report& report, const std::string& title, const nad::IsolationForest& forest, nad::MatrixView rows,
                     std::size_t rounds) {
  const std::vector<std::string_view> kernels = nad::simd::supported();
  std::vector<std::vector<float>> scores(kernels.size(), std::vector<float>(rows.rows()));
  std::vector<Contest> contests;
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    contests.emplace_back(std::string(kernels[k]), [&, k] {
      nad::simd::force(kernels[k]);
      forest.anomaly_score(rows, scores[k]);
    });
  }
  benchmark::take_turns(contests, rounds);
  nad::simd::force("auto");
  const auto tree_rows = static_cast<double>(rows.rows() * forest.n_trees());
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    add_timed(report, title + ", " + contests[k].name, contests[k].cpu, 1.0, "s CPU");
    const double seconds = benchmark::median(contests[k].cpu);
    report.add({.what = "  rows a second", .value = static_cast<double>(rows.rows()) / seconds, .unit = "rows/s"});
    report.add({.what = "  a row and tree", .value = seconds / tree_rows * 1e9, .unit = "ns"});
    if (std::memcmp(scores[k].data(), scores[0].data(), rows.rows() * sizeof(float)) != 0) {
      throw std::runtime_error("kernels " + contests[k].name + " and " + contests[0].name + " give different scores");
    }
  }
}

struct Latency {
  double median_ns = 0.0;
  double late_ns = 0.0;
  std::size_t allocations = 0;
};

template <class Call>
Latency latency(std::size_t calls, const std::vector<std::size_t>& picks, Call call) {
  std::vector<double> times(calls);
  for (const std::size_t pick : picks) {
    call(pick);
  }
  const std::size_t before = benchmark::allocations();
  for (std::size_t i = 0; i < calls; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call(picks[i % picks.size()]);
    times[i] = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
  }
  const std::size_t allocations = benchmark::allocations() - before;
  std::sort(times.begin(), times.end());
  return {times[calls / 2], times[calls * 99 / 100], allocations};
}

void measure_one_row(Report& report, const Shape& shape, const nad::IsolationForest& forest, nad::MatrixView rows,
                     std::size_t calls) {
  nad::Random random(seed);
  std::vector<std::size_t> picks(1000);
  for (std::size_t& pick : picks) {
    pick = random.below(rows.rows());
  }
  const Latency clock = latency(calls, picks, [](std::size_t) {});
  const Latency alone = latency(
      calls, picks, [&](std::size_t pick) { sink = forest.anomaly_score(std::span(rows.row(pick), rows.columns())); });
  float out = 0.0F;
  const Latency batch = latency(calls, picks, [&](std::size_t pick) {
    forest.anomaly_score(rows.slice(pick, 1), std::span(&out, 1));
    sink = out;
  });

  const std::string title = "one row " + shape.name;
  std::optional<benchmark::Goal> speed_goal;
  if (shape.has_goals) {
    speed_goal = benchmark::at_most(2.0);
  }
  report.add({.what = title + ", median", .value = alone.median_ns / 1e3, .unit = "us wall", .goal = speed_goal});
  report.add({.what = "  99 %", .value = alone.late_ns / 1e3, .unit = "us wall"});
  report.add({.what = "  allocations in " + std::to_string(calls) + " calls",
              .value = static_cast<double>(alone.allocations),
              .goal = benchmark::at_most(0.0)});
  report.add({.what = "  as a batch of one, median", .value = batch.median_ns / 1e3, .unit = "us wall"});
  report.add({.what = "  as a batch of one, allocations",
              .value = static_cast<double>(batch.allocations),
              .goal = benchmark::at_most(0.0)});
  report.add({.what = "  of which the clock", .value = clock.median_ns / 1e3, .unit = "us wall"});
}

void measure_two_threads(Report& report, const Shape& shape, const nad::IsolationForest& forest, nad::MatrixView rows,
                         std::size_t rounds) {
  std::vector<float> scores(rows.rows());
  std::vector<Contest> contests;
  for (const int jobs : {1, 2}) {
    contests.emplace_back("score", [&, jobs] { forest.anomaly_score(rows, scores, {.n_jobs = jobs}); });
  }
  for (const int jobs : {1, 2}) {
    contests.emplace_back(
        "fit", [&, jobs] { nad::IsolationForest(shape.options).fit(rows, {.n_jobs = jobs}); }, 0.05);
  }
  benchmark::take_turns(contests, rounds);
  const auto times = [&](std::size_t one, std::size_t two) {
    return benchmark::smallest(contests[one].wall) / benchmark::smallest(contests[two].wall);
  };
  report.add({.what = "score " + shape.name + ", two threads",
              .value = times(0, 1),
              .unit = "x one, best wall",
              .goal = benchmark::at_least(1.8),
              .samples = contests[1].wall});
  report.add({.what = "fit " + shape.name + ", two threads",
              .value = times(2, 3),
              .unit = "x one, best wall",
              .samples = contests[3].wall});
}

void measure_explain(Report& report, const Shape& shape, const nad::IsolationForest& forest, nad::MatrixView rows,
                     std::size_t rounds) {
  const nad::MatrixView some = rows.slice(0, std::min<std::size_t>(rows.rows(), 10'000));
  std::vector<Contest> contests;
  contests.emplace_back("explain", [&] { sink = forest.explain(some)(0, 0); });
  benchmark::take_turns(contests, rounds);
  add_timed(report, "explain " + shape.name, contests[0].cpu, 1e6 / static_cast<double>(some.rows()), "us CPU a row");
}

void run(const Arguments& arguments) {
  const nad::Matrix all = arguments.rows_file.empty() ? benchmark::synthetic_rows(494'021, arguments.columns, seed)
                                                      : benchmark::read_rows(arguments.rows_file, arguments.columns);
  const nad::MatrixView rows =
      all.view().slice(0, arguments.quick ? std::min<std::size_t>(all.rows(), 60'000) : all.rows());
  // neighbouring records are often alike, and kernels profit from that; the other order shows how much
  const nad::Matrix mixed = benchmark::shuffled(rows, seed);

  Report report;
  report.note("program", "isolation_forest");
  report.note("nad", NAD_VERSION_STRING);
#ifdef NDEBUG
  report.note("build", "optimised");
#else
  report.note("build", "WITH ASSERTIONS: times mean nothing");
#endif
  report.note("kernel", std::string(nad::simd::active()));
  report.note("data", arguments.rows_file.empty() ? "synthetic" : "file");
  report.note("rows", rows.rows());
  report.note("columns", rows.columns());
  report.note("rounds", arguments.rounds);

  for (const Shape& shape : shapes()) {
    nad::IsolationForest forest(shape.options);
    forest.fit(rows);
    measure_fit(report, shape, rows, arguments.rounds);
    measure_batches(report, "score " + shape.name, forest, rows, arguments.rounds);
    measure_batches(report, "score " + shape.name + ", shuffled rows", forest, mixed, arguments.rounds);
    measure_one_row(report, shape, forest, rows, arguments.quick ? 20'000 : 200'000);
    measure_explain(report, shape, forest, rows, arguments.rounds);
    if (shape.has_goals) {
      measure_two_threads(report, shape, forest, rows, arguments.rounds);
    }
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
    std::fprintf(stderr, "nad_benchmark_isolation_forest: %s\n", error.what());
    return 1;
  }
}
