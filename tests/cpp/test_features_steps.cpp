#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "feature_tools.hpp"
#include "nad/nad.hpp"

using namespace tests;  // NOLINT(google-build-using-namespace): helpers of these tests alone

TEST_CASE("scaling steps do what their formulas say") {
  const std::vector<double> x = {1.0, 2.0, 3.0, 4.0, 10.0};
  const double deviation = std::sqrt((9.0 + 4.0 + 1.0 + 0.0 + 36.0) / 5.0);
  check_close(fitted(nad::Standardise{}, x),
              {-3.0 / deviation, -2.0 / deviation, -1.0 / deviation, 0.0, 6.0 / deviation});
  check_close(fitted(nad::Standardise{.clip = 0.5}, x), {-0.5, -0.5, -1.0 / deviation, 0.0, 0.5});
  check_close(fitted(nad::MinMax{}, x), {0.0, 1.0 / 9, 2.0 / 9, 3.0 / 9, 1.0});
  check_close(fitted(nad::MinMax{.low = -1.0, .high = 1.0}, x), {-1.0, -7.0 / 9, -5.0 / 9, -3.0 / 9, 1.0});
  check_close(fitted(nad::RobustScale{}, x), {-2 / 1.4826, -1 / 1.4826, 0.0, 1 / 1.4826, 7 / 1.4826});
  check_close(fitted(nad::Clip{.low = 0.25, .high = 0.75}, x), {2.0, 2.0, 3.0, 4.0, 4.0});
  check_close(fitted(nad::Clip{.by = nad::Clip::By::deviations, .deviations = 1.0}, x),
              {1.0, 2.0, 3.0, 4.0, 4.0 + deviation});
  check_close(fitted(nad::QuantileScale{.quantiles = 5}, x), {0.0, 0.25, 0.5, 0.75, 1.0});
  check_close(fitted(nad::QuantileScale{.quantiles = 5, .normal = true}, {1, 2, 3, 4, 5}),
              {-5.199337582605575, -0.6744897501960817, 0.0, 0.6744897501960817, 5.199337582605575});
  check_close(fitted(nad::Log1p{.min_skewness = 0.0, .unit = 2.0}, x),
              {std::log1p(0.5), std::log1p(1.0), std::log1p(1.5), std::log1p(2.0), std::log1p(5.0)});
  check_close(fitted(nad::Impute{}, {1.0, missing, 5.0, 9.0}), {1.0, 5.0, 5.0, 9.0});
  check_close(fitted(nad::Impute{.with = nad::Impute::With::mean}, {1.0, missing, 5.0, 9.0}), {1.0, 5.0, 5.0, 9.0});
  check_close(fitted(nad::Impute{.with = nad::Impute::With::constant, .constant = -1.0}, {1.0, missing}), {1.0, -1.0});
}

TEST_CASE("ranks are normal deviates, and go on beyond the training values by the logarithm of the distance") {
  const std::vector<double> x = {1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0};
  nad::FeaturePipeline pipeline({nad::RankScale{.quantiles = 10}});
  pipeline.fit(table({{"x", numbers(x)}, {"always", numbers(std::vector<double>(10, 3.0))}}));
  const std::vector<double> asked = {1.0, 2.0, 3.0, 3.5, 8.0, 8.0001, 9.0, 8000.0, -8.0, missing};
  const nad::Matrix found =
      pipeline.transform(table({{"x", numbers(asked)}, {"always", numbers({3, 3, 3, 3, 3, 3, 3, 3, 3, 4})}}));
  const double end = 1.6448536269514722;  // below it lie 95 %: of ten values each stands for a tenth
  const double deviation = std::sqrt(5.2);
  const auto deviate = [](double share) {  // by halving, as a reference
    double low = -9.0;
    double high = 9.0;
    for (int step = 0; step < 80; ++step) {
      const double middle = (low + high) / 2.0;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
    }
    return low;
  };
  const std::vector<double> expected = {-end,
                                        deviate(2.0 / 9.0),  // the middle of three
                                        deviate(4.0 / 9.0),
                                        (deviate(4.0 / 9.0) + deviate(5.0 / 9.0)) / 2.0,
                                        end,
                                        end + std::log1p(0.0001 / deviation),
                                        end + std::log1p(1.0 / deviation),
                                        end + std::log1p(7992.0 / deviation),
                                        -end - std::log1p(9.0 / deviation)};
  for (std::size_t row = 0; row < expected.size(); ++row) {
    CAPTURE(row);
    CHECK(static_cast<double>(found(row, 0)) == doctest::Approx(expected[row]).epsilon(1e-6));
    CHECK(found(row, 1) == 0.0F);
  }
  CHECK(std::isnan(found(9, 0)));
  CHECK(found(9, 1) == 10.0F);
}

