#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "messages.hpp"
#include "nad/nad.hpp"

// What a pipeline learns from: which records, which columns, and what the texts of data frames say.

namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

nad::Column texts(const std::vector<std::string>& values, nad::ColumnType type = nad::ColumnType::text) {
  nad::ColumnBuilder builder(type);
  for (const std::string& value : values) {
    if (value.empty()) {
      builder.add_missing();
    } else {
      builder.add_text(value);
    }
  }
  return builder.finish();
}

/// `count` values, made from their places.
template <class Value>
std::vector<Value> each(int count, const std::function<Value(int)>& make) {
  std::vector<Value> values;
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    values.push_back(make(i));
  }
  return values;
}

nad::Table one_column(const std::vector<double>& values) {
  return nad::Table(nad::Schema({{"x", nad::ColumnType::number}}), {numbers(values)});
}

std::vector<std::string> names_of(const nad::FeaturePipeline& pipeline) {
  std::vector<std::string> names;
  for (const nad::FeatureInfo& feature : pipeline.features()) {
    names.push_back(feature.name);
  }
  return names;
}

using tests::message_of;

using tests::contains;

}  // namespace

TEST_CASE("records with gaps and repeated records are not learnt from, and still get a row") {
  const nad::Table table(
      nad::Schema({{"x", nad::ColumnType::number}, {"y", nad::ColumnType::number}, {"z", nad::ColumnType::number}}),
      {numbers({1, 1, 1, 4, gap, 7}), numbers({2, 2, 2, 5, 100, gap}), numbers({0, 1, 2, 3, 4, 5})});
  nad::FeaturePipeline pipeline({nad::DropMissing{nad::ColumnChoice({"x"})},
                                 nad::DropDuplicates{nad::ColumnChoice({"x", "y"})}, nad::Impute{.indicator = false},
                                 nad::MinMax{}});
  const nad::Table left = pipeline.training_rows(table);
  REQUIRE(left.rows() == 3);
  CHECK(left["z"].numbers()[0] == 0.0);
  CHECK(left["z"].numbers()[1] == 3.0);
  CHECK(left["z"].numbers()[2] == 5.0);

  const nad::Matrix x = pipeline.fit_transform(table);
  REQUIRE(x.rows() == 6);
  CHECK(x(3, 0) == doctest::Approx(0.5));         // of 1, 4 and 7, not of the six
  CHECK(x(1, 2) == doctest::Approx(0.2));         // of 0, 3 and 5
  CHECK(x(4, 1) == doctest::Approx(98.0 / 3.0));  // 100 was not there when 2 to 5 were learnt
  pipeline.fit(left);
  const nad::Matrix again = pipeline.transform(table);
  CHECK(std::equal(x.data(), x.data() + 18, again.data()));

  nad::FeaturePipeline all({nad::DropMissing{}, nad::Standardise{}});
  CHECK(all.training_rows(table).rows() == 4);
  CHECK(all.training_rows(table.with_role("x", nad::Role::label)).rows() == 5);  // a label may be missing
  const nad::Table gaps = one_column({gap, gap});
  CHECK(contains(message_of([&] { all.fit(gaps); }), "drop_missing leaves none"));
  nad::FeaturePipeline wrong({nad::DropDuplicates{nad::ColumnChoice({"X"})}});
  CHECK(contains(message_of([&] { wrong.fit(gaps); }), "step drop_duplicates: "));
}

TEST_CASE("an infinite value says nothing of the others") {
  std::vector<double> values = each<double>(1000, [](int i) { return std::sin(i); });
  values.resize(1001, infinite);
  values.push_back(-infinite);
  const std::vector<double> finite(values.begin(), values.begin() + 1000);
  const std::vector<nad::FeatureStep> steps = {nad::Standardise{.clip = 10.0}, nad::RobustScale{.clip = 10.0},
                                               nad::MinMax{.clip = true}, nad::Clip{},
                                               nad::QuantileScale{.quantiles = 100}};
  for (const nad::FeatureStep& step : steps) {
    CAPTURE(nad::kind(step));
    nad::FeaturePipeline with({step});
    nad::FeaturePipeline without({step});
    const nad::Matrix x = with.fit_transform(one_column(values));
    const nad::Matrix expected = without.fit_transform(one_column(finite));
    CHECK(std::equal(expected.data(), expected.data() + 1000, x.data(),
                     [](float a, float b) { return std::abs(a - b) <= 1e-6F; }));
    CHECK(std::isfinite(x(1000, 0)));
    CHECK(x(1000, 0) >= *std::max_element(expected.data(), expected.data() + 1000));
    CHECK(x(1001, 0) <= *std::min_element(expected.data(), expected.data() + 1000));
  }
}

