// The places in sources that monitors keep: what is damaged is refused, and names of files may be any bytes.

#include <doctest/doctest.h>
#include <nad/detail/json_numbers.hpp>
#include <nad/detail/kept_bytes.hpp>
#include <nad/detail/kept_json.hpp>
#include <nad/nad.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alert_samples.hpp"
#include "follow_samples.hpp"
#include "messages.hpp"
#include "monitor_samples.hpp"
#include "pipeline_samples.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using follow_samples::quick;
using tests::contains;
using tests::message_of;
using Tree = nlohmann::json;

TEST_CASE("numbers that were kept are whole and fit, or an Error says so") {
  const auto taken = [](const char* text, auto value) {
    nad::detail::take_kept(Tree::parse(text), value);
    return value;
  };
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK(taken("18446744073709551615", std::uint64_t{0}) == most);
  CHECK(taken("-9223372036854775808", std::int64_t{0}) == least);
  CHECK(taken("9223372036854775807", std::int64_t{0}) == std::numeric_limits<std::int64_t>::max());
  CHECK(taken("true", false));
  CHECK(taken("3", 0.5) == 3.0);
  CHECK(taken("\"a\"", std::string()) == "a");
  for (const char* const text : {"-1", "1e300", "0.5", "1.0", "\"3\"", "null", "[]", "{}", "true"}) {
    CHECK_MESSAGE(contains(message_of([&] { taken(text, std::uint64_t{0}); }), "damaged"), text);
  }
  for (const char* const text : {"9223372036854775808", "18446744073709551616", "-9223372036854775809", "-0.5"}) {
    CHECK_MESSAGE(contains(message_of([&] { taken(text, std::int64_t{0}); }), "damaged"), text);
  }
  CHECK(contains(message_of([&] { taken("4294967297", 0); }), "damaged"));  // an int, as of a version
}

TEST_CASE("JSON that was kept is what nlohmann reads, and null where it is none") {
  std::string deep;
  for (int depth = 0; depth < 32; ++depth) {
    deep.insert(0, 1, '[').push_back(']');
  }
  std::string members = "{";
  for (int member = 0; member < 40; ++member) {
    members +=
        (member == 0 ? "\"" : ",\"") + std::to_string(97 * member % 41) + R"(":[{"a":)" + std::to_string(member) + "}]";
  }
  members += "}";
  for (const std::string& text :
       {std::string("null"), std::string("true"), std::string("-3"), std::string("18446744073709551615"),
        std::string("0.25"), std::string(R"("\u00e4\"\n")"), std::string("[]"), std::string("{}"),
        std::string(R"([1,[2,{"a":[null,false,{"b":{}}]}],"c"])"),
        std::string(R"({"a":{"b":[1]},"a":[{"c":2}],"d":{}})"), deep, members}) {
    CHECK_MESSAGE(*nad::detail::KeptJson<Tree>(text) == Tree::parse(text), text);
    CHECK_MESSAGE(
        nad::detail::KeptJson<nlohmann::ordered_json>(text)->dump() == nlohmann::ordered_json::parse(text).dump(),
        text);
  }
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[1,]"), std::string("[1] 2"), std::string("[\"\xe9\"]"),
        std::string(R"({"a":[1],"b":[{"c":[)"), "[" + deep + "]"}) {
    CHECK_MESSAGE(nad::detail::KeptJson<Tree>(text)->is_null(), text);
    CHECK_MESSAGE(nad::detail::KeptJson<nlohmann::ordered_json>(text)->is_null(), text);
  }
}

/// Latin-1, halves of UTF-8, what looks like the texts of such names, quotes and line ends.
std::vector<std::string> names() {
  return {"plain", "gr\xc3\xbcn", "gr\xfcn", "\xff\xfe", "a\xc3", "\xe9 e9 \\u0000e9", "x\"\\\n\ty"};
}

TEST_CASE("bytes come back out of texts, whatever they are") {
  std::vector<std::string> all = names();
  nad::Random random(3);
  for (int time = 0; time < 2000; ++time) {
    std::string bytes(static_cast<std::size_t>(random.below(6)), ' ');
    for (char& byte : bytes) {
      constexpr std::array<char, 9> likely = {'\0', '\0', '0', 'e', '9', '\xc3', '\xa9', '\xff', 'a'};
      byte = likely[static_cast<std::size_t>(random.below(likely.size()))];
    }
    all.push_back(bytes);
  }
  for (const std::string& bytes : all) {
    const std::string text = nad::detail::text_of_bytes(bytes);
    REQUIRE(nad::detail::is_utf8(text));
    REQUIRE(nad::detail::bytes_of_text(text) == bytes);
  }
  CHECK(nad::detail::text_of_bytes("gr\xc3\xbcn") == "gr\xc3\xbcn");
  const std::string_view no_bytes("\0 \0g0 \0e", 8);
  CHECK(nad::detail::bytes_of_text(no_bytes) == no_bytes);
}

TEST_CASE("keys that are alike but for bytes that are no UTF-8 stay two in what is kept") {
  nad::Deduplicator deduplicator;
  for (const char* const key : {"a\xfe", "a\xff", "a\xc3\xa9"}) {
    nad::Alert alert = tests::upload_alert();
    alert.key = key;
    static_cast<void>(deduplicator.add(alert));
    static_cast<void>(deduplicator.add(alert));
  }
  nad::Deduplicator again;
  again.restore_state(deduplicator.save_state());
  CHECK(again.save_state() == deduplicator.save_state());
  nad::Alert alert = tests::upload_alert();
  alert.key = "a\xff";
  const std::vector<nad::Alert> here = deduplicator.add(alert);
  const std::vector<nad::Alert> there = again.add(alert);
  REQUIRE(here.size() == there.size());
  CHECK(again.stats().evicted == 0);
  CHECK(again.save_state() == deduplicator.save_state());
}

