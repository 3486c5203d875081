// False discoveries in batches and streams, against definitions and by drawing many times.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "messages.hpp"
#include "nad/core/random.hpp"
#include "nad/threshold/calibration.hpp"
#include "nad/threshold/false_discovery.hpp"

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

/// The share of false ones among what `decide` reports of conformal p-values, a tenth of them of attacks, over many
/// draws.
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
      p[i] = calibration.conformal_p_value(static_cast<float>(random.normal() + shift));
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

TEST_CASE("of what is reported of a batch no larger share is false than asked for") {
  nad::Random random(8);
  double power = 0.0;
  for (const double rate : {0.1, 0.3}) {
    const double batch = false_share(
        [&](const std::vector<double>& p) { return nad::benjamini_hochberg(p, rate).reported; }, random, power);
    CHECK(batch < rate * 1.1);
    CHECK(batch > rate * 0.6);  // 9 of 10 records are normal: the rate is nearly used
    CHECK(power > 0.8);
  }
}

/// The share of draws of normal records alone in which `reports` says that something was reported.
template <class Reports>
double share_with_reports(std::size_t calibration_size, std::size_t records, int draws, const Reports& reports) {
  nad::Random random(18);
  double some = 0.0;
  for (int draw = 0; draw < draws; ++draw) {
    const nad::Calibration calibration(normal_scores(calibration_size, random));
    some += reports(calibration, normal_scores(records, random)) ? 1.0 / draws : 0.0;
  }
  return some;
}

TEST_CASE(
    "on quiet days a batch brings a report as seldom as promised by conformal p-values, not by extrapolated ones") {
  const auto share = [](double rate, bool extrapolate) {
    return share_with_reports(
        300, 300, 400, [&](const nad::Calibration& calibration, const std::vector<float>& scores) {
          std::vector<double> p;
          p.reserve(scores.size());
          for (const float score : scores) {
            p.push_back(extrapolate ? calibration.p_value(score).value : calibration.conformal_p_value(score));
          }
          return nad::benjamini_hochberg(p, rate).count > 0;
        });
  };
  CHECK(share(0.05, false) <= 0.05);
  CHECK(share(0.5, false) <= 0.5 + 4.0 * std::sqrt(0.25 / 200.0));
  CHECK(share(0.5, false) > 0.1);
  CHECK(share(0.05, true) > 0.1);  // what the header says is lost
}

TEST_CASE("streams: conformal p-values keep the promise and find little, extrapolated ones find and keep it less") {
  const auto share = [](std::size_t calibration_size, double rate, bool extrapolate) {
    return share_with_reports(calibration_size, 1000, 120,
                              [&](const nad::Calibration& calibration, const std::vector<float>& scores) {
                                nad::OnlineDiscovery online({.rate = rate});
                                return std::count_if(scores.begin(), scores.end(), [&](float score) {
                                         return online.decide(extrapolate ? calibration.p_value(score).value
                                                                          : calibration.conformal_p_value(score));
                                       }) > 0;
                              });
  };
  CHECK(share(500, 0.1, false) < 0.1);
  CHECK(share(500, 0.3, false) < 0.3);
  CHECK(share(500, 0.05, true) < 0.2);
  CHECK(share(2000, 0.05, true) < 0.05 + 4.0 * std::sqrt(0.05 * 0.95 / 120.0));

  nad::Random random(19);
  double wrong_share = 0.0;
  double found = 0.0;
  constexpr int draws = 60;
  for (int draw = 0; draw < draws; ++draw) {
    const nad::Calibration calibration(normal_scores(1000, random));
    nad::OnlineDiscovery online({.rate = 0.1});
    double right = 0.0;
    double wrong = 0.0;
    for (int record = 1; record <= 1000; ++record) {
      const bool attack = record % 50 == 0;
      if (online.decide(calibration.p_value(static_cast<float>(random.normal() + (attack ? 6.0 : 0.0))).value)) {
        (attack ? right : wrong) += 1.0;
      }
    }
    wrong_share += right + wrong > 0.0 ? wrong / (right + wrong) / draws : 0.0;
    found += right / 20.0 / draws;
  }
  CHECK(wrong_share < 0.1);
  CHECK(found > 0.8);
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

}  // namespace
