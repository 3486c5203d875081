// Memory that runs out, at every request of what a program does with nad: std::bad_alloc or an Error, nothing lost that
// was there before, and no leak.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "faults.hpp"
#include "model_file_tools.hpp"
#include "model_samples.hpp"
#include "pipeline_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::Bytes;
using tests::run_out_of_memory;

/// Small ones of every kind that a file of nad's can hold.
std::vector<std::string> golden_files() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(NAD_TEST_DATA)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_v1.nad") && !name.starts_with("feature_pipeline") && !name.starts_with("model_") &&
        entry.file_size() < 100'000) {
      paths.push_back(entry.path().string());
    }
  }
  return paths;
}

TEST_CASE("faults: without memory a detector of any kind is loaded or not") {
  const std::vector<std::string> paths = golden_files();
  REQUIRE(paths.size() > 10);
  for (const std::string& path : paths) {
    run_out_of_memory("loading " + path, [&] { static_cast<void>(nad::load_detector(path)); });
  }
}

TEST_CASE("faults: without memory a detector of any kind that learns is as before") {
  const nad::Matrix rows = model_file::training_rows();
  std::size_t kinds = 0;
  for (const std::string& path : golden_files()) {
    const std::unique_ptr<nad::Detector> detector = nad::load_detector(path);
    if (model_file::error_of([&] { detector->clone()->fit(rows, {.n_jobs = 2}); })) {
      continue;  // it learns from other rows, or from labels
    }
    ++kinds;
    const Bytes before = nad::save_bytes(*detector);
    std::unique_ptr<nad::Detector> learner;
    bool has_learnt = false;
    run_out_of_memory(
        "learning " + path,
        [&] {
          has_learnt = false;
          learner = detector->clone();
          learner->fit(rows, {.n_jobs = 2});
          has_learnt = true;
        },
        [&](std::size_t number) {
          if (!has_learnt && learner != nullptr && number % 16 == 1) {
            REQUIRE_MESSAGE(nad::save_bytes(*learner) == before, path << ", request " << number);
          }
          learner.reset();
        });
  }
  CHECK(kinds > 10);
}

TEST_CASE("faults: without memory a model learns, loads and judges, or not at all") {
  const nad::Table table = pipeline_samples::flows(60, /*seed=*/11);
  for (const nad::Model& model : model_samples::small_models()) {
    const Bytes bytes = model.save_bytes();
    const std::string kind(model.detector().kind());
    run_out_of_memory("loading a model of " + kind, [&] { static_cast<void>(nad::Model::load_bytes(bytes)); });
    std::optional<nad::Model> learner;
    run_out_of_memory(
        "learning a model of " + kind,
        [&] {
          learner = model;
          learner->fit(table);
          learner.reset();
        },
        [&](std::size_t number) {
          if (learner && number % 16 == 1) {
            REQUIRE_MESSAGE(learner->save_bytes() == bytes, "request " << number);
          }
          learner.reset();
        });
    const std::vector<float> scores = model.detect(table).scores;
    run_out_of_memory(
        "judging by a model of " + kind, [&] { static_cast<void>(model.detect(table, {}, {.n_jobs = 2})); },
        [&](std::size_t number) {
          REQUIRE_MESSAGE((number % 32 != 1 || model.detect(table).scores == scores), number);
        });
  }
}

TEST_CASE("faults: without memory records are read and written, or an error ends it") {
  const TemporaryFolder folder;
  const nad::Table flows = pipeline_samples::flows(40);
  std::ostringstream csv;
  nad::write_csv(flows, csv);
  std::ostringstream zeek;
  zeek << "#separator \\x09\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\t"
          "id.resp_p\tproto\tduration\tconn_state\n#"
          "types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval\tstring\n";
  for (int row = 0; row < 20; ++row) {
    zeek << 1767571200 + row << ".5\tC" << row << "\t10.0.0.1\t40000\t192.0.2.1\t53\tudp\t0.25\tSF\n";
  }
  const std::string suricata =
      R"({"timestamp":"2026-01-05T10:00:00.0+0000","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1","src_port":1,)"
      R"("dest_ip":"10.0.0.2","dest_port":53,"proto":"UDP","flow":{"pkts_toserver":1,"pkts_toclient":1,)"
      R"("bytes_toserver":60,"bytes_toclient":90,"start":"2026-01-05T10:00:00.0+0000",)"
      R"("end":"2026-01-05T10:00:01.0+0000","state":"closed"}})"
      "\n";
  std::ostringstream capture;
  {
    nad::SimulatorOptions options{.random_state = 1, .hours = 0.01, .hosts = 4, .rate = 1.0, .rhythm = false};
    static_cast<void>(nad::Simulator(options).write(folder / "a.pcap"));
    capture << std::ifstream(folder / "a.pcap", std::ios::binary).rdbuf();
    std::filesystem::remove(folder / "a.pcap");
  }
  for (const std::string& text : {csv.str(), zeek.str(), suricata, capture.str()}) {
    run_out_of_memory("reading " + text.substr(0, 10), [&] {
      std::istringstream stream(text);
      static_cast<void>(nad::read(stream));
    });
  }
  run_out_of_memory("writing", [&] {
    std::ostringstream stream;
    nad::write_csv(flows, stream);
  });
  run_out_of_memory("reading what is not malformed alone", [&] {
    std::istringstream stream(zeek.str() + "nonsense\n");
    nad::ReadReport report;
    static_cast<void>(nad::read(stream, {.on_error = nad::OnError::skip}, &report));
  });
}

