// What a model learns from and what it does not: labels, held-out records, the rate of records.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "nad/core/random.hpp"
#include "office.hpp"

namespace {

using nad::Role;
using nad::ThresholdRule;
using nad::Training;
using tests::contains;
using tests::is_attack;
using tests::message_of;
using tests::office;

/// A table whose labels nothing gives away: an ordinary column called "kind".
nad::Table with_kind(std::size_t rows, std::uint64_t seed, std::size_t attack_every = 0) {
  return office(rows, seed, attack_every).rename("label", "kind").with_role("kind", Role::feature);
}

TEST_CASE("model: the column that is named for the labels is never learnt from") {
  for (const Training training : {Training::clean, Training::mixed, Training::labelled}) {
    CAPTURE(nad::name(training));
    nad::ModelOptions options{.training = training, .label = "kind"};
    nad::Model model =
        training == Training::labelled ? nad::Model(options) : nad::Model(nad::Mahalanobis(), std::move(options));
    const nad::Table table = with_kind(900, 31, training == Training::clean ? 0 : 30);
    model.fit(table);
    CHECK(model.importance().size() == 3);
    for (const nad::ColumnImportance& column : model.importance()) {
      CHECK(column.name != "kind");
    }
    const nad::Table today = with_kind(200, 32, 20);
    CHECK(model.detect(today.drop({"kind"})).scores == model.detect(today).scores);
    model.set_threshold(ThresholdRule::f_beta(), today);
    CHECK(model.detect(today).reported.size() >= 10);
  }
  const nad::Table table = with_kind(200, 33);
  for (const Training training : {Training::clean, Training::mixed, Training::labelled}) {
    nad::Model typo(nad::Mahalanobis(), {.training = training, .label = "kinds"});
    CHECK(contains(message_of([&] { typo.fit(table); }), "'kind'"));
    nad::Model normal(nad::Mahalanobis(), {.training = training, .label = "kind", .normal = "zz"});
    CHECK(contains(message_of([&] { normal.fit(table); }), "is 'zz'; it holds 'normal'"));
  }
  nad::Model nowhere(nad::Mahalanobis(), {.normal = "fine"});
  CHECK(contains(message_of([&] { nowhere.fit(table.drop({"kind"})); }), "no column with the role of label"));
  nad::Model clean(nad::Mahalanobis(), {.label = "kind"});
  clean.fit(with_kind(600, 34, 60));
  CHECK(contains(clean.warnings().at(0), "in column 'kind'"));
}

TEST_CASE("model: labelled calibration compares with normal records, held out in their own share") {
  const nad::Table table = office(1500, 12, 5);  // 300 attacks
  nad::Model model(nad::BoostedTrees({.max_iter = 20}), {.training = Training::labelled});
  model.fit(table);
  CHECK(model.calibration().size() == 240);
  CHECK(contains(model.describe(), "p-values compare with 240 held-out normal records"));
  CHECK(model.warnings().empty());
  std::multiset<float> normal;
  const std::vector<float> scores = model.anomaly_score(table);
  for (std::size_t row = 0; row < scores.size(); ++row) {
    if (!is_attack(table, row)) {
      normal.insert(scores[row]);
    }
  }
  for (const float score : model.calibration().scores()) {
    const auto found = normal.find(score);
    REQUIRE(found != normal.end());
    normal.erase(found);
  }
  CHECK(model.calibration().scores().back() < 0.5F);

  // what is usual is so in normal records
  for (std::size_t place = 0; place < model.usual_values().size(); ++place) {
    const std::string expected = model.usual_values().expected(place);
    CHECK_FALSE(contains(expected, "irc"));
    if (model.usual_values().column(place) == "service") {
      CHECK(contains(expected, "http "));
      CHECK_FALSE(contains(expected, "other"));
    }
    if (model.usual_values().column(place) == "bytes") {
      CHECK(expected.size() < 30);  // no millions
    }
  }
}

TEST_CASE("model: few normal records among many attacks are held out up to the half, with a warning") {
  const auto learnt_from = [](std::size_t normal) {
    const nad::Table all = office(1000, 35, 2);  // every other one is an attack
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < all.rows(); ++row) {
      if (is_attack(all, row) || row / 2 < normal) {
        rows.push_back(row);
      }
    }
    nad::Model model(nad::BoostedTrees({.max_iter = 10}), {.training = Training::labelled});
    model.fit(all.take(rows));
    return model;
  };
  const nad::Model six = learnt_from(6);
  CHECK(six.calibration().size() == 3);
  REQUIRE(six.warnings().size() == 1);
  CHECK(contains(six.warnings()[0], "only 3 normal records could be held out"));
  CHECK(contains(six.describe(), six.warnings()[0]));
  CHECK(six.threshold().score < 1.0F);
  const nad::Model some = learnt_from(120);
  CHECK(some.calibration().size() == 50);
  CHECK(some.warnings().empty());
  const nad::Model two = learnt_from(2);  // both are needed to learn from
  CHECK(two.calibration().size() == 2);
  REQUIRE(two.warnings().size() == 1);
  CHECK(contains(two.warnings()[0], "too few normal records to hold any out"));

