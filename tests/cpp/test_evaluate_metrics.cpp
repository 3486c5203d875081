// Figures of rankings and thresholds against counts over all pairs and thresholds, and published ones.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evaluate_samples.hpp"
#include "messages.hpp"
#include "nad/evaluate/calibration_curve.hpp"
#include "nad/evaluate/class_confusion.hpp"
#include "nad/evaluate/confusion.hpp"
#include "nad/evaluate/curves.hpp"
#include "nad/evaluate/ranking.hpp"
#include "nad/evaluate/score_histogram.hpp"

namespace {

using evaluate_samples::Judged;
using tests::contains;
using tests::message_of;

void check_ranking(const Judged& sample, const std::vector<double>& weights, const nad::Ranking& ranking) {
  CHECK(ranking.roc_auc() == doctest::Approx(evaluate_samples::roc_auc_by_pairs(sample, weights)).epsilon(1e-12));
  const evaluate_samples::AtLeast all = evaluate_samples::at_least(sample, weights, -1e9);
  double precision_sum = 0.0;
  double best = 0.0;
  double recall_at_rate = 0.0;
  for (std::size_t row = 0; row < sample.doubles.size(); ++row) {
    const evaluate_samples::AtLeast here = evaluate_samples::at_least(sample, weights, sample.doubles[row]);
    if (sample.labels[row] != 0 && weights[row] > 0.0) {
      precision_sum += weights[row] * here.found / (here.found + here.false_positives);
    }
    if (here.found > 0.0) {
      best = std::max(best, 5.0 * here.found / (here.found + here.false_positives + 4.0 * all.found));
    }
    if (here.false_positives <= 0.1 * all.false_positives) {
      recall_at_rate = std::max(recall_at_rate, here.found / all.found);
    }
  }
  CHECK(ranking.average_precision() == doctest::Approx(precision_sum / all.found).epsilon(1e-12));
  CHECK(ranking.tpr_at_fpr(0.1) == doctest::Approx(recall_at_rate));
  const nad::BestThreshold found = ranking.best_f_beta(2.0);
  CHECK(found.value == doctest::Approx(best).epsilon(1e-12));
  // thresholds keep what they promise
  const nad::Confusion at_best = nad::confusion_at(sample.scores, sample.labels, found.threshold, weights);
  CHECK(at_best.f_beta(2.0) == doctest::Approx(best).epsilon(1e-12));
  const nad::Confusion at_rate =
      nad::confusion_at(sample.scores, sample.labels, ranking.threshold_at_fpr(0.1), weights);
  CHECK(at_rate.recall() == doctest::Approx(recall_at_rate));
  CHECK(at_rate.false_positive_rate() <= 0.1 + 1e-12);
}

TEST_CASE("evaluate: rankings are what counting every pair and every threshold gives, with ties and weights") {
  for (const std::size_t levels : {0U, 2U, 7U}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const Judged sample = evaluate_samples::judged_rows(120, 0.8, levels, 10 * levels + seed);
      const std::vector<double> ones(sample.scores.size(), 1.0);
      check_ranking(sample, ones, nad::Ranking(sample.scores, sample.labels));
      check_ranking(sample, ones, nad::Ranking(sample.doubles, sample.labels));
      check_ranking(sample, sample.weights, nad::Ranking(sample.scores, sample.labels, sample.weights));
      check_ranking(sample, sample.weights, nad::Ranking(sample.doubles, sample.labels, sample.weights));
    }
  }
}

TEST_CASE("evaluate: many scores are sorted as few are, and 0 equals -0") {
  const Judged sample = evaluate_samples::judged_rows(3000, 1.0, 40, 5);  // more than the radix sort leaves to others
  const std::vector<double> ones(sample.scores.size(), 1.0);
  const double expected = evaluate_samples::roc_auc_by_pairs(sample, ones);
  CHECK(nad::roc_auc(sample.scores, sample.labels) == doctest::Approx(expected).epsilon(1e-12));
  CHECK(nad::roc_auc(sample.doubles, sample.labels) == doctest::Approx(expected).epsilon(1e-12));
  const std::vector<std::uint8_t> labels = {0, 1};
  CHECK(nad::roc_auc(std::vector<float>{0.0F, -0.0F}, labels) == 0.5);
  CHECK(nad::roc_auc(std::vector<double>{-0.0, 0.0}, labels) == 0.5);
}

