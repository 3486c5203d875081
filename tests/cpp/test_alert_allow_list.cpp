// What shall raise no alerts: rules, their files, and alerts that were stored before.
#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <string_view>

#include "alert_samples.hpp"
#include "messages.hpp"
#include "nad/alert/allow_list.hpp"
#include "nad/alert/format.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::contains;
using tests::message_of;

bool allows(const std::string& rules, const nad::Alert& alert) {
  return nad::AllowList::parse(rules).match(alert) != nullptr;
}

TEST_CASE("rules allow by network, port and name, and all their conditions must hold") {
  const nad::Alert alert = tests::upload_alert();  // 10.0.3.17:51544 -> 203.0.113.9:443
  CHECK(allows("src=10.0.0.0/8", alert));
  CHECK_FALSE(allows("dst=10.0.0.0/8", alert));
  CHECK(allows("ip=203.0.113.0/24", alert));
  CHECK(allows("ip=192.0.2.0/24,203.0.113.9", alert));
  CHECK(allows("dst_port=443", alert));
  CHECK_FALSE(allows("src_port=443", alert));
  CHECK(allows("port=400-500", alert));
  CHECK(allows("port=51544", alert));
  CHECK_FALSE(allows("port=1-442,444-51543", alert));
  CHECK(allows("server_name=*.example.org", alert));
  CHECK(allows("server_name=FILES.*", alert));
  CHECK_FALSE(allows("server_name=example.org", alert));
  CHECK_FALSE(allows("host_name=*", alert));
  CHECK(
      allows("class=up*d service=tls protocol=tcp interface=eth? model=edge-7 severity=2 signature_id=9100004", alert));
  CHECK(allows("signature=\"*far outside*\" flow_state=SF detector=ensemble", alert));
  CHECK_FALSE(allows("src=10.0.0.0/8 dst_port=80", alert));
  CHECK(allows("dst_port=80\nsrc=10.0.0.0/8", alert));
  CHECK_FALSE(allows("", alert));
  CHECK_FALSE(allows("# src=10.0.0.0/8\n\n  \t\r\n", alert));
  // nothing is known, so nothing holds
  CHECK_FALSE(allows("ip=0.0.0.0/0", nad::Alert()));
  CHECK_FALSE(allows("port=0-65535", nad::Alert()));
  CHECK_FALSE(allows("service=*", nad::Alert()));
  CHECK_FALSE(allows("class=*", tests::suppressed_alert()));  // what was held back is not to be hidden, too
}

TEST_CASE("patterns are as one would write them out") {
  nad::Random random(21);
  // a slow, plain definition
  const auto slow = [](auto&& self, std::string_view text, std::string_view pattern) -> bool {
    if (pattern.empty()) {
      return text.empty();
    }
    if (pattern[0] == '*') {
      return self(self, text, pattern.substr(1)) || (!text.empty() && self(self, text.substr(1), pattern));
    }
    return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
           self(self, text.substr(1), pattern.substr(1));
  };
  for (int i = 0; i < 3000; ++i) {
    nad::Alert alert;
    std::string pattern;
    for (std::size_t j = 1 + random.below(8); j > 0; --j) {
      alert.service += "ab"[random.below(2)];
      pattern += "ab*?"[random.below(4)];
    }
    CHECK(allows("service=" + pattern, alert) == slow(slow, alert.service, pattern));
  }
}

TEST_CASE("a rule says who wants it, why, and until when") {
  const nad::AllowList list = nad::AllowList::parse(
      "\xef\xbb\xbf# known\nsrc=10.0.3.17 who=\"Anna \\\"A\\\"\" why=\"nightly, as agreed # 7\" "
      "until=2026-11-20T17:42:04Z # soon\n");
  REQUIRE(list.rules().size() == 1);
  const nad::AllowRule& rule = list.rules()[0];
  CHECK(rule.who == "Anna \"A\"");
  CHECK(rule.why == "nightly, as agreed # 7");
  CHECK(rule.line == 2);
  nad::Alert alert = tests::upload_alert();
  CHECK(list.match(alert) == &rule);
  alert.last_seen = rule.until.value();  // by the time of the alert, not of today
  CHECK(list.match(alert) == nullptr);
  // there and back
  const nad::AllowList again = nad::AllowList::parse(list.to_string());
  CHECK(again.to_string() == list.to_string());
  CHECK(again.rules()[0].until == rule.until);
  CHECK(again.rules()[0].why == rule.why);
}

TEST_CASE("JSON says the same") {
  const nad::AllowList list = nad::AllowList::parse(R"([
    {"src": "10.0.0.0/8", "dst_port": [80, "400-500"], "who": "anna", "until": "2027-01-01"},
    {"server_name": ["*.a.org", "x, \"y\""], "why": "w"}
  ])");
  CHECK(list.to_string() ==
        "src=10.0.0.0/8 dst_port=80,400-500 who=anna until=2027-01-01T00:00:00Z\n"
        "server_name=*.a.org,\"x, \\\"y\\\"\" why=w\n");
  CHECK(list.match(tests::upload_alert()) == list.rules().data());
  CHECK(list.rules()[1].line == 3);
  CHECK(nad::AllowList::parse("[]").rules().empty());
}

