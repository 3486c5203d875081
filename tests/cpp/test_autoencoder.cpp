#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "detector_contract.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detector/autoencoder.hpp"
#include "samples.hpp"

// The autoencoder as users see it; how it learns is in test_autoencoder_training.cpp.

namespace {

using nad::Autoencoder;
using nad::AutoencoderOptions;
using nad::ResidualScore;

/// Three hidden causes, seven columns between 0 and 1, one of them constant.
nad::Matrix sensible_rows(std::size_t rows, std::uint64_t seed) {
  nad::Random random(seed);
  nad::Matrix x(rows, 7);
  for (std::size_t row = 0; row < rows; ++row) {
    const double a = random.uniform();
    const double b = random.uniform();
    const double c = random.uniform();
    const double values[] = {a, b, 0.5 * (a + b), a * b, c, 1.0 - c, 0.25};
    for (std::size_t column = 0; column < 7; ++column) {
      const double noise = column == 6 ? 0.0 : 0.02 * (random.uniform() - 0.5) * static_cast<double>(column + 1);
      x(row, column) = static_cast<float>(values[column] + noise);
    }
  }
  return x;
}

std::vector<float> numbers(nad::MatrixView x) { return {x.data(), x.data() + x.rows() * x.columns()}; }

std::vector<float> all_weights(const Autoencoder& model) {
  std::vector<float> all;
  for (std::size_t step = 0; step + 1 < model.layers().size(); ++step) {
    const std::vector<float> layer = numbers(model.weights(step));
    all.insert(all.end(), layer.begin(), layer.end());
  }
  return all;
}

/// Residuals of rows, less their mean over the training rows; and the training residuals' covariance by definition.
struct PlainResiduals {
  PlainResiduals(const Autoencoder& model, nad::MatrixView train) : columns(train.columns()) {
    const nad::Matrix made = model.reconstruct(train);
    mean.resize(columns);
    covariance.assign(columns, std::vector<double>(columns));
    const auto n = static_cast<double>(train.rows());
    const auto residual = [&](std::size_t row, std::size_t column) {
      return static_cast<double>(train(row, column)) - static_cast<double>(made(row, column));
    };
    for (std::size_t row = 0; row < train.rows(); ++row) {
      for (std::size_t i = 0; i < columns; ++i) {
        mean[i] += residual(row, i) / n;
      }
    }
    for (std::size_t row = 0; row < train.rows(); ++row) {
      for (std::size_t i = 0; i < columns; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          covariance[i][j] += (residual(row, i) - mean[i]) * (residual(row, j) - mean[j]) / n;
        }
      }
    }
    for (std::size_t i = 0; i < columns; ++i) {
      mean_variance += covariance[i][i] / static_cast<double>(columns);
    }
  }

  std::vector<double> of(const Autoencoder& model, nad::MatrixView x, std::size_t row) const {
    const nad::Matrix made = model.reconstruct(x.slice(row, 1));
    std::vector<double> residual(columns);
    for (std::size_t i = 0; i < columns; ++i) {
      residual[i] = static_cast<double>(x(row, i)) - static_cast<double>(made(0, i)) - mean[i];
    }
    return residual;
  }

  std::size_t columns;
  std::vector<double> mean;
  std::vector<std::vector<double>> covariance;
  double mean_variance = 0.0;
};

/// b' A^-1 b by Gaussian elimination.
double quadratic_form(std::vector<std::vector<double>> a, const std::vector<double>& b) {
  const std::size_t n = b.size();
  std::vector<double> solution = b;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t row = i + 1; row < n; ++row) {
      const double factor = a[row][i] / a[i][i];
      for (std::size_t column = i; column < n; ++column) {
        a[row][column] -= factor * a[i][column];
      }
      solution[row] -= factor * solution[i];
    }
  }
  double sum = 0.0;
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t column = i + 1; column < n; ++column) {
      solution[i] -= a[i][column] * solution[column];
    }
    solution[i] /= a[i][i];
    sum += solution[i] * b[i];
  }
  return sum;
}

