// p-values and thresholds, against brute force and by drawing many times.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "nad/core/random.hpp"
#include "nad/threshold/calibration.hpp"
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

/// The Pareto tail of the scores above the highest `count`, with a shape that is known: its surprise by the formula.
double surprise_by_hand(std::vector<float> scores, std::size_t count, double shape, float score) {
  std::sort(scores.begin(), scores.end());
  const std::size_t start = scores.size() - 1 - count;
  double mean = 0.0;
  for (std::size_t i = start + 1; i < scores.size(); ++i) {
    mean += (static_cast<double>(scores[i]) - static_cast<double>(scores[start])) / static_cast<double>(count);
  }
  const double units = (static_cast<double>(score) - static_cast<double>(scores[start])) / (mean * (1.0 - shape));
  const double at_start = std::log((static_cast<double>(scores.size()) + 1.0) / (static_cast<double>(count) + 2.0));
  return at_start + std::log1p(shape * units) / shape;
}

TEST_CASE("the tail is that of the highest 3 sqrt(n) scores, a fifth at most; below it p-values are counted") {
  nad::Random random(21);
  for (const auto& [n, count] : {std::pair<std::size_t, std::size_t>(400, 60), {100, 20}}) {
    const nad::Calibration calibration(normal_scores(n, random));
    const std::span<const float> scores = calibration.scores();
    std::size_t in_tail = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double counted = -std::log(calibration.conformal_p_value(scores[i]));
      const bool equal = std::abs(calibration.surprise(scores[i]) - counted) < 1e-9;
      CHECK((equal || i >= n - count));
      in_tail += equal ? 0U : 1U;
    }
    CHECK(in_tail == count);
  }
}

TEST_CASE("a shape beyond what is believed keeps the mean of the tail") {
  nad::Random random(22);
  std::vector<float> heavy(500);
  std::vector<float> thin(500);
  for (std::size_t i = 0; i < heavy.size(); ++i) {
    heavy[i] = static_cast<float>(std::pow(1.0 - random.uniform(), -3.0));
    thin[i] = static_cast<float>(1.0 - std::pow(random.uniform(), 3.0));
  }
  const float far = 10.0F * *std::max_element(heavy.begin(), heavy.end());
  CHECK(nad::Calibration(heavy).surprise(far) == doctest::Approx(surprise_by_hand(heavy, 67, 0.9, far)).epsilon(1e-6));
  const float near = *std::max_element(thin.begin(), thin.end());
  CHECK(nad::Calibration(thin).surprise(near) == doctest::Approx(surprise_by_hand(thin, 67, -0.5, near)).epsilon(1e-6));
}

/// Plain up to 5, then 5 + log(1 + 2 x) / 2.
double tempered_by_hand(double surprise) {
  return surprise <= 5.0 ? surprise : 5.0 + std::log1p(2.0 * (surprise - 5.0)) / 2.0;
}

TEST_CASE("an extrapolated limit is the least one, and never below a held-out score") {
  nad::Random random(23);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::vector<float> scores = normal_scores(200, random);
    const auto range = static_cast<nad::ScoreRange>(repeat % 3);
    for (float& score : scores) {
      score = range == nad::ScoreRange::zero_to_one ? 1.0F / (1.0F + std::exp(-score))
              : range == nad::ScoreRange::tempered  ? 4.5F + 0.5F * score
                                                    : score;
    }
    const nad::Calibration calibration(scores, range);
    for (const double p : {4e-3, 1e-3, 1e-4, 1e-5}) {
      const nad::ScoreLimit limit = calibration.score_at(p);
      CHECK(limit.extrapolated);
      CHECK(limit.score >= calibration.scores().back());
      CHECK(calibration.p_value(std::nextafter(limit.score, 9.0F)).value <= p * (1.0 + 1e-9));
      if (limit.score > calibration.scores().back()) {
        CHECK(calibration.p_value(limit.score).value >= p * (1.0 - 1e-9));
      }
    }
  }
  std::vector<float> scores(999);
  std::iota(scores.begin(), scores.end(), 1.0F);
  scores.back() = 1e7F;  // the tail expects less of a thousandth
  CHECK(nad::Calibration(scores).score_at(0.00099).score == 1e7F);
}

