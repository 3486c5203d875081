// A model end to end: what it reports, why, how surely, and that a file brings all of it back.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "nad/core/random.hpp"
#include "office.hpp"
#include "temporary_folder.hpp"

namespace {

using nad::ColumnType;
using tests::contains;
using tests::is_attack;
using tests::message_of;
using tests::office;

nad::Model small_model(nad::ModelOptions options = {}) { return nad::Model(nad::Mahalanobis(), std::move(options)); }

TEST_CASE("model: reports the attacks first, each with the column that gives it away") {
  nad::Ensemble ensemble;  // the one that a model chooses by itself is asked in Python's tests
  ensemble.add(nad::Mahalanobis()).add(nad::LocalGaussian({.n_clusters = 4}));
  nad::Model model(ensemble, {.training = nad::Training::clean});
  model.fit(office(1500, 1));
  const nad::Table today = office(1000, 2, 100);
  const nad::Findings findings = model.detect(today);
  REQUIRE(findings.reported.size() >= 10);
  REQUIRE(findings.reported.size() < 40);
  for (std::size_t i = 0; i < findings.reported.size(); ++i) {
    const nad::Finding& finding = findings.reported[i];
    CHECK(finding.score == findings.scores[finding.row]);
    CHECK(finding.score > findings.limit.score);
    CHECK((i == 0 || findings.reported[i - 1].score >= finding.score));
    CHECK(is_attack(today, finding.row) == (i < 10));
    if (i < 10) {
      const bool exfiltration = today["label"].text(finding.row) == "exfiltration";
      CHECK(finding.reasons.at(0).column == (exfiltration ? "bytes" : "service"));
      CHECK(finding.reasons.at(0).direction == (exfiltration ? nad::Direction::higher : nad::Direction::never_seen));
      CHECK(contains(finding.to_string(),
                     exfiltration ? "is higher than usual" : "service irc was never seen (usual: http"));
    }
  }
  const auto above = std::count_if(findings.scores.begin(), findings.scores.end(),
                                   [&](float score) { return score > model.threshold().score; });
  CHECK(findings.reported.size() == static_cast<std::size_t>(above));
  CHECK_FALSE(findings.drift.drifted());
  CHECK(contains(model.describe(), "the detector was given: ensemble"));
  CHECK(contains(model.describe(), "held-out records"));
  double shares = 0.0;
  for (const nad::ColumnImportance& column : model.importance()) {
    CHECK(column.name != "label");
    CHECK(column.name != "time");
    shares += column.share;
  }
  CHECK(shares == doctest::Approx(1.0));
}

TEST_CASE("model: is its pipeline and its detector, fitted on what was not held out") {
  const nad::Table table = office(400, 3);
  nad::Model model = small_model();
  model.fit(table);
  CHECK(model.calibration().size() == 80);
  const nad::Matrix x = model.pipeline().transform(table);
  CHECK(model.detector().anomaly_score(x) == model.anomaly_score(table));
  // of what it learnt from: the calibration rows are those whose scores it keeps
  const std::vector<float> scores = model.anomaly_score(table);
  const std::multiset<float> all(scores.begin(), scores.end());
  std::vector<std::size_t> learnt;
  std::multiset<float> held_out(model.calibration().scores().begin(), model.calibration().scores().end());
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const auto found = held_out.find(scores[row]);
    if (found == held_out.end()) {
      learnt.push_back(row);
    } else {
      held_out.erase(found);
    }
  }
  REQUIRE(held_out.empty());
  const nad::Table part = table.take(learnt);
  nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(table);
  nad::Mahalanobis by_hand;
  by_hand.fit(pipeline.fit_transform(part));
  CHECK(by_hand.anomaly_score(pipeline.transform(table)) == scores);

  const std::vector<nad::Finding> explained = model.explain(table, std::vector<std::size_t>{7, 3});
  REQUIRE(explained.size() == 2);
  CHECK(explained[0].row == 7);
  for (const nad::Finding& finding : explained) {
    double sum = 0.0;
    for (const nad::Reason& reason : finding.reasons) {
      sum += reason.contribution;
    }
    CHECK(sum == doctest::Approx(finding.surprise).epsilon(1e-4));
  }
  CHECK(contains(message_of([&] { model.explain(table, std::vector<std::size_t>{400}); }), "no row 400"));
}

TEST_CASE("model: normal records are reported as seldom as promised, over many draws") {
  double beyond = 0.0;
  constexpr int draws = 60;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    nad::Model model = small_model({.threshold = nad::ThresholdRule::false_positive_rate(0.05), .random_state = draw});
    model.fit(office(300, 100 + draw));
    const nad::Findings findings = model.detect(office(200, 900 + draw), {.most_reasons = 0});
    beyond += static_cast<double>(findings.reported.size()) / 200.0 / draws;
  }
  // 60 held-out scores: P(p <= 0.05) = 3 / 61
  CHECK(std::abs(beyond - 3.0 / 61.0) < 0.012);
}

