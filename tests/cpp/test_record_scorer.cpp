// A record scorer gives one record at a time what `Model::detect` gives a table.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "messages.hpp"
#include "pipeline_samples.hpp"

namespace {

using nad::ColumnType;
using nad::Role;
using tests::contains;
using tests::message_of;

/// Connections; now and then one sends very much, or asks for a service that nobody else asks for. Some values are
/// missing.
nad::Table connections(std::size_t rows, std::uint64_t seed, bool with_attacks) {
  nad::Random random(seed);
  nad::ColumnBuilder bytes(ColumnType::integer);
  nad::ColumnBuilder duration(ColumnType::number);
  nad::ColumnBuilder service(ColumnType::category);
  nad::ColumnBuilder login(ColumnType::boolean);
  nad::ColumnBuilder label(ColumnType::category);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t attack = with_attacks && row % 40 == 39 ? 1 + row / 40 % 2 : 0;
    bytes.add_integer(static_cast<std::int64_t>(std::exp(5.0 + random.normal())) * (attack == 1 ? 4000 : 1));
    if (row % 19 == 5) {
      duration.add_missing();
    } else {
      duration.add_number(0.1 + random.uniform());
    }
    service.add_text(attack == 2 ? "irc" + std::to_string(row % 3) : random.uniform() < 0.7 ? "http" : "dns");
    login.add_boolean(random.uniform() < 0.2);
    label.add_text(attack == 0 ? "normal" : attack == 1 ? "exfiltration" : "tunnel");
  }
  std::vector<nad::Column> columns;
  for (nad::ColumnBuilder* builder : {&bytes, &duration, &service, &login, &label}) {
    columns.push_back(builder->finish());
  }
  return {nad::Schema({{"bytes", ColumnType::integer},
                       {"duration", ColumnType::number},
                       {"service", ColumnType::category},
                       {"login", ColumnType::boolean},
                       {"label", ColumnType::category, Role::label}}),
          std::move(columns)};
}

nad::Model fitted_model(nad::ThresholdRule rule = nad::ThresholdRule::false_positive_rate(0.05)) {
  nad::Ensemble ensemble;
  ensemble.add(nad::IsolationForest({.n_estimators = 20, .random_state = 1}))
      .add(nad::LocalGaussian({.n_clusters = 3}))
      .add(nad::KMeans({.n_clusters = 4, .large_clusters_only = false}))
      .add(nad::LODA());
  nad::Model model(ensemble, {.threshold = rule});
  model.fit(connections(600, 1, false));
  return model;
}

/// Sets all that a row of a table holds.
void set_row(nad::RecordScorer& scorer, const nad::Table& table, std::size_t row) {
  for (std::size_t place = 0; place < scorer.inputs().size(); ++place) {
    const nad::Column& column = table[scorer.inputs()[place].name];
    if (column.is_missing(row)) {
      scorer.set_missing(place);
      continue;
    }
    switch (column.type()) {
      case ColumnType::category:
      case ColumnType::text:
        scorer.set(place, column.text(row));
        break;
      case ColumnType::time:
        scorer.set_time(place, column.times()[row]);
        break;
      case ColumnType::address:
        scorer.set(place, column.addresses()[row]);
        break;
      default: {
        double value = 0.0;
        column.copy_numbers(row, {&value, 1});
        scorer.set(place, value);
      }
    }
  }
}