std::string refusal(const AutoencoderOptions& options) {
  try {
    const Autoencoder made(options);
  } catch (const nad::Error& error) {
    CHECK(error.code() == nad::ErrorCode::invalid_argument);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an autoencoder keeps the contract of detectors, with each score and solver [threads]") {
  tests::ContractWishes wishes{.weights_are_copies = false, .other_kernels = 1e-3};
  AutoencoderOptions options{.hidden = {5}, .epochs = 2};
  SUBCASE("whitened") {}
  SUBCASE("mean, sgd, gelu, noise, dropout") {
    options.residual = ResidualScore::mean;
    options.solver = nad::Solver::sgd;
    options.learning_rate = 1e-6;
    options.activation = nad::Activation::gelu;
    options.loss = nad::ReconstructionLoss::huber;
    options.input_noise = 0.1;
    options.dropout = 0.2;
  }
  SUBCASE("variance-weighted, early stopping, distinct rows") {
    options.residual = ResidualScore::variance_weighted;
    options.unique_rows = nad::UniqueRows::on;
    options.validation_fraction = 0.2;
    options.patience = 2;
    options.hidden = {6, 2};
    options.symmetric = true;
  }
  SUBCASE("batches of all rows, where weights are copies") {
    options.batch_size = 10000;
    wishes.weights_are_copies = true;
  }
  tests::check_detector_contract(Autoencoder(options), wishes);
}

TEST_CASE("it learns: the loss falls, ordinary rows score low, and the constant column counts") {
  const nad::Matrix train = sensible_rows(2000, 1);
  Autoencoder usual({.hidden = {14}, .output_activation = nad::Activation::sigmoid, .contamination = 0.05});
  usual.fit(train);
  CHECK(usual.layers() == std::vector<std::size_t>{7, 14, 7});
  REQUIRE(usual.history().size() == 50);
  CHECK(usual.history().back().loss < 0.05 * usual.history().front().loss);
  const std::vector<float> scores = usual.anomaly_score(train);
  const auto above =
      std::count_if(scores.begin(), scores.end(), [&](float score) { return score > usual.threshold(); });
  CHECK(above == 100);
  nad::Matrix strange = sensible_rows(50, 2);
  for (std::size_t row = 0; row < strange.rows(); ++row) {
    strange(row, 6) = 0.75F;
  }
  for (const float score : usual.anomaly_score(strange)) {
    CHECK(score > usual.threshold());
  }
}

TEST_CASE("scores are those of their definitions") {
  const nad::Matrix train = sensible_rows(3000, 3);
  const nad::Matrix rows = sensible_rows(60, 4);
  for (const ResidualScore kind : {ResidualScore::mean, ResidualScore::variance_weighted, ResidualScore::whitened}) {
    CAPTURE(nad::name(kind));
    Autoencoder model({.hidden = {4, 3}, .epochs = 4, .residual = kind, .residual_floor = 0.02});
    model.fit(train);
    const PlainResiduals plain(model, train);
    const double floor = 0.02 * plain.mean_variance;
    const std::vector<float> raw = model.raw_score(rows);
    const std::vector<float> scores = model.anomaly_score(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const std::vector<double> residual = plain.of(model, rows, row);
      double expected = 0.0;
      if (kind == ResidualScore::whitened) {
        std::vector<std::vector<double>> covariance = plain.covariance;
        for (std::size_t i = 0; i < plain.columns; ++i) {
          covariance[i][i] += floor;
        }
        expected = quadratic_form(covariance, residual);
      } else {
        for (std::size_t i = 0; i < plain.columns; ++i) {
          const double off = residual[i] + (kind == ResidualScore::mean ? plain.mean[i] : 0.0);
          const double unit = kind == ResidualScore::mean ? 1.0 : plain.covariance[i][i] + floor;
          expected += off * off / unit / static_cast<double>(plain.columns);
        }
      }
      REQUIRE(static_cast<double>(raw[row]) == doctest::Approx(expected).epsilon(2e-4));
      REQUIRE(static_cast<double>(scores[row]) == doctest::Approx(std::sqrt(expected)).epsilon(2e-4));
    }
  }
}

TEST_CASE("early stopping goes back to the best epoch: as if one had known how many to ask for") {
  const nad::Matrix train = sensible_rows(120, 5);
  AutoencoderOptions options{
      .hidden = {12}, .learning_rate = 0.03, .epochs = 200, .validation_fraction = 0.3, .patience = 5};
  Autoencoder stopped(options);
  stopped.fit(train);
  REQUIRE(stopped.history().size() < 200);
  CHECK(stopped.best_epoch() + 5 == stopped.history().size());
  const double best = stopped.history()[stopped.best_epoch() - 1].validation_loss.value();
  for (const nad::EpochRecord& epoch : stopped.history()) {
    CHECK(epoch.validation_loss.value() >= best);
  }
  options.epochs = stopped.best_epoch();
  options.patience.reset();
  Autoencoder known(options);
  known.fit(train);
  CHECK(known.best_epoch() == options.epochs);
  CHECK(all_weights(known) == all_weights(stopped));
  CHECK(known.raw_score(train) == stopped.raw_score(train));
}

TEST_CASE("a warm start goes on as if it had never stopped") {
  const nad::Matrix train = sensible_rows(300, 6);
  AutoencoderOptions options{.hidden = {5}, .input_noise = 0.01, .epochs = 6, .warm_start = true};
  Autoencoder whole(options);
  whole.fit(train);
  options.epochs = 4;
  Autoencoder parts(options);
  parts.fit(train);
  const std::vector<float> before = all_weights(parts);
  options.epochs = 2;
  parts.set_options(options);
  parts.fit(train);
  CHECK(parts.history().size() == 6);
  CHECK(all_weights(parts) != before);
  CHECK(all_weights(parts) == all_weights(whole));
  CHECK(parts.history()[5].loss == whole.history()[5].loss);

  options.warm_start = false;
  parts.set_options(options);
  parts.fit(train);
  CHECK(parts.history().size() == 2);
  CHECK_THROWS_AS(parts.set_options({.hidden = {6}}), nad::Error);
  options.warm_start = true;
  parts.set_options(options);
  CHECK(tests::code_of([&] { parts.fit(tests::normal_rows(50, 3, 1)); }) == nad::ErrorCode::invalid_data);
}

TEST_CASE("partial_fit goes through rows once, in one piece or in several") {
  const nad::Matrix rows = sensible_rows(640, 7);
  const nad::MatrixView all = rows;
  Autoencoder whole({.hidden = {5}});
  whole.partial_fit(all);
  Autoencoder parts({.hidden = {5}});
  parts.partial_fit(all.slice(0, 320));
  const double first = parts.history()[0].loss;
  parts.partial_fit(all.slice(320, 320));
  CHECK(parts.history().size() == 2);
  CHECK(all_weights(parts) == all_weights(whole));
  for (int turn = 0; turn < 30; ++turn) {
    parts.partial_fit(all);
  }
  CHECK(parts.history().back().loss < 0.2 * first);
  CHECK(tests::code_of([&] { parts.partial_fit(tests::normal_rows(50, 3, 1)); }) == nad::ErrorCode::invalid_data);

  // weights that hardly move: then the errors of both pieces together are those of all rows
  for (const ResidualScore kind : {ResidualScore::variance_weighted, ResidualScore::whitened}) {
    const AutoencoderOptions still{.hidden = {5}, .learning_rate = 1e-30, .residual = kind};
    Autoencoder once(still);
    once.partial_fit(all);
    Autoencoder twice(still);
    twice.partial_fit(all.slice(0, 200));
    const float threshold = twice.threshold();
    twice.partial_fit(all.slice(200, 440));
    CHECK(twice.threshold() != threshold);
    const std::vector<float> a = once.raw_score(all);
    const std::vector<float> b = twice.raw_score(all);
    for (std::size_t row = 0; row < a.size(); ++row) {
      REQUIRE(b[row] == doctest::Approx(a[row]).epsilon(1e-3));
    }
  }
}

TEST_CASE("the rate of learning follows its schedule") {
  const nad::Matrix train = sensible_rows(40, 8);
  const auto rates = [&](AutoencoderOptions options) {
    options.hidden = {3};
    options.learning_rate = 0.01;
    options.gamma = 0.5;
    options.step_size = 3;
    options.epochs = 8;
    Autoencoder model(options);
    model.fit(train);
    std::vector<double> found;
    for (const nad::EpochRecord& epoch : model.history()) {
      found.push_back(epoch.learning_rate);
    }
    return found;
  };
  const std::vector<double> constant = rates({});
  const std::vector<double> step = rates({.schedule = nad::Schedule::step});
  const std::vector<double> exponential = rates({.schedule = nad::Schedule::exponential});
  const std::vector<double> cosine = rates({.schedule = nad::Schedule::cosine});
  for (std::size_t epoch = 0; epoch < 8; ++epoch) {
    const auto e = static_cast<double>(epoch);
    CHECK(constant[epoch] == 0.01);
    CHECK(step[epoch] == doctest::Approx(0.01 * std::pow(0.5, std::floor(e / 3.0))));
    CHECK(exponential[epoch] == doctest::Approx(0.01 * std::pow(0.5, e)));
    CHECK(cosine[epoch] == doctest::Approx(0.005 * (1.0 + std::cos(std::acos(-1.0) * e / 8.0))).epsilon(1e-12));
  }
}

TEST_CASE("values that overflow score as high as can be, and their contributions still add up") {
  Autoencoder model({.hidden = {3}, .epochs = 1});
  model.fit(sensible_rows(100, 9));
  nad::Matrix huge(2, 7);
  huge(0, 2) = 3e38F;
  huge(0, 4) = -3e38F;
  huge(1, 1) = -1e25F;
  for (const float raw : model.raw_score(huge)) {
    CHECK(raw == std::numeric_limits<float>::max());
  }
  const nad::Matrix reasons = model.explain(huge);
  double sum = 0.0;
  for (const float reason : reasons.row(0)) {
    sum += static_cast<double>(reason);
  }
  CHECK(sum == doctest::Approx(static_cast<double>(std::numeric_limits<float>::max())));
  CHECK(reasons(1, 1) == std::numeric_limits<float>::max());
  CHECK(tests::code_of([&] { model.fit(huge); }) == nad::ErrorCode::invalid_data);
}

TEST_CASE("rows that are all the same can be learnt") {
  nad::Matrix same(50, 4);
  std::fill(same.data(), same.data() + 200, 0.5F);
  for (const ResidualScore kind : {ResidualScore::mean, ResidualScore::variance_weighted, ResidualScore::whitened}) {
    Autoencoder model({.hidden = {2}, .residual = kind});
    model.fit(same);
    nad::Matrix other = same;
    other(0, 1) = 0.9F;
    CHECK(std::isfinite(model.anomaly_score(same)[0]));
    CHECK(model.anomaly_score(other)[0] > model.anomaly_score(same)[0]);
    nad::Matrix zero(20, 3);
    model = Autoencoder({.hidden = {2}, .residual = kind});
    model.fit(zero);
    CHECK(model.anomaly_score(zero)[3] < 1.0F);
  }
}

TEST_CASE("training that goes astray is an error that says what to do") {
  Autoencoder model({.hidden = {4}, .solver = nad::Solver::sgd, .learning_rate = 1e5});
  try {
    model.fit(tests::traffic_rows(200, 5, 1));
    FAIL("no error");
  } catch (const nad::Error& error) {
    CHECK(error.code() == nad::ErrorCode::invalid_data);
    CHECK(std::string(error.what()).find("lower learning_rate") != std::string::npos);
  }
  CHECK_FALSE(model.is_fitted());
}

TEST_CASE("batches take no memory") {
  const nad::Matrix train = sensible_rows(200, 10);
  const auto count = [&](std::size_t epochs) {
    Autoencoder model({.hidden = {5},
                       .input_noise = 0.1,
                       .epochs = epochs,
                       .batch_size = 16,
                       .validation_fraction = 0.1,
                       .patience = 1000});
    const tests::Allocations before = tests::allocations();
    model.fit(train);
    return tests::allocations().count - before.count;
  };
  count(1);  // the first use chooses the kernels
  CHECK(count(40) == count(4));
}

TEST_CASE("options that cannot be are refused by name") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<std::string, AutoencoderOptions>> bad = {
      {"hidden", {.hidden = {}}},
      {"hidden", {.hidden = {4, 0}}},
      {"hidden", {.hidden = {1U << 20U}}},
      {"activation", {.activation = static_cast<nad::Activation>(9)}},
      {"activation", {.output_activation = static_cast<nad::Activation>(9)}},
      {"loss", {.loss = static_cast<nad::ReconstructionLoss>(9)}},
      {"huber_delta", {.huber_delta = 0.0}},
      {"solver", {.solver = static_cast<nad::Solver>(9)}},
      {"learning_rate", {.learning_rate = 0.0}},
      {"learning_rate", {.learning_rate = nan}},
      {"schedule", {.schedule = static_cast<nad::Schedule>(9)}},
      {"step_size", {.step_size = 0}},
      {"gamma", {.gamma = 1.5}},
      {"momentum", {.momentum = 1.0}},
      {"beta_1", {.beta_1 = -0.1}},
      {"beta_2", {.beta_2 = 1.0}},
      {"epsilon", {.epsilon = 0.0}},
      {"weight_decay", {.weight_decay = -1.0}},
      {"dropout", {.dropout = 1.0}},
      {"input_noise", {.input_noise = -1.0}},
      {"epochs", {.epochs = 0}},
      {"batch_size", {.batch_size = 0}},
      {"validation_fraction", {.validation_fraction = 1.0}},
      {"patience", {.patience = 0}},
      {"tol", {.tol = nan}},
      {"residual", {.residual = static_cast<ResidualScore>(9)}},
      {"residual_floor", {.residual_floor = 0.0}},
      {"unique_rows", {.unique_rows = static_cast<nad::UniqueRows>(9)}},
      {"contamination", {.contamination = 0.0}},
  };
  for (const auto& wrong : bad) {
    CAPTURE(wrong.first);
    CHECK(refusal(wrong.second).find(wrong.first) != std::string::npos);
  }
  CHECK(refusal({}).empty());
  Autoencoder one_row({.hidden = {2}, .validation_fraction = 0.5});
  CHECK(tests::code_of([&] { one_row.fit(tests::normal_rows(1, 3, 1)); }) == nad::ErrorCode::invalid_data);
}
