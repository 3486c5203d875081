// Why a record is reported: what contributions add up to, their order, and what is usual.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/nad.hpp"
#include "office.hpp"

namespace {

using nad::ColumnType;
using nad::Direction;
using tests::office;

/// A detector whose contributions have both signs.
nad::Model forest_model() {
  nad::Model model(nad::IsolationForest({.n_estimators = 30, .random_state = 5}),
                   {.threshold = nad::ThresholdRule::false_positive_rate(0.05)});
  model.fit(office(1000, 51));
  return model;
}

/// Sum and order of reasons; whether one that speaks against the finding is larger than one that speaks for it.
bool check_reasons(const nad::Finding& finding) {
  double sum = 0.0;
  double least_positive = 1e300;
  double most_negative = 0.0;
  for (std::size_t i = 0; i < finding.reasons.size(); ++i) {
    const double contribution = finding.reasons[i].contribution;
    CHECK((i == 0 || contribution <= finding.reasons[i - 1].contribution));
    sum += contribution;
    least_positive = contribution > 0.0 ? std::min(least_positive, contribution) : least_positive;
    most_negative = std::min(most_negative, contribution);
  }
  if (finding.surprise > 0.5) {  // above the forest's baseline
    CHECK(sum == doctest::Approx(finding.surprise).epsilon(1e-4));
  }
  return -most_negative > least_positive;
}

TEST_CASE("reasons: contributions add up to the surprise and rank by what speaks for an anomaly") {
  const nad::Model model = forest_model();
  const nad::Table today = office(400, 52, 20);
  std::size_t against = 0;
  for (const nad::Finding& finding : model.detect(today, {.most_reasons = 1000}).reported) {
    against += check_reasons(finding) ? 1U : 0U;
  }
  CHECK(against > 0);  // or the order by size would be the same

  against = 0;
  nad::RecordScorer scorer(model);
  for (std::size_t row = 19; row < today.rows(); row += 20) {
    scorer.set(scorer.place("bytes"), static_cast<double>(today["bytes"].integers()[row]));
    scorer.set(scorer.place("duration"), today["duration"].numbers()[row]);
    scorer.set(scorer.place("service"), today["service"].text(row));
    scorer.score();
    against += check_reasons(scorer.explain(1000)) ? 1U : 0U;
  }
  CHECK(against > 0);
}

TEST_CASE("reasons: findings beyond the first have none where so few are to be explained") {
  const nad::Model model = forest_model();
  const nad::Table today = office(400, 53, 10);
  nad::RecordScorer scorer(model);
  for (const nad::Findings& findings :
       {model.detect(today, {.most_explained = 3}), scorer.detect(today, {.most_explained = 3})}) {
    REQUIRE(findings.reported.size() > 10);
    for (std::size_t i = 0; i < findings.reported.size(); ++i) {
      CHECK(findings.reported[i].reasons.empty() == (i >= 3));
    }
  }
}

TEST_CASE("reasons: importance is the share of all that columns contribute, either way") {
  const nad::Table table = office(600, 54);
  nad::Model model(nad::IsolationForest({.n_estimators = 30, .random_state = 5}));
  model.fit(table);
  const std::vector<float> scores = model.anomaly_score(table);
  std::multiset<float> held_out(model.calibration().scores().begin(), model.calibration().scores().end());
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const auto found = held_out.find(scores[row]);
    if (found != held_out.end()) {
      held_out.erase(found);
      rows.push_back(row);
    }
  }
  REQUIRE(rows.size() == 120);
  const nad::Table part = model.pipeline().columns(table.take(rows));
  const nad::Matrix folded =
      model.pipeline().fold(model.detector().explain(model.pipeline().transform_columns(part)), part);
  std::vector<double> sums(folded.columns(), 0.0);
  double total = 0.0;
  bool has_negative = false;
  for (std::size_t row = 0; row < folded.rows(); ++row) {
    for (std::size_t place = 0; place < sums.size(); ++place) {
      sums[place] += std::abs(static_cast<double>(folded(row, place)));
      total += std::abs(static_cast<double>(folded(row, place)));
      has_negative = has_negative || folded(row, place) < 0.0F;
    }
  }
  CHECK(has_negative);
  for (const nad::ColumnImportance& column : model.importance()) {
    const double expected = sums[part.schema().place(column.name)] / total;
    CHECK(column.share == doctest::Approx(expected).epsilon(0.02));  // equal scores may be of other rows
  }
}

