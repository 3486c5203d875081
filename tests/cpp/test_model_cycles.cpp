// Models that are loaded, used and freed, over and over: no memory stays behind. NAD_CYCLES=1000000 makes it a million.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#if defined(__linux__)
#include <unistd.h>
#endif

#include "allocations.hpp"
#include "model_file_tools.hpp"
#include "model_samples.hpp"
#include "pipeline_samples.hpp"
#include "watched.hpp"

namespace {

std::size_t cycles() {
  const char* const wish = std::getenv("NAD_CYCLES");
  return wish != nullptr ? std::strtoull(wish, nullptr, 10) : tests::watched ? 100 : 2000;
}

/// Bytes of memory that this process holds, as the system counts; 0 where it does not tell.
std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
#if defined(__linux__)
  std::ifstream("/proc/self/statm") >> total >> resident;
  resident *= static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
#endif
  return resident;
}

TEST_CASE("models that are loaded, score and are freed leave no memory behind [long]") {
  std::vector<std::vector<std::byte>> files;
  for (const nad::Model& model : model_samples::small_models()) {
    files.push_back(model.save_bytes());
  }
  const nad::Table table = pipeline_samples::flows(8);
  const nad::Matrix rows = model_file::training_rows();
  const std::vector<std::byte> forest = nad::save_bytes(model_file::small_forest());
  const auto cycle = [&](std::size_t number) {
    const nad::Model model = nad::Model::load_bytes(files[number % files.size()]);
    if (model.detect(table).scores.size() != table.rows()) {
      FAIL("another number of scores");
    }
    nad::RecordScorer scorer(model);
    static_cast<void>(scorer.score());
    static_cast<void>(nad::load_detector_bytes(forest)->anomaly_score(rows));
    if (number % 16 == 0) {
      static_cast<void>(model.save_bytes());
      std::vector<std::byte> cut = files[number % files.size()];
      cut.resize(cut.size() - 1 - number % 97);
      if (!model_file::error_of([&] { static_cast<void>(nad::Model::load_bytes(cut)); })) {
        FAIL("a file that was cut was loaded");
      }
    }
  };
  const std::size_t count = cycles();
  for (std::size_t number = 0; number < 300; ++number) {  // what is kept once is kept from now on
    cycle(number);
  }
  const std::ptrdiff_t held = tests::pieces_held();
  const std::size_t resident = resident_bytes();
  for (std::size_t number = 0; number < count; ++number) {
    cycle(number);
  }
  if (tests::memory_can_be_refused() && !tests::watched) {
    CHECK(tests::pieces_held() == held);
    CHECK(resident_bytes() < resident + (std::size_t{4} << 20U));
  }
}

}  // namespace