TEST_CASE("evaluate: curves hold the figures, and thinning keeps their shape") {
  const Judged sample = evaluate_samples::judged_rows(600, 1.0, 0, 9);
  const nad::Ranking ranking(sample.scores, sample.labels);
  const nad::RocCurve all = nad::roc_curve(ranking, {.drop_intermediate = false});
  const nad::RocCurve fewer = nad::roc_curve(ranking);
  const nad::RocCurve thin = nad::roc_curve(ranking, {.max_points = 40});
  CHECK(all.thresholds.size() == 601);
  CHECK(fewer.thresholds.size() < 450);
  CHECK(thin.thresholds.size() == 40);
  CHECK(nad::area_under(all.false_positive_rate, all.recall) == doctest::Approx(ranking.roc_auc()).epsilon(1e-12));
  CHECK(nad::area_under(fewer.false_positive_rate, fewer.recall) == doctest::Approx(ranking.roc_auc()).epsilon(1e-12));
  CHECK(std::abs(nad::area_under(thin.false_positive_rate, thin.recall) - ranking.roc_auc()) < 0.003);
  CHECK(thin.recall.front() == 0.0);
  CHECK(thin.recall.back() == 1.0);
  const nad::PrecisionRecallCurve precision = nad::precision_recall_curve(ranking);
  double steps = 0.0;
  for (std::size_t i = 1; i < precision.recall.size(); ++i) {
    steps += (precision.recall[i - 1] - precision.recall[i]) * precision.precision[i - 1];
  }
  CHECK(steps == doctest::Approx(ranking.average_precision()).epsilon(1e-12));
  CHECK(contains(message_of([&] { static_cast<void>(nad::roc_curve(ranking, {.max_points = 1})); }), "at least 2"));
}

TEST_CASE("evaluate: partial areas lie between chance and perfection") {
  const std::vector<std::uint8_t> labels = {0, 0, 1, 1};
  const std::vector<double> scores = {0.1, 0.4, 0.35, 0.8};
  // the ROC curve is (0, .5) up to .5, then 1: up to .5 its area is .25, chance is .125, perfection .5
  CHECK(nad::partial_auc(scores, labels, 0.5) == doctest::Approx(0.5 * (1.0 + (0.25 - 0.125) / (0.5 - 0.125))));
  CHECK(nad::partial_auc(scores, labels, 1.0) == nad::roc_auc(scores, labels));
  CHECK(nad::roc_auc(scores, labels) == doctest::Approx(0.75));
  const std::vector<double> flat(4, 3.0);  // one threshold: the diagonal
  CHECK(nad::partial_auc(flat, labels, 0.25) == doctest::Approx(0.5));
}

TEST_CASE("evaluate: a table of four counts gives the textbook's figures") {
  const nad::Confusion counts{60, 10, 5, 25};
  CHECK(counts.accuracy() == doctest::Approx(0.85));
  CHECK(counts.precision() == doctest::Approx(25.0 / 35.0));
  CHECK(counts.recall() == doctest::Approx(25.0 / 30.0));
  CHECK(counts.f1() == doctest::Approx(50.0 / 65.0));
  CHECK(counts.balanced_accuracy() == doctest::Approx(0.5 * (25.0 / 30.0 + 60.0 / 70.0)));
  CHECK(counts.matthews() == doctest::Approx((25.0 * 60 - 10.0 * 5) / std::sqrt(35.0 * 30 * 70 * 65)));
  CHECK(std::isnan(nad::Confusion{5, 0, 3, 0}.precision()));
  CHECK(nad::Confusion{5, 0, 3, 0}.f1() == 0.0);
  CHECK(nad::Confusion{5, 0, 3, 0}.matthews() == 0.0);
  CHECK(std::isnan(nad::Confusion{5, 2, 0, 0}.recall()));
}

