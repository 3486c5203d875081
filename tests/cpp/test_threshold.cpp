// p-values, thresholds, false discoveries and drift, against brute force and by drawing many times.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "messages.hpp"
#include "nad/core/random.hpp"
#include "nad/threshold/calibration.hpp"
#include "nad/threshold/drift.hpp"
#include "nad/threshold/false_discovery.hpp"
#include "nad/threshold/threshold_rule.hpp"

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

TEST_CASE("a p-value counts the held-out scores that are at least as high, and one") {
  const std::vector<float> scores = {3.0F, 1.0F, 2.0F, 2.0F, 5.0F};
  const nad::Calibration calibration(scores);
  for (const float score : {0.0F, 1.0F, 1.5F, 2.0F, 2.5F, 3.0F, 4.0F, 5.0F}) {
    const auto reached = std::count_if(scores.begin(), scores.end(), [&](float other) { return other >= score; });
    CHECK(calibration.p_value(score).value == doctest::Approx((1.0 + static_cast<double>(reached)) / 6.0));
    CHECK_FALSE(calibration.p_value(score).extrapolated);
  }
  CHECK(calibration.conformal_p_value(100.0F) == doctest::Approx(1.0 / 6.0));
  CHECK(nad::Calibration().p_value(7.0F).value == 1.0);
}

TEST_CASE("of new normal records no more than promised have a small p-value, whatever is held out") {
  // over the draws of held-out scores the chance of p <= a is floor(a (n + 1)) / (n + 1), exactly
  nad::Random random(3);
  for (const std::size_t n : {9U, 50U, 199U}) {
    constexpr std::size_t draws = 4000;
    const double promised = 0.1;
    double below = 0.0;
    for (std::size_t draw = 0; draw < draws; ++draw) {
      const nad::Calibration calibration(normal_scores(n, random));
      below += calibration.conformal_p_value(static_cast<float>(random.normal())) <= promised ? 1.0 : 0.0;
    }
    const double all = static_cast<double>(n) + 1.0;
    const double expected = std::floor(promised * all + 1e-9) / all;
    const double deviation = std::sqrt(expected * (1.0 - expected) / draws);
    CHECK(std::abs(below / draws - expected) < 4.0 * deviation);
  }
}

TEST_CASE("a limit for a p-value is the least one that keeps it") {
  nad::Random random(4);
  std::vector<float> scores = normal_scores(500, random);
  for (float& score : scores) {
    score = std::round(score * 10.0F);  // ties
  }
  const nad::Calibration calibration(scores);
  for (const double p : {0.002, 0.01, 0.05, 0.29, 0.5, 0.9, 1.0}) {
    const nad::ScoreLimit limit = calibration.score_at(p);
    CHECK_FALSE(limit.extrapolated);
    CHECK(calibration.conformal_p_value(std::nextafter(limit.score, 1e30F)) <= p);
    if (p < 1.0) {
      CHECK(calibration.conformal_p_value(limit.score) > p);
    }
  }
  CHECK(contains(message_of([&] { calibration.score_at(0.0); }), "above 0 and at most 1"));
  CHECK(contains(message_of([] { nad::Calibration().score_at(0.1); }), "fit on more rows"));
  CHECK(contains(message_of([] { nad::Calibration(std::vector<float>{1.0F, INFINITY}); }), "row 1"));
}

TEST_CASE("beyond all held-out scores p-values go on with a tail like that of the scores") {
  nad::Random random(5);
  const auto tail_error = [&](auto&& draw, float far, double truth) {
    double sum = 0.0;
    constexpr int repeats = 40;
    for (int repeat = 0; repeat < repeats; ++repeat) {
      std::vector<float> scores(2000);
      for (float& score : scores) {
        score = static_cast<float>(draw());
      }
      const nad::Calibration calibration(scores);
      if (far > calibration.scores().back()) {
        CHECK(calibration.p_value(far).value <= calibration.least_p_value());
      }
      sum += calibration.surprise(far) / repeats;
    }
    return std::abs(sum + std::log(truth)) / -std::log(truth);
  };
  const auto uniform = [&] { return 1.0 - random.uniform(); };
  CHECK(tail_error([&] { return -std::log(uniform()); }, 11.5F, std::exp(-11.5)) < 0.1);             // exponential
  CHECK(tail_error([&] { return std::pow(uniform(), -0.5); }, 316.2F, 1e-5) < 0.1);                  // heavy
  CHECK(tail_error([&] { return -std::pow(uniform(), 0.4); }, -0.01F, std::pow(0.01, 2.5)) < 0.15);  // has an end
}

