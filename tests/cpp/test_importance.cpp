#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "feature_tools.hpp"
#include "nad/nad.hpp"

using namespace tests;  // NOLINT(google-build-using-namespace): helpers of these tests alone

TEST_CASE("a variance ratio is the sum of squares between the groups over all") {
  const nad::Matrix x = [] {
    nad::Matrix values(6, 3);
    const std::vector<float> first = {1, 2, 3, 7, 8, 9};
    for (std::size_t row = 0; row < 6; ++row) {
      values(row, 0) = first[row];
      values(row, 1) = row < 3 ? 5.0F : -5.0F;
      values(row, 2) = 0.1F;
    }
    return values;
  }();
  const std::vector<std::int32_t> groups = {4, 4, 4, 0, 0, 0};
  const std::vector<double> shares = nad::variance_ratio(x, groups);
  // means 2 and 8 about 5: 6 * 9 between; 2 * (1 + 0 + 1) within
  CHECK(shares[0] == doctest::Approx(54.0 / 58.0));
  CHECK(shares[1] == 1.0);
  CHECK(shares[2] == 0.0);
  CHECK(nad::variance_ratio(x, std::vector<std::int32_t>{4, 4, 4, 0, 0, -1})[0] ==
        doctest::Approx(36.3 / 38.8));  // 1, 2, 3 and 7, 8: about 4.2
  CHECK(message_of([&] { nad::variance_ratio(x, std::vector<std::int32_t>{1}); }).find("one for each row") !=
        std::string::npos);
  CHECK(message_of([&] { nad::variance_ratio(x, std::vector<std::int32_t>(6, -1)); }).find("no row has a group") !=
        std::string::npos);
  nad::Matrix gaps = x;
  gaps(2, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK(message_of([&] { nad::variance_ratio(gaps, groups); }).find("row 2, feature 1") != std::string::npos);
}

TEST_CASE("the importance of a column is that of all its features together") {
  const nad::Table flows = table({{"amount", numbers({1, 2, 1, 2, 1, 2, 1, 2})},
                                  {"service", categories({"a", "b", "a", "b", "c", "c", "c", "c"})}});
  nad::FeaturePipeline pipeline({nad::OneHot{}});
  const nad::Matrix x = pipeline.fit_transform(flows);
  const std::vector<nad::ColumnImportance> columns =
      nad::column_importance(pipeline, x, std::vector<std::int32_t>{0, 0, 0, 0, 1, 1, 1, 1});
  REQUIRE(columns.size() == 2);
  CHECK(columns[0].name == "service");
  // a and b: 8 * (1/4)^2 between, of 1.5 each; c: 8 * (1/2)^2 of 2
  CHECK(columns[0].share == doctest::Approx((0.5 + 0.5 + 2.0) / (1.5 + 1.5 + 2.0)));
  CHECK(columns[1].name == "amount");
  CHECK(columns[1].share == 0.0);
  CHECK(message_of([&] {
          nad::column_importance(pipeline, nad::Matrix(8, 1), std::vector<std::int32_t>(8));
        }).find("the pipeline makes 4 features") != std::string::npos);
}

TEST_CASE("hours and days are learnt from a week of calendar times, and from nothing less") {
  const auto has_time_parts = [](std::int64_t begin, std::int64_t days) {
    nad::ColumnBuilder moments(nad::ColumnType::time);
    std::vector<double> amounts;
    for (std::int64_t row = 0; row <= 10; ++row) {
      moments.add_time(begin + row * days * 8640 * nad::nanoseconds_per_second);
      amounts.push_back(static_cast<double>(row));
    }
    const nad::Table flows = table({{"timestamp", moments.finish()}, {"bytes", numbers(amounts)}});
    const nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(flows);
    return std::any_of(pipeline.steps().begin(), pipeline.steps().end(),
                       [](const nad::FeatureStep& step) { return std::holds_alternative<nad::TimeParts>(step); });
  };
  constexpr std::int64_t in_2026 = 1'767'571'200 * nad::nanoseconds_per_second;
  CHECK(has_time_parts(in_2026, 7));
  CHECK(!has_time_parts(in_2026, 2));
  CHECK(!has_time_parts(0, 7));  // a capture that counts from its own beginning
}
