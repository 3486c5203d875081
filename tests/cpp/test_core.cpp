#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "allocations.hpp"
#include "nad/core/error.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"
#include "nad/core/random.hpp"

TEST_CASE("an error carries a code for programs and a message for people") {
  const nad::Error error(nad::ErrorCode::invalid_data, "NaN in row 3");
  CHECK(error.code() == nad::ErrorCode::invalid_data);
  CHECK(std::string(error.what()) == "NaN in row 3");
  CHECK(nad::name(error.code()) == "invalid_data");
  std::set<std::string_view> names;
  for (const auto code : {nad::ErrorCode::invalid_argument, nad::ErrorCode::invalid_data, nad::ErrorCode::not_fitted,
                          nad::ErrorCode::io, nad::ErrorCode::bad_file, nad::ErrorCode::cancelled}) {
    names.insert(nad::name(code));
  }
  CHECK(names.size() == 6);
  CHECK(names.count("unknown") == 0);
}

TEST_CASE("a message is UTF-8, whatever it quotes") {
  const auto said = [](const std::string& message) {
    return std::string(nad::Error(nad::ErrorCode::bad_file, message).what());
  };
  CHECK(said("Prüfstand \xe2\x82\xac \xf0\x9f\x98\x80") == "Prüfstand \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(said("a\xff b\xe2\x82 c\xc3") == "a? b?? c?");
  CHECK(said("\xed\xa0\x80\xc3\xbc") == "???\xc3\xbc");  // half a surrogate
  CHECK(said("").empty());
}

TEST_CASE("a view looks at the caller's memory, also at part of wider rows") {
  std::vector<float> memory = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const nad::MatrixView view(memory.data(), 3, 2, 4);
  CHECK(view(1, 1) == 5.0F);
  memory[5] = 50.0F;
  CHECK(view(1, 1) == 50.0F);
  const nad::MatrixView part = view.slice(1, 2);
  CHECK(part.rows() == 2);
  CHECK(part(1, 0) == 8.0F);
  CHECK(nad::MatrixView(memory.data(), 0, 4).empty());
}

TEST_CASE("random streams are fixed for ever") {
  CHECK(nad::mix_bits(0x9e3779b97f4a7c15ULL) == 0xe220a8397b1dcdafULL);  // splitmix64's first number for seed 0
  // Worked out apart from this code, in Python's whole numbers: a change would change every model.
  nad::Random random(7, 3);
  CHECK(random.next() == 0xbfe59f32f45106cdULL);
  CHECK(random.next() == 0x018496100d245161ULL);
  CHECK(random.next() == 0xceb7a482a2fbce27ULL);
}

TEST_CASE("neighbouring seeds and streams share nothing") {
  // seed + stream as a key would make (1, 2) and (2, 1) the same stream
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t stream = 0; stream < 30; ++stream) {
      nad::Random random(seed, stream);
      for (int i = 0; i < 10; ++i) {
        seen.insert(random.next());
      }
    }
  }
  CHECK(seen.size() == 30 * 30 * 10);
}

TEST_CASE("uniform, normal and whole random numbers have their distributions") {
  nad::Random random(11);
  constexpr int draws = 200000;
  double sum = 0.0;
  double squares = 0.0;
  double lowest = 1.0;
  double highest = 0.0;
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform();
    lowest = std::min(lowest, u);
    highest = std::max(highest, u);
    const double z = random.normal();
    sum += z;
    squares += z * z;
  }
  CHECK(lowest >= 0.0);
  CHECK(lowest < 1e-3);
  CHECK(highest < 1.0);
  CHECK(highest > 1.0 - 1e-3);
  CHECK(std::abs(sum / draws) < 0.01);
  CHECK(std::abs(squares / draws - 1.0) < 0.02);

  std::vector<double> hits(7, 0.0);
  for (int i = 0; i < draws; ++i) {
    hits[random.below(7)] += 1.0;
  }
  double chi_square = 0.0;
  for (const double hit : hits) {
    chi_square += (hit - draws / 7.0) * (hit - draws / 7.0) / (draws / 7.0);
  }
  CHECK(chi_square < 22.5);  // six degrees of freedom: one draw in a thousand lies above
  CHECK(random.below(1) == 0);
  CHECK(random.below((std::size_t{1} << 40U) + 1) <= std::size_t{1} << 40U);
}

TEST_CASE("parallel_for covers every index once [threads]") {
  for (const std::size_t count : {0U, 1U, 2U, 63U, 64U, 65U, 1000U}) {
    for (const std::size_t grain : {1U, 7U, 64U, 5000U}) {
      for (const int jobs : {1, 2, 5, -1}) {
        std::vector<std::atomic<int>> visits(count);
        nad::parallel_for(count, {.n_jobs = jobs}, {.grain = grain}, [&](std::size_t begin, std::size_t end) {
          CHECK_MESSAGE(begin % grain == 0, "chunks start at multiples of the grain");
          for (std::size_t i = begin; i < end; ++i) {
            visits[i].fetch_add(1);
          }
        });
        CHECK(std::all_of(visits.begin(), visits.end(), [](const auto& visit) { return visit.load() == 1; }));
      }
    }
  }
}

