// Bootstrap intervals: that they cover, that they are the same for any number of threads, and what they are asked for.

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <vector>

#include "evaluate_samples.hpp"
#include "messages.hpp"
#include "nad/evaluate/evaluation.hpp"
#include "nad/evaluate/intervals.hpp"
#include "nad/evaluate/ranking.hpp"

namespace {

using evaluate_samples::Judged;
using tests::contains;
using tests::message_of;

std::vector<nad::MetricChoice> every_metric() {
  std::vector<nad::MetricChoice> all;
  for (std::uint8_t metric = 0; metric <= static_cast<std::uint8_t>(nad::Metric::matthews); ++metric) {
    all.push_back({.metric = static_cast<nad::Metric>(metric), .threshold = 0.5});
  }
  return all;
}

TEST_CASE("bootstrap: values are those of the rows, and lie inside their intervals") {
  const Judged sample = evaluate_samples::judged_rows(300, 1.0, 10, 4);
  const std::vector<nad::MetricChoice> metrics = every_metric();
  for (const bool weighted : {false, true}) {
    const std::vector<double> weights = weighted ? sample.weights : std::vector<double>();
    const std::vector<nad::Interval> found =
        nad::bootstrap(sample.scores, sample.labels, metrics, {.replicates = 100}, weights);
    const nad::Ranking ranking(sample.scores, sample.labels, weights);
    const nad::Confusion at = nad::confusion_at(sample.scores, sample.labels, 0.5, weights);
    const std::vector<double> expected = {ranking.roc_auc(),
                                          ranking.average_precision(),
                                          ranking.partial_auc(0.1),
                                          ranking.tpr_at_fpr(0.01),
                                          ranking.best_f_beta().value,
                                          at.accuracy(),
                                          at.precision(),
                                          at.recall(),
                                          at.false_positive_rate(),
                                          at.specificity(),
                                          at.f1(),
                                          at.balanced_accuracy(),
                                          at.matthews()};
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(nad::name(metrics[i].metric));
      CHECK(found[i].value == doctest::Approx(expected[i]).epsilon(1e-12));
      CHECK(found[i].low < found[i].high);
      CHECK(found[i].low <= found[i].value);
      CHECK(found[i].value <= found[i].high);
    }
  }
}

TEST_CASE("bootstrap: threads and the company of other metrics change nothing [threads]") {
  const Judged sample = evaluate_samples::judged_rows(400, 1.0, 0, 6);
  const std::vector<nad::MetricChoice> metrics = every_metric();
  const nad::BootstrapOptions options{.replicates = 60, .random_state = 7};
  const std::vector<nad::Interval> one = nad::bootstrap(sample.scores, sample.labels, metrics, options);
  const std::vector<nad::Interval> three =
      nad::bootstrap(sample.scores, sample.labels, metrics, options, {}, {.n_jobs = 3});
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].low == three[i].low);
    CHECK(one[i].high == three[i].high);
    const nad::Interval alone = nad::bootstrap(sample.doubles, sample.labels, metrics[i], options);
    CHECK(alone.low == one[i].low);
    CHECK(alone.high == one[i].high);
  }
  const nad::Interval other =
      nad::bootstrap(sample.scores, sample.labels, metrics[0], {.replicates = 60, .random_state = 8});
  CHECK(other.low != one[0].low);
}

