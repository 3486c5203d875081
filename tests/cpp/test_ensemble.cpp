// Ensembles against what their members say on their own, combined by hand.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "damaged_payload.hpp"
#include "detector_contract.hpp"
#include "messages.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"

namespace {

using nad::Combination;
using nad::Ensemble;
using nad::EnsembleOptions;

/// Three detectors that count differently, calibrated on the rows that they learn from.
Ensemble trio(const EnsembleOptions& options) {
  Ensemble ensemble(options);
  ensemble.add(nad::Mahalanobis(), {.weight = 2.0});
  ensemble.add(nad::Histogram({.contamination = 0.05}), {.weight = 1.0});
  ensemble.add(nad::NearestNeighbours({.max_samples = 100, .contamination = 0.2}), {.weight = 0.5, .name = "near"});
  return ensemble;
}

Ensemble trio(Combination combination) { return trio(EnsembleOptions{.combination = combination, .calibration = 0.0}); }

/// The share of the values below, of equal ones a half; one value more than there are lies on both sides.
double rank_by_hand(const std::vector<float>& values, float value) {
  double below = 0.5;
  for (const float other : values) {
    below += other < value ? 1.0 : other == value ? 0.5 : 0.0;
  }
  return below / static_cast<double>(values.size() + 1);
}

using tests::message_of;

TEST_CASE("ensemble: members learn as they would alone, and keep names and weights") {
  const nad::Matrix train = tests::traffic_rows(300, 5, 1);
  Ensemble ensemble = trio(Combination::mean_surprise);
  ensemble.add(nad::Mahalanobis(), {.weight = 0.0});
  ensemble.fit(train);
  nad::Mahalanobis alone;
  alone.fit(train);
  CHECK(nad::save_bytes(ensemble.member(0)) == nad::save_bytes(alone));
  CHECK(ensemble.n_members() == 4);
  CHECK(ensemble.member_name(0) == "mahalanobis");
  CHECK(ensemble.member_name(2) == "near");
  CHECK(ensemble.member_name(3) == "mahalanobis_2");
  CHECK(ensemble.member_weight(0) == 2.0);
  const Ensemble copy = ensemble;
  CHECK(nad::save_bytes(copy) == nad::save_bytes(ensemble));
}

TEST_CASE("ensemble: ranks and surprise are those of the calibration rows") {
  const nad::Matrix train = tests::traffic_rows(300, 5, 1);
  const nad::Matrix rows = tests::traffic_rows(120, 5, 2);
  Ensemble ranks = trio(Combination::rank);
  Ensemble surprise = trio(Combination::mean_surprise);
  ranks.fit(train);
  surprise.fit(train);
  const nad::Matrix rank_terms = ranks.member_scores(train);
  const nad::Matrix surprise_terms = surprise.member_scores(train);
  for (std::size_t member = 0; member < 3; ++member) {
    const std::vector<float> raw = ranks.member(member).raw_score(train);
    for (std::size_t row = 0; row < train.rows(); ++row) {
      const double rank = rank_by_hand(raw, raw[row]);
      REQUIRE(static_cast<double>(rank_terms(row, member)) == doctest::Approx(rank).epsilon(1e-6));
      if (rank < 0.94) {
        REQUIRE(static_cast<double>(surprise_terms(row, member)) ==
                doctest::Approx(-std::log(1.0 - rank)).epsilon(1e-5));
      }
    }
    // rows that were not there lie between those that were
    const std::vector<float> other = ranks.member(member).raw_score(rows);
    const nad::Matrix terms = ranks.member_scores(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      REQUIRE(std::abs(static_cast<double>(terms(row, member)) - rank_by_hand(raw, other[row])) < 1.0 / 300.0);
    }
  }
}

TEST_CASE("ensemble: every combination is that of the members' terms by hand") {
  const nad::Matrix train = tests::traffic_rows(300, 5, 1);
  const nad::Matrix rows = tests::traffic_rows(150, 5, 2);
  const std::vector<double> weights = {2.0, 1.0, 0.5};
  for (const Combination combination :
       {Combination::mean_surprise, Combination::max_surprise, Combination::mean, Combination::maximum,
        Combination::median, Combination::rank, Combination::tempered_surprise}) {
    Ensemble ensemble = trio(combination);
    ensemble.fit(train);
    const nad::Matrix terms = ensemble.member_scores(rows);
    const std::vector<float> scores = ensemble.anomaly_score(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      double mean = 0.0;
      double largest = -1e9;
      for (std::size_t member = 0; member < 3; ++member) {
        mean += weights[member] * static_cast<double>(terms(row, member)) / 3.5;
        largest = std::max(largest, weights[member] * static_cast<double>(terms(row, member)));
      }
      const bool is_largest = combination == Combination::max_surprise || combination == Combination::maximum;
      const double expected = combination == Combination::median
                                  ? static_cast<double>(terms(row, 0))  // has most weight
                              : is_largest ? largest
                                           : mean;
      REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(expected).epsilon(1e-5));
    }
  }
  // the plain median of an even number of members lies between two of them
  Ensemble even({.combination = Combination::median, .calibration = 0.0});
  even.add(nad::Mahalanobis()).add(nad::Histogram()).add(nad::NearestNeighbours()).add(nad::PcaResidual());
  even.add(nad::ECOD(), {.weight = 0.0});
  even.fit(train);
  const nad::Matrix terms = even.member_scores(rows);
  const std::vector<float> scores = even.anomaly_score(rows);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    std::vector<float> sorted(terms.row(row).begin(), terms.row(row).begin() + 4);
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(scores[row] == doctest::Approx(0.5F * (sorted[1] + sorted[2])).epsilon(1e-5));
  }
}