  nad::Model ten{nad::Mahalanobis()};
  ten.fit(office(10, 36));
  REQUIRE(ten.warnings().size() == 1);
  CHECK(contains(ten.warnings()[0], "p-values compare with the 10 records that were learnt from"));
}

TEST_CASE("model: a threshold on probabilities can always be exceeded") {
  nad::Table table = office(700, 37, 20);
  std::vector<std::string> labels;
  nad::ColumnBuilder label(nad::ColumnType::category);
  nad::Random random(38);
  for (std::size_t row = 0; row < table.rows(); ++row) {  // some are labelled wrongly
    label.add_text(random.uniform() < 0.03 ? "normal" : table["label"].text(row));
  }
  table = table.with({"label", nad::ColumnType::category, Role::label}, label.finish());
  nad::Model model({.training = Training::labelled, .threshold = ThresholdRule::alerts_per_day(0.001)});
  model.fit(table);
  CHECK(model.calibration().range() == nad::ScoreRange::zero_to_one);
  CHECK(model.threshold().score < 1.0F);
  CHECK(model.threshold().extrapolated);
  model.set_records_per_day(1e300);
  CHECK(model.threshold().score < 1.0F);
  CHECK(contains(model.describe(), "is out of reach of"));
  CHECK_FALSE(model.detect(table, {.most_explained = 0}).reported.empty());
  CHECK(nad::Model::load_bytes(model.save_bytes()).calibration().range() == nad::ScoreRange::zero_to_one);
}

TEST_CASE("model: no more than 20,000 records are held out") {
  nad::ColumnBuilder number(nad::ColumnType::number);
  nad::Random random(39);
  for (std::size_t row = 0; row < 41'000; ++row) {
    number.add_number(random.uniform());
  }
  const nad::Table table(nad::Schema({{"x", nad::ColumnType::number}}), {number.finish()});
  nad::Model model(nad::Mahalanobis(), {.calibration = 0.5});
  nad::FeaturePipeline pipeline({nad::Standardise{}});
  model.set_pipeline(pipeline);
  model.fit(table);
  CHECK(model.calibration().size() == 20'000);
}

/// The office's records, one every 10 s, with other times in some rows.
nad::Table with_times(const nad::Table& table, const std::vector<std::pair<std::size_t, std::int64_t>>& others) {
  nad::ColumnBuilder time(nad::ColumnType::time);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto other = std::find_if(others.begin(), others.end(), [&](const auto& pair) { return pair.first == row; });
    constexpr std::int64_t year_2020 = 1'577'836'800;
    time.add_time((other != others.end() ? other->second : year_2020 + static_cast<std::int64_t>(row) * 10) *
                  nad::nanoseconds_per_second);
  }
  return table.with({"time", nad::ColumnType::time, Role::moment}, time.finish());
}

