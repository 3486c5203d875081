// Steps that nad does not have: in pipelines, models and their files.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <atomic>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "own_samples.hpp"
#include "pipeline_samples.hpp"
#include "temporary_folder.hpp"
#include "watched.hpp"

namespace {

using model_file::error_of;
using own_samples::Change;
using own_samples::Quarters;
using own_samples::UploadRatio;
using pipeline_samples::flows;
using tests::contains;
using tests::message_of;

std::vector<nad::FeatureStep> steps_with_own() {
  return {nad::LeaveOut{.columns =
                            nad::ColumnChoice::all_but({"bytes_sent", "bytes_received", "protocol", "upload_ratio",
                                                        "bytes_sent.quarter", "protocol.count", "bytes_sent.change"})},
          UploadRatio{.most = 6.0},
          Quarters{},
          Change{},
          nad::Impute{},
          nad::OneHot{},
          nad::Log1p{.columns = nad::ColumnChoice({"bytes_sent", "bytes_received"})},
          nad::Standardise{}};
}

nad::FeaturePipeline fitted_pipeline() {
  nad::FeaturePipeline pipeline(steps_with_own());
  pipeline.fit(flows(80));
  return pipeline;
}

std::vector<std::uint32_t> bits_of(const nad::Matrix& x) {
  return model_file::bits({x.data(), x.rows() * x.columns()});
}

std::string refusal_of(const nad::FeatureStep& step) {
  return message_of([&] { nad::FeaturePipeline({step, nad::OneHot{}}).fit(flows()); });
}

TEST_CASE("own step: it stands among nad's, and its columns are learnt from") {
  const nad::FeaturePipeline pipeline = fitted_pipeline();
  CHECK(nad::kind(pipeline.steps()[1]) == "test.upload_ratio");
  std::vector<std::string> names;
  for (const nad::FeatureInfo& feature : pipeline.features()) {
    names.push_back(feature.name);
  }
  for (const char* wanted : {"upload_ratio", "bytes_sent.change", "protocol.count", "bytes_sent.quarter=quarter 3"}) {
    CHECK_MESSAGE(std::find(names.begin(), names.end(), wanted) != names.end(), wanted);
  }
  CHECK(pipeline.looks_back());
  const nad::Table table = flows(50, 9);
  const nad::Table columns = pipeline.columns(table);
  std::vector<double> sent(50);
  std::vector<double> received(50);
  std::vector<double> ratio(50);
  table["bytes_sent"].copy_numbers(0, sent);
  table["bytes_received"].copy_numbers(0, received);
  columns["upload_ratio"].copy_numbers(0, ratio);
  for (std::size_t row = 0; row < 50; ++row) {
    CHECK(columns["upload_ratio"].is_missing(row) == table["bytes_sent"].is_missing(row));
    if (!columns["upload_ratio"].is_missing(row)) {
      CHECK(ratio[row] == std::clamp(std::log2((sent[row] + 1.0) / (received[row] + 1.0)), -6.0, 6.0));
    }
  }
}

TEST_CASE("own step: records one by one get the features of the table, bit for bit") {
  const nad::FeaturePipeline pipeline = fitted_pipeline();
  const nad::Table table = flows(120, 9);
  const nad::Matrix whole = pipeline.transform(table);
  nad::FeatureStream stream(pipeline);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t place = 0; place < stream.inputs().size(); ++place) {
      const nad::Column& column = table[stream.inputs()[place].name];
      if (column.is_missing(row)) {
        stream.set_missing(place);
      } else if (column.type() == nad::ColumnType::category) {
        stream.set(place, column.text(row));
      } else {
        double value = 0.0;
        column.copy_numbers(row, {&value, 1});
        stream.set(place, value);
      }
    }
    const std::span<const float> alone = stream.next();
    REQUIRE(model_file::bits(alone) == model_file::bits(whole.row(row)));
  }
  nad::FeatureStream pieces(pipeline);
  for (std::size_t first = 0; first < 120; first += 30) {
    const nad::Matrix piece = pieces.push(table.slice(first, 30));
    REQUIRE(bits_of(piece) == model_file::bits({whole.row(first).data(), 30 * whole.columns()}));
  }
}

