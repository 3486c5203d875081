// Runs of unusual records: the sum against one that is written down naively, its limit against what independent records
// do, and a model that reports a source none of whose records is unusual enough.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "nad/core/random.hpp"
#include "nad/model/held_out-inl.hpp"
#include "nad/nad.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::contains;
using tests::message_of;

constexpr std::int64_t second = 1'000'000'000;

nad::Address host(std::uint32_t number) { return nad::Address::v4(0x0a000000U + number); }

/// -log of a p-value as normal records have it.
double usual_surprise(nad::Random& random) { return -std::log(1.0 - random.uniform()); }

TEST_CASE("runs: the evidence of each source is a sum that fades and is never below 0") {
  nad::RunWatch watch;
  nad::Random random(1);
  struct Naive {
    double evidence = 0.0;
    std::uint64_t records = 0;
    std::int64_t begin = 0;
    std::int64_t latest = 0;
  };
  std::map<std::uint64_t, Naive> naive;
  std::int64_t now = 1'700'000'000 * second;
  bool reached_most = false;
  for (int i = 0; i < 20'000; ++i) {
    now += static_cast<std::int64_t>(random.below(second));
    const std::uint64_t source = random.below(9);
    const double surprise = 3.0 * usual_surprise(random) * (source == 8 ? 4.0 : 1.0);
    Naive& known = naive[source];
    known.evidence *= std::exp(-static_cast<double>(now - known.latest) / 120e9);
    known.latest = now;
    if (known.evidence < 0.05) {
      known = {.evidence = 0.0, .records = 0, .begin = now, .latest = now};
    }
    const double step = std::min(surprise, 12.0) - 3.0;
    known.evidence = std::clamp(known.evidence + step, 0.0, 100.0);
    known.evidence = known.evidence < 0.05 ? 0.0 : known.evidence;
    known.records += step > 0.0 && known.evidence > 0.0 ? 1U : 0U;
    const nad::RunEvidence run = watch.add(host(static_cast<std::uint32_t>(source)), now, surprise);
    REQUIRE(run.evidence == doctest::Approx(known.evidence).epsilon(1e-9));
    if (run.evidence > 0.0) {
      REQUIRE(run.records == known.records);
      REQUIRE(run.begin == known.begin);
      REQUIRE(run.is_new == (known.begin == now));
      REQUIRE(run.adds == (step > 0.0));
    }
    reached_most = reached_most || run.evidence == 100.0;
  }
  CHECK(reached_most);
}

TEST_CASE("runs: a clock that steps back takes nothing away and adds nothing") {
  nad::RunWatch watch;
  CHECK(watch.add(host(1), 100 * second, 9.0).evidence == 6.0);
  CHECK(watch.add(host(1), 10 * second, 4.0).evidence == 7.0);
  CHECK(watch.add(host(1), 100 * second, 4.0).evidence == 8.0);
  CHECK(watch.add(host(1), 220 * second, 3.0).evidence == doctest::Approx(8.0 / std::exp(1.0)));
}