TEST_CASE("where scores end, the highest there can be is still reported") {
  using Range = nad::ScoreRange;
  nad::Random random(24);
  std::vector<float> few(60);  // what a classifier says of normal records, some of them labelled wrongly
  for (float& score : few) {
    score = static_cast<float>(1.0 / (1.0 + std::exp(8.0 - 3.0 * random.normal())));
  }
  CHECK(nad::Calibration(few).score_at(1e-7).score > 1.0F);  // as if there were no end: nothing would be reported
  const nad::Calibration ended(few, Range::zero_to_one);
  for (const double p : {1e-2, 1e-4, 1e-7, 1e-12, 1e-300}) {
    const nad::ScoreLimit limit = ended.score_at(p);
    CHECK(limit.score < 1.0F);
    CHECK(limit.extrapolated);
    CHECK(ended.p_value(std::nextafter(limit.score, -1.0F)).value >= p * (1.0 - 1e-9));
  }
  CHECK(ended.score_at(1e-300).score == std::nextafter(1.0F, 0.0F));
  few.assign(60, 1.0F);  // held-out normal records at the very end
  CHECK(nad::Calibration(few, Range::zero_to_one).score_at(0.5).score == std::nextafter(1.0F, 0.0F));
  CHECK(nad::Calibration(few, Range::zero_to_one).score_at(0.5).extrapolated);

  // the tail of logistic log-odds is told well where that of the probabilities is not
  double wrong = 0.0;
  constexpr int repeats = 40;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    std::vector<float> scores(2000);
    for (float& score : scores) {
      const double chance = std::clamp(random.uniform(), 1e-12, 1.0 - 1e-12);
      score = static_cast<float>(1.0 / (1.0 + std::exp(10.0 - std::log(chance / (1.0 - chance)))));
    }
    const nad::Calibration calibration(scores, Range::zero_to_one);
    wrong += calibration.surprise(static_cast<float>(1.0 / (1.0 + std::exp(-2.0)))) / 12.0 / repeats;
  }
  CHECK(wrong == doctest::Approx(1.0).epsilon(0.1));  // a survival of about exp(-12)
  double surprise = -1.0;
  for (const float score : {0.0F, 1e-30F, 1e-4F, 0.3F, 0.9F, 0.9999999F, 1.0F}) {
    CHECK(ended.surprise(score) >= surprise);
    surprise = ended.surprise(score);
  }
  CHECK(contains(message_of([] {
                   nad::Calibration(std::vector<float>{0.5F, 1.5F}, Range::zero_to_one);
                 }),
                 "row 1 is 1.5"));
  CHECK(contains(message_of([&] { nad::Calibration(few, static_cast<Range>(7)); }), "'zero_to_one'"));
}

TEST_CASE("the limit of tempered scores lies where their tail says it, not far above what scores can reach") {
  nad::Random random(31);
  const double p = 1.4e-4;
  const double truth = tempered_by_hand(-std::log(p));
  std::vector<double> limits;
  std::vector<double> plain;
  for (int repeat = 0; repeat < 41; ++repeat) {
    std::vector<float> scores(700);
    for (float& score : scores) {
      score = static_cast<float>(tempered_by_hand(-std::log(1.0 - random.uniform())));
    }
    limits.push_back(static_cast<double>(nad::Calibration(scores, nad::ScoreRange::tempered).score_at(p).score));
    plain.push_back(static_cast<double>(nad::Calibration(scores).score_at(p).score));
  }
  std::sort(limits.begin(), limits.end());
  std::sort(plain.begin(), plain.end());
  CHECK(limits[20] == doctest::Approx(truth).epsilon(0.02));
  CHECK(limits[36] < truth + 0.5);
  CHECK(plain[36] > truth + 0.5);

  // surprise rises, also where no score can lie
  const nad::Calibration calibration(std::vector<float>(60, 5.5F), nad::ScoreRange::tempered);
  double surprise = -1.0;
  for (const float score : {-3.0F, 5.5F, 5.6F, 7.0F, 20.0F, 100.0F, 1e6F, 3e38F}) {
    CHECK(std::isfinite(calibration.surprise(score)));
    CHECK(calibration.surprise(score) >= surprise);
    surprise = calibration.surprise(score);
  }
  CHECK(std::isfinite(calibration.score_at(1e-300).score));
}