TEST_CASE("bootstrap: the interval of a share is that of the binomial distribution") {
  // rows are drawn one by one in the small class, and counted at once in the large one
  for (const std::size_t rows : {4000U, 40'000U}) {
    std::vector<float> scores(rows + 1);
    std::vector<std::uint8_t> labels(rows + 1, 0);
    for (std::size_t row = 0; row < rows; ++row) {
      scores[row] = row % 5 == 0 ? 1.0F : 0.0F;
    }
    labels[rows] = 1;
    const nad::Interval rate =
        nad::bootstrap(scores, labels, {.metric = nad::Metric::false_positive_rate, .threshold = 0.5},
                       {.replicates = 200, .method = nad::IntervalMethod::percentile});
    const double half = 1.96 * std::sqrt(0.16 / static_cast<double>(rows));
    CHECK(rate.low == doctest::Approx(0.2 - half).epsilon(0.02));
    CHECK(rate.high == doctest::Approx(0.2 + half).epsilon(0.02));
  }
}

TEST_CASE("bootstrap: rows that hang together widen the interval") {
  Judged sample = evaluate_samples::judged_rows(100, 1.0, 0, 2);
  Judged copied;
  std::vector<std::uint32_t> groups;
  for (int copy = 0; copy < 9; ++copy) {  // the same rows again and again: no news
    for (std::size_t row = 0; row < sample.scores.size(); ++row) {
      copied.scores.push_back(sample.scores[row]);
      copied.labels.push_back(sample.labels[row]);
      groups.push_back(static_cast<std::uint32_t>(5 * row));
    }
  }
  const nad::BootstrapOptions plain{.replicates = 300};
  const nad::BootstrapOptions grouped{.replicates = 300, .groups = groups};
  const nad::Interval right = nad::bootstrap(sample.scores, sample.labels, nad::MetricChoice{}, plain);
  const nad::Interval naive = nad::bootstrap(copied.scores, copied.labels, nad::MetricChoice{}, plain);
  const nad::Interval found = nad::bootstrap(copied.scores, copied.labels, nad::MetricChoice{}, grouped);
  CHECK(found.value == doctest::Approx(right.value));
  CHECK(found.high - found.low == doctest::Approx(right.high - right.low).epsilon(0.15));
  CHECK(naive.high - naive.low < 0.5 * (found.high - found.low));
}

TEST_CASE("bootstrap: families are judged beside all normal rows") {
  const Judged sample = evaluate_samples::judged_rows(200, 1.0, 6, 8);
  std::vector<std::uint32_t> families(sample.scores.size());
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
  for (std::size_t row = 0; row < families.size(); ++row) {
    families[row] = static_cast<std::uint32_t>(row % 3);
    if (sample.labels[row] == 0 || families[row] == 2) {
      scores.push_back(sample.scores[row]);
      labels.push_back(sample.labels[row]);
    }
  }
  std::vector<nad::MetricChoice> of_family = every_metric();
  for (nad::MetricChoice& choice : of_family) {
    choice.family = 2;
  }
  const auto found = nad::bootstrap(sample.scores, sample.labels, of_family, {.replicates = 20, .families = families});
  const auto alone = nad::bootstrap(scores, labels, every_metric(), {.replicates = 2});
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].value == doctest::Approx(alone[i].value).epsilon(1e-12));
  }
}

TEST_CASE("bootstrap: refusals and cancelling") {
  const Judged sample = evaluate_samples::judged_rows(50, 1.0, 0, 1);
  const auto message = [&](const nad::MetricChoice& choice, const nad::BootstrapOptions& options) {
    return message_of([&] { static_cast<void>(nad::bootstrap(sample.scores, sample.labels, choice, options)); });
  };
  CHECK(contains(message({.metric = nad::Metric::recall}, {}), "threshold"));
  CHECK(contains(message({.metric = nad::Metric::log_loss}, {}), "probabilities"));
  CHECK(contains(message({.parameter = -1.0}, {}), "beta"));
  CHECK(contains(message({.family = 0}, {}), "families are not given"));
  CHECK(contains(message({}, {.replicates = 1}), "replicates"));
  CHECK(contains(message({}, {.confidence = 1.0}), "confidence"));
  std::atomic<int> calls = 0;
  const nad::FitControl control{.progress = [&](const nad::Progress&) { return ++calls < 2; }};
  CHECK(contains(message_of([&] {
                   static_cast<void>(
                       nad::bootstrap(sample.scores, sample.labels, nad::MetricChoice{}, {}, {}, control));
                 }),
                 "cancelled while resampling"));
}

