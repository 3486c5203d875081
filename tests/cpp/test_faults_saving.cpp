// Memory that runs out while something is saved or gone on from: the same bytes afterwards, and the program lives.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "alert_samples.hpp"
#include "allocations.hpp"
#include "faults.hpp"
#include "follow_samples.hpp"
#include "model_file_tools.hpp"
#include "model_samples.hpp"
#include "pipeline_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::Bytes;
using tests::run_out_of_memory;

TEST_CASE("faults: without memory a detector of any kind is saved or not") {
  std::size_t kinds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NAD_TEST_DATA)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with("_v1.nad") || name.starts_with("feature_pipeline") || name.starts_with("model_") ||
        entry.file_size() > 100'000) {
      continue;
    }
    ++kinds;
    const std::unique_ptr<nad::Detector> detector = nad::load_detector(entry.path());
    const nad::SaveOptions options{.note = "what it learnt from"};
    const Bytes before = nad::save_bytes(*detector, options);
    run_out_of_memory(
        "saving " + name, [&] { static_cast<void>(nad::save_bytes(*detector, options)); },
        [&](std::size_t number) {
          REQUIRE_MESSAGE((number % 32 != 1 || nad::save_bytes(*detector, options) == before), name);
        });
  }
  CHECK(kinds > 10);
}

TEST_CASE("faults: without memory a pipeline or a model is saved or not, and the old file stays") {
  for (const nad::FeaturePipeline& pipeline : pipeline_samples::small_pipelines()) {
    const Bytes before = nad::save_bytes(pipeline);
    run_out_of_memory("saving a pipeline", [&] { static_cast<void>(nad::save_bytes(pipeline)); });
    CHECK(nad::save_bytes(pipeline) == before);
  }
  const TemporaryFolder folder;
  for (const nad::Model& model : model_samples::small_models()) {
    const Bytes before = model.save_bytes();
    run_out_of_memory(
        "saving a model of " + std::string(model.detector().kind()), [&] { model.save(folder / "model.nad"); },
        [&](std::size_t number) {
          REQUIRE_MESSAGE((number % 32 != 1 || nad::Model::load(folder / "model.nad").save_bytes() == before), number);
        });
  }
}

TEST_CASE("faults: without memory the state of what limits alerts is kept and taken, or an error ends it") {
  const nad::DeduplicatorOptions options{.records_per_minute = 2.0, .burst = 2.0};
  nad::Deduplicator deduplicator(options);
  nad::KeyFolder folder({.fold_at = 3});
  for (std::uint16_t port = 1; port < 9; ++port) {
    nad::Alert alert = tests::upload_alert();
    alert.dst_port = port;
    alert.key = nad::alert_key(alert);
    static_cast<void>(folder.fold(alert));
    static_cast<void>(deduplicator.add(alert));
    static_cast<void>(deduplicator.add(alert));
  }
  const std::string alerts = deduplicator.save_state();
  const std::string keys = folder.save_state();
  REQUIRE(alerts.find("strongest") != std::string::npos);  // one that waits, as EVE
  REQUIRE(alerts.find("held") != std::string::npos);
  run_out_of_memory(
      "the state of alerts",
      [&] {
        nad::Deduplicator again(options);
        again.restore_state(alerts);
        static_cast<void>(again.save_state());
      },
      [&](std::size_t) { CHECK(deduplicator.save_state() == alerts); });
  run_out_of_memory("the state of folded keys", [&] {
    nad::KeyFolder again({.fold_at = 3});
    again.restore_state(keys);
    static_cast<void>(again.save_state());
  });
  run_out_of_memory("a state that is damaged", [&] {
    nad::KeyFolder again({.fold_at = 3});
    try {
      again.restore_state(keys.substr(0, keys.size() / 2));
    } catch (const nad::Error&) {  // of course
      return;
    }
    FAIL("half a state was taken");
  });
}