TEST_CASE("ensemble: standardised scores are distances from the median in spreads") {
  const nad::Matrix train = tests::normal_rows(401, 4, 1);
  Ensemble ensemble({.combination = Combination::mean, .calibration = 0.0});
  ensemble.add(nad::Histogram());
  ensemble.fit(train);
  std::vector<float> raw = ensemble.member(0).raw_score(train);
  const std::vector<float> scores = ensemble.anomaly_score(train);
  std::vector<float> sorted = raw;
  std::sort(sorted.begin(), sorted.end());
  const double spread = static_cast<double>(sorted[300] - sorted[100]) / 1.349;
  for (std::size_t row = 0; row < raw.size(); ++row) {
    REQUIRE(std::abs(static_cast<double>(scores[row]) - static_cast<double>(raw[row] - sorted[200]) / spread) < 1e-4);
  }
  const nad::Matrix reasons = ensemble.explain(train);
  const nad::Matrix own = ensemble.member(0).explain(train);
  for (std::size_t row = 0; row < raw.size(); ++row) {
    REQUIRE(std::abs(static_cast<double>(reasons(row, 2)) - static_cast<double>(own(row, 2)) / spread) < 1e-4);
  }
}

TEST_CASE("ensemble: votes are those of the members' thresholds") {
  const nad::Matrix train = tests::traffic_rows(300, 5, 1);
  const nad::Matrix rows = tests::traffic_rows(300, 5, 2);
  const std::vector<double> weights = {2.0, 1.0, 0.5};
  for (const double least : {0.5, 1.5, 2.5, 3.5}) {
    for (const Combination combination :
         {Combination::majority, Combination::any, Combination::all, Combination::at_least}) {
      EnsembleOptions options{.combination = combination, .calibration = 0.0};
      if (combination == Combination::at_least) {
        options.min_votes = least;
      }
      Ensemble ensemble = trio(options);
      ensemble.fit(train);
      const std::vector<float> scores = ensemble.anomaly_score(rows);
      std::vector<double> votes(rows.rows());
      for (std::size_t member = 0; member < 3; ++member) {
        const std::vector<float> own = ensemble.member(member).anomaly_score(rows);
        for (std::size_t row = 0; row < rows.rows(); ++row) {
          votes[row] += own[row] > ensemble.member(member).threshold() ? weights[member] : 0.0;
        }
      }
      std::size_t anomalies = 0;
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        const bool expected = combination == Combination::majority ? votes[row] > 1.75
                              : combination == Combination::any    ? votes[row] > 0.0
                              : combination == Combination::all    ? votes[row] == 3.5
                                                                   : votes[row] >= least;
        REQUIRE((scores[row] > ensemble.threshold()) == expected);
        REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(votes[row] / 3.5));
        anomalies += expected ? 1 : 0;
      }
      CHECK(anomalies > 0);
      CHECK(anomalies < rows.rows());
    }
  }
}