/// Every record of the table, one after the other, beside the table as a whole.
void check_as_a_table(const nad::Model& model, const nad::Table& table) {
  const nad::Findings findings = model.detect(table);
  std::vector<std::size_t> all(table.rows());
  for (std::size_t row = 0; row < all.size(); ++row) {
    all[row] = row;
  }
  const std::vector<nad::Finding> explained = model.explain(table, all);
  nad::RecordScorer scorer(model);
  nad::RecordScorer reporter(model);
  std::vector<nad::Finding> reported;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    set_row(scorer, table, row);
    const nad::RecordScore result = scorer.score();
    REQUIRE(result.score == findings.scores[row]);
    REQUIRE(result.p == explained[row].p);
    REQUIRE(result.is_alert == (findings.scores[row] > findings.limit.score));
    if (row % 5 == 0 || result.is_alert) {
      REQUIRE(scorer.explain(1000) == explained[row]);
    }
    set_row(reporter, table, row);
    if (std::optional<nad::Finding> finding = reporter.detect()) {
      REQUIRE(result.is_alert);
      reported.push_back(std::move(*finding));
    }
  }
  CHECK(scorer.records() == table.rows());
  std::stable_sort(reported.begin(), reported.end(),
                   [](const nad::Finding& a, const nad::Finding& b) { return a.score > b.score; });
  CHECK(reported == findings.reported);
  CHECK(reported.size() > 5);

  // a part one by one, the rest as tables: each table goes on where the records before ended
  nad::RecordScorer mixed(model);
  std::vector<float> scores;
  const std::size_t part = table.rows() / 3;
  for (std::size_t row = 0; row < part; ++row) {
    set_row(mixed, table, row);
    scores.push_back(mixed.score().score);
  }
  for (const auto& [begin, count] : {std::pair(part, part), std::pair(2 * part, table.rows() - 2 * part)}) {
    const nad::Findings found = mixed.detect(table.slice(begin, count));
    scores.insert(scores.end(), found.scores.begin(), found.scores.end());
    for (const nad::Finding& finding : found.reported) {
      nad::Finding same = explained[begin + finding.row];
      same.reasons.resize(std::min<std::size_t>(same.reasons.size(), finding.reasons.size()));
      same.row = finding.row;
      CHECK(finding == same);
    }
    CHECK_THROWS_AS(static_cast<void>(mixed.explain()), nad::Error);
  }
  CHECK(scores == findings.scores);
  CHECK(mixed.records() == table.rows());
  CHECK(reported.size() < table.rows() / 2);
}

}  // namespace

TEST_CASE("a record scorer says of each record what the model says of the table") {
  check_as_a_table(fitted_model(), connections(400, 2, true));
}

TEST_CASE("a record scorer says so too where features look back or are derived") {
  const std::vector<std::vector<nad::FeatureStep>> pipelines = {
      {nad::AddressFeatures{.most_prefixes = 2}, nad::PortFeatures{}, nad::Impute{}, nad::OneHot{}, nad::Novelty{},
       nad::Standardise{}},
      pipeline_samples::steps()[0],
      pipeline_samples::steps()[2]};
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    CAPTURE(i);
    nad::Model model(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::false_positive_rate(0.1)});
    model.set_pipeline(nad::FeaturePipeline(pipelines[i]));
    model.fit(pipeline_samples::flows(400));
    CHECK(model.pipeline().looks_back() == (i > 0));
    check_as_a_table(model, pipeline_samples::flows(150, 8));
  }
}

TEST_CASE("a record scorer remembers few of ever new texts where columns are derived, and mistakes none") {
  nad::ColumnBuilder service(ColumnType::category);
  nad::ColumnBuilder time(ColumnType::time);
  nad::Random random(4);
  for (std::size_t row = 0; row < 500; ++row) {
    service.add_text("s" + std::to_string(random.below(150)));
    time.add_time(static_cast<std::int64_t>(random.below(1'000'000)) * nad::nanoseconds_per_second);
  }
  const nad::Table table(
      nad::Schema({{"service", ColumnType::category}, {"timestamp", ColumnType::time, Role::moment}}),
      {service.finish(), time.finish()});
  nad::Model model(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::false_positive_rate(0.1)});
  model.set_pipeline(
      nad::FeaturePipeline({nad::TimeParts{}, nad::Impute{}, nad::Frequency{}, nad::OneHot{}, nad::Standardise{}}));
  model.fit(table);
  check_as_a_table(model, table);
}

TEST_CASE("a record scorer names the family where the model learnt from labels") {
  nad::Model model({.training = nad::Training::labelled, .threshold = nad::ThresholdRule::score(0.5)});
  model.fit(connections(1200, 1, true));
  const nad::Table today = connections(200, 2, true);
  const nad::Findings findings = model.detect(today);
  REQUIRE(findings.reported.size() >= 2);
  std::size_t count = 0;
  nad::RecordScorer scorer(model);
  for (std::size_t row = 0; row < today.rows(); ++row) {
    set_row(scorer, today, row);
    if (const std::optional<nad::Finding> finding = scorer.detect()) {
      ++count;
      CHECK(finding->family == today["label"].text(row));
      CHECK(std::count(findings.reported.begin(), findings.reported.end(), *finding) == 1);
    }
  }
  CHECK(count == findings.reported.size());
}