TEST_CASE("log1p takes its unit from the data and leaves light tails alone") {
  std::vector<double> heavy;
  heavy.reserve(1000);
  for (int i = 0; i < 1000; ++i) {
    heavy.push_back(i % 10 == 0 ? 0.0 : std::exp(0.01 * i));
  }
  const std::vector<float> logged = fitted(nad::Log1p{}, heavy);
  std::vector<double> positive;
  for (const double value : heavy) {
    if (value > 0.0) {
      positive.push_back(value);
    }
  }
  const double unit = positive[89] + 0.9 * (positive[90] - positive[89]);  // rising already
  CHECK(static_cast<double>(logged[999]) == doctest::Approx(std::log1p(heavy[999] / unit)).epsilon(1e-6));
  CHECK(fitted(nad::Log1p{}, {1, 2, 3, 4, 5}) == std::vector<float>{1, 2, 3, 4, 5});
  CHECK(fitted(nad::Log1p{.min_skewness = -9.0}, {-1, 2, 3, 4, 50}) == std::vector<float>{-1, 2, 3, 4, 50});
}

TEST_CASE("constants become flags of novelty, or are left out") {
  nad::FeaturePipeline pipeline({nad::Standardise{}});
  pipeline.fit(table({{"always", numbers({7.0, 7.0, 7.0})}, {"x", numbers({1.0, 2.0, 3.0})}}));
  const nad::Matrix x = pipeline.transform(table({{"always", numbers({7.0, 8.0})}, {"x", numbers({2.0, 2.0})}}));
  CHECK(column_of(x, 0) == std::vector<float>{0.0F, 10.0F});
  nad::FeaturePipeline dropping({nad::DropConstant{}});
  dropping.fit(table({{"always", numbers({7.0, 7.0, 7.0})}, {"x", numbers({1.0, 2.0, 3.0})}}));
  CHECK(names_of(dropping) == std::vector<std::string>{"x"});
}

TEST_CASE("missing values leave a flag behind, scaled like any feature") {
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::MinMax{.low = -1.0}});
  const nad::Matrix x =
      pipeline.fit_transform(table({{"x", numbers({1.0, missing, 3.0, 5.0})}, {"y", numbers({1, 2, 3, 4})}}));
  CHECK(names_of(pipeline) == std::vector<std::string>{"x", "x is missing", "y"});
  CHECK(column_of(x, 0) == std::vector<float>{-1.0F, 0.0F, 0.0F, 1.0F});
  CHECK(column_of(x, 1) == std::vector<float>{-1.0F, 1.0F, -1.0F, -1.0F});
  nad::FeaturePipeline plain({nad::Impute{.indicator = false}});
  plain.fit(table({{"x", numbers({1.0, missing})}}));
  CHECK(names_of(plain) == std::vector<std::string>{"x"});
}