TEST_CASE("model: a file brings back the same findings, and says what it holds") {
  const TemporaryFolder folder;
  const nad::Table today = office(300, 5, 50);
  nad::Model model = small_model({.threshold = nad::ThresholdRule::alerts_per_day(40), .random_state = 9});
  model.fit(office(500, 4));
  model.save(folder / "office.nad", "monday");
  const nad::Model same = nad::Model::load(folder / "office.nad");
  const nad::Findings expected = model.detect(today);
  const nad::Findings found = same.detect(today);
  CHECK(found.scores == expected.scores);
  CHECK(found.reported == expected.reported);
  REQUIRE(!found.reported.empty());
  CHECK(found.limit == expected.limit);
  CHECK(same.describe() == model.describe());
  CHECK(same.save_bytes("monday") == model.save_bytes("monday"));
  nad::Model again = same;  // goes on with the detector that was given to the first
  again.fit(office(500, 4));
  CHECK(again.detector().kind() == "mahalanobis");
  CHECK(again.save_bytes() == model.save_bytes());
  CHECK(same.threshold_rule() == nad::ThresholdRule::alerts_per_day(40));
  const std::string header = nad::read_header(folder / "office.nad");
  for (const char* part : {"\"kind\": \"model\"", "\"service\"", "at most 40 alerts a day", "mahalanobis", "monday"}) {
    CHECK_MESSAGE(contains(header, part), part);
  }
  CHECK(contains(message_of([&] { nad::load_detector(folder / "office.nad"); }), "Model::load()"));
  CHECK(contains(message_of([&] { nad::load<nad::FeaturePipeline>(folder / "office.nad"); }), "whole model"));
  nad::save(model.detector(), folder / "detector.nad");
  CHECK(contains(message_of([&] { nad::Model::load(folder / "detector.nad"); }), "'mahalanobis' alone"));
  CHECK(contains(message_of([] { static_cast<void>(nad::Model().save_bytes()); }), "not learnt"));
}

TEST_CASE("model: no damaged file brings it down") {
  nad::Model model = small_model();
  model.fit(office(80, 6));
  const model_file::Parts sound = model_file::split(model.save_bytes());
  const nad::Table table = office(20, 7);
  std::size_t refused = 0;
  nad::Random random(1);
  for (int trial = 0; trial < 400; ++trial) {
    model_file::Parts parts = sound;
    parts.payload[random.below(parts.payload.size())] ^= static_cast<std::byte>(1 + random.below(255));
    try {
      const nad::Findings findings = nad::Model::load_bytes(model_file::join(parts)).detect(table);
      REQUIRE(findings.scores.size() == 20);
    } catch (const nad::Error&) {
      ++refused;
    }
  }
  CHECK(refused > 40);
}

TEST_CASE("model: a table that does not fit is refused, with the differences") {
  nad::Model model = small_model();
  model.fit(office(200, 8));
  const std::string message = message_of([&] {
    model.detect(office(10, 9).drop({"bytes", "service"}).with_source("zeek_conn"));
  });
  CHECK(contains(message, "lacks 2 of them, 'bytes', 'service'"));
  CHECK(contains(message, "(zeek_conn)"));
  CHECK(contains(message_of([&] { model.detect(office(10, 9).rename("bytes", "octets")); }), "'octets'"));
  const nad::Table text = office(10, 9);
  CHECK(contains(message_of([&] {
                   model.detect(text.with({"bytes", ColumnType::category}, text["service"]));
                 }),
                 "'bytes' is of type category"));
  CHECK(contains(message_of([&] { nad::Model().detect(text); }), "not learnt"));
  CHECK(contains(message_of([&] { nad::Model().threshold(); }), "not learnt"));
  CHECK(contains(message_of([&] { nad::Model().importance(); }), "not learnt"));
  CHECK(contains(message_of([&] { small_model().fit(text.head(1)); }), "1 records"));
  CHECK(contains(message_of([] { nad::Model({.calibration = 0.9}); }), "at most 0.5"));
  CHECK(contains(message_of([] { nad::Model({.records_per_day = -1.0}); }), "above 0"));
  CHECK(contains(message_of([] { nad::Model({.threshold = nad::ThresholdRule::quantile(2.0)}); }), "0 to 1"));
}