TEST_CASE("a copy of the label under another name is left out, whatever its type") {
  const auto is_attack = [](int i) { return i % 3 == 0; };
  const auto label = texts(each<std::string>(60, [&](int i) { return is_attack(i) ? "attack" : "normal"; }),
                           nad::ColumnType::category);
  const nad::Table table(
      nad::Schema({{"x", nad::ColumnType::number},
                   {"twice", nad::ColumnType::number},
                   {"nearly", nad::ColumnType::number},
                   {"said", nad::ColumnType::category},
                   {"label", nad::ColumnType::category, nad::Role::label}}),
      {numbers(each<double>(60, [](int i) { return std::sin(i); })),
       numbers(each<double>(60, [&](int i) { return is_attack(i) ? 14.0 : 7.0; })),
       numbers(each<double>(60, [&](int i) { return is_attack(i) && i != 0 ? 14.0 : 7.0; })),
       texts(each<std::string>(60, [&](int i) { return is_attack(i) ? "yes" : "no"; }), nad::ColumnType::category),
       label});
  nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(table);
  pipeline.fit(table);
  CHECK(names_of(pipeline) == std::vector<std::string>{"x", "nearly"});
  const std::vector<nad::LeftOut>& left = pipeline.left_out();
  REQUIRE(left.size() == 3);
  CHECK(left[0].column == "twice");
  CHECK(left[0].reason == "it gives the label under another name");
  CHECK(left[1].column == "said");
}

TEST_CASE("what a line lost is not learnt, and said to be left out") {
  const nad::Table table(
      nad::Schema({{"packets_sent", nad::ColumnType::number}, {"retransmitted_packets_sent", nad::ColumnType::number}}),
      {numbers(each<double>(60, [](int i) { return std::sin(i); })),
       numbers(each<double>(60, [](int i) { return i % 7; }))});
  nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(table);
  pipeline.fit(table);
  CHECK(names_of(pipeline) == std::vector<std::string>{"packets_sent"});
  REQUIRE(pipeline.left_out().size() == 1);
  CHECK(pipeline.left_out()[0] ==
        nad::LeftOut{"retransmitted_packets_sent", "it tells what the line lost, not what anyone did"});
}