TEST_CASE("own step: saved and loaded it is what it was, and keeps what it learnt") {
  own_samples::register_all();
  const TemporaryFolder folder;
  const nad::FeaturePipeline pipeline = fitted_pipeline();
  nad::save(pipeline, folder.path() / "own.nad");
  const auto loaded = nad::load<nad::FeaturePipeline>(folder.path() / "own.nad");
  CHECK(loaded.steps() == pipeline.steps());
  CHECK(loaded.plan()->derived == pipeline.plan()->derived);
  CHECK(loaded.to_string() == pipeline.to_string());
  CHECK(nad::save_bytes(loaded) == nad::save_bytes(pipeline));
  const nad::Table later = flows(200, 6);
  CHECK(bits_of(loaded.transform(later)) == bits_of(pipeline.transform(later)));
  nad::FeaturePipeline again = loaded;
  again.fit(later);
  CHECK(bits_of(again.transform(later)) != bits_of(loaded.transform(later)));

  std::stringstream stream;
  cereal::PortableBinaryOutputArchive{stream}(pipeline);
  nad::FeaturePipeline host;
  cereal::PortableBinaryInputArchive{stream}(host);
  CHECK(nad::save_bytes(host) == nad::save_bytes(pipeline));

  const auto shown = nlohmann::json::parse(nad::to_json(pipeline));
  CHECK(shown["learnt"]["derived"][1]["kind"] == "test.quarters");
  CHECK(shown["learnt"]["derived"][1]["edges"].size() == 3);
}

TEST_CASE("own step: its options are read from JSON and written there") {
  own_samples::register_all();
  const std::string text = R"([
  {"kind":"test.upload_ratio","most":6.5},
  {"kind":"test.quarters","column":"bytes_received"},
  {"kind":"test.change"}
])";
  const std::vector<nad::FeatureStep> steps = nad::steps_from_json(text);
  CHECK(steps ==
        std::vector<nad::FeatureStep>{UploadRatio{.most = 6.5}, Quarters{.column = "bytes_received"}, Change{}});
  CHECK(nad::to_json(steps) == text);
  CHECK(nad::steps_from_json(R"([{"kind": "test.upload_ratio", "most": 7}])")[0] ==
        nad::FeatureStep(UploadRatio{.most = 7.0}));
  CHECK(contains(message_of([] { nad::steps_from_json(R"([{"kind": "test.upload_ratio", "mots": 7}])"); }),
                 "step 1 (test.upload_ratio) has no option 'mots'; did you mean 'most'?"));
  CHECK(contains(message_of([] { nad::steps_from_json(R"([{"kind": "test.upload_ratio", "most": "7"}])"); }),
                 "most is \"7\"; give a number"));
  CHECK(contains(message_of([] { nad::steps_from_json(R"([{"kind": "test.quarters", "edges": [1.5, "a"]}])"); }),
                 "give a list of numbers"));
  CHECK(contains(message_of([] { nad::steps_from_json(R"([{"kind": "test.quarters", "counts": [1.5]}])"); }),
                 "give a list of whole numbers"));
  CHECK(contains(message_of([] { nad::steps_from_json(R"([{"kind": "test.quarters", "counts": [-1]}])"); }),
                 "step 1 (test.quarters): the value 'counts' is a number that its type does not hold"));
  CHECK(contains(message_of([] { nad::steps_from_json(R"([{"kind": "test.other"}])"); }),
                 "step 1: the step 'test.other' is none of nad's, and the program has not registered it"));
}

struct NeverRegistered : UploadRatio {
  static constexpr std::string_view kind = "test.never_registered";
};

TEST_CASE("own step: a file with one that was not registered is refused by its name") {
  nad::FeaturePipeline pipeline({NeverRegistered{}, nad::OneHot{}});
  pipeline.fit(flows());
  const auto error = error_of([&] { nad::load_bytes<nad::FeaturePipeline>(nad::save_bytes(pipeline)); });
  REQUIRE(error.has_value());
  CHECK(error->code() == nad::ErrorCode::bad_file);
  CHECK(contains(error->what(), "has the step 'test.never_registered', which is no step of nad's"));
  CHECK(contains(error->what(), "calls nad::register_step"));
}

struct Twice : UploadRatio {
  static constexpr std::string_view kind = "test.twice";
};

TEST_CASE("own step: a kind is registered once, from whatever thread [threads]") {
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto error = error_of([] { nad::register_step<Twice>(); });
      ++(error ? refused : accepted);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(accepted == 1);
  CHECK(refused == 7);
  CHECK(contains(message_of([] { nad::register_step<Twice>(); }), "a step of kind 'test.twice' is registered already"));
  const std::vector<std::string> kinds = nad::registered_steps();
  CHECK(std::count(kinds.begin(), kinds.end(), "test.twice") == 1);
}