struct Opened {
  std::string what;
  std::unique_ptr<nad::RecordSource> source;
};

/// Each kind of source that can go back, with a name of its own.
class Sources {
 public:
  explicit Sources(const std::string& name)
      : csv_(folder_ / (name + ".csv")),
        log_(folder_ / (name + ".log")),
        many_(folder_ / (name + " many")),
        capture_(folder_ / (name + ".pcap")) {
    fs::create_directory(many_);
    nad::write_csv(pipeline_samples::flows(12), csv_);
    nad::write_csv(pipeline_samples::flows(12), many_ / ("a" + name + ".csv"));
    nad::write_csv(pipeline_samples::flows(12), many_ / ("b" + name + ".csv"));
    fs::copy_file(monitor_samples::office().capture, capture_);
    fs::copy_file(capture_, many_ / ("c" + name + ".pcap"));
    follow_samples::append(log_, follow_samples::zeek_header() + follow_samples::lines(0, 12));
  }

  std::vector<Opened> open() const {
    const nad::SourceOptions few{.batch_rows = 5};
    std::vector<Opened> opened;
    opened.reserve(4);
    opened.push_back({"a file", nad::file_source(csv_, few)});
    opened.push_back({"a folder", nad::folder_source(many_, {.source = few, .once = true})});
    nad::FollowOptions once = quick();
    once.once = true;
    opened.push_back({"a log", nad::follow_log(log_, once)});
    opened.push_back({"a capture", nad::capture_source({capture_}, {.source = few})});
    return opened;
  }

 private:
  TemporaryFolder folder_;
  fs::path csv_;
  fs::path log_;
  fs::path many_;
  fs::path capture_;
};

std::size_t records_of(nad::RecordSource& source) {
  std::size_t records = 0;
  while (!source.ended()) {
    if (const std::optional<nad::Table> table = source.next(1.0)) {
      records += table->rows();
    }
  }
  return records;
}

TEST_CASE("sources go on from what they have kept, whatever their files are called [threads]") {
  for (const std::string& name : names()) {
    const Sources sources(name);
    const std::vector<Opened> whole = sources.open();
    const std::vector<Opened> first = sources.open();
    const std::vector<Opened> second = sources.open();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const std::size_t all = records_of(*whole[i].source);
      std::size_t begun = 0;
      for (int batch = 0; batch < 2 && !first[i].source->ended(); ++batch) {
        if (const std::optional<nad::Table> table = first[i].source->next(1.0)) {
          begun += table->rows();
        }
      }
      const std::string position = first[i].source->position();
      REQUIRE_MESSAGE(Tree::accept(position), whole[i].what << " " << name);
      second[i].source->go_to(position);
      CHECK_MESSAGE(second[i].source->position() == position, whole[i].what << " " << name);
      CHECK_MESSAGE(begun + records_of(*second[i].source) == all, whole[i].what << " " << name);
    }
  }
}

TEST_CASE("a position that is damaged is refused, and says what to do [threads]") {
  const Sources sources("plain");
  for (const Opened& opened : sources.open()) {
    static_cast<void>(opened.source->next(1.0));
    const std::string position = opened.source->position();
    const auto refused = [&](const std::string& text) {
      for (const Opened& other : sources.open()) {
        if (other.what == opened.what) {
          const std::string message = message_of([&] { other.source->go_to(text); });
          CHECK_MESSAGE(contains(message, "the position to go on from is not one of"), opened.what << ": " << text);
          CHECK_MESSAGE(contains(message, "begin anew without the checkpoint"), opened.what << ": " << text);
        }
      }
    };
    refused("");
    refused("[]");
    refused("3");
    refused(position.substr(0, position.size() / 2));
    const Tree sound = Tree::parse(position);
    for (const auto& [member, value] : sound.items()) {
      Tree lacking = sound;
      lacking.erase(member);
      refused(lacking.dump());
      for (const char* const wrong : {"1e300", "-0.5", "null", "true", "36893488147419103232"}) {
        Tree damaged = sound;
        damaged[member] = Tree::parse(wrong);
        refused(damaged.dump());
      }
      Tree other = sound;
      other[member] = value.is_string() ? Tree(7) : Tree("7");
      refused(other.dump());
      if (value.is_number_unsigned() && member != "changed" && member != "silence") {
        other[member] = -1;
        refused(other.dump());
      }
    }
  }
}

TEST_CASE("a monitor whose files have names that are not UTF-8 goes on from its checkpoint [threads]") {
  const TemporaryFolder folder;
  const fs::path capture = folder / "b\xfcro.pcap";
  fs::copy_file(monitor_samples::office().capture, capture);
  nad::Monitor whole(*monitor_samples::office().model);
  whole.run(*nad::file_source(capture));
  const nad::MonitorOptions options{.checkpoint = folder / "b\xfcro.checkpoint"};
  std::uint64_t runs = 0;
  nad::MonitorStats last;
  for (bool ended = false; !ended; ++runs) {
    nad::Monitor monitor(*monitor_samples::office().model, options);
    monitor.on_records([&](const nad::Table&, const nad::Findings&) { monitor.stop(); });
    const auto source = nad::file_source(capture, {.batch_rows = 300});
    monitor.run(*source);
    ended = source->ended();
    last = monitor.stats();
  }
  CHECK(runs > 1);
  CHECK(last.records == whole.stats().records);
  CHECK(last.alerts == whole.stats().alerts);
}

}  // namespace