TEST_CASE("the texts of a data frame are taken for what they say") {
  const auto frame = [](int rows, int first) {
    return nad::Table(
        nad::Schema({{"protocol", nad::ColumnType::text},
                     {"host", nad::ColumnType::text},
                     {"when", nad::ColumnType::text},
                     {"remark", nad::ColumnType::text},
                     {"x", nad::ColumnType::number}}),
        {texts(each<std::string>(rows, [&](int i) { return (first + i) % 2 == 0 ? "tcp" : "udp"; })),
         texts(each<std::string>(rows, [&](int i) { return i == 1 ? "" : "10.0.0." + std::to_string(i % 50); })),
         texts(each<std::string>(rows,
                                 [&](int i) {
                                   return "2024-03-01 10:00:" + std::string(i % 60 < 10 ? "0" : "") +
                                          std::to_string(i % 60);
                                 })),
         texts(each<std::string>(rows, [&](int i) { return "remark " + std::to_string(first + i); })),
         numbers(each<double>(rows, [](int i) { return i; }))});
  };
  const nad::Table train = frame(200, 0);
  nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(train);
  pipeline.fit(train);
  CHECK(pipeline.inputs()[0].type == nad::ColumnType::category);
  const auto left_out = [&](const std::string& name) {
    for (const nad::LeftOut& column : pipeline.left_out()) {
      if (column.column == name) {
        return column.reason;
      }
    }
    return std::string("learnt");
  };
  CHECK(left_out("protocol") == "learnt");
  CHECK(left_out("host") == "its role is identifier");
  CHECK(left_out("when") == "its role is moment");
  CHECK(contains(left_out("remark"), "of type text"));
  const nad::Matrix a = pipeline.transform(train);
  const nad::Matrix b = pipeline.transform(nad::with_type(train, "protocol", nad::ColumnType::category));
  CHECK(std::equal(a.data(), a.data() + a.rows() * a.columns(), b.data()));

  // a step that names a column gets it as it needs it, however many texts there are
  nad::FeaturePipeline named({nad::LeaveOut{nad::ColumnChoice({"protocol"})}, nad::AddressFeatures{.columns = {"host"}},
                              nad::Impute{}, nad::Hashing{nad::ColumnChoice({"remark"}), 4}, nad::OneHot{}});
  named.fit(train);
  CHECK(named.inputs()[0].type == nad::ColumnType::address);
  CHECK(named.transform(frame(7, 3)).rows() == 7);
  nad::FeaturePipeline hosts({nad::LeaveOut{nad::ColumnChoice({"remark"})}, nad::OneHot{}});
  nad::FeaturePipeline named_hosts(
      {nad::LeaveOut{nad::ColumnChoice({"remark"})}, nad::OneHot{nad::ColumnChoice({"host"})}, nad::OneHot{}});
  hosts.fit(train);
  named_hosts.fit(train);
  CHECK(named_hosts.features().size() > hosts.features().size());

  // records are told apart by what is learnt from: addresses and times are not
  const nad::Table twice = frame(200, 0).select({"protocol", "host", "when"});
  nad::FeaturePipeline once({nad::DropDuplicates{}, nad::OneHot{}});
  CHECK(once.training_rows(twice).rows() == 2);
}

TEST_CASE("a column whose values are all missing fits any type; other types are errors") {
  const nad::Table train(nad::Schema({{"x", nad::ColumnType::number}, {"c", nad::ColumnType::category}}),
                         {numbers({1, 2, 4}), texts({"a", "b", "a"}, nad::ColumnType::category)});
  nad::FeaturePipeline pipeline({nad::Impute{.indicator = false}, nad::OneHot{}});
  pipeline.fit(train);
  const nad::Table empty(nad::Schema({{"x", nad::ColumnType::category}, {"c", nad::ColumnType::number}}),
                         {texts({""}, nad::ColumnType::category), numbers({gap})});
  CHECK(pipeline.transform(empty)(0, 0) == 2.0F);
  const nad::Table wrong(nad::Schema({{"x", nad::ColumnType::category}, {"c", nad::ColumnType::category}}),
                         {texts({"oops"}, nad::ColumnType::category), texts({"a"}, nad::ColumnType::category)});
  const std::string message = message_of([&] { pipeline.transform(wrong); });
  CHECK(contains(message, "column 'x' is of type category; the pipeline learnt from one of type number"));
}

TEST_CASE("a step that is told to encode what it cannot encode says so") {
  const nad::Table table(nad::Schema({{"port", nad::ColumnType::number}, {"c", nad::ColumnType::category}}),
                         {numbers({1, 2, 4}), texts({"a", "b", "a"}, nad::ColumnType::category)});
  nad::FeaturePipeline number({nad::OneHot{nad::ColumnChoice({"port"})}, nad::Ordinal{}});
  CHECK(contains(message_of([&] { number.fit(table); }),
                 "step one_hot: column 'port' is of type number and needs no encoding"));
  nad::FeaturePipeline twice({nad::Ordinal{nad::ColumnChoice({"c"})}, nad::OneHot{nad::ColumnChoice({"c"})}});
  CHECK(contains(message_of([&] { twice.fit(table); }), "step one_hot: column 'c' was encoded by a step before"));
  nad::FeaturePipeline many({nad::OneHot{.max_categories = 5000}});
  CHECK(contains(message_of([&] { many.fit(table); }), "from 1 to 4096 categories"));
  nad::FeaturePipeline nothing({nad::LeaveOut{}});
  CHECK(contains(message_of([&] { nothing.fit(table); }), "leave_out names no column"));
}