TEST_CASE("ensemble: a tie is no majority") {
  const nad::Matrix train = tests::traffic_rows(300, 5, 1);
  Ensemble ensemble({.combination = Combination::majority, .calibration = 0.0});
  ensemble.add(nad::Mahalanobis({.contamination = 0.5})).add(nad::ECOD({.contamination = 0.01}));
  ensemble.fit(train);
  const std::vector<float> scores = ensemble.anomaly_score(train);
  const std::vector<bool> found = [&] {
    std::vector<bool> above(scores.size());
    std::transform(scores.begin(), scores.end(), above.begin(), [&](float s) { return s > ensemble.threshold(); });
    return above;
  }();
  std::size_t ties = 0;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    ties += scores[row] == 0.5F ? 1U : 0U;
    REQUIRE(found[row] == (scores[row] == 1.0F));
  }
  CHECK(ties > 100);
}

TEST_CASE("ensemble: calibration rows are kept out, so what is promised holds for rows that come later") {
  const nad::Matrix train = tests::normal_rows(1500, 6, 1);
  const nad::Matrix later = tests::normal_rows(2000, 6, 2);
  const auto share_beyond = [&](double calibration) {
    Ensemble ensemble({.calibration = calibration});
    ensemble.add(nad::NearestNeighbours({.n_neighbors = 1}));
    ensemble.fit(train);
    const std::vector<float> scores = ensemble.anomaly_score(later);
    const auto beyond = std::count_if(scores.begin(), scores.end(), [](float s) { return s > 2.9957F; });  // -log(0.05)
    return static_cast<double>(beyond) / 2000.0;
  };
  CHECK(share_beyond(0.4) > 0.025);
  CHECK(share_beyond(0.4) < 0.08);
  CHECK(share_beyond(0.0) > 0.5);  // a row is its own nearest neighbour
}

TEST_CASE("ensemble: a tail goes on beyond what was seen") {
  nad::Random random(5);
  for (const double shape : {0.05, 0.4}) {  // of a generalised Pareto distribution
    std::vector<float> scores;
    scores.reserve(20000);
    for (int i = 0; i < 20000; ++i) {
      scores.push_back(static_cast<float>((std::pow(1.0 - random.uniform(), -shape) - 1.0) / shape));
    }
    const nad::detail::TailScale scale(scores, {});
    const nad::detail::TailScale weighted(scores, std::vector<float>(scores.size(), 2.0F));
    double last = 0.0;
    for (const double score : {0.1, 0.5, 1.0, 3.0, 6.0, 12.0, 25.0}) {
      const double exact = std::log1p(shape * score) / shape;  // -log P(beyond)
      CAPTURE(score);
      CHECK(std::abs(scale.surprise(score) - exact) < 0.02 + 0.12 * exact);
      CHECK(scale.surprise(score) > last);
      CHECK(weighted.surprise(score) == doctest::Approx(scale.surprise(score)).epsilon(1e-2));
      last = scale.surprise(score);
    }
  }
  // few scores, and all the same
  const nad::detail::TailScale one(std::vector<float>{3.0F, 3.0F, 3.0F}, {});
  CHECK(one.is_sound());
  CHECK(one.surprise(2.0) < one.surprise(3.0));
  CHECK(one.surprise(3.0) < one.surprise(3.5));
  CHECK(one.rank(2.0) < one.rank(3.0));
  CHECK(one.rank(3.0) < one.rank(4.0));
  CHECK(one.rank(4.0) < 1.0);
  CHECK(one.standardised(3.0) == 0.0);
}

