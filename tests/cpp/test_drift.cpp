// Drift, against brute force and by drawing many times.
#include <doctest/doctest.h>

#include <algorithm>
#include <cereal/archives/binary.hpp>
#include <cereal/types/vector.hpp>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "messages.hpp"
#include "nad/core/random.hpp"
#include "nad/threshold/calibration.hpp"
#include "nad/threshold/drift.hpp"

namespace {

using tests::contains;
using tests::message_of;

std::vector<float> normal_scores(std::size_t count, nad::Random& random, double shift = 0.0) {
  std::vector<float> scores(count);
  for (float& score : scores) {
    score = static_cast<float>(random.normal() + shift);
  }
  return scores;
}

TEST_CASE("drift is seen where the bulk moves, not where some records are attacks, and seldom by chance") {
  nad::Random random(10);
  const nad::Calibration calibration(normal_scores(5000, random));
  CHECK_FALSE(nad::drift(calibration, normal_scores(2000, random)).drifted());
  const nad::DriftReport moved = nad::drift(calibration, normal_scores(2000, random, 0.5));
  CHECK(moved.bulk_moved);
  CHECK(moved.bulk_distance == doctest::Approx(0.17).epsilon(0.15));
  CHECK(contains(moved.to_string(), "normal traffic has changed"));
  std::vector<float> attacked = normal_scores(2000, random);
  std::fill(attacked.begin(), attacked.begin() + 800, 9.0F);
  CHECK_FALSE(nad::drift(calibration, attacked).drifted());
  std::fill(attacked.begin(), attacked.begin() + 1200, 9.0F);
  const nad::DriftReport flood = nad::drift(calibration, attacked);
  CHECK(flood.mostly_beyond);
  CHECK_FALSE(flood.bulk_moved);
  CHECK(contains(flood.to_string(), "a flood of attacks, since the other records are as they were"));

  nad::DriftMonitor often(calibration, {.window = 200, .false_alarm_rate = 0.2, .least_distance = 0.0});
  int alarms = 0;
  for (const float score : normal_scores(200 * 300, random)) {
    alarms += often.add(score) ? 1 : 0;
  }
  CHECK(alarms <= 45);  // 30 are allowed on average, of 300 windows
  CHECK(often.last().records == 200);
  CHECK(contains(message_of([&] { often.add(NAN); }), "not finite"));
  CHECK(contains(message_of([&] { nad::DriftMonitor(calibration, {.window = 10}); }), "at least 50"));
  CHECK(contains(message_of([] { nad::DriftMonitor{nad::Calibration{}}; }), "no calibration scores"));
}

/// log(n!) as its sum.
double log_factorial_by_hand(std::size_t n) {
  double sum = 0.0;
  for (std::size_t factor = 2; factor <= n; ++factor) {
    sum += std::log(static_cast<double>(factor));
  }
  return sum;
}

/// The hypergeometric probability that `high` of all records hold at least so many of the fresh ones.
double chance_by_hand(std::size_t known, std::size_t high_known, std::size_t fresh, std::size_t high_fresh) {
  const auto log_choose = [](std::size_t n, std::size_t k) {
    return log_factorial_by_hand(n) - log_factorial_by_hand(k) - log_factorial_by_hand(n - k);
  };
  const std::size_t high = high_known + high_fresh;
  double sum = 0.0;
  for (std::size_t count = high_fresh; count <= std::min(fresh, high); ++count) {
    if (high - count <= known) {
      sum += std::exp(log_choose(fresh, count) + log_choose(known, high - count) - log_choose(known + fresh, high));
    }
  }
  return sum;
}

TEST_CASE("more records above the limit than promised are told, whatever the size of the batch, and seldom by chance") {
  nad::Random random(11);
  const nad::Calibration calibration(normal_scores(2000, random));
  const float limit = calibration.score_at(0.01).score;
  for (const double attacks : {0.1, 0.2, 0.3, 0.45}) {
    std::vector<float> scores = normal_scores(4000, random);
    std::fill_n(scores.begin(), static_cast<std::size_t>(attacks * 4000.0), 9.0F);
    const nad::DriftReport report = nad::drift(calibration, scores, {.limit = limit});
    CHECK(report.beyond_promise);
    CHECK(report.needs_attention());
    CHECK_FALSE(report.drifted());
    CHECK(report.reported_share == doctest::Approx(attacks + 0.01).epsilon(0.1));
    CHECK(report.promised_share == doctest::Approx(20.0 / 2001.0));
    CHECK(contains(report.to_string(), "more records beyond the limit than promised, attacks or drift"));
    CHECK_FALSE(contains(report.to_string(), "changed"));
    CHECK_FALSE(nad::drift(calibration, scores).needs_attention());  // nothing was promised
  }
  std::vector<float> little = normal_scores(200'000, random);
  std::fill_n(little.begin(), 600, 9.0F);  // below half as many again
  const nad::DriftReport slight = nad::drift(calibration, little, {.limit = limit});
  CHECK_FALSE(slight.beyond_promise);
  CHECK(slight.reported_share > slight.promised_share);
  CHECK(nad::drift(calibration, little, {.false_alarm_rate = 0.6, .limit = limit, .least_excess = 1.0}).beyond_promise);

  // exactly where the chance falls below a third of the rate
  for (const std::size_t records : {7U, 30U, 400U}) {
    for (const double rate : {1e-4, 0.05}) {
      for (std::size_t high = 0; high <= std::min<std::size_t>(records, 30); ++high) {
        std::vector<float> scores(records, -5.0F);
        std::fill_n(scores.begin(), high, 9.0F);
        const bool expected = static_cast<double>(high) / static_cast<double>(records) > 1.5 * 20.0 / 2001.0 &&
                              chance_by_hand(2000, 19, records, high) <= rate / 3.0;
        CHECK(nad::drift(calibration, scores, {.false_alarm_rate = rate, .limit = limit}).beyond_promise == expected);
      }
    }
  }

  for (const std::size_t high : {8U, 11U, 15U}) {
    std::vector<float> scores(400, -5.0F);
    std::fill_n(scores.begin(), high, 9.0F);
    const double chance = chance_by_hand(2000, 19, 400, high);
    const auto told = [&](double rate) {
      return nad::drift(calibration, scores, {.false_alarm_rate = rate, .limit = limit, .least_excess = 1.0})
          .beyond_promise;
    };
    CHECK(told(std::min(3.0 * chance * (1.0 + 1e-7), 0.999)) == (3.0 * chance < 0.999));
    CHECK_FALSE(told(std::min(3.0 * chance * (1.0 - 1e-7), 0.999)));
  }

  // false alarms, over draws of the calibration as well
  constexpr int draws = 600;
  int alarms = 0;
  for (int draw = 0; draw < draws; ++draw) {
    const nad::Calibration other(normal_scores(150, random));
    const nad::DriftOptions options{
        .false_alarm_rate = 0.3, .least_distance = 1.0, .limit = other.score_at(0.05).score, .least_excess = 1.0};
    alarms += nad::drift(other, normal_scores(150, random), options).beyond_promise ? 1 : 0;
  }
  CHECK(alarms <= 60 + 4 * 8);  // a tenth is allowed: a third of the rate
  CHECK(alarms >= 12);          // and it is no idle test
}

TEST_CASE("small batches of nothing but high scores are floods, and no bulk is compared that is not there") {
  nad::Random random(12);
  const nad::Calibration calibration(normal_scores(2000, random));
  for (const std::size_t records : {8U, 49U, 50U}) {
    const nad::DriftReport report = nad::drift(calibration, std::vector<float>(records, 9.0F));
    CHECK(report.mostly_beyond);
    CHECK(report.drifted());
    CHECK(contains(report.to_string(), "too few scores lie in the bulk"));
    CHECK(contains(report.to_string(), "a flood, or traffic that the model does not know"));
    CHECK_FALSE(contains(report.to_string(), "limit is"));
  }
  CHECK_FALSE(nad::drift(calibration, std::vector<float>(2, 9.0F)).mostly_beyond);  // 1 in 400, by chance
  const nad::Calibration few(std::vector<float>{1.0F, 2.0F, 3.0F});                 // tell nothing of what is rare
  CHECK_FALSE(nad::drift(few, std::vector<float>(49, 9.0F)).mostly_beyond);
  CHECK(nad::drift(calibration, std::vector<float>()).records == 0);
}

TEST_CASE("a window's alarms count its own records alone") {
  nad::Random random(13);
  const nad::Calibration calibration(normal_scores(2000, random));
  nad::DriftMonitor monitor(calibration, {.window = 100, .limit = calibration.score_at(0.01).score});
  const auto feed = [&](std::size_t attacks) {
    bool alarm = false;
    std::vector<float> scores(100, 0.0F);
    std::fill_n(scores.begin(), attacks, 9.0F);
    for (const float score : scores) {
      alarm = monitor.add(score) || alarm;
    }
    return alarm;
  };
  feed(20);
  CHECK(monitor.last().beyond_promise);
  CHECK(monitor.last().reported_share == doctest::Approx(0.2));
  feed(1);
  CHECK_FALSE(monitor.last().beyond_promise);
  CHECK(monitor.last().reported_share == doctest::Approx(0.01));
  CHECK(contains(message_of([&] { nad::DriftMonitor(calibration, {.limit = NAN}); }), "limit is not a number"));
  CHECK(contains(message_of([&] { nad::DriftMonitor(calibration, {.least_excess = 0.5}); }), "at least 1"));
}

TEST_CASE("a monitor goes on from any archive, and takes no damaged state") {
  nad::Random random(14);
  const nad::Calibration calibration(normal_scores(500, random));
  nad::DriftMonitor monitor(calibration, {.window = 100, .limit = 2.0F});
  for (int i = 0; i < 150; ++i) {
    monitor.add(9.0F);
  }
  std::ostringstream written;
  {
    cereal::BinaryOutputArchive archive(written);
    archive(monitor);
  }
  nad::DriftMonitor same(calibration);
  std::istringstream read(written.str());
  cereal::BinaryInputArchive archive(read);
  archive(same);
  CHECK(same.last() == monitor.last());
  CHECK(same.last().beyond_promise);
  CHECK(same.options().limit == 2.0F);
  for (int i = 0; i < 50; ++i) {
    CHECK(same.add(9.0F) == (i == 49));
  }
  std::string damaged = written.str();
  std::fill_n(damaged.begin(), 8, '\0');  // the window
  std::istringstream bytes(damaged);
  try {
    cereal::BinaryInputArchive other(bytes);
    other(same);
    CHECK_MESSAGE(false, "was loaded");
  } catch (const nad::Error& error) {
    CHECK(error.code() == nad::ErrorCode::bad_file);
  }
  CHECK(same.options().window == 100);
}

}  // namespace
