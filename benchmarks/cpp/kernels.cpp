// Measures every kernel of every instruction set, and says how near it is to what the machine can do: bytes and
// operations are counted, bandwidth (for as much memory) and multiply-add peak measured.
//
//   nad_benchmark_kernels --rounds 7 --json figures.json
//   nad_benchmark_kernels --only product

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_work.hpp"
#include "measure.hpp"
#include "nad/config.hpp"
#include "nad/simd/active_kernels.hpp"
#include "nad/simd/kernels.hpp"
#include "report.hpp"
#include "roofline.hpp"

namespace {

using benchmark::Work;
using nad::simd::KernelTable;

struct Arguments {
  std::string json_file;
  std::string only;
  std::size_t rounds = 7;
  bool quick = false;
};

/// Roofs, measured once for each instruction set and size of memory.
class Roofs {
 public:
  explicit Roofs(double seconds) : seconds_(seconds) {}

  benchmark::Roof of(std::string_view kernel, double bytes) {
    const auto key = std::make_pair(std::string(kernel), static_cast<std::size_t>(bytes));
    const auto known = known_.find(key);
    if (known != known_.end()) {
      return known->second;
    }
    return known_.emplace(key, benchmark::measure_roof(kernel, key.second, seconds_)).first->second;
  }

 private:
  double seconds_;
  std::map<std::pair<std::string, std::size_t>, benchmark::Roof> known_;
};

void measure(benchmark::Report& report, Work& work, Roofs& roofs, const Arguments& arguments) {
  const std::vector<std::string_view> kernels = nad::simd::supported();
  std::vector<benchmark::Contest> contests;
  contests.reserve(kernels.size());
  for (const std::string_view kernel : kernels) {
    contests.emplace_back(
        std::string(kernel),
        [&work, kernel] {
          nad::simd::force(kernel);
          const KernelTable& table = nad::simd::active_kernels();
          // many calls for each look at the clock: one takes nanoseconds
          for (int repeat = 0; repeat < 16; ++repeat) {
            work.call(table);
          }
        },
        arguments.quick ? 0.002 : 0.03);
  }
  benchmark::take_turns(contests, arguments.rounds);
  for (const benchmark::Contest& contest : contests) {
    std::vector<double> samples = contest.cpu;
    for (double& sample : samples) {
      sample /= 16.0;
    }
    const double seconds = benchmark::median(samples);
    const benchmark::Roof roof = roofs.of(contest.name, work.memory > 0.0 ? work.memory : work.bytes);
    const double for_bytes = work.bytes / roof.bytes_per_second;
    const double for_operations = work.operations / (roof.flops_per_second * work.share_of_peak);
    std::vector<double> shown = samples;
    for (double& sample : shown) {
      sample *= 1e6;
    }
    report.add({.what = work.what + ", " + contest.name,
                .value = benchmark::median(shown),
                .unit = "us CPU",
                .spread = benchmark::spread(shown),
                .samples = shown});
    report.add({.what = "  bytes", .value = work.bytes / seconds / 1e9, .unit = "GB/s"});
    report.add({.what = "    of as much memory can", .value = roof.bytes_per_second / 1e9, .unit = "GB/s"});
    if (work.operations > 0.0) {
      report.add({.what = "  operations", .value = work.operations / seconds / 1e9, .unit = "Gop/s"});
      report.add({.what = "    of multiply-adds can",
                  .value = roof.flops_per_second * work.share_of_peak / 1e9,
                  .unit = "Gop/s"});
    }
    report.add(
        {.what = std::string("  share of the roof, which is ") + (for_bytes > for_operations ? "memory" : "arithmetic"),
         .value = std::max(for_bytes, for_operations) / seconds * 100.0,
         .unit = "%"});
  }
  nad::simd::force("auto");
}

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--quick") {
      arguments.quick = true;
      continue;
    }
    if (i + 1 == words.size()) {
      throw std::runtime_error("usage: --rounds N --only PART --json FILE --quick");
    }
    const std::string value = words[++i];
    if (word == "--json") {
      arguments.json_file = value;
    } else if (word == "--only") {
      arguments.only = value;
    } else if (word == "--rounds") {
      arguments.rounds = std::max<std::size_t>(1, std::stoul(value));
    } else {
      throw std::runtime_error("unknown option " + std::string(word));
    }
  }
  return arguments;
}

void run(const Arguments& arguments) {
  benchmark::Report report;
  report.note("program", "kernels");
  report.note("nad", NAD_VERSION_STRING);
#ifdef NDEBUG
  report.note("build", "optimised");
#else
  report.note("build", "WITH ASSERTIONS: times mean nothing");
#endif
  report.note("kernel", std::string(nad::simd::active()));
  report.note("rounds", arguments.rounds);
  Roofs roofs(arguments.quick ? 0.01 : 0.1);
  bool any = false;
  for (Work& work : benchmark::all_work(arguments.quick)) {
    if (work.what.find(arguments.only) != std::string::npos) {
      any = true;
      measure(report, work, roofs, arguments);
    }
  }
  if (!any) {
    throw std::runtime_error("no kernel is called like " + arguments.only);
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
    std::fprintf(stderr, "nad_benchmark_kernels: %s\n", error.what());
    return 1;
  }
}
