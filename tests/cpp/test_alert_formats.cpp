// What alerts look like outside: golden lines, what formats escape read back by the formats' own rules, and EVE there
// and back.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "alert_samples.hpp"
#include "messages.hpp"
#include "nad/alert/format.hpp"
#include "nad/detail/utf8.hpp"

namespace {

using tests::contains;
using tests::message_of;

constexpr nad::AlertFormat formats[] = {nad::AlertFormat::eve,    nad::AlertFormat::ecs,  nad::AlertFormat::cef,
                                        nad::AlertFormat::syslog, nad::AlertFormat::text, nad::AlertFormat::report};

/// The alerts of `sample_alerts`, in every format; NAD_WRITE_GOLDEN=1 writes them anew.
TEST_CASE("alerts are written as the golden lines have them") {
  for (const nad::AlertFormat format : formats) {
    const std::string path = std::string(NAD_TEST_DATA) + "/alerts_" + std::string(nad::name(format)) + ".txt";
    std::string text;
    for (const nad::Alert& alert : tests::sample_alerts()) {
      text += nad::format_alert(alert, format) + "\n";
    }
    if (std::getenv("NAD_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << text;
    }
    std::ifstream file(path, std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == text);
  }
}

bool has_control(const std::string& text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0)) {
      return true;
    }
  }
  return false;
}

TEST_CASE("whatever an alert holds, a record is UTF-8 in one line") {
  nad::Random random(3);
  for (int i = 0; i < 150; ++i) {
    nad::Alert alert = tests::random_alert(random);
    if (random.below(3) == 0) {
      alert.signature += static_cast<char>(128 + random.below(128));
      alert.reasons.push_back({"c\xff", "\xc3", "\xed\xa0\x80", "\xe2\x82", 0.1, "\x1b"});
    }
    for (const nad::AlertFormat format : formats) {
      const std::string text = nad::format_alert(alert, format);
      CHECK(nad::detail::is_utf8(text));
      if (format != nad::AlertFormat::report) {
        CHECK_FALSE(has_control(text));
      }
    }
    CHECK(nlohmann::json::accept(nad::to_eve(alert)));
    CHECK(nlohmann::json::accept(nad::to_ecs(alert)));
  }
}

TEST_CASE("EVE there and back is the same alert") {
  nad::Random random(4);
  for (int i = 0; i < 300; ++i) {
    const nad::Alert alert = tests::random_alert(random);
    CHECK(nad::alert_from_eve(nad::to_eve(alert)) == alert);
  }
  CHECK(nad::alert_from_eve(nad::to_eve(tests::upload_alert())) == tests::upload_alert());
  CHECK(nad::alert_from_eve(nad::to_eve(nad::Alert())) == nad::Alert());
}

TEST_CASE("of other programs' alerts what is known is read, and what is none is refused with its place") {
  const nad::Alert alert = nad::alert_from_eve(
      R"({"timestamp":"2017-04-07T22:24:37.251547+0100","event_type":"alert","src_ip":"10.0.0.1","src_port":1,)"
      R"("dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","alert":{"signature_id":2001,"severity":1,)"
      R"("signature":"ET SCAN","category":"x","metadata":{}},"extra":[1]})");
  CHECK(alert.signature_id == 2001);
  CHECK(alert.src == nad::Address::parse("10.0.0.1"));
  CHECK(alert.dst_port == 80);
  CHECK(alert.last_seen == nad::parse_time("2017-04-07T21:24:37.251547Z"));
  const auto refusal = [](const char* line) { return message_of([&] { nad::alert_from_eve(line); }); };
  CHECK(contains(refusal("{"), "no JSON"));
  CHECK(contains(refusal("[]"), "the record is no object"));
  CHECK(contains(refusal("{}"), "no member 'alert'"));
  CHECK(contains(refusal(R"({"alert":3})"), "alert. is no object"));
  CHECK(contains(refusal(R"({"alert":{},"src_port":70000})"), "src_port is number but should be a whole number"));
  CHECK(contains(refusal(R"({"alert":{},"src_port":-1})"), "src_port"));
  CHECK(contains(refusal(R"({"alert":{},"src_ip":"nobody"})"), "should be an address"));
  CHECK(contains(refusal(R"({"alert":{},"timestamp":"soon"})"), "should be a time"));
  CHECK(contains(refusal(R"({"alert":{"context":{"anomaly":{"kind":"odd"}}}})"), "there are 'first', 'update'"));
  CHECK(contains(refusal(R"({"alert":{"context":{"anomaly":{"top_features":[{"name":3}]}}}})"), "top_features.name"));
}