TEST_CASE("categories: one-hot with rare ones pooled, unseen and missing ones apart") {
  const nad::Table train = table({{"s", categories({"http", "dns", "http", "ssh", "ftp", "http", "dns", ""})}});
  nad::FeaturePipeline pipeline({nad::OneHot{.max_categories = 2, .unseen = true}});
  pipeline.fit(train);
  CHECK(names_of(pipeline) == std::vector<std::string>{"s=http", "s=dns", "s=(other)", "s=(unseen)", "s=(missing)"});
  const nad::Matrix x = pipeline.transform(table({{"s", categories({"dns", "ftp", "new", "", "http"})}}));
  const std::vector<std::vector<float>> expected = {
      {0, 1, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 1}, {1, 0, 0, 0, 0}};
  for (std::size_t row = 0; row < expected.size(); ++row) {
    CHECK(std::vector<float>(x.row(row).begin(), x.row(row).end()) == expected[row]);
  }

  const nad::Table gapless = train.take(std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6});
  nad::FeaturePipeline usual({nad::OneHot{.unseen_as_most_frequent = true}, nad::Novelty{}});
  usual.fit(gapless);  // http, dns, ftp, ssh
  const nad::Matrix said = usual.transform(table({{"s", categories({"ssh", "new", ""})}}));
  CHECK(std::vector<float>(said.row(0).begin(), said.row(0).end()) == std::vector<float>{0, 0, 0, 1, 0});
  CHECK(std::vector<float>(said.row(1).begin(), said.row(1).end()) == std::vector<float>{1, 0, 0, 0, 10});
  CHECK(std::vector<float>(said.row(2).begin(), said.row(2).end()) == std::vector<float>{1, 0, 0, 0, 0});
  usual.fit(train);  // a gap that training had, too, is known
  const nad::Matrix gap = usual.transform(table({{"s", categories({"new", ""})}}));
  CHECK(std::vector<float>(gap.row(0).begin(), gap.row(0).end()) == std::vector<float>{1, 0, 0, 0, 0, 10});
  CHECK(std::vector<float>(gap.row(1).begin(), gap.row(1).end()) == std::vector<float>{0, 0, 0, 0, 1, 0});
  CHECK_THROWS_AS(nad::FeaturePipeline({nad::OneHot{.unseen = true, .unseen_as_most_frequent = true}}).fit(train),
                  nad::Error);

  nad::FeaturePipeline ordinal({nad::Ordinal{}});
  ordinal.fit(train);
  CHECK(column_of(ordinal.transform(table({{"s", categories({"http", "dns", "ftp", "ssh", "new", ""})}})), 0) ==
        std::vector<float>{0, 1, 2, 3, 4, 5});

  nad::FeaturePipeline frequency({nad::Frequency{}});
  frequency.fit(train);
  check_close(column_of(frequency.transform(table({{"s", categories({"http", "ftp", "new", ""})}})), 0),
              {-std::log(3.0 / 8), -std::log(1.0 / 8), -std::log(0.5 / 8), -std::log(1.0 / 8)});

  nad::FeaturePipeline novelty({nad::Ordinal{}, nad::Novelty{.most = 1}, nad::Standardise{}});
  novelty.fit(train);
  CHECK(names_of(novelty).back() == "novelty");
  CHECK(column_of(novelty.transform(table({{"s", categories({"http", "new", ""})}})), 1) ==
        std::vector<float>{0, 10, 0});

  // two of eight records had a category alone: the next one has a new one with a chance of three in nine
  nad::FeaturePipeline chance({nad::Ordinal{}, nad::Novelty{.most = 1, .by_chance = true}});
  chance.fit(train);
  check_close(column_of(chance.transform(table({{"s", categories({"http", "new", ""})}})), 1), {0, std::log(3.0), 0});
  nad::FeaturePipeline little({nad::Ordinal{}, nad::Novelty{.weight = 0.5, .by_chance = true}});
  little.fit(train);
  CHECK(column_of(little.transform(table({{"s", categories({"new"})}})), 1) == std::vector<float>{0.5F});

  nad::FeaturePipeline hashing({nad::Hashing{.features = 4}});
  const nad::Matrix hashed = hashing.fit_transform(train);
  CHECK(hashed.columns() == 4);
  for (std::size_t row = 0; row + 1 < train.rows(); ++row) {
    float length = 0.0F;
    for (const float value : hashed.row(row)) {
      length += std::abs(value);
    }
    CHECK(length == 1.0F);
  }
  CHECK(std::vector<float>(hashed.row(0).begin(), hashed.row(0).end()) ==
        std::vector<float>(hashed.row(2).begin(), hashed.row(2).end()));
}

TEST_CASE("one-hot features are scaled by what training says of them, as columns of numbers would be") {
  const nad::Table train = traffic(5000, 1);
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::OneHot{.max_categories = 5}, nad::Standardise{.clip = 3.0}});
  const nad::Matrix x = pipeline.fit_transform(train);
  nad::FeaturePipeline encoder({nad::Impute{}, nad::OneHot{.max_categories = 5}});
  const nad::Matrix raw = encoder.fit_transform(train);
  REQUIRE(raw.columns() == x.columns());
  for (std::size_t column = 0; column < x.columns(); ++column) {
    double mean = 0.0;
    double squares = 0.0;
    for (std::size_t row = 0; row < raw.rows(); ++row) {
      mean += static_cast<double>(raw(row, column)) / 5000.0;
    }
    for (std::size_t row = 0; row < raw.rows(); ++row) {
      squares += std::pow(static_cast<double>(raw(row, column)) - mean, 2.0) / 5000.0;
    }
    bool close = true;
    for (std::size_t row = 0; row < raw.rows(); ++row) {
      const double z = (static_cast<double>(raw(row, column)) - mean) / std::sqrt(squares);
      close = close && std::abs(std::min(3.0, std::max(-3.0, z)) - static_cast<double>(x(row, column))) < 1e-4;
    }
    CHECK_MESSAGE(close, pipeline.features()[column].name);
  }
}

