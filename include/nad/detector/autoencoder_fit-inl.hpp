#pragma once

// Epoch after epoch: the order of the rows, the rate of learning, what is held back to validate, when to stop.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/autoencoder.hpp"
#include "nad/detector/autoencoder_check-inl.hpp"
#include "nad/detector/autoencoder_trainer-inl.hpp"
#include "nad/detector/weighted_rows-inl.hpp"

namespace nad::detail {

/// What random numbers are drawn for; each epoch adds its number to the last two.
namespace network_stream {
inline constexpr std::uint64_t weights = 1;  // and one for each layer
inline constexpr std::uint64_t validation = 1000;
inline constexpr std::uint64_t order = std::uint64_t{1} << 32U;
inline constexpr std::uint64_t noise = std::uint64_t{2} << 32U;
}  // namespace network_stream

/// Uniform weights and biases up to one over the root of the inputs, as PyTorch's linear layers begin: wider weights
/// with biases of 0 ended at higher losses.
inline NetworkState first_state(const AutoencoderOptions& options, std::size_t columns) {
  const std::vector<std::size_t> sizes = layer_sizes(options, columns);
  NetworkState state;
  for (std::size_t step = 0; step + 1 < sizes.size(); ++step) {
    const double limit = 1.0 / std::sqrt(static_cast<double>(sizes[step]));
    Random random(options.random_state, network_stream::weights + step);
    Matrix& weights = state.weights.emplace_back(sizes[step] + 1, sizes[step + 1]);
    for (std::size_t k = 0; k <= sizes[step]; ++k) {
      for (float& weight : weights.row(k)) {
        weight = static_cast<float>((2.0 * random.uniform() - 1.0) * limit);
      }
    }
    state.first.emplace_back(weights.rows(), weights.columns());
    if (options.solver == Solver::adam) {
      state.second.emplace_back(weights.rows(), weights.columns());
    }
  }
  return state;
}

/// Half a wave, from 1 at 0 to 0 at 1; by multiplications alone, so that it is the same on every machine.
inline double half_wave(double t) {
  const double angle = 3.14159265358979323846 * (t <= 0.5 ? t : 1.0 - t);
  double series = 1.0;
  for (int n = 22; n >= 2; n -= 2) {
    series = 1.0 - angle * angle / (n * (n - 1)) * series;
  }
  return 0.5 * (1.0 + (t <= 0.5 ? series : -series));
}

/// In epoch `epoch` of a fit, counted from 0.
inline double scheduled_rate(const AutoencoderOptions& options, std::size_t epoch) {
  switch (options.schedule) {
    case Schedule::step:
      return options.learning_rate * AutoencoderTrainer::power(options.gamma, epoch / options.step_size);
    case Schedule::exponential:
      return options.learning_rate * AutoencoderTrainer::power(options.gamma, epoch);
    case Schedule::cosine:
      return options.learning_rate * half_wave(static_cast<double>(epoch) / static_cast<double>(options.epochs));
    case Schedule::constant:
      break;
  }
  return options.learning_rate;
}

inline void shuffle_rows(std::span<std::size_t> order, Random random) {
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(i)]);
  }
}

/// Tells how far the training is, every so many rows; an error where the caller wants it to end.
class TrainingReport {
 public:
  TrainingReport(const FitControl& control, std::size_t rows, std::size_t epochs)
      : control_(control), rows_(rows), total_(rows * epochs) {}

  void operator()(std::size_t rows) {
    if (control_.progress && (rows == rows_ || rows >= next_)) {
      next_ = rows + 1024;
      if (!control_.progress({"training", before_ + rows, total_})) {
        throw Error(ErrorCode::cancelled, "cancelled while training, " + std::to_string(before_ + rows) + " of " +
                                              std::to_string(total_) + " rows done");
      }
    }
  }
  void end_epoch() {
    before_ += rows_;
    next_ = 0;
  }

 private:
  const FitControl& control_;
  std::size_t rows_;
  std::size_t total_;
  std::size_t before_ = 0;
  std::size_t next_ = 0;
};

inline void check_loss(double loss, std::size_t epoch) {
  if (!is_finite(loss)) {
    throw Error(ErrorCode::invalid_data, "the training went astray in epoch " + std::to_string(epoch) +
                                             ": the loss is not finite; scale the columns, or lower learning_rate");
  }
}

/// All epochs of a fit. `history` gets their records; returns how many of the records lead to the weights in `state`.
inline std::size_t train_network(const AutoencoderOptions& options, const WeightedRows& from, const FitControl& control,
                                 NetworkState& state, std::vector<EpochRecord>& history) {
  const std::size_t n = from.rows().rows();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t held_back = 0;
  if (options.validation_fraction > 0.0) {
    if (n < 2) {
      throw Error(ErrorCode::invalid_data, "validation_fraction holds rows back, but only one row counts");
    }
    held_back = static_cast<std::size_t>(options.validation_fraction * static_cast<double>(n));
    held_back = std::clamp<std::size_t>(held_back, 1, n - 1);
    shuffle_rows(order, Random(options.random_state, network_stream::validation));
  }
  const std::span<const std::size_t> validation(order.data(), held_back);
  const std::span<std::size_t> learnt(order.data() + held_back, n - held_back);
  std::sort(learnt.begin(), learnt.end());
  const std::vector<std::size_t> sorted(learnt.begin(), learnt.end());
  TrainingRows rows{from.rows(), from.weights(), 1.0};
  if (!rows.weights.empty()) {
    rows.mean_weight = 0.0;
    for (const std::size_t row : learnt) {
      rows.mean_weight += rows.weight(row) / static_cast<double>(learnt.size());
    }
  }

  AutoencoderTrainer trainer(options, state);
  if (options.patience) {
    trainer.keep();
  }
  TrainingReport report(control, learnt.size(), options.epochs);
  const std::size_t before = history.size();
  history.reserve(before + options.epochs);
  double least = std::numeric_limits<double>::max();
  std::size_t best = before;
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    const std::uint64_t number = history.size();
    std::copy(sorted.begin(), sorted.end(), learnt.begin());  // so that a warm start goes on as if it had never stopped
    shuffle_rows(learnt, Random(options.random_state, network_stream::order + number));
    EpochRecord& record = history.emplace_back();
    record.learning_rate = scheduled_rate(options, epoch);
    record.loss = trainer.run_epoch(rows, learnt, record.learning_rate,
                                    Random(options.random_state, network_stream::noise + number), report);
    check_loss(record.loss, epoch + 1);
    report.end_epoch();
    if (!validation.empty()) {
      record.validation_loss = trainer.loss(rows, validation);
      check_loss(*record.validation_loss, epoch + 1);
    }
    const double loss = record.validation_loss.value_or(record.loss);
    if (!options.patience || epoch == 0 || loss < least - options.tol) {
      least = loss;
      best = history.size();
      if (options.patience) {
        trainer.keep();
      }
    } else if (history.size() - best >= *options.patience) {
      break;
    }
  }
  if (best != history.size()) {
    trainer.go_back();
  }
  state = trainer.state();
  return best;
}

}  // namespace nad::detail
