#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/isolation_forest.hpp"
#include "samples.hpp"

namespace {

/// The message of the nad::Error with `code` that `call` throws.
template <class Call>
std::string message_of(nad::ErrorCode code, const Call& call) {
  try {
    call();
  } catch (const nad::Error& error) {
    CHECK(nad::name(error.code()) == nad::name(code));
    return error.what();
  }
  FAIL("no error");
  return {};
}

bool says(const std::string& message, const std::string& words) {
  INFO(message);
  return message.find(words) != std::string::npos;
}

}  // namespace

using nad::ErrorCode;

TEST_CASE("fitting refuses what cannot be learnt from, and says what is wrong") {
  nad::IsolationForest forest;
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(nad::Matrix(0, 5)); }), "0 rows and 5 columns"));
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(nad::Matrix(5, 0)); }), "5 rows and 0 columns"));
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(nad::Matrix(1, 5)); }), "n_samples = 1"));
  nad::Matrix rows = tests::normal_rows(50, 4, 1);
  rows(13, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(rows); }), "NaN in row 13, column 2"));
  rows(13, 2) = -std::numeric_limits<float>::infinity();
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(rows); }), "infinity in row 13, column 2"));
  nad::IsolationForest routing({.missing = nad::Missing::route});
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { routing.fit(rows); }), "infinity in row 13, column 2"));
  CHECK_FALSE(forest.is_fitted());
  nad::IsolationForest distinct({.unique_rows = nad::UniqueRows::on});
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { distinct.fit(nad::Matrix(20, 3)); }), "only one distinct row"));
}

TEST_CASE("a sample weight that is not a finite number is refused, and its row is named") {
  const nad::Matrix rows = tests::normal_rows(50, 4, 1);
  nad::IsolationForest forest;
  for (const float weight : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> weights(50, 1.0F);
    weights[17] = weight;
    CHECK(says(message_of(ErrorCode::invalid_argument, [&] { forest.fit(rows, weights); }), "sample_weight of row 17"));
    CHECK_FALSE(forest.is_fitted());
  }
}

TEST_CASE("a bad value is found wherever it stands, also in a row that no tree would draw [threads]") {
  nad::Matrix rows = tests::normal_rows(40000, 3, 2);
  nad::IsolationForest forest({.n_estimators = 2});
  for (const std::size_t row : {0U, 12345U, 39999U}) {
    const float kept = rows(row, 1);
    rows(row, 1) = std::numeric_limits<float>::infinity();
    const std::string place = "row " + std::to_string(row) + ", column 1";
    for (const int jobs : {1, 2}) {
      CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(rows, {.n_jobs = jobs}); }), place));
    }
    // also through a view of wider rows, whose unused columns do not matter
    nad::MatrixView narrow(rows.data(), rows.rows(), 2, 3);
    CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.fit(narrow); }), place));
    CHECK_NOTHROW(forest.fit(nad::MatrixView(rows.data(), rows.rows(), 1, 3)));
    rows(row, 1) = kept;
    forest.fit(rows);
    rows(row, 1) = std::numeric_limits<float>::infinity();
    CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.anomaly_score(rows, {.n_jobs = 2}); }), place));
    rows(row, 1) = kept;
  }
}

