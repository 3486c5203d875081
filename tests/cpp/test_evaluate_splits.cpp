// Splits: shares, classes, groups and copies; and episodes, walked through by hand.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "messages.hpp"
#include "nad/core/random.hpp"
#include "nad/evaluate/episodes.hpp"
#include "nad/evaluate/splits.hpp"
#include "nad/table/column_builder.hpp"

namespace {

using tests::contains;
using tests::message_of;

std::vector<std::vector<double>> rows_by_part(const std::vector<std::uint32_t>& part,
                                              const std::vector<std::uint32_t>& labels, std::size_t parts) {
  const std::size_t classes = 1 + *std::max_element(labels.begin(), labels.end());
  std::vector<std::vector<double>> count(parts, std::vector<double>(classes, 0.0));
  for (std::size_t row = 0; row < part.size(); ++row) {
    count[part[row]][labels[row]] += 1.0;
  }
  return count;
}

TEST_CASE("splits: without groups every class is dealt out to within a row") {
  nad::Random random(1);
  std::vector<std::uint32_t> labels;
  labels.reserve(1003);
  for (int row = 0; row < 1003; ++row) {
    labels.push_back(random.uniform() < 0.7 ? 0U : random.uniform() < 0.9 ? 1U : 2U);
  }
  const std::vector<double> shares = {0.6, 0.25, 0.15};
  const auto part = nad::split_rows(labels.size(), shares, {.labels = labels, .random_state = 3});
  const auto count = rows_by_part(part, labels, 3);
  for (std::size_t one = 0; one < 3; ++one) {
    for (std::size_t label = 0; label < 3; ++label) {
      const auto all = static_cast<double>(std::count(labels.begin(), labels.end(), label));
      CHECK(std::abs(count[one][label] - shares[one] * all) <= 1.0);
    }
  }
  CHECK(part == nad::split_rows(labels.size(), {6, 2.5, 1.5}, {.labels = labels, .random_state = 3}));
  CHECK(part != nad::split_rows(labels.size(), shares, {.labels = labels, .random_state = 4}));
}

TEST_CASE("splits: groups stay together and parts are as near to their shares as they allow") {
  nad::Random random(2);
  std::vector<std::uint32_t> groups;
  std::vector<std::uint32_t> labels;
  for (std::uint32_t group = 0; groups.size() < 4000; ++group) {
    const std::size_t size = group % 50 == 0 ? 100 : 1 + random.below(5);
    for (std::size_t i = 0; i < size; ++i) {
      groups.push_back(7 * group);
      labels.push_back(group % 3 == 0 ? 1U : 0U);
    }
  }
  const auto fold = nad::split_folds(groups.size(), 5, {.labels = labels, .groups = groups});
  std::set<std::pair<std::uint32_t, std::uint32_t>> sides;
  for (std::size_t row = 0; row < fold.size(); ++row) {
    sides.insert({groups[row], fold[row]});
  }
  CHECK(sides.size() == std::set<std::uint32_t>(groups.begin(), groups.end()).size());
  const auto count = rows_by_part(fold, labels, 5);
  for (const std::vector<double>& one : count) {
    for (std::size_t label = 0; label < 2; ++label) {
      const auto all = static_cast<double>(std::count(labels.begin(), labels.end(), label));
      CHECK(std::abs(one[label] - all / 5.0) <= 5.0);  // the size of a small group
    }
  }
}

TEST_CASE("splits: copies of a row are found, in matrices and tables") {
  nad::Matrix x(6, 2);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float values[6][2] = {{1, 2}, {0, nan}, {1, 2}, {-0.0F, nan}, {2, 1}, {1, 2}};
  for (std::size_t row = 0; row < 6; ++row) {
    x(row, 0) = values[row][0];
    x(row, 1) = values[row][1];
  }
  CHECK(nad::identical_rows(x) == std::vector<std::uint32_t>{0, 1, 0, 1, 2, 0});

  nad::ColumnBuilder service(nad::ColumnType::category);
  nad::ColumnBuilder label(nad::ColumnType::category);
  for (const char* text : {"http", "dns", "http"}) {
    service.add_text(text);
  }
  for (const char* text : {"normal", "normal", "dos"}) {
    label.add_text(text);
  }
  const nad::Table table(nad::Schema({{.name = "service", .type = nad::ColumnType::category},
                                      {.name = "label", .type = nad::ColumnType::category, .role = nad::Role::label}}),
                         {service.finish(), label.finish()});
  CHECK(nad::identical_rows(table) == std::vector<std::uint32_t>{0, 1, 0});
  CHECK(nad::identical_rows(table, {"service", "label"}) == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("splits: by time, and what cannot be split") {
  const std::vector<double> seconds = {5, 1, 2, 2, 9, 2, 7, 8, 3, 4};
  const std::vector<std::uint32_t> part = nad::split_by_time(seconds, {0.3, 0.7});
  CHECK(part == std::vector<std::uint32_t>{1, 0, 0, 0, 1, 0, 1, 1, 1, 1});  // the three of second 2 stay together
  CHECK(contains(message_of([] { static_cast<void>(nad::split_folds(3, 4)); }), "n_splits is 4"));
  CHECK(contains(message_of([] { static_cast<void>(nad::split_rows(3, {1.0})); }), "at least 2 parts"));
  CHECK(contains(message_of([] { static_cast<void>(nad::split_rows(3, {1.0, -1.0})); }), "above 0"));
  const std::vector<std::uint32_t> one_group(9, 4);
  CHECK(
      contains(message_of([&] { static_cast<void>(nad::split_folds(9, 3, {.groups = one_group})); }), "without a row"));
  CHECK(contains(message_of([&] { static_cast<void>(nad::split_folds(8, 3, {.groups = one_group})); }), "9 groups"));
}

TEST_CASE("episodes: found by their gaps, noticed at their first alert") {
  //                                   0  1  2  3   4   5   6    7
  const std::vector<double> seconds = {0, 5, 9, 12, 40, 50, 400, 401};
  const std::vector<std::uint8_t> labels = {1, 0, 1, 1, 1, 0, 1, 1};
  const std::vector<std::uint32_t> families = {1, 0, 1, 2, 1, 0, 1, 2};
  const auto episode = nad::attack_episodes(families, labels, seconds, {.max_gap_seconds = 31.0});
  CHECK(episode == std::vector<std::int64_t>{0, -1, 0, 1, 0, -1, 2, 3});
  CHECK(nad::attack_episodes(families, labels) == std::vector<std::int64_t>{0, -1, 1, 2, 3, -1, 4, 5});
  CHECK(nad::attack_episodes(families, labels, {}, {.max_gap_rows = 1}) ==
        std::vector<std::int64_t>{0, -1, 0, 1, 0, -1, 0, 2});

  const std::vector<std::uint8_t> alerts = {0, 1, 0, 1, 1, 0, 0, 1};
  const std::vector<nad::Episode> found = nad::detection_delays(alerts, episode, seconds);
  REQUIRE(found.size() == 4);
  CHECK(found[0].rows == 3);
  CHECK(found[0].first_alert_row == 4);
  CHECK(found[0].delay_seconds == 40.0);
  CHECK(found[0].delay_rows == 2);
  CHECK(found[1].delay_seconds == 0.0);
  CHECK(!found[2].is_detected());
  const nad::DelaySummary summary = nad::summarise(found);
  CHECK(summary.episodes == 4);
  CHECK(summary.detected == 3);
  CHECK(summary.median_seconds == 0.0);
  CHECK(summary.longest_seconds == 40.0);
  // rows in disorder are put in the order of time
  const std::vector<std::size_t> order = {6, 2, 0, 7, 4, 1, 3, 5};
  std::vector<double> shuffled_seconds;
  std::vector<std::uint8_t> shuffled_labels;
  std::vector<std::uint32_t> shuffled_families;
  for (const std::size_t row : order) {
    shuffled_seconds.push_back(seconds[row]);
    shuffled_labels.push_back(labels[row]);
    shuffled_families.push_back(families[row]);
  }
  const auto shuffled =
      nad::attack_episodes(shuffled_families, shuffled_labels, shuffled_seconds, {.max_gap_seconds = 31.0});
  for (std::size_t i = 0; i < order.size(); ++i) {
    CHECK(shuffled[i] == episode[order[i]]);
  }
  CHECK(nad::alerts_per_day(10, seconds) == doctest::Approx(10.0 * 86400.0 / 401.0));
  CHECK(std::isnan(nad::alerts_per_day(10, {})));
  CHECK(contains(message_of([&] {
                   static_cast<void>(nad::attack_episodes(families, labels, {seconds.data(), 3}));
                 }),
                 "3 times"));
}

}  // namespace