TEST_CASE("own step: kinds of one's own have a dot, and none of nad's has") {
  for (const char* kind : {"acme.x", "a.b.c", "acme.upload_ratio2"}) {
    CHECK(nad::detail::is_own_kind(kind));
  }
  for (const char* kind : {"", ".", "acme", "acme.", ".x", "Acme.x", "acme.x y", "acme.\xc3\xbc"}) {
    CHECK(!nad::detail::is_own_kind(kind));
  }
  for (const std::string_view kind : nad::step_kinds()) {
    CHECK(!nad::detail::is_own_kind(kind));
  }
}

TEST_CASE("own step: a signed file with a byte changed is refused or can be used [long]") {
  own_samples::register_all();
  model_file::Parts sound = model_file::split(nad::save_bytes(fitted_pipeline()));
  sound.header =
      R"({"kind": "feature_pipeline", "n_features": )" + std::to_string(fitted_pipeline().features().size()) + "}";
  model_file::Parts parts = sound;
  std::size_t refused = 0;
  std::size_t used = 0;
  for (std::size_t at = 0; at < parts.payload.size(); at += tests::watched ? 13 : 3) {
    const auto original = static_cast<unsigned>(sound.payload[at]);
    parts.payload[at] = static_cast<std::byte>(original ^ (at % 2 == 0 ? 1U << (at % 8) : 0xffU));
    std::optional<nad::FeaturePipeline> loaded;
    const auto error = error_of([&] { loaded = nad::load_bytes<nad::FeaturePipeline>(model_file::join(parts)); });
    if (error) {
      ++refused;
      REQUIRE_MESSAGE(error->code() == nad::ErrorCode::bad_file, error->what());
    } else if (++used % 8 == 0) {
      pipeline_samples::use(*loaded);
    }
    parts.payload[at] = sound.payload[at];
  }
  CHECK(refused > 20);
  CHECK(used > 20);
  for (std::size_t length = 0; length < sound.payload.size(); length += 7) {
    parts.payload = sound.payload;
    parts.payload.resize(length);
    REQUIRE(error_of([&] { nad::load_bytes<nad::FeaturePipeline>(model_file::join(parts)); }).has_value());
  }
}

TEST_CASE("own step: values that are not what it keeps are refused, and it stays as it was") {
  own_samples::register_all();
  using Named = nad::KeptValues::Named;
  nad::OwnStep step(UploadRatio{.most = 3.0});
  const auto refusal = [&](std::vector<Named> values) {
    return message_of([&] { step.set_values(std::move(values)); });
  };
  CHECK(contains(refusal({}), "the value 'most' is missing"));
  CHECK(contains(refusal({{"most", std::string("3")}}), "the value 'most' is of another type"));
  CHECK(contains(refusal({{"most", std::int64_t{3}}}), "the value 'most' is of another type"));
  CHECK(contains(refusal({{"most", 3.0}, {"least", 1.0}}), "the value 'least' means nothing here"));
  CHECK(contains(refusal({{"most", 3.0}, {"most", 4.0}}), "the value 'most' means nothing here"));
  CHECK(step.values() == std::vector<Named>{{"most", 3.0}});
  step.set_values({{"most", 4.0}});
  CHECK(step == nad::OwnStep(UploadRatio{.most = 4.0}));

  nad::OwnStep quarters(Quarters{});
  std::vector<Named> torn = quarters.values();
  torn[1].value = std::vector<float>{1.0F};
  CHECK(contains(message_of([&] { quarters.set_values(torn); }), "the quarters do not fit together"));
  CHECK(
      contains(message_of([&] { nad::detail::load_own_step("test.quarters", torn); }),
               "what the step 'test.quarters' keeps in this file is damaged, or is of another version of the step: the "
               "quarters"));
}

struct Misfit {
  static constexpr std::string_view kind = "test.misfit";
  std::string column = "x";
  std::size_t rows_off = 0;

  std::vector<std::string> inputs() const { return {"bytes_sent"}; }
  nad::Table derive(const nad::Table& table) const {
    nad::ColumnBuilder zero(nad::ColumnType::integer);
    for (std::size_t row = 0; row < table.rows() + rows_off; ++row) {
      zero.add_integer(0);
    }
    return own_samples::table_of(column, zero);
  }
  void keep(nad::KeptValues& kept) {
    kept("column", column);
    kept("rows_off", rows_off);
  }
};

