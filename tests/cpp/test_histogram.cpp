// Histogram against bins that are filled by hand, figures worked out on paper, and its own promises.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"
#include "watched.hpp"

namespace {

/// The sum over columns of log((1 + alpha) / (h + alpha)), each bin filled by looking at its edges.
double score_by_hand(const nad::Matrix& rows, std::size_t n_bins, double alpha, const float* row) {
  double sum = 0.0;
  for (std::size_t column = 0; column < rows.columns(); ++column) {
    double low = rows(0, column);
    double high = low;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      low = std::min(low, static_cast<double>(rows(i, column)));
      high = std::max(high, static_cast<double>(rows(i, column)));
    }
    std::vector<double> counts(high > low ? n_bins : 1);
    const auto bin_of = [&](double value) {
      std::size_t bin = 0;
      while (bin + 1 < counts.size() &&
             value >= low + (high - low) * static_cast<double>(bin + 1) / static_cast<double>(counts.size())) {
        ++bin;
      }
      return bin;
    };
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      counts[bin_of(rows(i, column))] += 1.0;
    }
    const double value = row[column];
    const bool outside = value < low || value > high;
    const double height = outside ? 0.0 : counts[bin_of(value)] / *std::max_element(counts.begin(), counts.end());
    sum += std::log((1.0 + alpha) / (height + alpha));
  }
  return sum;
}

nad::Matrix one_column(std::initializer_list<float> values) {
  nad::Matrix x(values.size(), 1);
  std::copy(values.begin(), values.end(), x.data());
  return x;
}

std::vector<float> as_vector(std::span<const float> values) { return {values.begin(), values.end()}; }
std::vector<double> as_vector(std::span<const double> values) { return {values.begin(), values.end()}; }