TEST_CASE("model: records a day are those of the table, whatever a clock said once and whatever steps leave out") {
  const auto rate_of = [](const nad::Table& table) {
    nad::Model model{nad::Mahalanobis()};
    model.fit(table);
    return *model.records_per_day();
  };
  const nad::Table day = office(1000, 40);
  CHECK(rate_of(with_times(day, {})) == doctest::Approx(8640.0));
  CHECK(rate_of(with_times(day, {{500, 0}})) == doctest::Approx(8640.0).epsilon(0.01));
  CHECK(rate_of(with_times(day, {{3, 0}, {4, 4'000'000'000}, {700, 1}})) == doctest::Approx(8640.0).epsilon(0.01));
  CHECK(rate_of(with_times(office(60, 41), {{30, 0}})) == doctest::Approx(8640.0).epsilon(0.04));
  // a rate that changes is the mean of the whole time: the last tenth of the records took half of it
  std::vector<std::pair<std::size_t, std::int64_t>> slow;
  for (std::size_t row = 900; row < 1000; ++row) {
    slow.emplace_back(row, 1'577'836'800 + 9000 + static_cast<std::int64_t>(row - 900) * 90);
  }
  CHECK(rate_of(with_times(day, slow)) == doctest::Approx(4800.0).epsilon(0.01));

  nad::Model distinct{nad::Mahalanobis()};
  distinct.set_pipeline(nad::FeaturePipeline({nad::DropDuplicates{}, nad::Standardise{}}));
  nad::ColumnBuilder few(nad::ColumnType::integer);
  for (std::size_t row = 0; row < day.rows(); ++row) {
    few.add_integer(static_cast<std::int64_t>(row % 120 == 7 ? row : row % 5));
  }
  distinct.fit(with_times(day, {}).select({"time"}).with({"x", nad::ColumnType::integer, Role::feature}, few.finish()));
  CHECK(*distinct.records_per_day() == doctest::Approx(8640.0));

  std::vector<std::pair<std::size_t, std::int64_t>> same;
  for (std::size_t row = 0; row < 1000; ++row) {
    same.emplace_back(row, row == 5 ? 0 : 1'577'836'800);
  }
  nad::Model timeless(nad::Mahalanobis(), {.threshold = ThresholdRule::alerts_per_day(5)});
  CHECK(contains(message_of([&] { timeless.fit(with_times(day, same)); }), "times of the training table do not tell"));
}

TEST_CASE("model: says when more is reported than promised, and of which records it promises") {
  nad::Model model{nad::Mahalanobis()};
  model.fit(office(2000, 42));
  CHECK_FALSE(model.detect(office(1000, 43)).drift.needs_attention());
  const nad::Findings attacked = model.detect(office(1000, 43, 10));
  CHECK(attacked.drift.beyond_promise);
  CHECK_FALSE(attacked.drift.drifted());
  CHECK(attacked.drift.promised_share == doctest::Approx(0.01).epsilon(0.01));
  CHECK(attacked.drift.reported_share == doctest::Approx(static_cast<double>(attacked.reported.size()) / 1000.0));
  CHECK(contains(model.describe(), "at most 1 % of normal records"));
  nad::Model mixed(nad::Mahalanobis(), {.training = Training::mixed});
  mixed.fit(office(600, 44, 20));
  CHECK(contains(mixed.describe(), "at most 1 % of training records"));
  CHECK(contains(nad::read_header_bytes(mixed.save_bytes()), "at most 1 % of training records"));
}

/// The file of a model with another rule in the place of its own.
std::vector<std::byte> with_stored_rule(const nad::Model& model, std::uint8_t kind, double value) {
  const auto stored = [&](std::uint8_t rule_kind, double rule_value) {
    std::vector<std::byte> bytes(1 + sizeof rule_value);
    bytes[0] = static_cast<std::byte>(rule_kind);
    std::memcpy(bytes.data() + 1, &rule_value, sizeof rule_value);
    return bytes;
  };
  model_file::Parts parts = model_file::split(model.save_bytes());
  const std::vector<std::byte> own =
      stored(static_cast<std::uint8_t>(model.threshold_rule().kind), model.threshold_rule().value);
  const auto found = std::find_end(parts.payload.begin(), parts.payload.end(), own.begin(), own.end());
  REQUIRE(found != parts.payload.end());
  const std::vector<std::byte> other = stored(kind, value);
  std::copy(other.begin(), other.end(), found);
  return model_file::join(parts);
}

TEST_CASE("model: a rule in a file that makes no sense is a bad file") {
  nad::Model model(nad::Mahalanobis(), {.threshold = ThresholdRule::false_positive_rate(0.0625)});
  model.fit(office(300, 45));
  const std::uint8_t own = static_cast<std::uint8_t>(nad::ThresholdKind::false_positive_rate);
  CHECK(nad::Model::load_bytes(with_stored_rule(model, own, 0.5)).threshold_rule().value == 0.5);
  for (const auto& [kind, value] : {std::pair<std::uint8_t, double>(206, 0.5), {own, -0.5}, {own, NAN}}) {
    try {
      nad::Model::load_bytes(with_stored_rule(model, kind, value));
      CHECK_MESSAGE(false, "was loaded");
    } catch (const nad::Error& error) {
      CHECK(error.code() == nad::ErrorCode::bad_file);
      CHECK(contains(error.what(), "the model is damaged"));
    }
  }
}

}  // namespace