TEST_CASE("bootstrap: Wilson's interval is the published one") {
  // Newcombe 1998, table I, method 3
  const nad::Interval one = nad::proportion_interval(81, 263);
  CHECK(one.low == doctest::Approx(0.2553).epsilon(1e-3));
  CHECK(one.high == doctest::Approx(0.3662).epsilon(1e-3));
  const nad::Interval none = nad::proportion_interval(0, 20);
  CHECK(none.low == 0.0);
  CHECK(none.high == doctest::Approx(0.1611).epsilon(1e-3));
  CHECK(std::isnan(nad::proportion_interval(0, 0).value));
  CHECK(contains(message_of([] { static_cast<void>(nad::proportion_interval(3, 2)); }), "no share"));
}

TEST_CASE("evaluate: the report in text and JSON") {
  Judged sample = evaluate_samples::judged_rows(400, 2.0, 0, 3);
  std::vector<std::uint32_t> families;
  std::vector<double> seconds;
  for (std::size_t row = 0; row < sample.scores.size(); ++row) {
    families.push_back(sample.labels[row] == 0 ? 0U : 1U + static_cast<std::uint32_t>(row % 2));
    seconds.push_back(864.0 * static_cast<double>(row));
  }
  const nad::EvaluationOptions options{.threshold = 1.0,
                                       .families = families,
                                       .family_names = {"normal", "dos", "pro\"be\x1b"},
                                       .seconds = seconds,
                                       .episode_gap = {.max_gap_seconds = 1000.0},
                                       .replicates = 20};
  const nad::Evaluation found = nad::evaluate(sample.scores, sample.labels, options);
  CHECK(found.roc_auc.value == nad::roc_auc(sample.scores, sample.labels));
  CHECK(found.recall.low < found.recall.value);
  REQUIRE(found.families.size() == 2);
  CHECK(found.families[0].attacks + found.families[1].attacks == found.attacks);
  CHECK(found.families[0].found + found.families[1].found == found.confusion.true_positives);
  CHECK(found.per_day.days == doctest::Approx(3.99));
  CHECK(found.per_day.alerts == doctest::Approx(found.confusion.alerts() / 3.99));
  REQUIRE(found.delays);
  CHECK(found.delays->episodes == found.families[0].episodes + found.families[1].episodes);
  const std::string text = nad::to_text(found);
  for (const char* part : {"400 rows", "ROC-AUC", "95 % interval", "recall at 1 % false positives", "threshold 1\n",
                           "f1-score", "dos", "pro\"be\\x1b", "alerts a day", "episodes of attacks noticed"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
  const std::string json = nad::to_json(found);
  CHECK(contains(json, "\"rows\":400"));
  CHECK(contains(json, "\"name\":\"pro\\\"be\\u001b\""));
  CHECK(!contains(json, "nan"));
  CHECK(contains(nad::to_json(found, true), "\"thresholds\":[null,"));

  nad::Evaluation extreme = found;
  extreme.roc_auc = {0.9999999999, 0.01, 0.99994};
  CHECK(contains(nad::to_text(extreme), "< 1  0.0100 - 0.99994"));

  const nad::Evaluation chosen = nad::evaluate(sample.doubles, sample.labels, {.replicates = 0});
  CHECK(chosen.is_threshold_chosen);
  CHECK(chosen.f1.value == doctest::Approx(nad::Ranking(sample.scores, sample.labels).best_f_beta().value));
  CHECK(std::isnan(chosen.f1.low));
  CHECK(contains(nad::to_text(chosen), "chosen on these rows"));
  CHECK(contains(nad::to_json(chosen), "\"delays\":null"));
  CHECK(contains(
      message_of([&] { static_cast<void>(nad::evaluate(sample.scores, sample.labels, {.families = families})); }),
      "names of families"));
}

}  // namespace