TEST_CASE("damaged lines are alerts or errors, nothing else") {
  nad::Random random(6);
  const std::vector<nad::Alert> samples = tests::sample_alerts();
  std::size_t read = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = tests::damaged_text(nad::to_eve(samples[random.below(samples.size())]), random);
    try {
      const nad::Alert alert = nad::alert_from_eve(line);
      CHECK(nad::alert_from_eve(nad::to_eve(alert)).total == alert.total);
      ++read;
    } catch (const nad::Error& error) {
      CHECK(contains(error.what(), "not an alert in the EVE format"));
    }
  }
  CHECK(read > 100);
  CHECK_THROWS_AS(nad::alert_from_eve(std::string(200'000, '[')), nad::Error);
}

// ---- CEF, read by its own rules

struct Cef {
  std::vector<std::string> header;
  std::map<std::string, std::string> extension;
};

Cef read_cef(const std::string& text) {
  Cef cef;
  std::size_t at = 0;
  std::string part;
  for (; cef.header.size() < 7; ++at) {
    REQUIRE(at < text.size());
    if (text[at] == '\\') {
      REQUIRE((text[at + 1] == '\\' || text[at + 1] == '|'));
      part += text[++at];
    } else if (text[at] == '|') {
      cef.header.push_back(std::exchange(part, ""));
    } else {
      part += text[at];
    }
  }
  // a key is the word before an equal sign without a backslash
  std::string key;
  std::string value;
  const auto finish = [&](std::string end) {
    if (!key.empty()) {
      CHECK(cef.extension.emplace(key, std::exchange(value, "")).second);
    }
    key = std::move(end);
  };
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
      REQUIRE((text[at] == '\\' || text[at] == '=' || text[at] == 'n' || text[at] == 'r'));
      value += text[at] == 'n' ? '\n' : text[at] == 'r' ? '\r' : text[at];
    } else if (text[at] == '=') {
      const std::size_t blank = value.rfind(' ');
      std::string next = blank == std::string::npos ? value : value.substr(blank + 1);
      value.resize(blank == std::string::npos ? 0 : blank);
      finish(std::move(next));
      value.clear();
    } else {
      value += text[at];
    }
  }
  finish("");
  return cef;
}

TEST_CASE("CEF escapes what its header and its extension need, each its own signs") {
  const Cef cef = read_cef(nad::to_cef(tests::hostile_alert()));
  CHECK(cef.header[0] == "CEF:0");
  CHECK(contains(cef.header[5], "pipe | back\\slash = equals \"quote\" ]bracket line"));
  CHECK(cef.header[6] == "8");
  CHECK(cef.extension.at("c6a2") == "2001:db8::1");
  CHECK(cef.extension.at("c6a2Label") == "Source IPv6 Address");
  CHECK(cef.extension.at("cs4") == "k|=]\\");
  CHECK(cef.extension.at("cs2") == "user=agent x\\ (usual: \"y\"])");
  CHECK(cef.extension.count("src") == 0);
  CHECK(cef.extension.count("spt") == 0);  // ICMP has none

  const Cef upload = read_cef(nad::to_cef(tests::upload_alert()));
  CHECK(upload.extension.at("src") == "10.0.3.17");
  CHECK(upload.extension.at("dpt") == "443");
  CHECK(upload.extension.at("in") == "734003200");
  CHECK(upload.extension.at("out") == "3455712");
  CHECK(upload.extension.at("rt") == "1795196523118");
  CHECK(upload.extension.at("cfp1") == "0.00021");
  CHECK(upload.header[6] == "5");
}

TEST_CASE("long CEF values end between two characters and never inside an escape") {
  for (std::size_t size = 990; size < 1050; ++size) {
    nad::Alert alert;
    alert.service = std::string(size, '=') + "\xe2\x82\xac\xe2\x82\xac";
    alert.interface = std::string(size, 'x') + "\xe2\x82\xac\xe2\x82\xac";
    const std::string text = nad::to_cef(alert);
    CHECK(nad::detail::is_utf8(text));
    const Cef cef = read_cef(text);
    CHECK(cef.extension.at("app") == std::string(511, '='));
    CHECK(cef.extension.at("deviceInboundInterface").size() <= 1023);
    CHECK(cef.extension.at("deviceInboundInterface").size() > 980);
  }
}

// ---- syslog, read by its own rules

struct Syslog {
  unsigned priority = 0;
  std::vector<std::string> words;  // time, host, application, process, message id
  std::map<std::string, std::string> data;
  std::string message;
};

Syslog read_syslog(const std::string& text) {
  Syslog syslog;
  REQUIRE(text[0] == '<');
  std::size_t at = text.find('>');
  syslog.priority = static_cast<unsigned>(std::stoul(text.substr(1, at - 1)));
  REQUIRE(text.substr(at, 3) == ">1 ");
  at += 3;
  for (int word = 0; word < 5; ++word) {
    const std::size_t end = text.find(' ', at);
    syslog.words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (text[at] == '-') {
    ++at;
  } else {
    REQUIRE(text.substr(at, 5) == "[nad@");
    at = text.find_first_of(" ]", at);
    while (text[at] == ' ') {
      const std::size_t equals = text.find('=', at);
      const std::string name = text.substr(at + 1, equals - at - 1);
      CHECK(name.size() <= 32);
      REQUIRE(text[equals + 1] == '"');
      std::string value;
      for (at = equals + 2; text[at] != '"'; ++at) {
        REQUIRE(text[at] != ']');
        if (text[at] == '\\') {
          ++at;
          REQUIRE((text[at] == '"' || text[at] == '\\' || text[at] == ']'));
        }
        value += text[at];
      }
      CHECK(syslog.data.emplace(name, value).second);
      ++at;
    }
    REQUIRE(text[at] == ']');
    ++at;
  }
  if (at < text.size()) {
    REQUIRE(text[at] == ' ');
    syslog.message = text.substr(at + 1);
  }
  return syslog;
}

TEST_CASE("syslog messages follow RFC 5424: priority, words, escapes and the mark of UTF-8") {
  const Syslog upload = read_syslog(nad::to_syslog(tests::upload_alert()));
  CHECK(upload.priority == 16 * 8 + 4);
  CHECK(upload.words == std::vector<std::string>{"2026-11-20T17:42:03.118274Z", "-", "nad", "-", "upload"});
  CHECK(upload.data.at("src") == "10.0.3.17");
  CHECK(upload.data.at("p") == "0.00021");
  CHECK(contains(upload.data.at("reasons"), "bytes_sent 734003200 B is higher"));
  CHECK(upload.message == nad::to_text(tests::upload_alert()));  // ASCII: no mark

  const Syslog hostile = read_syslog(
      nad::to_syslog(tests::hostile_alert(),
                     {.facility = 4, .host = "my host\x01", .application = std::string(99, 'a'), .process_id = "7"}));
  CHECK(hostile.priority == 4 * 8 + 2);
  CHECK(hostile.words[1] == "my_host_");
  CHECK(hostile.words[2] == std::string(48, 'a'));
  CHECK(hostile.words[3] == "7");
  CHECK(hostile.words[4] == "a_class");
  CHECK(hostile.data.at("interface") == "veth]\"0");
  CHECK(hostile.data.at("key") == "k|=]\\");
  CHECK(hostile.message.substr(0, 3) == "\xef\xbb\xbf");
  CHECK(hostile.message.substr(3) == nad::to_text(tests::hostile_alert()));

  const Syslog eve = read_syslog(nad::to_syslog(tests::upload_alert(), {.body = nad::SyslogBody::cee}));
  CHECK(eve.message == "@cee: " + nad::to_eve(tests::upload_alert()));
  const Syslog cef = read_syslog(nad::to_syslog(tests::hostile_alert(), {.body = nad::SyslogBody::cef}));
  CHECK(cef.message == "\xef\xbb\xbf" + nad::to_cef(tests::hostile_alert()));
}

TEST_CASE("syslog messages keep to their length: texts are cut, JSON is not") {
  nad::Random random(5);
  for (int i = 0; i < 200; ++i) {
    nad::Alert alert = tests::random_alert(random);
    alert.signature += "\xe2\x82\xac" + tests::random_text(random, 300);
    const std::size_t most = 480 + random.below(1500);
    const auto body = static_cast<nad::SyslogBody>(random.below(4));
    const std::string text = nad::to_syslog(alert, {.body = body, .most_bytes = most});
    CHECK(text.size() <= most);
    CHECK(nad::detail::is_utf8(text));
    const Syslog syslog = read_syslog(text);
    if (contains(syslog.message, "{\"timestamp\"")) {
      CHECK(syslog.message.back() == '}');
    }
    CHECK(syslog.data.count("id") == 1);  // the most important always has room
  }
  CHECK(contains(message_of([] { nad::to_syslog(nad::Alert(), {.facility = 24}); }), "0 to 23"));
  CHECK(contains(message_of([] { nad::to_syslog(nad::Alert(), {.enterprise = "me"}); }), "32473"));
  CHECK(contains(message_of([] { nad::to_syslog(nad::Alert(), {.most_bytes = 100}); }), "480"));
}

TEST_CASE("people read who, how sure and why") {
  const std::string line = nad::to_text(tests::upload_alert());
  CHECK(contains(line, "[medium] ANOMALY upload volume"));
  CHECK(contains(line, "10.0.3.17:51544 -> 203.0.113.9:443 tcp/tls"));
  CHECK(contains(line, "p=0.00021"));
  CHECK(contains(nad::to_text(tests::later_alert()), "(8 more, 10 in all)"));
  CHECK(contains(nad::to_text(tests::suppressed_alert()), "12 held back"));
  CHECK(contains(nad::to_report(tests::suppressed_alert()), "others 2"));
  CHECK(contains(nad::to_report(tests::upload_alert()), "because    service tls is rare (usual: http 61 %, dns 30 %)"));
}

}  // namespace