TEST_CASE("surprise and p-value rise and fall with the score, also where the tail has an end") {
  nad::Random random(6);
  std::vector<float> scores(1000);
  for (float& score : scores) {
    score = static_cast<float>(random.uniform());
  }
  const nad::Calibration calibration(scores);
  double surprise = -1.0;
  double p = 2.0;
  for (int step = 0; step <= 300; ++step) {
    const float score = -0.1F + 0.01F * static_cast<float>(step);
    CHECK(calibration.p_value(score).value <= p);
    CHECK((step < 11 || calibration.surprise(score) > surprise));
    surprise = calibration.surprise(score);
    p = calibration.p_value(score).value;
  }
  CHECK(calibration.p_value(1.2F).extrapolated);
  const nad::ScoreLimit limit = calibration.score_at(1e-5);
  CHECK(limit.extrapolated);
  CHECK(calibration.p_value(std::nextafter(limit.score, 9.0F)).value == doctest::Approx(1e-5).epsilon(0.01));
  const nad::Calibration same(std::vector<float>(30, 2.0F));  // no tail to see
  CHECK(same.p_value(2.0F).value == 1.0);
  CHECK(same.p_value(2.1F).value < 1.0 / 31.0);
}

TEST_CASE("each rule means its limit") {
  std::vector<float> scores(999);
  std::iota(scores.begin(), scores.end(), 1.0F);
  const nad::Calibration calibration(scores);
  const nad::ThresholdEvidence evidence{.calibration = &calibration, .records_per_day = 10'000.0, .best_score = 123.0F};
  using Rule = nad::ThresholdRule;
  CHECK(Rule::score(7.5).limit({}).score == 7.5F);
  CHECK(Rule::quantile(0.5).limit(evidence).score == 500.0F);
  CHECK(Rule::contamination(0.5).limit(evidence).score == 500.0F);
  CHECK(Rule::false_positive_rate(0.01).limit(evidence).score == 990.0F);  // 10 of 1,000: 9 held-out ones, and itself
  CHECK(Rule::alerts_per_day(100).limit(evidence).score == 990.0F);
  CHECK(Rule::alerts_per_day(20'000).limit(evidence).score < 1.0F);
  CHECK(Rule::alerts_per_day(1).limit(evidence).extrapolated);
  CHECK(Rule::f_beta(2.0).limit(evidence).score == 123.0F);
  CHECK(contains(message_of([&] { Rule::f_beta().limit({.calibration = &calibration}); }), "labelled records"));
  CHECK(contains(message_of([&] { Rule::alerts_per_day(5).limit({.calibration = &calibration}); }), "records_per_day"));
  CHECK(contains(message_of([] { Rule::quantile(0.9).limit({}); }), "fit first"));
  CHECK(contains(message_of([] { Rule::contamination(0.7).check(); }), "at most 0.5"));
  CHECK(contains(message_of([] { Rule::quantile(NAN).check(); }), "from 0 to 1"));
  CHECK(contains(message_of([] { Rule::score(INFINITY).check(); }), "finite"));
  CHECK(contains(message_of([] { Rule::false_positive_rate(1.0).check(); }), "below 1"));
  CHECK(contains(message_of([] { Rule::alerts_per_day(0.0).check(); }), "above 0"));
  CHECK(Rule::alerts_per_day(20).to_string() == "at most 20 alerts a day");
  CHECK(Rule::false_positive_rate(0.001).to_string() == "at most 0.1 % of normal records");
}

TEST_CASE("Benjamini and Hochberg report as their definition says") {
  nad::Random random(7);
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::vector<double> p(40);
    for (double& value : p) {
      value = std::pow(random.uniform(), 1.0 + 3.0 * random.uniform());
      value = repeat % 2 == 0 ? value : std::round(value * 20.0) / 20.0;
    }
    for (const double rate : {0.05, 0.2, 0.5}) {
      std::vector<double> sorted = p;
      std::sort(sorted.begin(), sorted.end());
      double limit = -1.0;
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (sorted[i] <= rate * static_cast<double>(i + 1) / 40.0) {
          limit = sorted[i];
        }
      }
      const nad::Discoveries found = nad::benjamini_hochberg(p, rate);
      for (std::size_t i = 0; i < p.size(); ++i) {
        CHECK((found.reported[i] == 1) == (p[i] <= limit));
      }
      CHECK(found.limit == std::max(limit, 0.0));
    }
  }
  CHECK(nad::benjamini_hochberg({}, 0.1).count == 0);
  CHECK(contains(message_of([] { nad::q_values(std::vector<double>{0.1, 1.5}); }), "row 1"));
  CHECK(contains(message_of([] { nad::benjamini_hochberg({}, 0.0); }), "between 0 and 1"));
}

/// The share of false ones among what `decide` reports of p-values, a tenth of them of attacks, over many draws.
template <class Decide>
double false_share(Decide&& decide, nad::Random& random, double& power) {
  constexpr int draws = 150;
  double share = 0.0;
  power = 0.0;
  for (int draw = 0; draw < draws; ++draw) {
    const nad::Calibration calibration(normal_scores(1000, random));
    std::vector<double> p(400);
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double shift = i % 10 == 0 ? 4.0 : 0.0;
      p[i] = calibration.p_value(static_cast<float>(random.normal() + shift)).value;
    }
    const std::vector<std::uint8_t> reported = decide(p);
    double right = 0.0;
    double wrong = 0.0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      (i % 10 == 0 ? right : wrong) += reported[i];
    }
    share += right + wrong > 0.0 ? wrong / (right + wrong) / draws : 0.0;
    power += right / 40.0 / draws;
  }
  return share;
}

