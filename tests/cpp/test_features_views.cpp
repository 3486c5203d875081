// Views against pipelines of their own.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "feature_tools.hpp"
#include "messages.hpp"

using namespace tests;  // NOLINT(google-build-using-namespace): helpers of these tests alone

namespace {

nad::Table seen() {
  return table({{"bytes", numbers({0, 3, 9, missing, 81, 243, 729, 100000})},
                {"service", categories({"http", "http", "smtp", "http", "dns", "", "http", "http"})},
                {"always", numbers(std::vector<double>(8, 4.0))}});
}

nad::Table unseen() {
  return table({{"bytes", numbers({5, missing, 1e9})},
                {"service", categories({"smtp", "irc", "http"})},
                {"always", numbers({4.0, 4.0, 5.0})}});
}

using Steps = std::vector<nad::FeatureStep>;

Steps joined(Steps steps, const Steps& more) {
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

Steps joined(Steps steps, nad::FeatureStep step) {
  steps.push_back(std::move(step));
  return steps;
}

nad::FeatureStep view(const char* name) { return nad::View{name}; }

Steps common() { return {nad::Impute{}, nad::OneHot{}, nad::Novelty{}}; }
Steps far() { return {nad::Log1p{.min_skewness = 1.0}, nad::Standardise{.clip = 10.0}}; }
Steps rare() { return {nad::DropConstant{}, nad::QuantileScale{.quantiles = 5, .normal = true}}; }

Steps both_views() {
  Steps steps = joined(common(), view("far"));
  steps = joined(std::move(steps), far());
  steps = joined(std::move(steps), view("rare"));
  return joined(std::move(steps), rare());
}

TEST_CASE("views: each is what a pipeline with its steps alone gives, bit for bit") {
  nad::FeaturePipeline views(both_views());
  views.fit(seen());
  nad::FeaturePipeline first(joined(common(), far()));
  first.fit(seen());
  nad::FeaturePipeline second(joined(common(), rare()));
  second.fit(seen());
  const std::size_t left = first.features().size();
  const std::size_t right = second.features().size();
  REQUIRE(right == left - 1);  // without the constant
  CHECK(views.views() == std::vector<nad::FeatureView>{{"far", 0, left}, {"rare", left, right}});
  for (std::size_t place = 0; place < left + right; ++place) {
    const nad::FeatureInfo& feature = views.features()[place];
    const nad::FeatureInfo& alone = place < left ? first.features()[place] : second.features()[place - left];
    CHECK(feature.name == (place < left ? "far: " : "rare: ") + alone.name);
    CHECK(feature.sources == alone.sources);
  }
  for (const nad::Table& rows : {seen(), unseen()}) {
    const nad::Matrix x = views.transform(rows);
    const nad::Matrix far_alone = first.transform(rows);
    const nad::Matrix rare_alone = second.transform(rows);
    for (std::size_t row = 0; row < x.rows(); ++row) {
      REQUIRE(std::equal(far_alone.row(row).begin(), far_alone.row(row).end(), x.row(row).begin()));
      REQUIRE(std::equal(rare_alone.row(row).begin(), rare_alone.row(row).end(),
                         x.row(row).begin() + static_cast<std::ptrdiff_t>(left)));
    }
  }
}

TEST_CASE("views: contributions of all views are folded back into the columns") {
  nad::FeaturePipeline views(both_views());
  views.fit(seen());
  const nad::Table columns = views.columns(unseen());
  nad::Matrix ones(columns.rows(), views.features().size());
  for (std::size_t row = 0; row < ones.rows(); ++row) {
    std::fill(ones.row(row).begin(), ones.row(row).end(), 1.0F);
  }
  const nad::Matrix folded = views.fold(ones, columns);
  CHECK(folded(0, 0) == 4.0F);  // bytes, and "bytes is missing", in both
  CHECK(folded(0, 2) == 1.0F);  // always the same: in one
  CHECK(folded(1, 1) == folded(0, 1));
}

TEST_CASE("views: a file and a configuration bring them back") {
  nad::FeaturePipeline views(both_views());
  views.fit(seen());
  CHECK(nad::steps_from_json(nad::to_json(views.steps())) == views.steps());
  const auto loaded = nad::load_bytes<nad::FeaturePipeline>(nad::save_bytes(views));
  CHECK(loaded.views() == views.views());
  CHECK(nad::save_bytes(loaded) == nad::save_bytes(views));
  const std::string text = views.to_string();
  CHECK(text.find("view far, 8 features:\n    bytes, ") != std::string::npos);
  CHECK(text.find("view rare, 7 features:\n    bytes, ") != std::string::npos);
}

TEST_CASE("views: without any there are none") {
  nad::FeaturePipeline plain(joined(common(), far()));
  plain.fit(seen());
  CHECK(plain.views().empty());
}

TEST_CASE("views: what makes no sense is refused") {
  const auto refusal = [](Steps steps) {
    nad::FeaturePipeline pipeline(std::move(steps));
    return message_of([&] { pipeline.fit(seen()); });
  };
  const Steps begun = joined(common(), view("a"));
  CHECK(refusal(joined(begun, view("a"))).find("two views 'a'") != std::string::npos);
  CHECK(refusal(joined(common(), view(""))).find("give it a name") != std::string::npos);
  CHECK(refusal(joined(common(), view("a: b"))).find("without ':'") != std::string::npos);
  CHECK(refusal(joined(joined(Steps(), view("a")), nad::OneHot{})).find("step one_hot stands in a view") !=
        std::string::npos);
  CHECK(refusal(joined(begun, nad::Pca{})).find("step pca mixes features") != std::string::npos);
  const nad::FeatureStep unknown = nad::Log1p{.columns = nad::ColumnChoice({"bites"})};
  CHECK(refusal(joined(begun, unknown)).find("step log1p: there is no column 'bites'") != std::string::npos);
  const nad::Table constant = table({{"always", numbers({1.0, 1.0})}});
  nad::FeaturePipeline empty(joined(joined(joined(Steps(), view("all")), view("none")), nad::DropConstant{}));
  CHECK(message_of([&] { empty.fit(constant); }).find("view 'none' is left without features") != std::string::npos);
}

}  // namespace