TEST_CASE("principal components are orthogonal, sorted, and keep the variance they promise") {
  const nad::Table train = traffic(2000, 2);
  nad::FeaturePipeline all({nad::Impute{}, nad::OneHot{}, nad::Standardise{}, nad::Pca{.variance = 1.0}});
  const nad::Matrix x = all.fit_transform(train);
  std::vector<double> variances;
  for (std::size_t a = 0; a < x.columns(); ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = 0.0;
      for (std::size_t row = 0; row < x.rows(); ++row) {
        sum += static_cast<double>(x(row, a)) * static_cast<double>(x(row, b));
      }
      if (a == b) {
        variances.push_back(sum / 1999.0);
      } else {
        CHECK(std::abs(sum / 1999.0) < 1e-3);
      }
    }
  }
  double total = 0.0;
  for (std::size_t i = 0; i < variances.size(); ++i) {
    CHECK((i == 0 || variances[i] <= variances[i - 1] + 1e-6));
    total += variances[i];
  }
  nad::FeaturePipeline some({nad::Impute{}, nad::OneHot{}, nad::Standardise{}, nad::Pca{.variance = 0.6}});
  some.fit(train);
  double kept = 0.0;
  for (std::size_t i = 0; i < some.features().size(); ++i) {
    kept += variances[i];
  }
  CHECK(kept >= 0.6 * total * 0.999);
  CHECK(kept - variances[some.features().size() - 1] < 0.6 * total);
  CHECK(names_of(some)[0] == "pca_0");
  CHECK(some.features()[0].sources.size() == 6);

  nad::FeaturePipeline unit({nad::Impute{}, nad::OneHot{}, nad::UnitLength{}, nad::MinMax{}});
  const nad::Matrix scaled = unit.fit_transform(train);
  for (std::size_t column = 0; column < scaled.columns(); ++column) {
    const std::vector<float> values = column_of(scaled, column);
    CHECK(*std::min_element(values.begin(), values.end()) == doctest::Approx(0.0));
    CHECK(*std::max_element(values.begin(), values.end()) == doctest::Approx(1.0));
  }
}

TEST_CASE("the logarithm of its own is as good as the library's") {
  double worst = 0.0;
  for (int power = -37; power <= 307; ++power) {
    for (double digit = 1.0; digit < 10.0; digit += 0.37) {
      const double x = digit * std::pow(10.0, power);
      const double expected = std::log1p(x);
      worst = std::max(
          worst,
          std::abs(static_cast<double>(fitted(nad::Log1p{.min_skewness = -1e9, .unit = 1.0}, {0.0, x})[1]) - expected) /
              expected);
      if (power % 20 != 0) {
        break;
      }
    }
  }
  CHECK(worst < 6e-8);  // what a float holds
}

TEST_CASE("columns that are missing in the same records share a flag") {
  const nad::Table train = table({{"a", numbers({1, missing, 3, 4})},
                                  {"b", numbers({5, missing, 7, 8})},
                                  {"c", numbers({missing, 2, 3, 4})},
                                  {"d", numbers({1, 2, 3, 4})}});
  nad::FeaturePipeline pipeline({nad::Impute{}});
  const nad::Matrix x = pipeline.fit_transform(train);
  CHECK(names_of(pipeline) == std::vector<std::string>{"a", "a is missing", "b", "c", "c is missing", "d"});
  CHECK(pipeline.features()[1].sources == std::vector<std::string>{"a", "b"});
  CHECK(column_of(x, 1) == std::vector<float>{0, 1, 0, 0});
  CHECK(column_of(x, 4) == std::vector<float>{1, 0, 0, 0});
  nad::FeaturePipeline filled_once({nad::Standardise{}, nad::Impute{}, nad::Impute{}});
  filled_once.fit(train);
  CHECK(names_of(filled_once).size() == 6);
}