/// An archive that brings what a test puts into it.
struct FeedingArchive {
  using is_loading = std::true_type;  // NOLINT(readability-identifier-naming): an archive's name
  std::vector<float> scores;
  std::uint8_t range = 0;
  void operator()(std::vector<float>& value) const { value = scores; }
  void operator()(std::uint8_t& value) const { value = range; }
};

TEST_CASE("held-out scores that were loaded are checked") {
  const auto load = [](std::vector<float> scores, std::uint8_t range) {
    return message_of([&] {
      FeedingArchive archive{std::move(scores), range};
      nad::Calibration calibration;
      calibration.serialize(archive);
      if (calibration.score_at(0.5).score != archive.scores[1]) {
        throw nad::Error(nad::ErrorCode::bad_file, "other scores");
      }
    });
  };
  CHECK(load({0.1F, 0.2F, 0.2F}, 1) == "no error");
  CHECK(contains(load({0.1F, 0.3F, 0.2F}, 0), "not in order"));
  CHECK(contains(load({0.1F, 0.2F, NAN}, 0), "out of their range"));
  CHECK(contains(load({0.1F, 0.2F, 1.2F}, 1), "out of their range"));
  CHECK(contains(load({0.1F, 0.2F, 0.3F}, 3), "range of scores is unknown"));
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
  // no further out than the tail of 999 scores can tell
  CHECK(Rule::alerts_per_day(1).limit(evidence) == calibration.score_at(1e-4));
  const double least = calibration.least_believable_p_value();
  CHECK(least == doctest::Approx(1e-3 * 8.0 / 94.0));  // the tail are the highest 94
  CHECK(Rule::alerts_per_day(1e-9).limit(evidence) == calibration.score_at(least));
  CHECK(Rule::false_positive_rate(1e-7).limit(evidence) == calibration.score_at(least));
  CHECK(Rule::false_positive_rate(2e-4).limit(evidence).score < calibration.score_at(least).score);
  CHECK(nad::Calibration(std::vector<float>(30, 1.0F)).least_believable_p_value() == 1.0 / 31.0);
  CHECK(nad::Calibration::size_that_tells(least) == doctest::Approx(1000.0).epsilon(0.02));
  // what is extrapolated stays where attacks are seen to reach, but not where normal records reach higher
  const auto limit_with = [&](float highest_attack, double alerts) {
    return Rule::alerts_per_day(alerts).limit(
        {.calibration = &calibration, .records_per_day = 10'000.0, .highest_attack = highest_attack});
  };
  CHECK(limit_with(1001.0F, 1e-6).score == std::nextafter(1001.0F, 0.0F));
  CHECK(limit_with(1001.0F, 1e-6).extrapolated);
  CHECK(limit_with(999.0F, 1e-6).score == std::nextafter(999.0F, 0.0F));
  CHECK(limit_with(998.0F, 1e-6) == Rule::alerts_per_day(1e-6).limit(evidence));
  CHECK(limit_with(1e9F, 1e-6) == Rule::alerts_per_day(1e-6).limit(evidence));
  CHECK(limit_with(995.0F, 100).score == 990.0F);
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
  CHECK(Rule::false_positive_rate(0.01).to_string("training records") == "at most 1 % of training records");
}

}  // namespace
