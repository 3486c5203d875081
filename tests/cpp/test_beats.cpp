// Connections at a steady beat: the evidence against a sum that is written down naively, chance against beats with
// jitter, what is usual of services, and a model that reports a beacon none of whose records is unusual.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "nad/core/random.hpp"
#include "nad/nad.hpp"

namespace {

using tests::contains;
using tests::message_of;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t begin_of_time = 1'700'000'000 * second;

nad::Address host(std::uint32_t number) { return nad::Address::v4(0x0a000000U + number); }
nad::BeatKey to_service(std::uint32_t from, std::uint32_t to, std::int64_t port = 443) {
  return {host(from), host(to), port};
}
std::int64_t nanoseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

/// Gaps of connections that know nothing of each other.
double chance_gap(nad::Random& random, double mean) { return -mean * std::log(1.0 - random.uniform()); }

/// By the binomial coefficients, from a list of gaps.
double naive_evidence(std::vector<double> gaps) {
  if (gaps.size() > 32) {
    gaps.erase(gaps.begin(), gaps.end() - 32);
  }
  if (gaps.size() < 10) {
    return 0.0;
  }
  std::vector<double> sorted = gaps;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  const auto trials = static_cast<double>(gaps.size() - 1);
  double best = 0.0;
  for (const double width : {0.05, 0.15, 0.3}) {
    const auto near = static_cast<double>(
        std::count_if(gaps.begin(), gaps.end(), [&](double gap) { return std::abs(gap - median) <= width * median; }));
    const double off = width * median / (median - 5.0);
    const double p = std::exp2(-std::max(0.0, 1.0 - off)) - std::exp2(-(1.0 + off));
    double tail = 0.0;
    for (double j = near - 1.0; j <= trials; j += 1.0) {
      const double ways = std::lgamma(trials + 1.0) - std::lgamma(j + 1.0) - std::lgamma(trials - j + 1.0);
      tail += std::exp(ways + j * std::log(p) + (trials - j) * std::log(1.0 - p));
    }
    best = std::max(best, -std::log(3.0 * tail));
  }
  return std::min(best, 100.0);
}

TEST_CASE("beats: the evidence is the chance that gaps come so close to their median") {
  nad::BeatWatch watch;
  nad::Random random(1);
  std::map<std::uint32_t, std::pair<double, std::vector<double>>> naive;  // the latest beat, and gaps
  double now = 0.0;
  double highest = 0.0;
  for (int i = 0; i < 6'000; ++i) {
    now += 3.0 * random.uniform();
    const auto source = static_cast<std::uint32_t>(random.below(8));
    double time = now;
    if (source < 3) {  // machines that keep a beat, more or less
      const auto known = naive.find(source);
      const double jitter = 0.2 * static_cast<double>(source) * random.uniform();
      time = known == naive.end() ? now : known->second.first + 60.0 * (1.0 + jitter);
    }
    const std::int64_t begin = begin_of_time + nanoseconds(time);
    const nad::BeatEvidence beat = watch.add(to_service(source, 99), begin);
    const auto [place, is_first] = naive.emplace(source, std::pair(time, std::vector<double>()));
    if (is_first) {
      CHECK(beat == nad::BeatEvidence());
      continue;
    }
    const double gap = time - place->second.first;
    if (gap < 5.0) {
      REQUIRE(beat == nad::BeatEvidence());
      continue;
    }
    place->second.first = time;
    std::vector<double>& gaps = place->second.second;
    gaps.push_back(gap);
    REQUIRE(beat.evidence == doctest::Approx(naive_evidence(gaps)).epsilon(1e-6));
    if (gaps.size() >= 10) {
      REQUIRE(beat.beats == std::min<std::size_t>(gaps.size(), 32) + 1);
    }
    highest = std::max(highest, beat.evidence);
  }
  CHECK(highest == 100.0);
}

TEST_CASE("beats: jitter and pauses leave a beat, chance does not make one") {
  nad::Random random(2);
  const auto furthest = [&](const auto& gap, int connections) {
    nad::BeatWatch watch;
    double most = 0.0;
    std::int64_t at = begin_of_time;
    for (int i = 0; i < connections; ++i) {
      at += nanoseconds(gap(i));
      most = std::max(most, watch.add(to_service(1, 2), at).evidence);
    }
    return most;
  };
  CHECK(furthest([](int) { return 60.0; }, 12) > 20.0);
  CHECK(furthest([&](int) { return 60.0 * (0.7 + 0.6 * random.uniform()); }, 60) > 30.0);
  CHECK(furthest([&](int i) { return i % 8 == 7 ? 600.0 : 58.0 + 4.0 * random.uniform(); }, 60) > 30.0);
  CHECK(furthest([](int i) { return i % 3 == 2 ? 58.0 : 1.0; }, 90) > 30.0);  // three connections are one beat
  for (const double mean : {0.1, 0.5, 2.0, 8.0, 30.0}) {                      // busy by chance
    CHECK(furthest([&](int) { return chance_gap(random, mean); }, 4'000) < 12.0);
  }
  // 500 services that are visited by chance: the highest of 30,000 visits is about what their number makes likely
  double highest = 0.0;
  for (int service = 0; service < 500; ++service) {
    highest = std::max(highest, furthest([&](int) { return 5.0 + chance_gap(random, 30.0); }, 60));
  }
  CHECK(highest < std::log(30'000.0) + 3.0);
  CHECK(highest > 4.0);
}

TEST_CASE("beats: a clock that steps back adds nothing") {
  nad::BeatWatch watch;
  for (int i = 0; i < 20; ++i) {
    watch.add(to_service(1, 2), begin_of_time + i * 60 * second);
  }
  const std::string before = watch.save_state();
  CHECK(watch.add(to_service(1, 2), begin_of_time) == nad::BeatEvidence());
  CHECK(watch.save_state() == before);
  CHECK(watch.add(to_service(1, 2), begin_of_time + 20 * 60 * second).evidence > 30.0);
}

TEST_CASE("beats: of too many connections those with the fewest beats are forgotten") {
  nad::BeatWatch watch;
  for (int i = 0; i < 12; ++i) {
    watch.add(to_service(1, 2), begin_of_time + i * 60 * second);
  }
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    watch.add(to_service(1'000 + i, 3), begin_of_time + 12 * 60 * second + i);
  }
  CHECK(watch.size() <= 65'536);
  CHECK(watch.add(to_service(1, 2), begin_of_time + 12 * 60 * second).evidence > 20.0);
}

TEST_CASE("beats: what is saved goes on, and what is damaged is refused") {
  nad::BeatWatch watch;
  nad::Random random(3);
  double now = 0.0;
  for (int i = 0; i < 2'000; ++i) {
    now += chance_gap(random, 4.0);
    nad::BeatKey key = to_service(static_cast<std::uint32_t>(random.below(20)), 7);
    key.destination = i % 3 == 0 ? nad::Address::parse("2001:db8::7").value() : key.destination;
    key.port = i % 2 == 0 ? -1 : 53;
    watch.add(key, begin_of_time + nanoseconds(now));
  }
  const std::string state = watch.save_state();
  nad::BeatWatch other;
  other.add(to_service(70, 71), 0);
  other.restore_state(state);
  CHECK(other.save_state() == state);
  for (int i = 0; i < 1'000; ++i) {
    now += chance_gap(random, 4.0);
    const nad::BeatKey key = to_service(static_cast<std::uint32_t>(random.below(20)), 7, 53);
    REQUIRE(other.add(key, begin_of_time + nanoseconds(now)) == watch.add(key, begin_of_time + nanoseconds(now)));
  }
  const std::string after = other.save_state();
  for (const std::string& damaged :
       {std::string(), "beats 2\n" + state.substr(8), state + state.substr(8),
        std::string("beats 1\n10.0.0.1 10.0.0.2 53\n"), std::string("beats 1\n10.0.0.1 10.0.0.2 53 0 60 nan\n"),
        std::string("beats 1\n10.0.0.1 10.0.0.2 53 0 60 -3\n"), std::string("beats 1\n10.0.0.1 nobody 53 0 60 60\n"),
        std::string("beats 1\n10.0.0.1 10.0.0.2 53 0 60 60 x\n")}) {
    CHECK(contains(message_of([&] { other.restore_state(damaged); }), "the state of the beats is damaged"));
  }
  CHECK(other.save_state() == after);
}

/// A day of four hosts: visits by chance to 30 places, and each host asks its server for the time every 64 seconds.
/// From `beacon_from` seconds on one of them calls a place every five minutes, too.
std::vector<nad::BeatRecord> day(std::uint64_t seed, std::optional<double> beacon_from = {}) {
  nad::Random random(seed);
  std::vector<nad::BeatRecord> records;
  const double end = 86'400.0;
  for (std::uint32_t from = 1; from <= 4; ++from) {
    for (double at = chance_gap(random, 40.0); at < end; at += chance_gap(random, 40.0)) {
      records.push_back({to_service(from, 100 + static_cast<std::uint32_t>(random.below(30))), nanoseconds(at)});
    }
    for (double at = 64.0 * random.uniform(); at < end; at += 64.0) {
      records.push_back({to_service(from, 200, 123), nanoseconds(at)});
    }
  }
  for (double at = beacon_from.value_or(end); at < end; at += 300.0 * (0.9 + 0.2 * random.uniform())) {
    records.push_back({to_service(4, 250), nanoseconds(at)});
  }
  for (nad::BeatRecord& record : records) {
    record.begin += begin_of_time;
  }
  std::sort(records.begin(), records.end(),
            [](const nad::BeatRecord& a, const nad::BeatRecord& b) { return a.begin < b.begin; });
  return records;
}

/// Those that are reported, by who goes where.
std::map<nad::BeatKey, int> reported(const nad::BeatCalibration& calibration, double share,
                                     const std::vector<nad::BeatRecord>& records) {
  nad::BeatWatch watch;
  std::map<nad::BeatKey, int> found;
  const auto limit = static_cast<double>(calibration.limit(share).score);
  for (const nad::BeatRecord& record : records) {
    const nad::BeatEvidence beat = watch.add(record.key, record.begin);
    if (beat.evidence > limit && !calibration.is_usual(record.key, beat)) {
      ++found[record.key];
    }
  }
  return found;
}

TEST_CASE("beats: what is usual is learnt, and what is new is reported") {
  const nad::BeatCalibration calibration(day(1));
  REQUIRE(calibration.is_fitted());
  CHECK(calibration.services() >= 1);
  CHECK(calibration.longest_period() == doctest::Approx(7'200.0).epsilon(0.01));
  constexpr double once_a_day = 1.0 / 14'000.0;
  CHECK(reported(calibration, once_a_day, day(2)).size() <= 1);
  const auto found = reported(calibration, once_a_day, day(3, 30'000.0));
  REQUIRE(found.contains(to_service(4, 250)));
  CHECK(found.at(to_service(4, 250)) > 150);
  CHECK(found.size() <= 2);
  // the same beacon in the training records is usual
  CHECK_FALSE(
      reported(nad::BeatCalibration(day(1, 10'000.0)), once_a_day, day(3, 30'000.0)).contains(to_service(4, 250)));
  CHECK(calibration.limit(1e-6).score > calibration.limit(1e-4).score);
  CHECK(calibration.p_value(90.0).value <= calibration.p_value(9.0).value);
}

TEST_CASE("beats: few new ones in half of the training records raise the limit") {
  std::vector<nad::BeatRecord> restless = day(1);
  std::vector<nad::BeatRecord> more;
  for (std::uint32_t job = 0; job < 12; ++job) {  // each to a place of its own, in the second half
    for (int i = 0; i < 30; ++i) {
      const std::int64_t at = begin_of_time + nanoseconds(50'000.0 + 1'000.0 * job + 60.0 * i);
      more.push_back({to_service(5, 1'000 + job), at});
    }
  }
  restless.insert(restless.end(), more.begin(), more.end());
  std::sort(restless.begin(), restless.end(),
            [](const nad::BeatRecord& a, const nad::BeatRecord& b) { return a.begin < b.begin; });
  constexpr double share = 1e-4;
  CHECK(nad::BeatCalibration(restless).limit(share).score > 2.0F * nad::BeatCalibration(day(1)).limit(share).score);
}

TEST_CASE("beats: records that end soon tell nothing of beats") {
  CHECK_FALSE(nad::BeatCalibration(std::vector<nad::BeatRecord>()).is_fitted());
  std::vector<nad::BeatRecord> minute;
  minute.reserve(600);
  for (int i = 0; i < 600; ++i) {
    minute.push_back({to_service(1, 2), begin_of_time + i * second / 10});
  }
  CHECK_FALSE(nad::BeatCalibration(minute).is_fitted());
  CHECK(contains(message_of([&] { static_cast<void>(nad::BeatCalibration(minute).limit(0.1)); }), "no held-out"));
  const nad::BeatCalibration calibration(day(1));
  CHECK(calibration.is_usual(to_service(1, 999), {.evidence = 50.0, .beats = 33, .period = 9'000.0}));
  CHECK_FALSE(calibration.is_usual(to_service(1, 999), {.evidence = 50.0, .beats = 33, .period = 900.0}));
  CHECK(calibration.is_usual(to_service(77, 200, 123), {.evidence = 50.0, .beats = 33, .period = 64.0}));
  CHECK_FALSE(calibration.is_usual(to_service(77, 200, 124), {.evidence = 50.0, .beats = 33, .period = 64.0}));
}

/// The same as a table, with sizes that are alike for all.
nad::Table table_of(const std::vector<nad::BeatRecord>& records, std::uint64_t seed) {
  nad::Random random(seed);
  nad::ColumnBuilder times(nad::ColumnType::time);
  nad::ColumnBuilder from(nad::ColumnType::address);
  nad::ColumnBuilder to(nad::ColumnType::address);
  nad::ColumnBuilder port(nad::ColumnType::integer);
  nad::ColumnBuilder bytes(nad::ColumnType::number);
  nad::ColumnBuilder packets(nad::ColumnType::number);
  for (const nad::BeatRecord& record : records) {
    times.add_time(record.begin);
    from.add_address(record.key.source);
    to.add_address(record.key.destination);
    port.add_integer(record.key.port);
    bytes.add_number(1'000.0 + 100.0 * random.normal());
    packets.add_number(20.0 + random.normal());
  }
  std::vector<nad::Field> fields = {
      {.name = "timestamp", .type = nad::ColumnType::time, .role = nad::Role::moment},
      {.name = "src_ip", .type = nad::ColumnType::address, .role = nad::Role::identifier},
      {.name = "dst_ip", .type = nad::ColumnType::address, .role = nad::Role::identifier},
      {.name = "dst_port", .type = nad::ColumnType::integer, .role = nad::Role::identifier},
      {.name = "bytes_sent", .type = nad::ColumnType::number},
      {.name = "packets_sent", .type = nad::ColumnType::number}};
  std::vector<nad::Column> columns;
  columns.reserve(fields.size());
  columns.push_back(times.finish());
  columns.push_back(from.finish());
  columns.push_back(to.finish());
  columns.push_back(port.finish());
  columns.push_back(bytes.finish());
  columns.push_back(packets.finish());
  return {nad::Schema(std::move(fields)), std::move(columns)};
}

TEST_CASE("beats: long times have no powers of ten") {
  nad::SourceRun run;
  run.source = "10.0.0.5";
  run.records = 34;
  run.seconds = 7199.6;
  CHECK(contains(run.to_string(), "34 unusual records of 10.0.0.5 in 7,200 s, p = "));
  run.seconds = 94.96;
  CHECK(contains(run.to_string(), "in 95 s, p = "));
  run.destination = "203.0.113.9:443";
  run.period = 3600.0;
  CHECK(contains(run.to_string(), "10.0.0.5 to 203.0.113.9:443 at a steady beat of 3,600 s, p = "));
}

TEST_CASE("beats: a model reports a beacon that no record of it shows, from a file and in parts as well") {
  nad::Model model(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::alerts_per_day(10)});
  model.fit(table_of(day(1), 11));
  REQUIRE(model.beat_limit());
  CHECK(contains(model.describe(), "connections at a steady beat of up to 7,200 s: reported beyond evidence"));
  const nad::Table today = table_of(day(3, 30'000.0), 13);
  const nad::Findings whole = model.detect(today);
  std::map<std::string, std::size_t> by_place;
  for (const nad::Finding& finding : whole.reported) {
    if (finding.run && finding.run->is_beat()) {
      ++by_place[finding.run->destination];
      CHECK(finding.run->source == "10.0.0.4");
      CHECK(finding.run->period == doctest::Approx(300.0).epsilon(0.1));
      CHECK(contains(finding.run->to_string(), "connections of 10.0.0.4 to 10.0.0.250:443 at a steady beat of"));
      const nad::Alert alert = nad::AlertMaker(model).make(today, finding);
      CHECK(alert.reasons.at(0).column == "steady beat");
      CHECK(contains(alert.reasons.at(0).value, "to 10.0.0.250:443"));
      if (finding.score <= model.threshold().score) {
        CHECK(alert.anomaly_class == nad::beat_class);
      }
    }
  }
  REQUIRE(by_place.size() == 1);
  CHECK(by_place.begin()->second > 150);

  const nad::Model loaded = nad::Model::load_bytes(model.save_bytes());
  CHECK(loaded.beat_limit() == model.beat_limit());
  CHECK(loaded.describe() == model.describe());
  std::map<std::size_t, nad::SourceRun> expected;
  for (const nad::Finding& finding : whole.reported) {
    if (finding.run) {
      expected.emplace(finding.row, *finding.run);
    }
  }
  nad::RecordScorer scorer(loaded);
  std::map<std::size_t, nad::SourceRun> found;
  constexpr std::size_t part = 1'000;
  for (std::size_t row = 0; row < today.rows(); row += part) {
    if (row == 10 * part) {  // another process goes on
      const nad::SourceWatch sources = scorer.sources();
      scorer = nad::RecordScorer(loaded, scorer.records());
      scorer.sources().beats.restore_state(sources.beats.save_state());
      scorer.sources().runs.restore_state(sources.runs.save_state());
    }
    const nad::Table records = today.slice(row, std::min(part, today.rows() - row));
    for (const nad::Finding& finding : scorer.detect(records, {.most_reasons = 0}).reported) {
      if (finding.run) {
        found.emplace(row + finding.row, *finding.run);
      }
    }
  }
  CHECK(found == expected);

  model.set_threshold(nad::ThresholdRule::false_positive_rate(0.01));
  CHECK_FALSE(model.beat_limit());
  nad::Model without(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::alerts_per_day(10), .runs = false});
  without.fit(table_of(day(1), 11));
  CHECK_FALSE(without.beat_limit());
}

}  // namespace