TEST_CASE("histogram: scores are those of bins filled by hand") {
  const nad::Matrix train = tests::traffic_rows(700, 6, 3);
  const nad::Matrix other = tests::normal_rows(200, 6, 4);
  for (const std::size_t n_bins : {1U, 7U, 40U}) {
    nad::Histogram histogram({.n_bins = n_bins, .alpha = 0.01});
    histogram.fit(train);
    for (const nad::Matrix* rows : {&train, &other}) {
      const std::vector<float> scores = histogram.raw_score(*rows);
      const nad::Matrix reasons = histogram.explain(*rows);
      for (std::size_t row = 0; row < rows->rows(); ++row) {
        CHECK(scores[row] == doctest::Approx(score_by_hand(train, n_bins, 0.01, rows->row(row).data())).epsilon(1e-5));
        double sum = 0.0;
        for (std::size_t column = 0; column < 6; ++column) {
          CHECK(reasons(row, column) >= 0.0F);
          sum += static_cast<double>(reasons(row, column));
        }
        CHECK(scores[row] == doctest::Approx(sum).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("histogram: values outside of what was seen, and in empty bins, count most") {
  nad::Histogram histogram({.n_bins = 4, .alpha = 1e-3});
  histogram.fit(one_column({0, 0.5, 1, 1.5, 8}));  // bins of 2 from 0 to 8: 4 rows, none, none, 1
  CHECK(as_vector(histogram.weights(0)) == std::vector<double>{4, 0, 0, 1});
  CHECK(as_vector(histogram.edges(0)) == std::vector<float>{0, 2, 4, 6, 8});
  const std::vector<float> scores = histogram.raw_score(one_column({1, 8, 3, -0.01F, 8.01F, 3e38F, -3e38F}));
  CHECK(scores[0] == 0.0F);
  CHECK(scores[1] == doctest::Approx(std::log(1.001 / 0.251)));
  for (std::size_t i = 2; i < scores.size(); ++i) {
    CHECK(scores[i] == doctest::Approx(std::log(1001.0)));
  }
  nad::Histogram constant;
  constant.fit(one_column({5, 5, 5}));
  CHECK(constant.raw_score(one_column({5, 6}))[0] == 0.0F);
  CHECK(constant.raw_score(one_column({5, 6}))[1] == doctest::Approx(std::log(1e6)).epsilon(1e-4));
}

TEST_CASE("histogram: bins of equal depth, with a value that fills bins by itself") {
  nad::Histogram histogram({.n_bins = 4, .bins = nad::Bins::equal_depth, .alpha = 0.5});
  histogram.fit(one_column({0, 0, 0, 0, 1, 2, 10, 20}));  // two rows a bin
  const std::vector<float> edges = as_vector(histogram.edges(0));
  REQUIRE(edges.size() == 4);
  CHECK(edges[0] == 0.0F);
  CHECK(edges[1] == std::nextafter(0.0F, 1.0F));
  CHECK(edges[2] == 6.0F);
  CHECK(edges[3] == 20.0F);
  CHECK(as_vector(histogram.weights(0)) == std::vector<double>{4, 2, 2});
  // densities: 4 rows in a thousandth of the range, 2 in 6, 2 in 14
  const double highest = 4.0 / 0.02;
  const std::vector<float> scores = histogram.raw_score(one_column({0, 3, 7, 21}));
  CHECK(scores[0] == 0.0F);
  CHECK(scores[1] == doctest::Approx(std::log(1.5 / (2.0 / 6.0 / highest + 0.5))));
  CHECK(scores[2] == doctest::Approx(std::log(1.5 / (2.0 / 14.0 / highest + 0.5))));
  CHECK(scores[3] == doctest::Approx(std::log(3.0)));
}

TEST_CASE("histogram: equal depths of all rows, whatever the values") {
  const nad::Matrix train = tests::traffic_rows(900, 4, 5);
  nad::Histogram histogram({.n_bins = 9, .bins = nad::Bins::equal_depth});
  histogram.fit(train);
  for (std::size_t column = 0; column < 4; ++column) {
    const std::span<const float> edges = histogram.edges(column);
    const std::span<const double> weights = histogram.weights(column);
    double all = 0.0;
    for (std::size_t bin = 0; bin < weights.size(); ++bin) {
      const bool is_last = bin + 1 == weights.size();
      double inside = 0.0;
      for (std::size_t row = 0; row < train.rows(); ++row) {
        const float value = train(row, column);
        inside += value >= edges[bin] && (value < edges[bin + 1] || is_last) ? 1.0 : 0.0;
      }
      CHECK(weights[bin] == inside);
      all += inside;
    }
    CHECK(all == 900.0);
  }
  CHECK(histogram.weights(1).size() == 1);  // constant
  CHECK(histogram.weights(3).size() >= 7);  // a third of the rows have one value
}

TEST_CASE("histogram: rules for the number of bins") {
  // 1,000 rows spread evenly need one bin; two heaps far apart need several
  nad::Matrix even(1000, 2);
  for (std::size_t row = 0; row < 1000; ++row) {
    even(row, 0) = static_cast<float>(row);
    even(row, 1) = static_cast<float>(row < 500 ? row : row + 10000);
  }
  nad::Histogram likely({.n_bins = {}});
  likely.fit(even);
  CHECK(likely.weights(0).size() == 1);
  // the likelihood of n bins less n - 1 and log(n)^2.5, by hand with Python: best at 22 of at most 100
  CHECK(likely.weights(1).size() == 22);
  // interquartile ranges 500 and 10,500; cube root of 1,000 rows: 10
  nad::Histogram spread({.n_bins = {}, .bin_rule = nad::BinRule::freedman_diaconis});
  spread.fit(even);
  CHECK(spread.weights(0).size() == 10);  // 999 / 1000 * 10
  CHECK(spread.weights(1).size() == 6);   // 10999 / 21000 * 10
  nad::Histogram bounded({.n_bins = {}, .bin_rule = nad::BinRule::freedman_diaconis, .max_bins = 3});
  bounded.fit(even);
  CHECK(bounded.weights(0).size() == 3);
}

TEST_CASE("histogram: weights are copies of rows") {
  const nad::Matrix rows = tests::traffic_rows(60, 4, 6);
  std::vector<float> weights(60);
  std::vector<std::size_t> copies;
  for (std::size_t row = 0; row < 60; ++row) {
    weights[row] = static_cast<float>(row % 3);
    copies.insert(copies.end(), row % 3, row);
  }
  nad::Matrix copied(copies.size(), 4);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    std::copy_n(rows.view().row(copies[i]), 4, copied.row(i).data());
  }
  for (const nad::HistogramOptions& options : {nad::HistogramOptions{},
                                               {.n_bins = {}},
                                               {.n_bins = {}, .bin_rule = nad::BinRule::freedman_diaconis},
                                               {.n_bins = 5, .bins = nad::Bins::equal_depth}}) {
    nad::Histogram weighted(options);
    weighted.fit(rows, weights);
    nad::Histogram repeated(options);
    repeated.fit(copied);
    CHECK(weighted.raw_score(rows) == repeated.raw_score(rows));
  }
}

TEST_CASE("histogram: what every detector promises") { tests::check_detector_contract(nad::Histogram()); }

TEST_CASE("histogram: what every detector promises, with bins of equal depth") {
  tests::check_detector_contract(nad::Histogram({.n_bins = {}, .bins = nad::Bins::equal_depth}));
}

TEST_CASE("histogram: options that make no sense are refused, and what is loaded is checked") {
  const auto refused = [](const nad::HistogramOptions& options) {
    return model_file::error_of([&] { nad::Histogram histogram(options); }).has_value();
  };
  CHECK(refused({.n_bins = 0}));
  CHECK(refused({.max_bins = 0}));
  CHECK(refused({.alpha = 0.0}));
  CHECK(refused({.alpha = std::nan("")}));
  CHECK(refused({.bins = static_cast<nad::Bins>(7)}));
  CHECK(refused({.bin_rule = static_cast<nad::BinRule>(7)}));
  CHECK(refused({.contamination = 0.9}));
  CHECK(!refused({.n_bins = 1}));

  for (const nad::Bins bins : {nad::Bins::equal_width, nad::Bins::equal_depth}) {
    nad::Histogram histogram({.n_bins = 3, .bins = bins});
    histogram.fit(tests::traffic_rows(50, 3, 7));
    const model_file::Bytes file = nad::save_bytes(histogram);
    const auto loaded = nad::load_detector_bytes(file);
    CHECK(loaded->raw_score(tests::normal_rows(9, 3, 1)) == histogram.raw_score(tests::normal_rows(9, 3, 1)));
    CHECK(nad::save_bytes(*loaded) == file);
    // every byte of the payload in turn is something else: an error, or a detector that can be used
    const model_file::Parts parts = model_file::split(file);
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::byte_step) {
      for (const unsigned change : {0xffU, 0x80U, 0x01U}) {
        model_file::Parts damaged = parts;
        damaged.payload[at] ^= static_cast<std::byte>(change);
        static_cast<void>(
            model_file::error_of([&] { model_file::use(*nad::load_detector_bytes(model_file::join(damaged))); }));
      }
    }
  }
}

}  // namespace
