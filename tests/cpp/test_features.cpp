#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "feature_tools.hpp"
#include "nad/nad.hpp"

using namespace tests;  // NOLINT(google-build-using-namespace): helpers of these tests alone

TEST_CASE("a batch, its pieces, any number of threads, and record by record give the same bits") {
  const nad::Table train = traffic(3000, 3);
  const nad::Table test = traffic(1111, 4);
  const std::vector<std::vector<nad::FeatureStep>> pipelines = {
      {nad::Impute{}, nad::OneHot{.max_categories = 4}, nad::Novelty{}, nad::Log1p{}, nad::Standardise{.clip = 10.0}},
      {nad::Impute{}, nad::Frequency{}, nad::QuantileScale{}, nad::Pca{.components = 4}, nad::MinMax{}}};
  for (const auto& steps : pipelines) {
    nad::FeaturePipeline pipeline(steps);
    pipeline.fit(train);
    nad::FeaturePipeline threaded(steps);
    threaded.fit(train, {.n_jobs = 3});
    const nad::Matrix whole = pipeline.transform(test);
    const nad::Matrix again = threaded.transform(test, {.n_jobs = 3});
    const nad::Matrix piece = pipeline.transform(test.slice(700, 300));
    nad::FeatureStream stream(pipeline);
    bool same = true;
    for (std::size_t row = 0; row < test.rows(); ++row) {
      set_record(stream, test, row);
      const auto single = stream.next();
      for (std::size_t i = 0; i < whole.columns(); ++i) {
        same = same && single[i] == whole(row, i) && again(row, i) == whole(row, i);
        same = same && (row < 700 || row >= 1000 || piece(row - 700, i) == whole(row, i));
      }
    }
    CHECK(same);
  }
}

TEST_CASE("derived columns: whole, in pieces and record by record, the features are the same bits") {
  const nad::Table flows = flow_table(600);
  const std::vector<nad::FeatureStep> steps = {
      nad::TimeParts{},
      nad::AddressFeatures{},
      nad::PortFeatures{},
      nad::TrafficFeatures{},
      nad::HostWindows{},
      nad::RollingWindows{.columns = {"bytes_sent"}, .distinct = {"dst_port"}},
      nad::LeaveOut{.columns = nad::ColumnChoice({"dst_port"}), .reason = "a number that is a name"},
      nad::Impute{},
      nad::OneHot{},
      nad::Standardise{}};
  nad::FeaturePipeline pipeline(steps);
  const nad::Matrix whole = pipeline.fit_transform(flows);
  CHECK(whole.columns() == pipeline.features().size());
  const std::vector<std::string> names = names_of(pipeline);
  for (const char* wanted : {"duration", "timestamp.hour_sin", "dst_ip.is_private", "serror_rate", "state=SF"}) {
    CHECK_MESSAGE(std::find(names.begin(), names.end(), wanted) != names.end(), wanted);
  }
  bool reason_given = false;
  for (const nad::LeftOut& column : pipeline.left_out()) {
    reason_given = reason_given || (column.column == "dst_port" && column.reason == "a number that is a name");
  }
  CHECK(reason_given);

  nad::FeatureStream pieces(pipeline);
  nad::FeatureStream records(pipeline);
  bool same = true;
  for (std::size_t begin = 0; begin < flows.rows(); begin += 77) {
    const nad::Table part = flows.slice(begin, std::min<std::size_t>(77, flows.rows() - begin));
    const nad::Matrix x = pieces.push(part);
    for (std::size_t row = 0; row < part.rows(); ++row) {
      set_record(records, part, row);
      const auto single = records.next();
      for (std::size_t i = 0; i < x.columns(); ++i) {
        same = same && x(row, i) == whole(begin + row, i) && single[i] == whole(begin + row, i);
      }
    }
  }
  CHECK(same);
  nad::FeaturePipeline wrong({nad::TimeParts{.column = "time"}});
  CHECK(contains(message_of([&] { wrong.fit(flows); }), "step time_parts: "));
}

TEST_CASE("labels and the like are left out by name; columns may come in any order, and more of them") {
  const nad::Table train =
      traffic(200, 5).with_role("count", nad::Role::label).with({"who", nad::ColumnType::text}, [] {
        nad::ColumnBuilder who(nad::ColumnType::text);
        for (int i = 0; i < 200; ++i) {
          who.add_text("x" + std::to_string(i));
        }
        return who.finish();
      }());
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::Ordinal{}});
  pipeline.fit(train);
  REQUIRE(pipeline.left_out().size() == 2);
  CHECK(pipeline.left_out()[0] == nad::LeftOut{"count", "its role is label"});
  CHECK(pipeline.left_out()[1].column == "who");
  const nad::Table shuffled = train.select({"flag", "bytes", "who", "local", "service", "duration"});
  const nad::Matrix a = pipeline.transform(train);
  const nad::Matrix b = pipeline.transform(shuffled);
  bool same = true;
  for (std::size_t i = 0; i < a.rows() * a.columns(); ++i) {
    same = same && a.data()[i] == b.data()[i];
  }
  CHECK(same);
  CHECK(pipeline.ignored(shuffled) == std::vector<std::string>{"who"});
}

