// Findings and records become alerts, and floods of them few.

#include <doctest/doctest.h>
#include <nad/detail/sha256.hpp>
#include <nad/nad.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "pipeline_samples.hpp"

namespace {

using tests::contains;
using tests::message_of;

std::string sha256_of(const std::string& text) {
  return nad::detail::sha256_text(std::as_bytes(std::span(text.data(), text.size())));
}

nad::Table table_of(const std::string& text, const std::string& format = "flow_csv") {
  std::istringstream stream(text);
  return nad::read(stream, {.format = format});
}

nad::Model small_model() {
  nad::Ensemble ensemble;
  ensemble.add(nad::IsolationForest({.n_estimators = 5, .max_samples = std::uint64_t{32}}), {.name = "forest"});
  ensemble.add(nad::LODA({.n_projections = 3}));
  nad::Model model(ensemble, {.threshold = nad::ThresholdRule::false_positive_rate(0.05), .records_per_day = 1000.0});
  model.set_pipeline(nad::FeaturePipeline({nad::LeaveOut{.columns = nad::ColumnChoice({"dst_port"})}, nad::Impute{},
                                           nad::OneHot{.max_categories = 2}, nad::Log1p{}, nad::Standardise{}}));
  model.fit(pipeline_samples::flows(200, /*seed=*/3));
  return model;
}

/// An alert of somebody with somebody, one a millisecond.
nad::Alert talk(std::uint32_t src, std::uint32_t dst, std::uint16_t port, std::size_t number) {
  nad::Alert alert;
  alert.src = nad::Address::v4(src);
  alert.dst = nad::Address::v4(dst);
  alert.dst_port = port;
  alert.anomaly_class = number % 3 == 0 ? "high count" : "rare state";
  alert.p_value = 1e-4;
  alert.first_seen = alert.last_seen = 1'767'571'200'000'000'000 + static_cast<std::int64_t>(number) * 1'000'000;
  return alert;
}

struct Storm {
  std::uint64_t records = 0;
  std::uint64_t counted = 0;
  std::vector<std::string> keys = {};
};

/// What a folder and a deduplicator make of many alerts.
template <class Make>
Storm storm(std::size_t alerts, const Make& make) {
  nad::KeyFolder folder;
  nad::Deduplicator deduplicator({.records_per_minute = 0.0});
  Storm result;
  const auto keep = [&](const std::vector<nad::Alert>& records) {
    for (const nad::Alert& record : records) {
      ++result.records;
      result.counted += record.count;
      result.keys.push_back(record.key);
    }
  };
  for (std::size_t number = 0; number < alerts; ++number) {
    nad::Alert alert = make(number);
    folder.fold(alert);
    keep(deduplicator.add(alert));
  }
  keep(deduplicator.flush());
  CHECK(folder.groups() <= folder.options().most_groups);
  return result;
}

bool has_key(const Storm& result, const std::string& key) {
  return std::find(result.keys.begin(), result.keys.end(), key) != result.keys.end();
}

TEST_CASE("SHA-256: the published vectors") {
  CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmn"
                  "opqrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(sha256_of(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("alerts hold what the record, the finding and the model say") {
  const nad::Model model = small_model();
  const nad::Table records = table_of(
      "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,packet_size,duration,flags,bytes_sent,bytes_received,"
      "packets_sent,packets_received,state,server_name\n"
      "1767571200.5,128.232.110.120,66.35.250.204,34855,80,tcp,900,2.5,FSPA,900000000,7,8,9,SF,files.example.org\n"
      "1767571201,10.0.0.1,192.0.2.9,1,2,igmp,40,,S,,1,2,3,S0,\n");
  const nad::Findings findings = model.detect(records);
  const nad::Finding& finding = [&]() -> const nad::Finding& {
    for (const nad::Finding& one : findings.reported) {
      if (one.row == 0) {
        return one;
      }
    }
    FAIL("the upload was not reported");
    return findings.reported.front();
  }();
  const nad::AlertMaker maker(model, {.id = "office", .version = 3, .trained_until = 17, .interface = "eth0"});
  const nad::Alert alert = maker.make(records, finding);
  CHECK(alert.src->to_string() == "128.232.110.120");
  CHECK(alert.dst->to_string() == "66.35.250.204");
  CHECK(alert.src_port == 34855);
  CHECK(alert.dst_port == 80);
  CHECK(alert.protocol == "tcp");
  CHECK(alert.community_id == "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  CHECK(alert.interface == "eth0");
  CHECK(alert.first_seen == 1'767'571'200'500'000'000);
  CHECK(alert.last_seen == 1'767'571'203'000'000'000);
  REQUIRE(alert.flow);
  CHECK(alert.flow->bytes_sent == 900'000'000);
  CHECK(alert.flow->bytes_received == 7);
  CHECK(alert.flow->packets_sent == 8);
  CHECK(alert.flow->packets_received == 9);
  CHECK(alert.flow->state == "SF");
  REQUIRE(alert.names.size() == 1);
  CHECK(alert.names[0] == nad::AlertName{"server_name", "files.example.org"});
  CHECK(alert.anomaly_class == nad::anomaly_class_of(finding));
  CHECK(alert.score == finding.score);
  CHECK(alert.p_value == finding.p.value);
  CHECK(alert.threshold == model.threshold().score);
  CHECK(alert.n_calibration == model.calibration().size());
  REQUIRE(alert.expected_alerts_per_day);
  CHECK(*alert.expected_alerts_per_day <= 50.0 + 1e-9);
  CHECK(*alert.expected_alerts_per_day > 0.0);
  REQUIRE(alert.reasons.size() == finding.reasons.size());
  CHECK(alert.reasons[0].expected == finding.reasons[0].expected);
  CHECK(alert.detector == "ensemble");
  REQUIRE(alert.members.size() == 2);
  CHECK(alert.members[0].name == "forest");
  CHECK(alert.members[1].name == "loda");
  CHECK(alert.members[0].score > 0.0F);
  CHECK(alert.model.id == "office");
  CHECK(alert.model.version == 3);
  CHECK(alert.model.schema == "flow_csv");
  CHECK(alert.model.trained_until == 17);
  const std::vector<std::byte> bytes = model.save_bytes();
  CHECK(alert.model.sha256 == nad::detail::sha256_text(bytes));
  CHECK(alert.features_missing.empty());
  CHECK(nad::alert_from_eve(nad::to_eve(alert)).community_id == alert.community_id);

  nad::Finding other = finding;
  other.row = 1;
  const nad::Alert sparse = maker.make(records, other);
  CHECK(sparse.first_seen == sparse.last_seen);
  CHECK(!sparse.community_id.empty());  // IGMP has no ports
  CHECK(sparse.features_missing == std::vector<std::string>{"duration", "bytes_sent"});
  other.row = 2;
  CHECK(contains(message_of([&] { static_cast<void>(maker.make(records, other)); }), "give the table that was judged"));
  CHECK(contains(message_of([&] { nad::AlertMaker nothing((nad::Model())); }), "has not learnt anything yet"));
}

/// A record as a frame may hold it: everything but amounts is text.
nad::Table table_of_texts(const std::vector<std::pair<std::string, std::string>>& record) {
  nad::Table table;
  for (const auto& [name, value] : record) {
    nad::ColumnBuilder builder(nad::ColumnType::text);
    builder.add_text(value);
    table = table.with({name, nad::ColumnType::text, nad::Role::feature}, builder.finish());
  }
  return table;
}

TEST_CASE("alerts find the ends of a record under any of the names that logs give them") {
  const nad::Model model = small_model();
  const nad::AlertMaker maker(model);
  const nad::Finding finding;
  const std::vector<std::vector<std::string>> spellings = {
      {"src_ip", "src_port", "dst_ip", "dst_port", "protocol"},
      {"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"},                   // Zeek
      {"src_ip", "src_port", "dest_ip", "dest_port", "proto"},                         // Suricata
      {"SrcAddr", "Sport", "DstAddr", "Dport", "Proto"},                               // Argus
      {"sa", "sp", "da", "dp", "pr"},                                                  // nfdump
      {"IPV4_SRC_ADDR", "L4_SRC_PORT", "IPV4_DST_ADDR", "L4_DST_PORT", "PROTOCOL"},    // NetFlow data sets
      {"Source IP", "Source Port", "Destination IP", "Destination Port", "Protocol"},  // CICFlowMeter
      {"Source", "Source Port", "Destination", "Destination Port", "Protocol"},        // Wireshark
      {"client", "client_port", "server", "server_port", "transport"},
  };
  for (const std::vector<std::string>& names : spellings) {
    CAPTURE(names[0]);
    const nad::Table table = table_of_texts({{"note", "hello"},
                                             {names[0], " 128.232.110.120"},
                                             {names[1], "34855"},
                                             {names[2], "66.35.250.204"},
                                             {names[3], "80"},
                                             {names[4], "TCP"}});
    const nad::Alert alert = maker.make(table, finding, 5);
    REQUIRE(alert.src);
    REQUIRE(alert.dst);
    CHECK(alert.src->to_string() == "128.232.110.120");
    CHECK(alert.dst->to_string() == "66.35.250.204");
    CHECK(alert.src_port == 34855);
    CHECK(alert.dst_port == 80);
    CHECK(alert.protocol == "tcp");
    CHECK(alert.community_id == "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    CHECK(alert.names == std::vector<nad::AlertName>{{"note", "hello"}});
  }
  const nad::Table odd = table_of_texts({{"source", "sensor-7"}, {"dst_port", "http"}, {"proto", "6"}});
  CHECK(!maker.make(odd, finding, 5).src);
  CHECK(!maker.make(odd, finding, 5).dst_port);
  CHECK(maker.make(odd, finding, 5).protocol == "tcp");

  const nad::Table own = table_of_texts({{"src_ip", "192.0.2.1"}, {"asked_by", "192.0.2.7"}, {"sent to", "192.0.2.8"}});
  const nad::AlertMaker told(model, {.columns = {{"src_ip", "asked_by"}, {"dst_ip", "sent to"}}});
  CHECK(told.make(own, finding, 5).src->to_string() == "192.0.2.7");
  CHECK(told.make(own, finding, 5).dst->to_string() == "192.0.2.8");
  CHECK(contains(message_of([&] { static_cast<void>(told.make(odd, finding, 5)); }), "'asked_by'"));
  CHECK(contains(message_of([&] {
                   nad::AlertMaker wrong(model, {.columns = {{"source", "a"}}});
                 }),
                 "no field 'source' of a record; give one of src_ip, dst_ip"));
}

TEST_CASE("the class of an anomaly is its strongest reason") {
  const auto word = [](nad::Direction direction, double contribution = 1.0) {
    nad::Finding finding;
    finding.reasons.push_back({"state", "x", "y", direction, contribution});
    return nad::anomaly_class_of(finding);
  };
  CHECK(word(nad::Direction::higher) == "high state");
  CHECK(word(nad::Direction::lower) == "low state");
  CHECK(word(nad::Direction::rare) == "rare state");
  CHECK(word(nad::Direction::never_seen) == "new state");
  CHECK(word(nad::Direction::missing) == "missing state");
  CHECK(word(nad::Direction::usual) == "unusual state");
  CHECK(word(nad::Direction::higher, -1.0) == "anomaly");
  nad::Finding of_a_family;
  of_a_family.family = "neptune";
  CHECK(nad::anomaly_class_of(of_a_family) == "neptune");
  CHECK(nad::anomaly_class_of(nad::Finding()) == "anomaly");
  CHECK(nad::anomaly_class_of(nad::Reason{"state", "x", "y", nad::Direction::rare, -1.0}) == "rare state");
}

TEST_CASE("scans and floods are few records whose counts add up") {
  constexpr std::size_t many = 20'000;
  const std::uint32_t victim = 0xc0000207;
  const Storm vertical = storm(many, [&](std::size_t number) {
    return talk(0x0a000005, victim, static_cast<std::uint16_t>(number % 65536), number);
  });
  CHECK(vertical.counted == many);
  CHECK(vertical.records <= 30);
  CHECK(has_key(vertical, "10.0.0.5|*|*"));
  CHECK_FALSE(has_key(vertical, "*|192.0.2.7|*"));

  const Storm horizontal = storm(many, [&](std::size_t number) {
    return talk(0x0a000005, victim + static_cast<std::uint32_t>(number), 22, number);
  });
  CHECK(horizontal.counted == many);
  CHECK(horizontal.records <= 30);
  CHECK(has_key(horizontal, "10.0.0.5|*|*"));

  nad::Random random(1);
  constexpr std::size_t flood = 100'000;
  const Storm spoofed = storm(flood, [&](std::size_t number) {
    return talk(static_cast<std::uint32_t>(random.below(0xffffffff)), victim, 80, number);
  });
  CHECK(spoofed.counted == flood);
  CHECK(spoofed.records <= 40);
  CHECK(has_key(spoofed, "*|192.0.2.7|80"));

  const Storm spoofed_anywhere = storm(many, [&](std::size_t number) {
    return talk(static_cast<std::uint32_t>(random.below(0xffffffff)), victim,
                static_cast<std::uint16_t>(random.below(65536)), number);
  });
  CHECK(spoofed_anywhere.counted == many);
  CHECK(spoofed_anywhere.records <= 40);
  CHECK(has_key(spoofed_anywhere, "*|192.0.2.7|*"));
}

TEST_CASE("what is not part of something larger keeps its key") {
  nad::KeyFolder folder({.fold_at = 3});
  const auto folds = [&](std::uint32_t src, std::uint32_t dst, std::uint16_t port, std::size_t number) {
    nad::Alert alert = talk(src, dst, port, number);
    const bool folded = folder.fold(alert);
    CHECK(folded == !alert.key.empty());
    return folded;
  };
  for (std::size_t again = 0; again < 50; ++again) {
    CHECK_FALSE(folds(1, 2, 80, again));
    CHECK_FALSE(folds(1, 3, 80, again));
  }
  CHECK(folds(1, 4, 80, 60));
  CHECK_FALSE(folds(9, 4, 80, 61));  // one more who talks to it, no flood
  // ten minutes later the source is as any other
  const std::size_t later = 700'000;
  CHECK_FALSE(folds(1, 4, 80, later));
  // and three destinations in half an hour are no scan
  CHECK_FALSE(folds(7, 11, 80, later));
  CHECK_FALSE(folds(7, 12, 80, 2 * later));
  CHECK_FALSE(folds(7, 13, 80, 3 * later));
  nad::KeyFolder never({.fold_at = 0});
  nad::Alert alert = talk(1, 2, 3, 4);
  alert.key = "own";
  CHECK_FALSE(never.fold(alert));
  CHECK(alert.key == "own");
}

TEST_CASE("folders are saved and restored, and bounded") {
  nad::KeyFolder one({.fold_at = 3, .most_groups = 60});
  nad::KeyFolder other({.fold_at = 3, .most_groups = 60});
  nad::Random random(4);
  std::size_t folded = 0;
  for (std::size_t number = 0; number < 500; ++number) {
    nad::Alert alert = talk(static_cast<std::uint32_t>(random.below(12)), static_cast<std::uint32_t>(random.below(30)),
                            static_cast<std::uint16_t>(random.below(3)), number * 2000);
    nad::Alert same = alert;
    if (number % 50 == 0) {
      nad::KeyFolder next({.fold_at = 3, .most_groups = 60});
      next.restore_state(other.save_state());
      other = std::move(next);
    }
    folded += one.fold(alert) ? 1U : 0U;
    other.fold(same);
    REQUIRE(alert.key == same.key);
    REQUIRE(one.groups() <= 60);
  }
  CHECK(folded > 50);
  CHECK(folded < 500);
  CHECK(contains(message_of([&] { one.restore_state("{\"version\": 1}"); }), "is damaged"));
  CHECK(contains(message_of([&] { one.restore_state("nothing"); }), "is damaged"));
  for (const char* const wrong : {"1e300", "-0.5", "\"x\"", "18446744073709551616"}) {  // no whole numbers of 64 bits
    CHECK(contains(message_of([&] {
                     one.restore_state(R"({"version":1,"has_time":true,"now":0,"groups":[["k",0,false,[[)" +
                                       std::string(wrong) + ",0]]]]}");
                   }),
                   "is damaged"));
  }
  CHECK(contains(message_of([] { nad::KeyFolder({.fold_at = 1}); }), "fold_at is 1"));
  CHECK(contains(message_of([] { nad::KeyFolder({.quiet_seconds = -1.0}); }), "quiet_seconds"));
  CHECK(contains(message_of([] { nad::KeyFolder({.most_groups = 2}); }), "most_groups is 2"));
}

}  // namespace