TEST_CASE("faults: without memory an allow-list and an alert are read or not") {
  run_out_of_memory("an allow-list", [] {
    static_cast<void>(nad::AllowList::parse(
        R"([{"src": "10.0.0.0/8", "dst_port": [443, 8443], "why": "backups, every night"}, {"class": ["upload"]}])"));
  });
  for (const nad::Alert& alert : tests::sample_alerts()) {
    const std::string line = nad::to_eve(alert);
    run_out_of_memory("an alert", [&] { static_cast<void>(nad::alert_from_eve(line)); });
  }
}

TEST_CASE("faults: without memory the place in a source is told and gone on from, or an error ends it") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "many");
  nad::write_csv(pipeline_samples::flows(12), folder / "flows.csv");
  nad::write_csv(pipeline_samples::flows(12), folder / "many" / "one.csv");
  nad::write_csv(pipeline_samples::flows(12), folder / "many" / "two.csv");
  follow_samples::append(folder / "conn.log", follow_samples::zeek_header() + follow_samples::lines(0, 12));
  const auto goes_on = [&](const std::string& what, const auto& open) {
    const std::unique_ptr<nad::RecordSource> source = open();
    REQUIRE(source->next(5.0));
    const std::string position = source->position();
    run_out_of_memory(what, [&] {
      const std::unique_ptr<nad::RecordSource> again = open();
      again->go_to(position);
      static_cast<void>(again->position());
    });
    CHECK(source->position() == position);
  };
  goes_on("a file", [&] { return nad::file_source(folder / "flows.csv", {.batch_rows = 5}); });
  goes_on("a folder", [&] { return nad::folder_source(folder / "many", {.source = {.batch_rows = 5}, .once = true}); });
  goes_on("a log", [&] { return nad::follow_log(folder / "conn.log", follow_samples::quick()); });
}

TEST_CASE(
    "faults: without memory a monitor is made and goes on, or an error ends it; the next one ends well [threads]") {
  if (!tests::memory_can_be_refused()) {
    MESSAGE("skipped: this sanitizer has operators new of its own, which refuse nothing");
    return;
  }
  nad::Model model = model_samples::small_models().front();
  model.set_threshold(nad::ThresholdRule::false_positive_rate(0.2));
  const TemporaryFolder folder;
  const std::filesystem::path csv = folder / "flows.csv";
  const std::filesystem::path checkpoint = folder / "c";
  nad::write_csv(pipeline_samples::flows(60, /*seed=*/4), csv);
  nad::Monitor whole(model);
  whole.run(*nad::file_source(csv, {.batch_rows = 20}));
  REQUIRE(whole.stats().alerts > 0);
  {
    nad::Monitor first(model, {.checkpoint = checkpoint});
    first.on_records([&](const nad::Table&, const nad::Findings&) { first.stop(); });
    first.run(*nad::file_source(csv, {.batch_rows = 20}));
    REQUIRE(first.stats().records == 20);
  }
  const std::filesystem::path begun = folder / "begun";
  std::filesystem::copy_file(checkpoint, begun);
  const auto go_on = [&] {
    nad::Monitor monitor(model, {.checkpoint = checkpoint});
    monitor.run(*nad::file_source(csv, {.batch_rows = 20}));
    return monitor.stats();
  };
  const std::size_t before = tests::allocations().count;
  REQUIRE(go_on().alerts == whole.stats().alerts);
  const std::size_t requests = tests::allocations().count - before;
  std::size_t ended = 0;
  for (const std::size_t number : tests::requests_to_refuse(requests)) {
    std::filesystem::copy_file(begun, checkpoint, std::filesystem::copy_options::overwrite_existing);
    {
      const tests::RefusedMemory refused(number);
      try {
        static_cast<void>(go_on());
      } catch (const std::bad_alloc&) {
        ++ended;
      } catch (const nad::Error&) {
        ++ended;
      }
    }
    const nad::MonitorStats stats = go_on();
    REQUIRE_MESSAGE(stats.records == 60, number);
    REQUIRE_MESSAGE(stats.alerts == whole.stats().alerts, number);
  }
  CHECK(ended > 0);
}

}  // namespace