TEST_CASE("faults: without memory one record at a time is judged as it would have been, or not") {
  const nad::Model model = model_samples::small_models().front();
  const nad::Table table = pipeline_samples::flows(30);
  const std::vector<float> expected = nad::RecordScorer(model).detect(table).scores;
  run_out_of_memory(
      "judging in turn",
      [&] {
        nad::RecordScorer other(model);
        static_cast<void>(other.detect(table));
        other.set(other.place("bytes_sent"), 12.0);
        static_cast<void>(other.score());
        static_cast<void>(other.explain());
      },
      [&](std::size_t number) {
        REQUIRE_MESSAGE((number % 32 != 1 || nad::RecordScorer(model).detect(table).scores == expected), number);
      });
}

/// What is told as taken over reaches the file, whatever fails meanwhile, on whatever thread.
TEST_CASE("faults: without memory a sink loses nothing that it took over [threads]") {
  if (!tests::memory_can_be_refused()) {
    MESSAGE("skipped: this sanitizer has operators new of its own, which refuse nothing");
    return;
  }
  const std::string padding(100, '.');  // longer than a string keeps within itself
  for (std::size_t number = 1; number <= 60; ++number) {
    const TemporaryFolder folder;
    std::vector<std::string> taken;
    nad::SinkStats stats;
    {
      nad::AlertSink sink(nad::file_channel({.path = folder / "alerts"}), {.retry_seconds = 0.001});
      std::vector<std::string> texts;
      texts.reserve(20);
      taken.reserve(20);
      for (int text = 0; text < 20; ++text) {
        texts.push_back(std::to_string(100 + text) + padding);
      }
      {
        const tests::RefusedMemory refused(number, 1 + number % 3);
        for (const std::string& text : texts) {
          try {
            if (sink.write_text(text)) {
              taken.emplace_back(text.data(), 3);
            }
          } catch (const std::bad_alloc&) {  // not taken over
          }
        }
        CHECK(sink.flush(20.0));
      }
      stats = sink.stats();
    }
    std::ifstream file(folder / "alerts");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line.substr(0, 3));
    }
    REQUIRE_MESSAGE(lines == taken, "request " << number << ", " << stats.last_error);
    CHECK(stats.lost() == 0);
    CHECK(stats.given == stats.written);
  }
}

TEST_CASE(
    "faults: without memory a monitor's run ends with an error, and the next one gives what any gives [threads]") {
  if (!tests::memory_can_be_refused()) {
    MESSAGE("skipped: this sanitizer has operators new of its own, which refuse nothing");
    return;
  }
  nad::Model model = model_samples::small_models().front();
  model.set_threshold(nad::ThresholdRule::false_positive_rate(0.2));
  const nad::Table table = pipeline_samples::flows(60, /*seed=*/4);
  nad::Monitor whole(model);
  const std::size_t before = tests::allocations().count;
  whole.run(*nad::table_source({table}));
  const std::size_t requests = tests::allocations().count - before;
  REQUIRE(whole.stats().alerts > 0);
  std::size_t ended = 0;
  for (const std::size_t number : tests::requests_to_refuse(requests)) {
    nad::Monitor monitor(model);
    const auto source = nad::table_source({table});
    {
      const tests::RefusedMemory refused(number);
      try {
        monitor.run(*source);
      } catch (const std::bad_alloc&) {
        ++ended;
      } catch (const nad::Error&) {
        ++ended;
      }
    }
    if (number % 8 == 1) {
      nad::Monitor next(model);
      next.run(*nad::table_source({table}));
      REQUIRE(next.stats().alerts == whole.stats().alerts);
      CHECK(monitor.stats().written <= monitor.stats().alerts);
    }
  }
  CHECK(ended > 0);
}

/// As the other test of a sink, but the receiver is away and comes back: through the spool.
TEST_CASE("faults: without memory a spool loses nothing that it took over [threads]") {
  if (!tests::memory_can_be_refused()) {
    MESSAGE("skipped: this sanitizer has operators new of its own, which refuse nothing");
    return;
  }
  const std::string padding(100, '.');
  for (std::size_t number = 1; number <= 120; number += 3) {
    const TemporaryFolder folder;
    std::vector<std::string> texts;
    texts.reserve(10);
    std::vector<std::string> taken;
    taken.reserve(10);
    for (int text = 0; text < 10; ++text) {
      texts.push_back(std::to_string(100 + text) + padding);
    }
    {
      nad::AlertSink away(nad::unix_channel({.path = folder / "nobody"}),
                          {.spool = folder / "spool", .retry_seconds = 0.001});
      const tests::RefusedMemory refused(number, 2);
      for (const std::string& text : texts) {
        try {
          if (away.write_text(text)) {
            taken.emplace_back(text.data(), 3);
          }
        } catch (const std::bad_alloc&) {  // not taken over
        }
      }
      away.close(10.0);
    }
    std::set<std::string> arrived;
    {
      nad::AlertSink back(nad::file_channel({.path = folder / "alerts"}), {.spool = folder / "spool"});
      REQUIRE(back.flush(20.0));
    }
    std::ifstream file(folder / "alerts");
    for (std::string line; std::getline(file, line);) {
      arrived.insert(line.substr(0, 3));
    }
    REQUIRE_MESSAGE(arrived == std::set<std::string>(taken.begin(), taken.end()), "request " << number);
  }
}

}  // namespace
