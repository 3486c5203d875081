// The alert as a value: severity, ids, keys, networks.
#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <string>

#include "alert_samples.hpp"
#include "messages.hpp"
#include "nad/alert/alert.hpp"
#include "nad/alert/subnet.hpp"

namespace {

using tests::contains;
using tests::message_of;

TEST_CASE("severity follows the p-value, by limits that can be chosen") {
  CHECK(nad::severity_of(9.9e-6) == 1);
  CHECK(nad::severity_of(1e-5) == 2);
  CHECK(nad::severity_of(9.9e-4) == 2);
  CHECK(nad::severity_of(1e-3) == 3);
  CHECK(nad::severity_of(0.0) == 1);
  CHECK(nad::severity_of(std::numeric_limits<double>::quiet_NaN()) == 3);
  CHECK(nad::severity_of(0.005, {.high = 0.001, .medium = 0.01}) == 2);
  CHECK(contains(message_of([] { nad::severity_of(0.1, {.high = 0.1, .medium = 0.01}); }), "not above that of medium"));
  CHECK(contains(message_of([] { nad::severity_of(0.1, {.high = -1.0}); }), "between 0 and 1"));
}

TEST_CASE("the same record has the same id, and any other has another") {
  const nad::Alert alert = tests::upload_alert();
  CHECK(nad::alert_id(alert) == nad::alert_id(tests::upload_alert()));
  CHECK(nad::alert_id(alert) == "a8ee335dc772c374bc9c5f1cb0e8984c");  // in every version: receivers compare them
  CHECK(nad::alert_id(alert).find_first_not_of("0123456789abcdef") == std::string::npos);
  nad::Random random(1);
  std::set<std::string> ids;
  for (int i = 0; i < 2000; ++i) {
    ids.insert(nad::alert_id(tests::random_alert(random)));
  }
  CHECK(ids.size() == 2000);
  nad::Alert other = alert;
  other.total += 1;
  CHECK(nad::alert_id(other) != nad::alert_id(alert));
  other = alert;
  other.model.sha256.back() = 'b';
  CHECK(nad::alert_id(other) != nad::alert_id(alert));
  // parts do not run into each other
  nad::Alert left;
  left.anomaly_class = "ab";
  left.protocol = "c";
  nad::Alert right;
  right.anomaly_class = "a";
  right.protocol = "bc";
  CHECK(nad::alert_id(left) != nad::alert_id(right));
}

TEST_CASE("a signature and its number come from the class where nothing is said") {
  nad::Alert alert;
  CHECK(nad::signature_of(alert) == "ANOMALY unlike normal traffic");
  CHECK(nad::signature_id_of(alert) == 9104906);  // in every version: rules and dashboards name it
  alert.anomaly_class = "scan";
  CHECK(nad::signature_of(alert) == "ANOMALY scan");
  CHECK(nad::signature_id_of(alert) != 9104906);
  CHECK(nad::signature_id_of(alert) > 9100000);
  CHECK(nad::signature_id_of(alert) < 9200000);
  alert.signature_id = 5;
  alert.signature = "mine";
  CHECK(nad::signature_id_of(alert) == 5);
  CHECK(nad::signature_of(alert) == "mine");
}

TEST_CASE("a key joins alerts by class, addresses or their networks, and port") {
  const nad::Alert alert = tests::upload_alert();
  CHECK(nad::alert_key(alert) == "10.0.3.17|203.0.113.9|443|upload");
  CHECK(nad::alert_key(alert, {.dst_prefix_v4 = 24}) == "10.0.3.17|203.0.113.0/24|443|upload");
  CHECK(nad::alert_key(alert, {.src_prefix_v4 = 0, .by_dst_port = false}) == "*|203.0.113.9|*|upload");
  CHECK(nad::alert_key(alert, {.by_class = false, .by_protocol = true, .by_interface = true}) ==
        "10.0.3.17|203.0.113.9|443|tcp|eth0|*");
  CHECK(nad::alert_key(tests::hostile_alert(), {.src_prefix_v6 = 32}) == "2001:db8::/32|fe80::2|0|a class");
  CHECK(nad::alert_key(nad::Alert()) == "-|-||anomaly");
  CHECK(contains(message_of([&] { nad::alert_key(alert, {.src_prefix_v4 = 33}); }), "at most 32"));
}

TEST_CASE("a network contains the addresses that share its leading bits") {
  const auto address = [](const char* text) { return nad::Address::parse(text).value(); };
  const nad::Subnet office = nad::Subnet::parse("10.16.0.0/12").value();
  CHECK(office.contains(address("10.16.0.0")));
  CHECK(office.contains(address("10.31.255.255")));
  CHECK_FALSE(office.contains(address("10.32.0.0")));
  CHECK_FALSE(office.contains(address("10.15.255.255")));
  CHECK(nad::Subnet::parse("0.0.0.0/0")->contains(address("255.1.2.3")));
  CHECK_FALSE(nad::Subnet::parse("0.0.0.0/0")->contains(address("2001:db8::1")));
  CHECK_FALSE(nad::Subnet::parse("::/0")->contains(address("10.0.0.1")));
  CHECK(nad::Subnet::parse("2001:db8::/33")->contains(address("2001:db8:7fff::1")));
  CHECK_FALSE(nad::Subnet::parse("2001:db8::/33")->contains(address("2001:db8:8000::1")));
  CHECK(nad::Subnet::parse("10.1.2.3/8")->to_string() == "10.0.0.0/8");
  CHECK(nad::Subnet::parse("10.1.2.3")->to_string() == "10.1.2.3");
  for (const char* text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ", "net", "10.0.0/8"}) {
    CHECK_FALSE(nad::Subnet::parse(text).has_value());
  }
  CHECK(contains(message_of([&] { nad::Subnet(address("10.0.0.1"), 64); }), "at most 32 bits"));
  // against numbers
  nad::Random random(2);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<std::uint32_t>(random.below(1ULL << 32U));
    const auto b = a ^ (1U << random.below(32));
    const auto prefix = static_cast<unsigned>(random.below(33));
    const bool same = prefix == 0 || (a >> (32 - prefix)) == (b >> (32 - prefix));
    CHECK(nad::Subnet(nad::Address::v4(a), prefix).contains(nad::Address::v4(b)) == same);
  }
}

}  // namespace