TEST_CASE("model: says when records that it should believe normal are labelled as attacks") {
  nad::Model model = small_model();
  model.fit(office(600, 7, 60));
  REQUIRE(model.warnings().size() == 1);
  CHECK(contains(model.warnings()[0], "10 of the records to learn from are labelled 'exfiltration', 'tunnel'"));
  CHECK(contains(model.describe(), model.warnings()[0]));
  CHECK(nad::Model::load_bytes(model.save_bytes()).describe() == model.describe());
  model.fit(office(600, 7));
  CHECK(model.warnings().empty());
  nad::Model mixed = small_model({.training = nad::Training::mixed});
  mixed.fit(office(600, 7, 60));
  CHECK(mixed.warnings().empty());
}

TEST_CASE("model: its threshold changes without training") {
  nad::Model model = small_model();
  model.fit(office(1000, 10));
  CHECK(*model.records_per_day() == doctest::Approx(8640.0));
  const nad::Table today = office(500, 11, 20);
  const std::size_t before = model.detect(today).reported.size();
  model.set_threshold(nad::ThresholdRule::false_positive_rate(0.2));
  CHECK(model.detect(today).reported.size() > before + 40);
  model.set_threshold(nad::ThresholdRule::score(1e9));
  CHECK(model.detect(today).reported.empty());
  model.set_threshold(nad::ThresholdRule::alerts_per_day(86.4));
  CHECK(model.threshold() == model.calibration().score_at(86.4 / *model.records_per_day()));
  model.set_records_per_day(80'000.0);
  CHECK(model.threshold() == model.calibration().score_at(86.4 / 80'000.0));
  CHECK(model.threshold().extrapolated);
  CHECK_FALSE(contains(model.describe(), "out of reach"));
  model.set_records_per_day(864'000.0);  // one in 10,000: ten times as far as the tail of 200 scores tells anything
  CHECK(model.threshold() == model.calibration().score_at(1.0 / (201.0 * 5.0)));
  CHECK(contains(model.describe(),
                 "the threshold, at most 86.4 alerts a day, is out of reach of 200 calibration "
                 "records: expect up to 860 alerts a day; it takes 89"));
  nad::Model strict = small_model({.threshold = nad::ThresholdRule::false_positive_rate(1e-4)});
  strict.fit(office(1000, 10));
  REQUIRE_FALSE(strict.warnings().empty());
  CHECK(contains(strict.warnings().back(), "expect up to 0.1 %"));
  CHECK(contains(message_of([&] { model.set_threshold(nad::ThresholdRule::f_beta()); }), "labelled records"));
  model.set_threshold(nad::ThresholdRule::f_beta(), today);
  const nad::Findings best = model.detect(today);
  CHECK(std::all_of(best.reported.begin(), best.reported.end(),
                    [&](const nad::Finding& finding) { return is_attack(today, finding.row); }));
  CHECK(best.reported.size() >= 20);
  CHECK(contains(message_of([&] { model.set_records_per_day(0.0); }), "above 0"));

  const nad::Findings few = model.detect(today, {.false_discovery_rate = 0.2});
  std::vector<double> p;
  for (const float score : few.scores) {
    p.push_back(model.calibration().conformal_p_value(score));
  }
  CHECK(few.reported.size() == nad::benjamini_hochberg(p, 0.2).count);
  CHECK(few.reported.size() >= 20);
  for (const nad::Finding& finding : few.reported) {
    CHECK(finding.score > few.limit.score);
  }
  const nad::Table quiet = office(500, 11, 250);  // two attacks are too few to be told from chance by ranks
  CHECK(model.detect(quiet).reported.size() >= 2);
  CHECK(model.detect(quiet, {.false_discovery_rate = 0.1}).reported.empty());

  const double before_it = *model.records_per_day();
  model.set_threshold(nad::ThresholdRule::alerts_per_day(1e-200));
  const nad::ScoreLimit limit = model.threshold();
  CHECK(contains(message_of([&] { model.set_records_per_day(-1.0); }), "above 0"));
  CHECK(*model.records_per_day() == before_it);
  model.set_records_per_day(1e200);
  CHECK(model.threshold() == limit);
}

TEST_CASE("model: learns families from labels, and mixed traffic without") {
  const nad::Table train = office(1500, 12, 5);
  const nad::Table test = office(500, 13, 10);
  nad::Model labelled({.training = nad::Training::labelled, .threshold = nad::ThresholdRule::f_beta(1.0)});
  labelled.fit(train);
  CHECK(labelled.families() == std::vector<std::string>{"normal", "exfiltration", "tunnel"});
  const nad::Findings findings = labelled.detect(test);
  CHECK(findings.reported.size() == 50);
  for (const nad::Finding& finding : findings.reported) {
    CHECK(finding.family == test["label"].text(finding.row));
  }
  const std::vector<std::int32_t> predicted = labelled.predict(test);
  for (std::size_t row = 0; row < test.rows(); ++row) {
    REQUIRE(labelled.families()[static_cast<std::size_t>(predicted[row])] == test["label"].text(row));
  }
  labelled.set_threshold(nad::ThresholdRule::score(0.0));  // what is reported is of a kind of attack, never normal
  const std::vector<std::int32_t> all = labelled.predict(test);
  CHECK(std::count(all.begin(), all.end(), 0) < 5);
  for (const nad::Finding& finding : labelled.detect(test).reported) {
    REQUIRE(finding.family != "normal");
  }
  labelled.set_threshold(nad::ThresholdRule::f_beta(1.0), train);
  CHECK(contains(message_of([&] { small_model().predict(test); }), "fit"));
  CHECK(labelled.threshold_rule() == nad::ThresholdRule::f_beta(1.0));
  CHECK(nad::Model::load_bytes(labelled.save_bytes()).detect(test).reported == findings.reported);

  nad::Model by_normal(nad::Mahalanobis(),
                       {.training = nad::Training::labelled, .threshold = nad::ThresholdRule::f_beta()});
  by_normal.fit(train);
  CHECK(by_normal.detect(test).reported.size() == 50);
  CHECK(contains(message_of([&] { by_normal.predict(test); }), "has learnt no families"));
  CHECK(contains(by_normal.describe(), "normal records alone"));

  nad::Ensemble both({.calibration = 0.2});
  both.add(nad::BoostedTrees()).add(nad::Mahalanobis());
  nad::Model together(both, {.training = nad::Training::labelled, .threshold = nad::ThresholdRule::f_beta()});
  together.fit(train);
  const nad::Findings joined = together.detect(test);
  CHECK(joined.reported.size() < 56);
  CHECK(std::count_if(joined.reported.begin(), joined.reported.end(),
                      [&](const nad::Finding& finding) { return is_attack(test, finding.row); }) == 50);

  nad::Model mixed({.training = nad::Training::mixed, .threshold = nad::ThresholdRule::contamination(0.02)});
  const nad::Table traffic = office(1500, 14, 50);
  mixed.fit(traffic);
  const nad::Findings found = mixed.detect(traffic);
  CHECK(found.reported.size() == 30);
  const auto right = std::count_if(found.reported.begin(), found.reported.end(),
                                   [&](const nad::Finding& finding) { return is_attack(traffic, finding.row); });
  CHECK(right >= 28);

  CHECK(contains(message_of([&] { labelled.fit(train.drop({"label"})); }), "role of label"));
  CHECK(contains(message_of([&] { nad::Model({.training = nad::Training::labelled, .normal = "fine"}).fit(train); }),
                 "'fine'"));
  CHECK(contains(message_of([&] { nad::Model(nad::BoostedTrees(), {}).fit(train); }), "learns from labels"));
}

TEST_CASE("model: contributions fold back through novelty flags and principal components") {
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::OneHot{}, nad::Novelty{}, nad::Standardise{.clip = 10.0},
                                 nad::Pca{.components = std::uint64_t{4}}});
  nad::Model model = small_model();
  model.set_pipeline(pipeline);
  model.fit(office(600, 15));
  const nad::Table odd = office(40, 16, 20);
  const std::vector<std::size_t> rows = {19, 39};
  const std::vector<nad::Finding> found = model.explain(odd, rows);
  for (const nad::Finding& finding : found) {
    double sum = 0.0;
    for (const nad::Reason& reason : finding.reasons) {
      sum += reason.contribution;
    }
    CHECK(sum == doctest::Approx(finding.surprise).epsilon(1e-4));
  }
  nad::FeaturePipeline novelty({nad::OneHot{}, nad::Novelty{}});
  novelty.fit(office(200, 17));
  const nad::Table columns = novelty.columns(odd);
  nad::Matrix contributions(columns.rows(), novelty.features().size());
  std::size_t flag = 0;
  while (novelty.features()[flag].sources.size() < 2 &&
         novelty.features()[flag].name.find("novel") == std::string::npos) {
    ++flag;
  }
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    contributions(row, flag) = 6.0F;
  }
  const nad::Matrix folded = novelty.fold(contributions, columns);
  const std::size_t service = columns.schema().place("service");
  CHECK(odd["service"].text(39) == "irc");
  CHECK(folded(39, service) == 6.0F);
  CHECK(contains(message_of([&] { novelty.fold(contributions, columns.head(2)); }), "do not fit"));
}

}  // namespace