TEST_CASE("ensemble: a tail whose shape is not believed keeps its mean") {
  const auto mean_excess = [](const std::vector<float>& scores, double from) {
    double sum = 0.0;
    double count = 0.0;
    for (const float score : scores) {
      const double excess = static_cast<double>(score) - from;
      sum += std::max(0.0, excess);
      count += excess > 0.0 ? 1.0 : 0.0;
    }
    return sum / count;
  };
  nad::Random random(6);
  for (const bool is_short : {true, false}) {  // a uniform tail has the shape -1, this power 1.5
    CAPTURE(is_short);
    std::vector<float> scores;
    scores.reserve(5000);
    for (int i = 0; i < 5000; ++i) {
      const double u = random.uniform();
      scores.push_back(static_cast<float>(is_short ? u : std::pow(1.0 - u, -1.5)));
    }
    const nad::detail::TailScale scale(scores, {});
    const double shape = is_short ? -0.2 : 0.9;  // the ends of what is believed
    CHECK(scale.tail().shape == shape);
    // the mean of a generalised Pareto distribution is scale / (1 - shape)
    CHECK(scale.tail().scale / (1.0 - shape) == doctest::Approx(mean_excess(scores, scale.tail_start())).epsilon(1e-6));
  }
}

TEST_CASE("ensemble: a member that knows nothing does not drown one that does") {
  const nad::Matrix train = tests::normal_rows(1200, 6, 1);
  nad::Matrix rows = tests::normal_rows(400, 6, 2);
  for (std::size_t row = 0; row < 40; ++row) {
    rows(row, 0) += 9.0F;
  }
  Ensemble ensemble = Ensemble::mixed(3);
  ensemble.add(nad::PcaResidual());
  ensemble.fit(train);
  const std::vector<float> scores = ensemble.anomaly_score(rows);
  const nad::Matrix reasons = ensemble.explain(rows);
  const float highest = *std::max_element(scores.begin() + 40, scores.end());
  for (std::size_t row = 0; row < 40; ++row) {
    REQUIRE(scores[row] > highest);
    const auto main = std::max_element(reasons.row(row).begin(), reasons.row(row).end());
    REQUIRE(main == reasons.row(row).begin());
  }
}

TEST_CASE("ensemble: what every detector promises [threads]") {
  // calibrated on rows that were kept out; weights do not say which
  Ensemble kept_out({.calibration = 0.3, .random_state = 4});
  kept_out.add(nad::Mahalanobis()).add(nad::IsolationForest({.n_estimators = 20}));
  tests::check_detector_contract(kept_out, {.weights_are_copies = false, .other_kernels = 1e-4});
  // copies of rows and weights are the same to these members; an ensemble within
  for (const Combination combination : {Combination::mean_surprise, Combination::median, Combination::majority}) {
    Ensemble ensemble({.combination = combination, .calibration = 0.0});
    ensemble.add(nad::Mahalanobis({.contamination = 0.2})).add(nad::Histogram({.contamination = 0.2}));
    ensemble.add(Ensemble({.combination = Combination::max_surprise, .calibration = 0.0, .contamination = 0.2})
                     .add(nad::PcaResidual())
                     .add(nad::LODA({.n_projections = 30})));
    tests::check_detector_contract(ensemble, {.other_kernels = 1e-4});  // products that round once or twice
  }
}

TEST_CASE("ensemble: the first error of a member reaches the caller, and a wish to stop ends all [threads]") {
  const nad::Matrix train = tests::traffic_rows(300, 5, 1);
  Ensemble ensemble = trio(Combination::mean);
  ensemble.add(nad::Histogram({.n_bins = 10}));
  for (const int n_jobs : {1, 3}) {
    int calls = 0;
    CHECK(message_of([&] {
            ensemble.fit(train, {.n_jobs = n_jobs, .progress = [&](const nad::Progress&) {
                                   ++calls;
                                   return false;
                                 }});
          }).find("cancelled") != std::string::npos);
    CHECK(calls >= 1);
    CHECK_FALSE(ensemble.is_fitted());
    CHECK_THROWS_WITH(ensemble.fit(train, {.n_jobs = n_jobs,
                                           .progress = [](const nad::Progress&) -> bool {
                                             throw std::runtime_error("the caller's own");
                                           }}),
                      "the caller's own");
  }
}