TEST_CASE("what does not fit is an error that names it") {
  const nad::Table train = traffic(100, 6);
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::OneHot{}});
  CHECK(contains(message_of([&] { pipeline.transform(train); }), "fit()"));
  pipeline.fit(train);
  CHECK(contains(message_of([&] { pipeline.transform(train.rename("service", "servce")); }),
                 "'service', which the pipeline learnt from, is missing; the nearest name is 'servce'"));
  CHECK(contains(message_of([&] {
                   pipeline.transform(train.with({"bytes", nad::ColumnType::category}, train["flag"]));
                 }),
                 "'bytes' is of type category"));
  nad::FeaturePipeline unencoded({nad::Impute{}});
  CHECK(contains(message_of([&] { unencoded.fit(train); }), "'service' holds categories"));
  nad::FeaturePipeline wrong({nad::OneHot{}, nad::Standardise{.columns = nad::ColumnChoice({"byte"})}});
  CHECK(contains(message_of([&] { wrong.fit(train); }), "did you mean 'bytes'?"));
  nad::FeaturePipeline nothing;
  CHECK(contains(message_of([&] { nothing.fit(train.select({"count"}).with_role("count", nad::Role::label)); }),
                 "'count'"));
  CHECK(contains(message_of([&] { nothing.fit(train.slice(0, 0)); }), "without rows"));
  CHECK(contains(message_of([&] { fitted(nad::Clip{.low = 0.9, .high = 0.1}, {1, 2}); }), "low"));
  nad::FeatureStream stream(pipeline);
  CHECK(contains(message_of([&] { stream.set(stream.place("bytes"), "http"); }), "'bytes' is of type number"));
  CHECK(contains(message_of([&] { stream.place("byts"); }), "'bytes'"));
}

TEST_CASE("steps go through JSON unchanged, and what is wrong in it is named") {
  const std::vector<nad::FeatureStep> steps = {
      nad::LeaveOut{.columns = nad::ColumnChoice({"sttl"}), .reason = "leaks"},
      nad::TimeParts{.utc_offset = 1.5, .gap = false},
      nad::AddressFeatures{.columns = {"host"}},
      nad::PortFeatures{.columns = {"dst_port"}},
      nad::TrafficFeatures{.shortest_duration = 0.5},
      nad::HostWindows{.most_hosts = 99, .src_port = ""},
      nad::RollingWindows{.functions = {nad::Rolling::maximum, nad::Rolling::count}, .distinct = {"dst_port"}},
      nad::Impute{.with = nad::Impute::With::constant, .constant = 2.5, .indicator = false},
      nad::DropConstant{},
      nad::Clip{.columns = nad::ColumnChoice({"a"}), .by = nad::Clip::By::deviations, .deviations = 3.0},
      nad::Log1p{.columns = nad::ColumnChoice::all_but({"b"}), .unit = 1.0},
      nad::Standardise{.clip = 10.0},
      nad::RobustScale{.novelty = 0.0},
      nad::MinMax{.clip = true},
      nad::QuantileScale{.normal = true},
      nad::RankScale{.quantiles = 50, .novelty = 3.0},
      nad::OneHot{.min_count = 3, .unseen = true},
      nad::Ordinal{},
      nad::Frequency{},
      nad::Hashing{.features = 7},
      nad::Novelty{.most = 1},
      nad::View{.name = "second"},
      nad::UnitLength{},
      nad::Pca{.components = 3, .whiten = true},
      nad::DropMissing{.columns = nad::ColumnChoice({"a", "b"})},
      nad::DropDuplicates{.columns = nad::ColumnChoice::all_but({"b"})}};
  CHECK(nad::step_kinds().size() == steps.size());
  CHECK(nad::steps_from_json(nad::to_json(steps)) == steps);
  CHECK(nad::to_json({nad::Standardise{}}) == "[\n  {\"kind\":\"standardise\"}\n]");
  CHECK(nad::steps_from_json("[]").empty());
  const auto error = [](const std::string& text) { return message_of([&] { nad::steps_from_json(text); }); };
  CHECK(contains(error("{"), "JSON list"));
  CHECK(contains(error("[1]"), "step 1"));
  CHECK(contains(error(R"([{"kind": "standardize"}])"), "did you mean 'standardise'?"));
  CHECK(contains(error(R"([{"kind": "standardise", "clp": 1}])"), "did you mean 'clip'?"));
  CHECK(contains(error(R"([{"kind": "standardise", "clip": "ten"}])"), "clip is \"ten\""));
  CHECK(contains(error(R"([{"kind": "one_hot", "max_categories": -3}])"), "not negative"));
  CHECK(contains(error(R"([{"kind": "impute", "with": "magic"}])"), "\"median\", \"mean\""));
  CHECK(contains(error(R"([{"kind": "log1p", "columns": "x"}])"), "list of names"));
}