TEST_CASE("assume_finite learns the same from finite rows and survives a wrong promise") {
  nad::Matrix rows = tests::normal_rows(500, 3, 3);
  nad::IsolationForest checked;
  nad::IsolationForest trusting;
  checked.fit(rows);
  trusting.fit(rows, nad::FitControl{.assume_finite = true});
  CHECK(checked.anomaly_score(rows) == trusting.anomaly_score(rows));
  for (std::size_t row = 0; row < 500; ++row) {
    rows(row, row % 3) =
        row % 2 == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  for (const std::size_t ndim : {1U, 2U}) {
    for (const auto split : {nad::Split::random, nad::Split::best}) {
      nad::IsolationForest misled({.ndim = ndim, .split = split});
      CHECK_NOTHROW(misled.fit(rows, nad::FitControl{.assume_finite = true}));
      CHECK(misled.is_fitted());
    }
  }
}

TEST_CASE("rows that are all equal, one column, huge values: learnt, and scored alike or sensibly") {
  nad::IsolationForest forest({.n_estimators = 10});
  const nad::Matrix equal(100, 3);
  forest.fit(equal);
  // no row can be told from another: exactly 0.5, which is not above the threshold, for any number of trees and rows
  for (const std::size_t count : {2U, 3U, 7U, 33U, 100U, 300U}) {
    for (const std::size_t trees : {1U, 7U, 100U, 333U}) {
      nad::IsolationForest alike({.n_estimators = trees});
      alike.fit(nad::Matrix(count, 3));
      const std::vector<float> scores = alike.anomaly_score(nad::Matrix(count, 3));
      CHECK(std::count(scores.begin(), scores.end(), 0.5F) == static_cast<std::ptrdiff_t>(count));
    }
  }
  const nad::Matrix column = tests::normal_rows(100, 1, 4);
  forest.fit(column);
  CHECK(forest.anomaly_score(column).size() == 100);

  nad::Matrix huge(100, 2);
  for (std::size_t row = 0; row < 100; ++row) {
    huge(row, 0) = row % 2 == 0 ? std::numeric_limits<float>::max() : std::numeric_limits<float>::lowest();
    huge(row, 1) = static_cast<float>(row) * std::numeric_limits<float>::denorm_min();
  }
  for (const std::size_t ndim : {1U, 2U}) {
    for (const auto split : {nad::Split::random, nad::Split::best}) {
      nad::IsolationForest extreme({.n_estimators = 20, .max_depth = 20, .ndim = ndim, .split = split});
      extreme.fit(huge);
      for (const float score : extreme.anomaly_score(huge)) {
        CHECK(score > 0.0F);
        CHECK(score <= 1.0F);
      }
    }
  }
}

TEST_CASE("scoring refuses an empty forest, wrong columns and wrong room") {
  nad::IsolationForest forest;
  const nad::Matrix rows = tests::normal_rows(50, 4, 5);
  CHECK(says(message_of(ErrorCode::not_fitted, [&] { forest.anomaly_score(rows); }), "call fit()"));
  CHECK(says(message_of(ErrorCode::not_fitted, [&] { forest.anomaly_score(rows.row(0)); }), "isolation_forest"));
  CHECK(says(message_of(ErrorCode::not_fitted, [&] { forest.explain(rows); }), "explaining"));
  CHECK(says(message_of(ErrorCode::not_fitted, [&] { static_cast<void>(forest.threshold()); }), "threshold"));
  CHECK(says(message_of(ErrorCode::not_fitted, [&] { static_cast<void>(forest.baseline()); }), "baseline"));
  CHECK(says(message_of(ErrorCode::not_fitted, [&] { forest.set_threshold(0.5F); }), "threshold"));
  forest.fit(rows);
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.anomaly_score(nad::Matrix(2, 3)); }),
             "3 columns, but this isolation_forest learnt from 4"));
  CHECK(says(message_of(ErrorCode::invalid_data, [&] { forest.anomaly_score(std::vector<float>(5)); }), "5 columns"));
  std::vector<float> short_room(49);
  CHECK(says(message_of(ErrorCode::invalid_argument, [&] { forest.anomaly_score(rows, short_room); }),
             "49 scores was given for 50 rows"));
  CHECK(says(
      message_of(ErrorCode::invalid_argument, [&] { forest.set_threshold(std::numeric_limits<float>::quiet_NaN()); }),
      "NaN"));
  CHECK(forest.anomaly_score(nad::Matrix(0, 4)).empty());
  const nad::MatrixView nowhere(nullptr, 3, 4);
  CHECK(says(message_of(ErrorCode::invalid_argument, [&] { forest.fit(nowhere); }), "no memory"));
  CHECK(says(message_of(ErrorCode::invalid_argument, [&] { forest.anomaly_score(nowhere); }), "no memory"));
  // rows may share memory: a window that slides over a series, or one row many times
  const nad::MatrixView sliding(rows.data(), 30, 4, 2);
  CHECK(forest.anomaly_score(sliding)[1] == forest.anomaly_score(std::vector<float>(rows.data() + 2, rows.data() + 6)));
  const nad::MatrixView repeated(rows.data(), 3, 4, 0);
  CHECK(forest.anomaly_score(repeated)[2] == forest.anomaly_score(rows.row(0)));
  CHECK(says(message_of(ErrorCode::invalid_argument, [] { nad::Matrix(std::size_t{1} << 62U, 4); }), "no memory"));
}

TEST_CASE("absurd options are refused when the forest is made") {
  using Options = nad::IsolationForestOptions;
  const auto refused = [](const Options& options) {
    return message_of(ErrorCode::invalid_argument, [&] { nad::IsolationForest forest(options); });
  };
  CHECK(says(refused({.n_estimators = 0}), "n_estimators is 0"));
  CHECK(says(refused({.max_samples = 0}), "max_samples is 0"));
  CHECK(says(refused({.max_samples = -5}), "max_samples is -5"));
  CHECK(says(refused({.max_samples = 1.5}), "max_samples is the fraction 1.5"));
  CHECK(says(refused({.max_samples = 0.0}), "max_samples is the fraction 0.0"));
  CHECK(says(refused({.max_features = 0}), "max_features is 0"));
  CHECK(says(refused({.max_depth = 0}), "max_depth is 0"));
  CHECK(says(refused({.contamination = 0.0}), "contamination is 0.0"));
  CHECK(says(refused({.contamination = 0.6}), "contamination is 0.6"));
  CHECK(says(refused({.contamination = std::numeric_limits<double>::quiet_NaN()}), "contamination is"));
  CHECK(says(refused({.ndim = 0}), "ndim is 0"));
  CHECK(says(refused({.ntry = 0}), "ntry is 0"));
  CHECK(says(refused({.max_samples = std::numeric_limits<double>::quiet_NaN()}), "max_samples is the fraction"));
  nad::IsolationForest one({.max_samples = 1});
  CHECK(says(message_of(ErrorCode::invalid_argument, [&] { one.fit(tests::normal_rows(50, 4, 5)); }), "max_samples"));
}

TEST_CASE("a cancelled or failed fit leaves the forest as it was [threads]") {
  const nad::Matrix rows = tests::normal_rows(3000, 4, 6);
  nad::IsolationForest forest({.contamination = 0.1});
  forest.fit(rows);
  const std::vector<float> scores = forest.anomaly_score(rows);
  const float threshold = forest.threshold();
  for (const std::string stage : {"growing trees", "scoring"}) {
    for (const int jobs : {1, 2}) {
      bool seen = false;
      const nad::FitControl control{.n_jobs = jobs, .progress = [&](const nad::Progress& progress) {
                                      seen = seen || stage == progress.stage;
                                      return stage != progress.stage;
                                    }};
      const std::string message =
          message_of(ErrorCode::cancelled, [&] { forest.fit(tests::normal_rows(3000, 4, 7), control); });
      CHECK(says(message, stage));
      CHECK(seen);
      CHECK(forest.anomaly_score(rows) == scores);
      CHECK(forest.threshold() == threshold);
    }
  }
}