/// The mean of the table that comes in: records alone would get another value.
struct Leaking {
  static constexpr std::string_view kind = "test.leaking";
  std::vector<std::string> inputs() const { return {"bytes_received"}; }
  nad::Table derive(const nad::Table& table) const {
    std::vector<double> values(table.rows());
    table["bytes_received"].copy_numbers(0, values);
    double sum = 0.0;
    for (const double value : values) {
      sum += value / static_cast<double>(values.size());
    }
    nad::ColumnBuilder above(nad::ColumnType::boolean);
    for (const double value : values) {
      above.add_boolean(value > sum);
    }
    return own_samples::table_of("above", above);
  }
};

struct Reads {
  static constexpr std::string_view kind = "test.reads";
  std::vector<std::string> names = {};
  std::string column = "bytes_sent";

  std::vector<std::string> inputs() const { return names; }
  nad::Table derive(const nad::Table& table) const {
    return {nad::Schema({{.name = "copy", .type = table[column].type()}}), {table[column]}};
  }
  void keep(nad::KeptValues& kept) {
    kept("names", names);
    kept("column", column);
  }
};

struct Failing {
  static constexpr std::string_view kind = "test.failing";
  std::vector<std::string> inputs() const { return {"bytes_sent"}; }
  nad::Table derive(const nad::Table&) const { throw std::out_of_range("no such place"); }
};

TEST_CASE("own step: what it does wrong is said when the pipeline is fitted") {
  CHECK(contains(refusal_of(Misfit{.column = "protocol"}),
                 "the step test.misfit adds a column 'protocol', but the table has one already"));
  CHECK(contains(refusal_of(Misfit{.rows_off = 1}), "the step test.misfit gave 1 columns of 25 rows for 24 rows"));
  CHECK(contains(refusal_of(Leaking{}), "the step test.leaking derives for row "));
  CHECK(contains(refusal_of(Leaking{}), "something else in 'above' than in a table of 24 rows"));
  CHECK(contains(refusal_of(Reads{}), "the step test.reads reads no columns; name at least one in inputs()"));
  CHECK(contains(refusal_of(Reads{.names = {"bytes_snet"}}), "'bytes_sent'"));
  CHECK(contains(refusal_of(Reads{.names = {"duration"}}), "bytes_sent"));  // it reads what inputs() does not name
  CHECK(contains(refusal_of(Failing{}), "the step test.failing failed: no such place"));
  CHECK(refusal_of(Reads{.names = {"bytes_sent"}}) == "no error");
}

TEST_CASE("own step: in a model it is learnt from, told of and saved; a column 'x.y' speaks for x") {
  own_samples::register_all();
  nad::Model model(nad::Mahalanobis(), {.threshold = nad::ThresholdRule::quantile(0.98)});
  model.set_pipeline(
      nad::FeaturePipeline({nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"upload_ratio", "bytes_sent.change"})},
                            UploadRatio{}, Change{}, nad::Impute{}, nad::Standardise{}}));
  model.fit(flows(300, 1));
  const nad::Table today = flows(80, 2);
  const nad::Findings findings = model.detect(today);
  REQUIRE(!findings.reported.empty());
  bool told_ratio = false;
  bool told_source = false;
  for (const nad::Finding& finding : findings.reported) {
    for (const nad::Reason& reason : finding.reasons) {
      told_ratio = told_ratio || reason.column == "upload_ratio";
      told_source = told_source || reason.column == "bytes_sent";
      CHECK(reason.column != "bytes_sent.change");
    }
  }
  CHECK(told_ratio);
  CHECK(told_source);

  const nad::Model loaded = nad::Model::load_bytes(model.save_bytes());
  const nad::Findings same = loaded.detect(today);
  CHECK(model_file::bits(same.scores) == model_file::bits(findings.scores));
  CHECK(same.reported == findings.reported);
  CHECK(loaded.describe() == model.describe());

  nad::RecordScorer scorer(loaded);
  std::vector<float> scores;
  for (std::size_t row = 0; row < today.rows(); ++row) {
    scores.push_back(scorer.detect(today.slice(row, 1)).scores.at(0));
  }
  CHECK(model_file::bits(scores) == model_file::bits(findings.scores));
}

}  // namespace