TEST_CASE("ensemble: what makes no sense is refused") {
  const nad::Matrix train = tests::traffic_rows(60, 3, 1);
  const auto made = [](const EnsembleOptions& options) { return message_of([&] { Ensemble ensemble(options); }); };
  CHECK(made({.combination = Combination::at_least}).find("needs min_votes") != std::string::npos);
  CHECK(made({.min_votes = 2.0}).find("min_votes means nothing to combination 'tempered_surprise'") !=
        std::string::npos);
  CHECK(made({.combination = Combination::at_least, .min_votes = 0.0}).find("above 0") != std::string::npos);
  CHECK(made({.calibration = 0.95}).find("calibration is 0.95") != std::string::npos);
  CHECK(made({.contamination = 0.7}).find("contamination is 0.7") != std::string::npos);
  CHECK(made({.combination = Combination::all, .contamination = 0.1}).find("give it to the members") !=
        std::string::npos);
  Ensemble ensemble;
  CHECK(message_of([&] { ensemble.fit(train); }).find("has no members") != std::string::npos);
  CHECK(message_of([&] { ensemble.add(nad::Histogram(), {.weight = -1.0}); }).find("weight of member 'histogram'") !=
        std::string::npos);
  ensemble.add(nad::Histogram(), {.weight = 0.0, .name = "a"});
  CHECK(message_of([&] { ensemble.fit(train); }).find("all members have the weight 0") != std::string::npos);
  CHECK(message_of([&] { ensemble.add(nad::ECOD(), {.name = "a"}); }).find("a member 'a' already") !=
        std::string::npos);
  CHECK(message_of([&] { ensemble.add(nad::ECOD(), {.name = "\xff"}); }).find("not UTF-8") != std::string::npos);
  Ensemble votes({.combination = Combination::at_least, .min_votes = 3.0});
  votes.add(nad::ECOD()).add(nad::Histogram());
  CHECK(message_of([&] { votes.fit(train); }).find("sum to 2") != std::string::npos);
  Ensemble fitted;
  fitted.add(nad::Histogram()).fit(train);
  CHECK(message_of([&] { fitted.add(nad::ECOD()); }).find("takes no more members") != std::string::npos);
  Ensemble nested;
  nested.add(nad::Histogram());
  std::string refusal = "no error";
  for (int level = 0; level < 12 && refusal == "no error"; ++level) {
    Ensemble outer;
    refusal = message_of([&] { outer.add(nested); });
    nested = outer.n_members() == 1 ? outer : nested;
  }
  CHECK(refusal.find("more than 8 deep") != std::string::npos);
  nested.fit(train);  // the deepest that can be made comes back, too
  CHECK(nad::save_bytes(*nad::load_detector_bytes(nad::save_bytes(nested))) == nad::save_bytes(nested));
}

TEST_CASE("ensemble: a damaged file is refused or can be used") {
  Ensemble ensemble({.calibration = 0.0});
  ensemble.add(nad::Mahalanobis(), {.name = "m"});
  ensemble.fit(tests::traffic_rows(20, 2, 1));
  const model_file::Parts sound = model_file::split(nad::save_bytes(ensemble));
  tests::check_damaged_payloads(sound);
  const auto says = [&](std::size_t zeros_at) {
    model_file::Parts damaged = sound;
    model_file::put(damaged.payload, zeros_at, 0);
    return message_of([&] { nad::load_detector_bytes(model_file::join(damaged)); });
  };
  // files within files, deeper than any that can be made
  constexpr std::size_t member_at = 74;  // behind options, threshold, the number of members, name and weight
  const auto size = static_cast<std::size_t>(model_file::get(sound.payload, member_at));
  CHECK(says(member_at - 8).find("weights make no sense") != std::string::npos);
  const std::size_t scale_at = member_at + 8 + size;  // scores, their ranks, the median, the spread
  const auto scores = static_cast<std::size_t>(model_file::get(sound.payload, scale_at));
  CHECK(says(scale_at + 16 + 12 * scores + 8).find("calibration makes no sense") != std::string::npos);
  model_file::Bytes file = model_file::join(sound);
  std::string refusal;
  for (int level = 0; level < 12; ++level) {
    model_file::Parts outer = sound;
    outer.payload.resize(member_at);
    model_file::append(outer.payload, model_file::Bytes(8));
    model_file::put(outer.payload, member_at, file.size());
    model_file::append(outer.payload, file);
    model_file::append(outer.payload, std::span(sound.payload).subspan(member_at + 8 + size));
    file = model_file::join(outer);
    refusal = message_of([&] { nad::load_detector_bytes(file); });
    CHECK((refusal == "no error") == (level + 2 <= 8));
  }
  CHECK(refusal.find("more than 8 deep") != std::string::npos);
}

}  // namespace