TEST_CASE("errors name the file, the line, and what to write instead") {
  const auto refusal = [](const std::string& text) {
    return message_of([&] { nad::AllowList::parse(text, "allow.txt"); });
  };
  CHECK(contains(refusal("src=10.0.0.1\n\nsrc=nobody"), "allow.txt:3: src is 'nobody'; give an address"));
  CHECK(contains(refusal("src=10.0.0.1/8"), "the network is 10.0.0.0/8"));
  CHECK(contains(refusal("port=70000"), "allow.txt:1: port is '70000'"));
  CHECK(contains(refusal("port=9-5"), "range"));
  CHECK(contains(refusal("port=http"), "port is 'http'"));
  CHECK(contains(refusal("dst_prt=5"), "did you mean 'dst_port'?"));
  CHECK(contains(refusal("sevice=dns"), "did you mean 'service'?"));
  CHECK(contains(refusal("src"), "'src' has no value"));
  CHECK(contains(refusal("=5"), "a condition is a column"));
  CHECK(contains(refusal("service="), "empty value"));
  CHECK(contains(refusal("service=\"dns"), "a quote is not closed"));
  CHECK(contains(refusal("service=\"dns\"x"), "a blank must stand"));
  CHECK(contains(refusal("service=dns service=http"), "stands there twice"));
  CHECK(contains(refusal("who=anna"), "no condition"));
  CHECK(contains(refusal("src=10.0.0.1 until=soon"), "until is 'soon'"));
  CHECK(contains(refusal("src=10.0.0.1 who=a,b"), "'who' has one value"));
  CHECK(contains(refusal("[\n {\"src\": \"10.0.0.1\"},\n {\"src\":\n \"nobody\"}]"), "allow.txt:3: src is 'nobody'"));
  CHECK(contains(refusal("[{\"port\": 1.5}]"), "'port' is number"));
  CHECK(contains(refusal("[{\"port\": null}]"), "'port' is null"));
  CHECK(contains(refusal("[7]"), "allow.txt:1: a rule is an object"));
  CHECK(contains(refusal("[\n{\"src\": \"a\"\n"), "allow.txt:3: this is no JSON"));
  CHECK(contains(refusal("{\"rules\": []}"), "a JSON list of rules"));
  CHECK(contains(message_of([] { nad::AllowList::read("nowhere.txt"); }), "cannot read the allow-list 'nowhere.txt'"));
  CHECK(contains(message_of([] { nad::AllowList().add({}); }), "hide every alert"));
}

TEST_CASE("damaged lists are lists or errors, which name a line") {
  nad::Random random(22);
  const std::string lines =
      "src=10.0.3.17 who=\"a b\" why=x until=2026-11-20T17:42:04Z\nport=1-5,7\nservice=\"a,b\",c*\n";
  const std::string json = "[{\"src\": [\"10.0.0.0/8\"], \"port\": [80, \"1-5\"]},\n{\"service\": \"x\"}]";
  std::size_t read = 0;
  for (int i = 0; i < 3000; ++i) {
    try {
      const nad::AllowList list = nad::AllowList::parse(tests::damaged_text(i % 2 == 0 ? lines : json, random));
      CHECK(nad::AllowList::parse(list.to_string()).to_string() == list.to_string());
      ++read;
    } catch (const nad::Error& error) {
      CHECK(contains(error.what(), "line "));
    }
  }
  CHECK(read > 100);
}

TEST_CASE("stored alerts are filtered, and what cannot be read is kept") {
  const TemporaryFolder folder;
  std::string text;
  for (const nad::Alert& alert : tests::sample_alerts()) {
    text += nad::to_eve(alert) + "\n";
  }
  text += "not JSON\n{\"event_type\":\"flow\"}\n" + nad::to_eve(tests::hostile_alert());  // and no line feed at the end
  write_file(folder / "eve.json", std::as_bytes(std::span(text)));
  write_file(folder / "allow.txt", std::as_bytes(std::span(std::string_view("dst_port=80\nsrc=10.0.0.0/8\n"))));
  const nad::AllowList list = nad::AllowList::read(folder / "allow.txt");
  const nad::FilterReport report = nad::filter_alerts(list, folder / "eve.json", folder / "kept.json");
  CHECK(report.lines == 7);
  CHECK(report.allowed == 2);
  CHECK(report.unreadable == 2);
  CHECK(report.by_rule == std::vector<std::uint64_t>{0, 2});
  const std::vector<std::byte> kept = read_file(folder / "kept.json");
  const std::string expected = nad::to_eve(tests::hostile_alert()) + "\n" + nad::to_eve(tests::suppressed_alert()) +
                               "\nnot JSON\n{\"event_type\":\"flow\"}\n" + nad::to_eve(tests::hostile_alert());
  CHECK(std::string(reinterpret_cast<const char*>(kept.data()), kept.size()) == expected);
  CHECK(
      contains(message_of([&] { nad::filter_alerts(list, folder / "eve.json", folder / "eve.json"); }), "into itself"));
  CHECK(contains(message_of([&] { nad::filter_alerts(list, folder / "no.json", folder / "x"); }), "cannot read"));
  CHECK(contains(message_of([&] { nad::filter_alerts(list, folder / "eve.json", folder / "no" / "x"); }),
                 "cannot write"));
}

}  // namespace