TEST_CASE("a record scorer allocates nothing for a record that is not explained") {
  const nad::Table today = connections(300, 3, true);
  nad::RecordScorer scorer(fitted_model());
  const auto score_all = [&] {
    std::size_t alerts = 0;
    for (std::size_t row = 0; row < today.rows(); ++row) {
      set_row(scorer, today, row);
      alerts += scorer.score().is_alert ? 1U : 0U;
    }
    return alerts;
  };
  const std::size_t alerts = score_all();
  const tests::Allocations before = tests::allocations();
  const std::size_t again = score_all();
  const tests::Allocations after = tests::allocations();
  CHECK(after.count == before.count);
  CHECK(again == alerts);
  CHECK(alerts >= 7);
}

TEST_CASE("record scorers of one model do not disturb each other [threads]") {
  nad::Model model{nad::Mahalanobis()};
  model.set_pipeline(nad::FeaturePipeline(pipeline_samples::steps()[2]));
  model.fit(pipeline_samples::flows(300));
  const std::vector<nad::Table> tables = {pipeline_samples::flows(120, 1), pipeline_samples::flows(120, 2)};
  std::vector<std::vector<float>> found(2);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&model, &table = tables[i], &scores = found[i]] {
      nad::RecordScorer scorer(model);
      for (std::size_t row = 0; row < table.rows(); ++row) {
        set_row(scorer, table, row);
        scores.push_back(scorer.score().score);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(found[0] == model.anomaly_score(tables[0]));
  CHECK(found[1] == model.anomaly_score(tables[1]));
}

TEST_CASE("a record keeps what is not set, and a scorer its model") {
  nad::Model model = fitted_model();
  nad::RecordScorer scorer(model);
  set_row(scorer, connections(1, 5, false), 0);
  const nad::RecordScore first = scorer.score();
  CHECK(scorer.score() == first);
  scorer.set(scorer.place("bytes"), 1e9);
  CHECK(scorer.score().score > first.score);
  CHECK(scorer.explain().reasons.at(0).column == "bytes");
  CHECK(scorer.explain().row == 2);
  CHECK(scorer.explain(0).reasons.empty());
  model.set_threshold(nad::ThresholdRule::score(1e9F));
  CHECK(scorer.score().is_alert);
  CHECK_FALSE(nad::RecordScorer(model).score().is_alert);

  scorer.clear();
  nad::RecordScorer fresh(scorer.model());
  CHECK(scorer.score().score == fresh.score().score);
}

TEST_CASE("a record scorer says what is wrong") {
  CHECK(contains(message_of([] { const nad::RecordScorer scorer{nad::Model()}; }), "not learnt anything yet"));
  nad::RecordScorer scorer(fitted_model());
  CHECK(contains(message_of([&] { scorer.place("bites"); }), "'bytes'"));
  CHECK(contains(message_of([&] { scorer.set(99, 1.0); }), "there is no input 99"));
  const std::size_t service = scorer.place("service");
  const std::size_t bytes = scorer.place("bytes");
  CHECK(contains(message_of([&] { scorer.set(service, 1.0); }), "input 'service' is of type category"));
  CHECK(contains(message_of([&] { scorer.set(bytes, 1.5); }), "input 'bytes' is of type integer"));
  CHECK(contains(message_of([&] { scorer.set(bytes, "12"); }), "was given the text '12'"));
  CHECK(contains(message_of([&] { scorer.set(bytes, nad::Address()); }), "was given an address"));
  CHECK(contains(message_of([&] { scorer.set_time(bytes, 1); }), "was given a time"));
  CHECK(contains(message_of([&] { scorer.explain(); }), "no record was scored yet"));
  scorer.score();
  CHECK(message_of([&] { scorer.explain(); }) == "no error");
  scorer.set(bytes, 7.0);
  CHECK(contains(message_of([&] { scorer.explain(); }), "was changed since it was scored"));
}