TEST_CASE("parallel_for uses several threads when there is work for them [threads]") {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  nad::parallel_for(2, {.n_jobs = 2}, {.grain = 1}, [&](std::size_t, std::size_t) {
    const int now = inside.fetch_add(1) + 1;
    for (int waited = 0; inside.load() < 2 && waited < 5000; ++waited) {  // at most some seconds
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    most.store(std::max({most.load(), now, inside.load()}));
  });
  CHECK(most.load() == 2);
}

TEST_CASE("small loops stay on the calling thread and allocate nothing") {
  const auto caller = std::this_thread::get_id();
  bool same = true;
  const nad::FitControl control{.n_jobs = 8};
  const tests::Allocations before = tests::allocations();
  nad::parallel_for(100, control, {.grain = 100},
                    [&](std::size_t, std::size_t) { same = same && std::this_thread::get_id() == caller; });
  const tests::Allocations after = tests::allocations();
  CHECK(same);
  CHECK(after.count == before.count);
}

TEST_CASE("parallel_for carries an exception out of any thread [threads]") {
  for (const int jobs : {1, 3}) {
    std::atomic<int> ran{0};
    const auto loop = [&] {
      nad::parallel_for(1000, {.n_jobs = jobs}, {.grain = 1}, [&](std::size_t begin, std::size_t) {
        ran.fetch_add(1);
        if (begin == 17) {
          throw std::domain_error("chunk 17");
        }
      });
    };
    CHECK_THROWS_AS_MESSAGE(loop(), std::domain_error, "chunk 17");
    CHECK(ran.load() >= 1);
  }
}

TEST_CASE("progress grows, ends at the total and comes from the calling thread [threads]") {
  for (const int jobs : {1, 4}) {
    const auto caller = std::this_thread::get_id();
    std::vector<std::size_t> reports;
    bool same_thread = true;
    std::string stage;
    const nad::FitControl control{.n_jobs = jobs, .progress = [&](const nad::Progress& progress) {
                                    reports.push_back(progress.done);
                                    same_thread = same_thread && std::this_thread::get_id() == caller;
                                    stage = progress.stage;
                                    CHECK(progress.total == 100);
                                    return true;
                                  }};
    nad::parallel_for(100, control, {.grain = 3, .stage = "counting"}, [](std::size_t, std::size_t) {});
    CHECK(same_thread);
    CHECK(stage == "counting");
    CHECK(std::is_sorted(reports.begin(), reports.end()));
    CHECK(reports.back() == 100);
  }
}

TEST_CASE("a progress callback cancels by false and by an exception [threads]") {
  for (const int jobs : {1, 2}) {
    std::atomic<std::size_t> ran{0};
    const auto body = [&](std::size_t, std::size_t) {
      ran.fetch_add(1);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    };
    const nad::FitControl cancelling{.n_jobs = jobs, .progress = [](const nad::Progress& p) { return p.done < 5; }};
    try {
      nad::parallel_for(10000, cancelling, {.grain = 1, .stage = "working"}, body);
      FAIL("was not cancelled");
    } catch (const nad::Error& error) {
      CHECK(error.code() == nad::ErrorCode::cancelled);
      CHECK(std::string(error.what()).find("cancelled while working") == 0);
    }
    CHECK(ran.load() < 10000);
    const nad::FitControl throwing{.n_jobs = jobs,
                                   .progress = [](const nad::Progress&) -> bool { throw std::range_error("stop"); }};
    CHECK_THROWS_AS(nad::parallel_for(10000, throwing, {.grain = 1}, body), std::range_error);
  }
}

TEST_CASE("n_jobs counts from the number of cores when negative, and is never 0") {
  CHECK(nad::resolve_jobs(3) == 3);
  CHECK(nad::resolve_jobs(-1) == std::max(1U, std::thread::hardware_concurrency()));
  CHECK(nad::resolve_jobs(-1000) == 1);
  CHECK_THROWS_WITH_AS(nad::resolve_jobs(0), "n_jobs is 0; give a number of threads, or -1 for one per core",
                       nad::Error);
}

#if !defined(__SANITIZE_THREAD__)  // the thread sanitiser cannot follow a fork of a program with threads
TEST_CASE("parallel_for works in a child after fork") {
  const auto sum = [] {
    std::atomic<std::size_t> total{0};
    nad::parallel_for(1000, {.n_jobs = 4}, {.grain = 10}, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        total.fetch_add(i);
      }
    });
    return total.load();
  };
  REQUIRE(sum() == 499500);  // threads have run in the parent before
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);  // a child that hangs ends by itself
    _exit(sum() == 499500 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif
