// A thousand threads that score one model, a system that grants no more threads, and a fork in the middle of it all.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <atomic>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#endif

#include "faults.hpp"
#include "model_file_tools.hpp"
#include "model_samples.hpp"
#include "pipeline_samples.hpp"
#include "watched.hpp"

namespace {

/// Starts so many threads, or as many as the system grants.
template <class Body>
std::vector<std::thread> start_many(std::size_t count, const Body& body) {
  std::vector<std::thread> threads;
  threads.reserve(count);
  try {
    while (threads.size() < count) {
      threads.emplace_back(body);
    }
  } catch (const std::system_error& error) {
    MESSAGE("this system grants " << threads.size() << " threads: " << error.what());
  }
  return threads;
}

void join_all(std::vector<std::thread>& threads) {
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST_CASE("faults: a thousand threads score one model, each as if it were alone [threads]") {
  const nad::Model model = model_samples::small_models().front();
  const nad::Table table = pipeline_samples::flows(40);
  const std::vector<float> expected = model.detect(table).scores;
  const nad::IsolationForest forest = model_file::small_forest();
  const nad::Matrix rows = model_file::training_rows();
  const std::vector<float> of_rows = forest.anomaly_score(rows);
  std::atomic<bool> go{false};
  std::atomic<std::size_t> sound{0};
  std::vector<std::thread> threads = start_many(tests::watched ? 100 : 1000, [&] {
    while (!go) {
      std::this_thread::yield();
    }
    nad::RecordScorer scorer(model);
    const bool same = model.detect(table, {}, {.n_jobs = 2}).scores == expected &&
                      scorer.detect(table).scores == expected && forest.anomaly_score(rows) == of_rows &&
                      forest.anomaly_score(std::span<const float>(rows.data() + 9, 3)) == of_rows[3];
    sound += same ? 1U : 0U;
  });
  go = true;
  const std::size_t count = threads.size();
  join_all(threads);
  CHECK(count > 50);
  CHECK(sound == count);
}

#if defined(__unix__) || defined(__APPLE__)

TEST_CASE("faults: a child that is forked while threads score and learn scores and learns alike") {
  const nad::Model model = model_samples::small_models().front();
  const nad::Table table = pipeline_samples::flows(40);
  const std::vector<float> expected = model.detect(table).scores;
  const nad::Matrix rows = model_file::training_rows();
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads = start_many(4, [&] {
    while (!stop) {
      static_cast<void>(model.detect(table, {}, {.n_jobs = 2}));
      nad::IsolationForest forest({.n_estimators = 4});
      forest.fit(rows, {.n_jobs = 2});
    }
  });
  for (int round = 0; round < (tests::watched ? 3 : 20); ++round) {
    CHECK(tests::status_of_child([&] {
            if (model.detect(table, {}, {.n_jobs = 2}).scores != expected) {
              return 1;
            }
            nad::RecordScorer scorer(model);
            nad::Model again = model;
            again.fit(table, {.n_jobs = 2});
            return scorer.detect(table).scores == expected ? 0 : 2;
          }) == 0);
  }
  stop = true;
  join_all(threads);
}

TEST_CASE("faults: where the system grants no more threads, work goes on with those there are, or an error says so") {
  const nad::Matrix rows = model_file::training_rows(3, 20'000);
  nad::IsolationForest forest({.n_estimators = 8, .max_samples = std::uint64_t{64}});
  forest.fit(rows);
  const std::vector<float> expected = forest.anomaly_score(rows);
  const nad::Model model = model_samples::small_models().front();
  const nad::Table table = pipeline_samples::flows(40);
  const int status = tests::status_of_child([&] {
    // the limit counts the threads of a user, and does not bind the superuser
    constexpr unsigned nobody = 65533;
    if (geteuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0)) {
      return 77;
    }
    rlimit limit{1, 1};
    setrlimit(RLIMIT_NPROC, &limit);
    try {
      std::thread([] {}).join();
      return 77;  // it is granted nevertheless
    } catch (const std::system_error&) {
    }
    if (forest.anomaly_score(rows, {.n_jobs = 8}) != expected) {
      return 1;
    }
    nad::IsolationForest other(forest.options());
    other.fit(rows, {.n_jobs = 8});
    if (other.anomaly_score(rows) != expected) {
      return 2;
    }
    nad::Monitor monitor(model);
    monitor.run(*nad::table_source({table}));
    if (monitor.stats().records != table.rows()) {
      return 3;
    }
    try {
      nad::AlertSink sink(nad::callback_channel([](const nad::Alert&) {}));
      return 4;
    } catch (const nad::Error& error) {
      return std::string(error.what()).find("thread") != std::string::npos ? 0 : 5;
    }
  });
  if (status == 77) {
    MESSAGE("skipped: the number of threads cannot be limited here");
  } else {
    CHECK(status == 0);
  }
}

#endif

}  // namespace
