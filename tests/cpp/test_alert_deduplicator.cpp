// Few records for many alerts: when they come, and that their counts always add up.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alert_samples.hpp"
#include "messages.hpp"
#include "nad/alert/deduplicator.hpp"

namespace {

using tests::contains;
using tests::message_of;

constexpr std::int64_t second = 1'000'000'000;

nad::Alert alert_of(int host, std::int64_t time = 0, double p = 0.001) {
  nad::Alert alert;
  alert.src = nad::Address::v4(0x0a000000U + static_cast<std::uint32_t>(host));
  alert.anomaly_class = "scan";
  alert.first_seen = alert.last_seen = time;
  alert.p_value = p;
  return alert;
}

/// What came out, and whether it adds up at every moment.
class Witness {
 public:
  explicit Witness(const nad::DeduplicatorOptions& options) : deduplicator(options) {}

  std::vector<nad::Alert> add(const nad::Alert& alert) {
    given += alert.count;
    return check(deduplicator.add(alert));
  }
  std::vector<nad::Alert> advance(std::int64_t now) { return check(deduplicator.advance(now)); }
  std::vector<nad::Alert> flush() {
    std::vector<nad::Alert> out = check(deduplicator.flush());
    CHECK(written == given);
    CHECK(deduplicator.stats().pending == 0);
    CHECK(deduplicator.stats().keys == 0);
    return out;
  }

  nad::Deduplicator deduplicator;
  std::vector<nad::Alert> records;
  std::uint64_t given = 0;
  std::uint64_t written = 0;

 private:
  std::vector<nad::Alert> check(std::vector<nad::Alert> out) {
    for (const nad::Alert& record : out) {
      CHECK(record.count > 0);
      CHECK(record.total >= record.count);
      written += record.count;
      if (record.kind == nad::AlertKind::suppressed) {
        std::uint64_t sum = record.suppressed_elsewhere;
        for (const nad::SuppressedKey& held : record.suppressed) {
          sum += held.count;
        }
        CHECK(sum == record.count);
      }
    }
    records.insert(records.end(), out.begin(), out.end());
    const nad::DeduplicatorStats stats = deduplicator.stats();
    CHECK(stats.given == given);
    CHECK(stats.written == written);
    CHECK(stats.given == stats.written + stats.pending);
    CHECK(stats.records == records.size());
    return out;
  }
};

TEST_CASE("a hundred thousand identical alerts give at most ten records, whose counts add up") {
  for (const std::int64_t step : {std::int64_t{0}, second / 100}) {
    const int alerts = step == 0 ? 100'000 : 20'000;
    nad::Deduplicator deduplicator;
    std::uint64_t sum = 0;
    std::size_t records = 0;
    std::vector<std::uint64_t> totals;
    const auto take = [&](const std::vector<nad::Alert>& out) {
      for (const nad::Alert& record : out) {
        sum += record.count;
        totals.push_back(record.total);
        ++records;
      }
    };
    for (int i = 0; i < alerts; ++i) {
      take(deduplicator.add(alert_of(1, i * step)));
    }
    take(deduplicator.flush());
    CHECK(sum == static_cast<std::uint64_t>(alerts));
    CHECK(records <= 10);
    if (step == 0) {
      CHECK(totals == std::vector<std::uint64_t>{1, 2, 10, 100, 1000, 10'000, 100'000});
    }
  }
}

TEST_CASE("the first alert leaves at once, its like after ten minutes, and a quiet key is closed") {
  Witness witness({});
  auto out = witness.add(alert_of(1, 0, 1e-4));
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == nad::AlertKind::first);
  CHECK(out[0].key == "10.0.0.1|-||scan");
  CHECK(witness.add(alert_of(1, 10 * second)).size() == 1);  // the second
  CHECK(witness.add(alert_of(1, 20 * second, 1e-4)).empty());
  CHECK(witness.add(alert_of(1, 300 * second, 1e-9)).empty());
  CHECK(witness.advance(609 * second).empty());
  out = witness.advance(610 * second);
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == nad::AlertKind::update);
  CHECK(out[0].count == 2);
  CHECK(out[0].total == 4);
  CHECK(out[0].p_value == 1e-9);  // the strongest of the two
  CHECK(out[0].first_seen == 0);
  CHECK(out[0].last_seen == 300 * second);
  CHECK(witness.add(alert_of(1, 800 * second)).empty());
  CHECK(witness.advance(1399 * second).size() == 1);  // an update; then the key is quiet with nothing left to say
  CHECK(witness.deduplicator.stats().keys == 1);
  CHECK(witness.advance(1400 * second).empty());
  CHECK(witness.deduplicator.stats().keys == 0);
  out = witness.add(alert_of(1, 1500 * second));
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == nad::AlertKind::first);
  CHECK(out[0].total == 1);
  witness.flush();
}

TEST_CASE("a key that falls quiet before its next update gets a closing one") {
  Witness witness({.quiet_seconds = 60.0});
  witness.add(alert_of(1, 0));
  witness.add(alert_of(1, second));
  witness.add(alert_of(1, 2 * second));
  CHECK(witness.advance(61 * second).empty());
  const auto out = witness.advance(62 * second);
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == nad::AlertKind::closing);
  CHECK(out[0].count == 1);
  CHECK(out[0].total == 3);
  witness.flush();
}