TEST_CASE("runs: of too many sources those with the least evidence are forgotten") {
  nad::RunWatch watch;
  for (std::uint32_t i = 0; i < 40; ++i) {
    watch.add(host(1'000'000 + i), second, 12.0);
  }
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    watch.add(host(i), second, 4.0 + 1e-6 * i);
  }
  CHECK(watch.size() <= 65'536);
  CHECK(watch.size() > 30'000);
  for (std::uint32_t i = 0; i < 40; ++i) {
    CHECK(watch.add(host(1'000'000 + i), second, 3.5).evidence == 9.5);
  }
}

TEST_CASE("runs: what is saved goes on, and what is damaged is refused") {
  nad::RunWatch watch;
  nad::Random random(2);
  for (int i = 0; i < 500; ++i) {
    watch.add(host(static_cast<std::uint32_t>(random.below(50))), i * second, 5.0 * usual_surprise(random));
  }
  watch.add(nad::Address::parse("2001:db8::7").value(), 500 * second, 8.0);
  const std::string state = watch.save_state();
  nad::RunWatch other;
  other.add(host(77), second, 9.0);
  other.restore_state(state);
  CHECK(other.size() == watch.size());
  CHECK(other.save_state() == state);
  for (std::uint32_t i = 0; i < 50; ++i) {
    CHECK(other.add(host(i), 600 * second, 4.0) == watch.add(host(i), 600 * second, 4.0));
  }
  const std::string after = other.save_state();
  for (const std::string& damaged :
       {std::string(), state.substr(0, state.size() - 3), "runs 2\n" + state.substr(7), state + state.substr(7),
        std::string("runs 1\n10.0.0.1 nan 1 0 0\n"), std::string("runs 1\n10.0.0.1 1e9 1 0 0\n"),
        std::string("runs 1\n10.0.0.1 5 1 9 0\n"), std::string("runs 1\nnobody 5 1 0 0\n")}) {
    CHECK(contains(message_of([&] { other.restore_state(damaged); }), "the state of the runs is damaged"));
  }
  CHECK(other.save_state() == after);
}

/// Of so many records of some sources, one a second each.
nad::RunPeaks peaks_of(nad::Random& random, int records, double worse = 1.0) {
  nad::RunPeaks peaks;
  for (int i = 0; i < records; ++i) {
    peaks.add(host(static_cast<std::uint32_t>(i % 20)), i / 20 * second, worse * usual_surprise(random));
  }
  peaks.end();
  return peaks;
}

/// How often sources rise above a limit.
int crossings(nad::Random& random, int records, double limit, double worse = 1.0) {
  nad::RunWatch watch;
  std::set<std::size_t> above;
  int count = 0;
  for (int i = 0; i < records; ++i) {
    const auto source = static_cast<std::uint32_t>(i % 20);
    const double evidence = watch.add(host(source), i / 20 * second, worse * usual_surprise(random)).evidence;
    if (evidence > limit) {
      count += above.insert(source).second ? 1 : 0;
    } else {
      above.erase(source);
    }
  }
  return count;
}

TEST_CASE("runs: the limit lets through what was promised, few records to learn from or many, dependent or not") {
  nad::Random random(3);
  constexpr int records = 400'000;
  constexpr double share = 1e-4;  // 40 crossings
  for (const int learnt : {200, 2'000, 40'000}) {
    const nad::RunCalibration calibration(peaks_of(random, learnt));
    CHECK(calibration.records() == static_cast<std::uint64_t>(learnt));
    const double limit = static_cast<double>(calibration.limit(share).score);
    const int seen = crossings(random, records, limit);
    CAPTURE(learnt);
    CAPTURE(limit);
    CHECK(seen <= 60);  // 40 and three standard deviations
    CHECK((learnt < 40'000 || seen >= 5));
    CHECK((learnt < 40'000 || calibration.p_value(limit).value == doctest::Approx(share).epsilon(0.1)));
  }
  // surprises half as high again as they claim to be, as those of sources whose records are alike: the limit is higher
  const nad::RunCalibration alike(peaks_of(random, 40'000, 1.5));
  const double limit = static_cast<double>(alike.limit(share).score);
  CHECK(limit > 1.2 * static_cast<double>(nad::RunCalibration(peaks_of(random, 40'000)).limit(share).score));
  CHECK(crossings(random, records, limit, 1.5) <= 80);
  CHECK(crossings(random, records, limit, 1.5) >= 5);
}

TEST_CASE("runs: limits rise as promises fall, end before evidence does, and need something to learn from") {
  nad::Random random(4);
  const nad::RunCalibration calibration(peaks_of(random, 5'000));
  float before = 0.0F;
  for (const double share : {0.02, 1e-3, 1e-4, 1e-6, 1e-12, 1e-100}) {
    const float limit = calibration.limit(share).score;
    CHECK(limit >= before);
    before = limit;
  }
  CHECK(before <= 90.0F);
  CHECK(calibration.p_value(100.0).value == calibration.p_value(60.0).value);
  CHECK(calibration.p_value(60.0).extrapolated);
  CHECK(calibration.p_value(100.0).value > 1e-6);
  CHECK(contains(message_of([&] { static_cast<void>(calibration.limit(0.0)); }), "above 0 and at most 1"));
  CHECK(contains(message_of([] { static_cast<void>(nad::RunCalibration().limit(0.1)); }), "no held-out records"));
  nad::RunPeaks quiet;
  for (int i = 0; i < 100; ++i) {
    quiet.add(host(1), i * second, 0.5);
  }
  quiet.end();
  CHECK(nad::RunCalibration(quiet).limit(1e-3).score == doctest::Approx(std::log(1e3) / 0.9405).epsilon(0.001));
}

/// Ten hosts, a record each two seconds. From `odd_from` on one more, each of whose records is larger than usual, as
/// many of the others are now and then.
nad::Table hosts(std::size_t rows, std::uint64_t seed, std::size_t odd_from = ~std::size_t{0}) {
  nad::Random random(seed);
  nad::ColumnBuilder timestamp(nad::ColumnType::time);
  nad::ColumnBuilder source(nad::ColumnType::address);
  nad::ColumnBuilder bytes(nad::ColumnType::number);
  nad::ColumnBuilder packets(nad::ColumnType::number);
  for (std::size_t row = 0; row < rows; ++row) {
    const bool odd = row >= odd_from && row % 3 == 0;
    timestamp.add_time(static_cast<std::int64_t>(row) * 2 * second);
    source.add_address(host(odd ? 99 : 1 + static_cast<std::uint32_t>(random.below(10))));
    bytes.add_number(1000.0 + 100.0 * random.normal() + (odd ? 260.0 : 0.0));
    packets.add_number(20.0 + random.normal());
  }
  std::vector<nad::Column> columns;
  for (nad::ColumnBuilder* builder : {&timestamp, &source, &bytes, &packets}) {
    columns.push_back(builder->finish());
  }
  return {nad::Schema({{"timestamp", nad::ColumnType::time, nad::Role::moment},
                       {"src_ip", nad::ColumnType::address, nad::Role::identifier},
                       {"bytes", nad::ColumnType::number, nad::Role::feature},
                       {"packets", nad::ColumnType::number, nad::Role::feature}}),
          std::move(columns)};
}

bool is_odd(const nad::Table& table, std::size_t row) { return table["src_ip"].addresses()[row] == host(99); }

nad::Model learnt(nad::ModelOptions options = {}) {
  options.threshold = nad::ThresholdRule::alerts_per_day(10);
  nad::Model model(nad::Mahalanobis(), options);
  model.fit(hosts(12'000, 5));
  return model;
}

TEST_CASE("runs: a model reports a source whose records are each a little unusual, and says so") {
  const nad::Model model = learnt();
  REQUIRE(model.run_limit());
  CHECK(model.run_calibration().records() == 2'400);
  CHECK(contains(model.describe(), "runs of unusual records of one source: reported beyond evidence"));
  const nad::Table today = hosts(4'000, 6, 3'000);
  const nad::Findings findings = model.detect(today);
  std::size_t odd = 0;
  std::size_t usual = 0;
  std::uint64_t most = 0;
  for (const nad::Finding& finding : findings.reported) {
    REQUIRE((finding.score > findings.limit.score || finding.run));
    (is_odd(today, finding.row) ? odd : usual) += 1;
    if (finding.run) {
      CHECK(finding.run->evidence > static_cast<double>(model.run_limit()->score));
      CHECK(finding.run->p.value < 1e-3);
      CHECK(contains(finding.to_string(), "unusual records of " + finding.run->source));
      CHECK(finding.run->source == today["src_ip"].addresses()[finding.row].to_string());
      most = std::max(most, finding.run->records);
    }
  }
  CHECK(odd > 150);  // of 333, those that are no larger than usual left out
  CHECK(usual <= 5);
  CHECK(most > 150);
  const nad::Findings single = model.detect(today, {.runs = false});
  CHECK(std::none_of(single.reported.begin(), single.reported.end(),
                     [](const nad::Finding& finding) { return finding.run.has_value(); }));
  CHECK(single.reported.size() < 40);
  const nad::Findings by_rate = model.detect(today, {.false_discovery_rate = 0.1});
  CHECK(std::none_of(by_rate.reported.begin(), by_rate.reported.end(),
                     [](const nad::Finding& finding) { return finding.run.has_value(); }));
}

TEST_CASE("runs: records that come by and by, from a file's model, are found as in one table") {
  const nad::Model model = learnt();
  const nad::Table today = hosts(1'500, 7, 800);
  const nad::Findings whole = model.detect(today);
  const nad::Model loaded = nad::Model::load_bytes(model.save_bytes());
  CHECK(loaded.run_limit() == model.run_limit());
  CHECK(loaded.describe() == model.describe());
  nad::RecordScorer scorer(loaded);
  std::vector<nad::Finding> found;
  for (std::size_t row = 0; row < today.rows(); row += 100) {
    if (row == 900) {  // another process goes on
      const std::string state = scorer.sources().runs.save_state();
      scorer = nad::RecordScorer(loaded, scorer.records());
      scorer.sources().runs.restore_state(state);
    }
    for (nad::Finding& finding : scorer.detect(today.slice(row, 100)).reported) {
      finding.row += row;
      found.push_back(std::move(finding));
    }
  }
  std::vector<nad::Finding> expected = whole.reported;
  const auto by_row = [](const nad::Finding& a, const nad::Finding& b) { return a.row < b.row; };
  std::sort(found.begin(), found.end(), by_row);
  std::sort(expected.begin(), expected.end(), by_row);
  CHECK(found == expected);
  CHECK(std::count_if(found.begin(), found.end(), [](const nad::Finding& one) { return one.run.has_value(); }) > 50);
}

TEST_CASE("runs: only for a threshold in alerts a day, and only where they were learnt") {
  nad::Model model = learnt();
  const nad::ScoreLimit limit = model.threshold();
  const std::optional<nad::ScoreLimit> runs = model.run_limit();
  model.set_threshold(nad::ThresholdRule::alerts_per_day(100));
  CHECK(model.run_limit()->score < runs->score);
  model.set_threshold(nad::ThresholdRule::false_positive_rate(0.01));
  CHECK_FALSE(model.run_limit());
  model.set_threshold(nad::ThresholdRule::alerts_per_day(10));
  CHECK(model.run_limit() == runs);
  CHECK(model.threshold() == limit);
  model.set_records_per_day(1e6);
  CHECK(model.run_limit()->score > runs->score);

  const nad::Model single = learnt({.runs = false});
  CHECK_FALSE(single.run_limit());
  CHECK_FALSE(single.run_calibration().is_fitted());
  nad::Model nameless(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::alerts_per_day(10)});
  nameless.fit(hosts(2'000, 8).drop({"src_ip"}));
  CHECK_FALSE(nameless.run_limit());
  nad::Model mixed(nad::Mahalanobis(),
                   {.training = nad::Training::mixed, .threshold = nad::ThresholdRule::alerts_per_day(10)});
  mixed.fit(hosts(2'000, 9));
  CHECK_FALSE(mixed.run_limit());
}

TEST_CASE("runs: what is held out by time are spells of it, spread over all of it") {
  nad::Random random(10);
  std::vector<std::int64_t> times(5'000);
  for (std::size_t row = 0; row < times.size(); ++row) {
    times[row] = static_cast<std::int64_t>(row) * 10 * second;
  }
  for (std::size_t row = times.size(); row-- > 1;) {
    std::swap(times[row], times[random.below(row + 1)]);
  }
  const nad::detail::HeldOut rows(times, 0.2, 7);
  CHECK(rows.held_out.size() == 1'000);
  CHECK(rows.learnt.size() == 4'000);
  CHECK(std::is_sorted(rows.held_out.begin(), rows.held_out.end()));
  CHECK(rows.spells.size() == 33);  // of five minutes
  std::set<std::size_t> all(rows.learnt.begin(), rows.learnt.end());
  std::int64_t before = -1;
  for (const std::vector<std::size_t>& spell : rows.spells) {
    for (std::size_t i = 0; i < spell.size(); ++i) {
      CHECK(all.insert(spell[i]).second);
      CHECK(times[spell[i]] == times[spell[0]] + static_cast<std::int64_t>(i) * 10 * second);
    }
    CHECK(times[spell.front()] > before);
    CHECK(times[spell.front()] - before < 400 * 10 * second);
    before = times[spell.back()];
  }
  CHECK(all.size() == times.size());
  CHECK(nad::detail::HeldOut(std::vector<std::int64_t>(200, 5), 0.2, 7).held_out.empty());
  CHECK(nad::detail::HeldOut(std::vector<std::int64_t>(300, 5), 0.2, 7).held_out.size() == 60);
}

TEST_CASE("runs: an alert tells of the run, and has its severity") {
  const nad::Model model = learnt();
  const nad::Table today = hosts(4'000, 6, 3'000);
  const nad::AlertMaker maker(model);
  bool told = false;
  for (const nad::Finding& finding : model.detect(today).reported) {
    const nad::Alert alert = maker.make(today, finding);
    if (!finding.run) {
      CHECK(alert.anomaly_class != nad::run_class);
      continue;
    }
    CHECK(alert.p_value == std::min(finding.p.value, finding.run->p.value));
    CHECK(alert.reasons.at(0).column == "unusual records");
    CHECK(contains(alert.reasons[0].value, std::to_string(finding.run->records) + " of 10.0.0."));
    CHECK(alert.reasons.size() == finding.reasons.size() + 1);
    if (finding.score <= model.threshold().score) {
      CHECK(alert.anomaly_class == nad::run_class);
      nad::Alert again = alert;
      nad::AlertMaker::add_reasons(again, finding);
      CHECK(again.reasons == alert.reasons);
      told = true;
    }
  }
  CHECK(told);
}

TEST_CASE("runs: a monitor tells of them in few records, the same ones when it stops and starts again") {
  const TemporaryFolder folder;
  nad::write_csv(hosts(12'000, 5), folder / "usual.csv");
  nad::write_csv(hosts(4'000, 6, 3'000), folder / "today.csv");
  nad::Model model(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::alerts_per_day(10)});
  model.fit(nad::read(folder / "usual.csv"));
  REQUIRE(model.run_limit());
  std::vector<std::vector<std::string>> told;
  for (const std::size_t batches_a_run : {std::size_t{1000}, std::size_t{7}}) {
    std::vector<std::string> ids;
    std::uint64_t counted = 0;
    std::uint64_t of_runs = 0;
    for (bool ended = false; !ended;) {
      nad::Monitor monitor(model, {.checkpoint = folder / ("checkpoint " + std::to_string(batches_a_run))});
      monitor.on_alert([&](const nad::Alert& alert) {
        ids.push_back(nad::alert_id(alert) + alert.anomaly_class);
        counted += alert.count;
        of_runs += alert.anomaly_class == nad::run_class ? alert.count : 0;
        if (alert.anomaly_class == nad::run_class) {
          CHECK(alert.src == host(99));
          CHECK(alert.reasons.at(0).column == "unusual records");
          CHECK(alert.reasons.size() > 1);
        }
      });
      std::size_t batches = 0;
      monitor.on_records([&](const nad::Table&, const nad::Findings&) {
        if (++batches == batches_a_run) {
          monitor.stop();
        }
      });
      const auto source = nad::file_source(folder / "today.csv", {.batch_rows = 150});
      monitor.run(*source);
      ended = source->ended();
    }
    CHECK(of_runs > 100);
    CHECK(counted == model.detect(nad::read(folder / "today.csv")).reported.size());
    CHECK(ids.size() < 25);
    told.push_back(ids);
  }
  CHECK(told[0] == told[1]);
}

}  // namespace