TEST_CASE("evaluate: the cost of the KDD Cup 1999 winner is the published one") {
  // normal, probe, dos, u2r, r2l: what each was taken for, from the organisers' report
  const nad::ClassConfusion winner({60262, 243, 78,  4,  6, 511, 3471, 184,   0,   0, 5299, 1328, 223226,
                                    0,     0,   168, 20, 0, 30,  10,   14527, 294, 0, 8,    1360},
                                   5);
  CHECK(winner.mean_cost(nad::kdd99_costs()) == doctest::Approx(0.2331).epsilon(1e-4));
  CHECK(winner.of(0).recall == doctest::Approx(0.995).epsilon(1e-3));
  CHECK(winner.of(4).recall == doctest::Approx(0.084).epsilon(1e-2));
  CHECK(winner.of(2).precision == doctest::Approx(0.999).epsilon(1e-3));
  CHECK(winner.micro().f1 == winner.accuracy());
  CHECK(contains(message_of([&] { static_cast<void>(winner.mean_cost({})); }), "costs"));
}

TEST_CASE("evaluate: probabilities are compared with what came") {
  const std::vector<double> promised = {0.1, 0.2, 0.2, 0.9, 1.0};
  const std::vector<std::uint8_t> came = {0, 1, 0, 1, 1};
  const nad::CalibrationCurve curve = nad::calibration_curve(promised, came, {.bins = 2});
  REQUIRE(curve.predicted.size() == 2);
  CHECK(curve.predicted[0] == doctest::Approx(0.5 / 3.0));
  CHECK(curve.observed[0] == doctest::Approx(1.0 / 3.0));
  CHECK(curve.expected_error == doctest::Approx((3.0 * (1.0 / 3.0 - 0.5 / 3.0) + 2.0 * 0.05) / 5.0));
  CHECK(nad::brier_score(promised, came) == doctest::Approx((0.01 + 0.64 + 0.04 + 0.01 + 0.0) / 5.0));
  const double expected = -(std::log(0.9) + std::log(0.2) + std::log(0.8) + std::log(0.9)) / 5.0;
  CHECK(nad::log_loss(promised, came) == doctest::Approx(expected));
  CHECK(contains(
      message_of([] { static_cast<void>(nad::log_loss(std::vector<double>{1.5}, std::vector<std::uint8_t>{1})); }),
      "row 0"));
  const nad::ScoreHistogram bars = nad::score_histogram(promised, came, {.bins = 3});
  CHECK(bars.normals == std::vector<double>{2.0, 0.0, 0.0});
  CHECK(bars.attacks == std::vector<double>{1.0, 0.0, 2.0});
  CHECK(nad::score_histogram(std::vector<double>{2, 2}, std::vector<std::uint8_t>{0, 1}, {.bins = 1}).attacks[0] ==
        1.0);
}

TEST_CASE("evaluate: what cannot be judged is refused, and the message says where") {
  const std::vector<std::uint8_t> labels = {0, 1, 0};
  const auto refused = [&](const std::vector<double>& scores, const std::vector<std::uint8_t>& truth,
                           const std::vector<double>& weights = {}) {
    return message_of([&] { static_cast<void>(nad::roc_auc(scores, truth, weights)); });
  };
  CHECK(contains(refused({}, {}), "no scores"));
  CHECK(contains(refused({1, 2}, labels), "2 scores, but 3 labels"));
  CHECK(contains(refused({1, std::numeric_limits<double>::quiet_NaN(), 2}, labels), "row 1 is NaN"));
  CHECK(contains(refused({1, 2, std::numeric_limits<double>::infinity()}, labels), "row 2 is infinite"));
  CHECK(contains(refused({1, 2, 3}, {0, 2, 1}), "label of row 1 is 2"));
  CHECK(contains(refused({1, 2, 3}, {0, 0, 0}), "no attack"));
  CHECK(contains(refused({1, 2, 3}, {1, 1, 1}), "no normal row"));
  CHECK(contains(refused({1, 2, 3}, labels, {1, 1}), "2 weights"));
  CHECK(contains(refused({1, 2, 3}, labels, {1, -1, 1}), "weight of row 1 is negative"));
  CHECK(contains(refused({1, 2, 3}, labels, {1, 0, 1}), "no attack"));
}

}  // namespace