TEST_CASE("beyond the limit alerts are counted by key and reported once a minute") {
  Witness witness({.records_per_minute = 5.0, .burst = 5.0, .most_listed = 3});
  for (int host = 0; host < 20; ++host) {
    witness.add(alert_of(host, host));
  }
  CHECK(witness.records.size() == 5);
  CHECK(witness.deduplicator.stats().held_back == 15);
  CHECK(witness.advance(59 * second).empty());
  const auto out = witness.advance(61 * second);
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == nad::AlertKind::suppressed);
  CHECK(out[0].count == 15);
  CHECK(out[0].suppressed.size() == 3);
  CHECK(out[0].suppressed_elsewhere == 12);
  CHECK(out[0].first_seen == 5);
  CHECK(out[0].last_seen == 19);
  // the bucket has filled again, by five a minute
  for (int host = 100; host < 120; ++host) {
    witness.add(alert_of(host, 61 * second));
  }
  CHECK(witness.records.size() == 5 + 1 + 5);
  witness.flush();
  CHECK(witness.records.back().kind == nad::AlertKind::suppressed);

  Witness unlimited({.records_per_minute = 0.0});
  for (int host = 0; host < 500; ++host) {
    unlimited.add(alert_of(host));
  }
  CHECK(unlimited.records.size() == 500);
  unlimited.flush();
}

TEST_CASE("what nobody has seen yet comes as the first record, even when that is an update") {
  Witness witness({.records_per_minute = 1.0, .burst = 1.0});
  witness.add(alert_of(1));
  witness.add(alert_of(2));                                // held back
  const auto out = witness.add(alert_of(2, 61 * second));  // the report, and then the second of this key
  REQUIRE(out.size() == 2);
  CHECK(out[1].kind == nad::AlertKind::first);
  CHECK(out[1].count == 1);
  CHECK(out[1].total == 2);
  witness.flush();
}

TEST_CASE("keys are bounded: the one that has been quiet longest is closed and counted") {
  Witness witness({.records_per_minute = 0.0, .most_keys = 3});
  for (int round = 0; round < 3; ++round) {
    for (int host = 0; host < 3; ++host) {
      witness.add(alert_of(host));
    }
  }
  witness.add(alert_of(0));  // so host 1 has been quiet longest
  const std::size_t before = witness.records.size();
  witness.add(alert_of(7));
  REQUIRE(witness.records.size() == before + 2);
  CHECK(witness.records[before].kind == nad::AlertKind::closing);
  CHECK(witness.records[before].src == nad::Address::v4(0x0a000001U));
  CHECK(witness.records[before].count == 1);
  CHECK(witness.deduplicator.stats().evicted == 1);
  CHECK(witness.deduplicator.stats().keys == 3);
  witness.flush();
}

TEST_CASE("whatever is given, at whatever times and limits, the counts add up") {
  nad::Random random(11);
  for (int round = 0; round < 60; ++round) {
    nad::DeduplicatorOptions options;
    options.update_seconds = 1.0 + static_cast<double>(random.below(600));
    options.quiet_seconds = 1.0 + static_cast<double>(random.below(600));
    options.report_seconds = 1.0 + static_cast<double>(random.below(100));
    options.records_per_minute = static_cast<double>(random.below(4) * 20);
    options.burst = 1.0 + static_cast<double>(random.below(10));
    options.most_keys = 1 + random.below(12);
    options.most_listed = random.below(4);
    options.growth = random.below(3) == 0 ? 0 : 2 + random.below(9);
    options.updates_at = random.below(3) == 0 ? std::vector<std::uint64_t>{} : std::vector<std::uint64_t>{2, 5, 6};
    Witness witness(options);
    std::int64_t now = static_cast<std::int64_t>(random.below(1ULL << 60U));
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t dice = random.below(100);
      if (dice < 60) {
        now += static_cast<std::int64_t>(random.below(3 * second));
      } else if (dice < 65) {
        now += static_cast<std::int64_t>(random.below(2000)) * second;
      } else if (dice < 70) {
        now -= static_cast<std::int64_t>(random.below(2000)) * second;  // somebody sets the clock back
      } else if (dice == 71) {
        now = random.below(2) == 0 ? INT64_MAX : INT64_MIN;
        witness.advance(now);
        now = 0;
      }
      nad::Alert alert = alert_of(static_cast<int>(random.below(20)), now, random.uniform());
      alert.count = 1 + random.below(3);
      witness.add(alert);
      if (random.below(20) == 0) {
        witness.advance(now);
      }
      CHECK(witness.deduplicator.stats().keys <= options.most_keys);
    }
    witness.flush();
    CHECK(witness.flush().empty());
  }
}