TEST_CASE("usual values: half a percent lies on either side, and what one record in a hundred has is rare") {
  nad::ColumnBuilder number(ColumnType::number);
  nad::ColumnBuilder service(ColumnType::category);
  nad::ColumnBuilder login(ColumnType::boolean);
  nad::ColumnBuilder root(ColumnType::boolean);
  nad::ColumnBuilder gaps(ColumnType::integer);
  nad::ColumnBuilder land(ColumnType::boolean);
  for (int row = 0; row < 1000; ++row) {
    number.add_number(row);
    service.add_text(row < 10 ? "irc" : row < 21 ? "dns" : "http");
    login.add_boolean(row < 11);
    root.add_boolean(row < 10);
    land.add_boolean(false);
    if (row < 10) {
      gaps.add_missing();
    } else {
      gaps.add_integer(7);
    }
  }
  const nad::Table table(
      nad::Schema({{"number", ColumnType::number},
                   {"service", ColumnType::category},
                   {"login", ColumnType::boolean},
                   {"root", ColumnType::boolean},
                   {"gaps", ColumnType::integer},
                   {"land", ColumnType::boolean}}),
      {number.finish(), service.finish(), login.finish(), root.finish(), gaps.finish(), land.finish()});
  const nad::UsualValues usual(table);
  CHECK(usual.expected(0) == "5 to 994, median 500");
  CHECK(usual.expected(1) == "http 98 %, dns 1 %, irc 1 %");
  CHECK(usual.expected(3) == "true in 1 %");
  CHECK(usual.expected(5) == "always false");
  const auto judged = [&](std::size_t place, std::size_t row) { return usual.judge(place, table.column(place), row); };
  CHECK(judged(0, 4) == Direction::lower);
  CHECK(judged(0, 5) == Direction::usual);
  CHECK(judged(0, 994) == Direction::usual);
  CHECK(judged(0, 995) == Direction::higher);
  CHECK(judged(1, 0) == Direction::rare);
  CHECK(judged(1, 15) == Direction::usual);
  CHECK(judged(1, 500) == Direction::usual);
  CHECK(judged(2, 0) == Direction::usual);
  CHECK(judged(3, 0) == Direction::rare);
  CHECK(judged(4, 0) == Direction::missing);
}

TEST_CASE("reasons: what is expected is the middle 99 % of what the model learnt from") {
  const nad::Table table = office(600, 55);
  nad::Model model(nad::Mahalanobis(), {.training = nad::Training::mixed});  // learns from all of them
  model.fit(table);
  std::vector<double> durations(table["duration"].numbers().begin(), table["duration"].numbers().end());
  std::sort(durations.begin(), durations.end());
  const auto text = [](double value) {
    char shown[32];
    const int length = std::snprintf(shown, sizeof shown, "%.3f", value);
    return std::string(shown, static_cast<std::size_t>(length));
  };
  nad::RecordScorer scorer(model);
  scorer.set(scorer.place("bytes"), 100.0);
  scorer.set(scorer.place("duration"), 90.0);
  scorer.set(scorer.place("service"), "http");
  scorer.score();
  const nad::Finding finding = scorer.explain();
  REQUIRE(finding.reasons.at(0).column == "duration");
  CHECK(finding.reasons[0].direction == Direction::higher);
  const std::string expected = finding.reasons[0].expected;
  const double low = std::stod(expected);
  const double high = std::stod(expected.substr(expected.find(" to ") + 4));
  CHECK(text(low) == text(durations[3]));     // of 600, three lie below
  CHECK(text(high) == text(durations[596]));  // and three above
}

}  // namespace