TEST_CASE("of what is reported no larger share is false than asked for, in batches and in streams") {
  nad::Random random(8);
  double power = 0.0;
  for (const double rate : {0.1, 0.3}) {
    const double batch = false_share(
        [&](const std::vector<double>& p) { return nad::benjamini_hochberg(p, rate).reported; }, random, power);
    CHECK(batch < rate * 1.1);
    CHECK(batch > rate * 0.6);  // 9 of 10 records are normal: the rate is nearly used
    CHECK(power > 0.8);
    const double stream = false_share(
        [&](const std::vector<double>& p) {
          nad::OnlineDiscovery online({.rate = rate, .horizon = 400});
          std::vector<std::uint8_t> reported;
          reported.reserve(p.size());
          for (const double value : p) {
            reported.push_back(online.decide(value) ? 1 : 0);
          }
          return reported;
        },
        random, power);
    CHECK(stream < rate);
    CHECK(power > 0.3);
  }
}

TEST_CASE("the stream's levels are those of LORD++") {
  constexpr std::uint64_t horizon = 300;
  constexpr double rate = 0.2;
  const auto gamma = [](std::uint64_t j) {
    double sum = 0.0;
    for (int pace = 1; pace <= 6; ++pace) {
      const double share = std::pow(static_cast<double>(horizon), -pace / 6.0);
      sum += share * std::pow(1.0 - share, static_cast<double>(j - 1)) / 6.0;
    }
    return sum;
  };
  nad::OnlineDiscovery online({.rate = rate, .horizon = horizon});
  nad::Random random(9);
  std::vector<std::uint64_t> found_at;
  for (std::uint64_t t = 1; t <= horizon; ++t) {
    double level = gamma(t) * rate / 2.0;
    for (std::size_t j = 0; j < found_at.size(); ++j) {
      level += gamma(t - found_at[j]) * (j == 0 ? rate / 2.0 : rate);
    }
    CHECK(online.next_level() == doctest::Approx(level));
    if (online.decide(random.uniform() * (t % 7 == 0 ? 0.002 : 1.0))) {
      found_at.push_back(t);
    }
  }
  CHECK(found_at.size() > 5);
  CHECK(online.records() == 0);  // the horizon is over, the budget begins anew
  CHECK(online.next_level() == doctest::Approx(gamma(1) * rate / 2.0));
  CHECK(contains(message_of([] { nad::OnlineDiscovery({.horizon = 0}); }), "at least 1"));
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
  CHECK(contains(flood.to_string(), "a flood"));

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

}  // namespace