TEST_CASE("no alert waits longer than the period for its record") {
  nad::Random random(12);
  Witness witness({.update_seconds = 60.0, .quiet_seconds = 300.0, .records_per_minute = 0.0});
  std::map<std::string, std::int64_t> waiting;  // by source: the oldest alert without a record
  std::int64_t now = 0;
  for (int i = 0; i < 4000; ++i) {
    now += static_cast<std::int64_t>(random.below(10)) * second;
    std::vector<nad::Alert> out;
    if (random.below(3) == 0) {
      out = witness.advance(now);
    } else {
      const nad::Alert alert = alert_of(static_cast<int>(random.below(5)), now);
      waiting.emplace(alert.src->to_string(), now);
      out = witness.add(alert);
    }
    for (const nad::Alert& record : out) {
      waiting.erase(record.src->to_string());
    }
    for (const auto& entry : waiting) {
      CHECK(now - entry.second < 60 * second);
    }
  }
}

TEST_CASE("a clock that jumps far ahead and back does not silence the records for ever") {
  Witness witness({.records_per_minute = 1.0, .burst = 1.0});
  witness.add(alert_of(1, 0));
  witness.add(alert_of(2, INT64_MAX));
  const std::size_t before = witness.records.size();
  for (int minute = 1; minute < 10; ++minute) {
    witness.add(alert_of(10 + minute, minute * 61 * second));
  }
  CHECK(witness.records.size() >= before + 8);
  witness.flush();
}

TEST_CASE("the same alerts give the same records") {
  const auto run = [] {
    nad::Random random(13);
    Witness witness({.records_per_minute = 20.0, .burst = 3.0, .most_keys = 50});
    for (int i = 0; i < 3000; ++i) {
      witness.add(alert_of(static_cast<int>(random.below(80)), i * second / 10, random.uniform()));
    }
    witness.flush();
    return witness.records;
  };
  CHECK(run() == run());
}

TEST_CASE("a deduplicator that is saved and restored goes on as if nothing had happened") {
  nad::Random random(14);
  const nad::DeduplicatorOptions options{.records_per_minute = 20.0, .burst = 3.0, .most_keys = 30};
  nad::Deduplicator whole(options);
  auto parts = std::make_unique<nad::Deduplicator>(options);
  for (int i = 0; i < 1500; ++i) {
    nad::Alert alert = alert_of(static_cast<int>(random.below(60)), i * second / 10, random.uniform());
    alert.signature = tests::random_text(random, 5);
    CHECK(parts->add(alert) == whole.add(alert));
    if (random.below(50) == 0) {
      const std::string state = parts->save_state();
      parts = std::make_unique<nad::Deduplicator>(options);
      parts->restore_state(state);
      CHECK(parts->stats() == whole.stats());
      CHECK(parts->save_state() == state);
    }
  }
  CHECK(parts->flush() == whole.flush());
}

TEST_CASE("a damaged state is an error and changes nothing") {
  Witness witness({.records_per_minute = 2.0, .burst = 1.0});
  for (int i = 0; i < 40; ++i) {
    witness.add(alert_of(i % 7, i * second));
  }
  const std::string state = witness.deduplicator.save_state();
  nad::Random random(15);
  for (int i = 0; i < 200; ++i) {
    nad::Deduplicator other({.records_per_minute = 2.0, .burst = 1.0});
    other.add(alert_of(1));
    const std::string before = other.save_state();
    try {
      other.restore_state(tests::damaged_text(state, random));
      std::uint64_t written = other.stats().written;
      for (const nad::Alert& record : other.flush()) {
        written += record.count;
      }
      CHECK(written == other.stats().given);
    } catch (const nad::Error&) {
      CHECK(other.save_state() == before);
    }
  }
  CHECK(contains(message_of([&] { witness.deduplicator.restore_state("{}"); }), "is damaged"));
  CHECK(contains(message_of([&] { witness.deduplicator.restore_state("{\"version\": 2}"); }), "newer version"));
  // with room for fewer keys than were saved
  nad::Deduplicator small({.records_per_minute = 0.0, .most_keys = 2});
  small.restore_state(state);
  small.add(alert_of(99, 60 * second));
  CHECK(small.stats().keys <= 2);
  witness.flush();
}

TEST_CASE("options that make no sense are refused") {
  const auto refusal = [](const nad::DeduplicatorOptions& options) {
    return message_of([&] { nad::Deduplicator made(options); });
  };
  CHECK(contains(refusal({.updates_at = {1}}), "rising numbers from 2"));
  CHECK(contains(refusal({.updates_at = {5, 5}}), "rising numbers from 2"));
  CHECK(contains(refusal({.growth = 1}), "growth is 1"));
  CHECK(contains(refusal({.update_seconds = 0.0}), "update_seconds"));
  CHECK(contains(refusal({.quiet_seconds = -1.0}), "quiet_seconds"));
  CHECK(contains(refusal({.records_per_minute = -1.0}), "records_per_minute"));
  CHECK(contains(refusal({.burst = 0.5}), "burst"));
  CHECK(contains(refusal({.most_keys = 0}), "most_keys"));
  CHECK(contains(refusal({.key = {.dst_prefix_v6 = 129}}), "128"));
}

}  // namespace
