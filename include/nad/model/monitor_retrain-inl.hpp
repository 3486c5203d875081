#pragma once

// Learning from what comes, beside the work: a bounded sample, a thread, and a model that takes over when it is ready.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/start_thread.hpp"
#include "nad/model/model.hpp"
#include "nad/model/monitor_options.hpp"
#include "nad/model/monitor_times-inl.hpp"
#include "nad/table/combining.hpp"

namespace nad::detail {

/// A random sample of blocks of neighbouring records (Vitter's algorithm R), in the order in which they came.
class RecordReservoir {
 public:
  RecordReservoir(const RetrainOptions& options, std::uint64_t seed)
      : block_rows_(options.block_rows), most_blocks_(options.reservoir_rows / options.block_rows), random_(seed) {}

  void add(const Table& table) {
    for (std::size_t first = 0; first < table.rows();) {
      const std::size_t count = std::min(table.rows() - first, block_rows_ - current_rows_);
      current_.push_back(table.slice(first, count));
      current_rows_ += count;
      first += count;
      if (current_rows_ == block_rows_) {
        keep(concatenate(current_));
        current_.clear();
        current_rows_ = 0;
      }
    }
  }

  std::size_t rows() const noexcept { return blocks_.size() * block_rows_; }

  Table all() const {
    std::vector<Block> sorted = blocks_;
    std::sort(sorted.begin(), sorted.end(), [](const Block& a, const Block& b) { return a.number < b.number; });
    std::vector<Table> tables;
    tables.reserve(sorted.size());
    for (Block& block : sorted) {
      tables.push_back(std::move(block.rows));
    }
    return concatenate(tables);
  }

 private:
  struct Block {
    std::uint64_t number = 0;
    Table rows;
  };

  void keep(Table rows) {
    const std::uint64_t number = seen_++;
    if (blocks_.size() < most_blocks_) {
      blocks_.push_back({number, std::move(rows)});
    } else if (const std::uint64_t place = random_.below(seen_); place < most_blocks_) {
      blocks_[static_cast<std::size_t>(place)] = {number, std::move(rows)};
    }
  }

  std::size_t block_rows_;
  std::size_t most_blocks_;
  Random random_;
  std::vector<Block> blocks_;
  std::vector<Table> current_;
  std::size_t current_rows_ = 0;
  std::uint64_t seen_ = 0;
};

/// What a training gave.
struct TrainedModel {
  std::optional<Model> model;
  std::optional<std::int64_t> until;  ///< the time of its latest record
  std::string error;
};

class Retrainer {
 public:
  Retrainer(const RetrainOptions& options, const Model& model)
      : options_(options), reservoir_(options, model.options().random_state) {
    for (const Field& field : model.pipeline().inputs()) {
      inputs_.push_back(field.name);
    }
  }
  ~Retrainer() { stop(); }
  Retrainer(const Retrainer&) = delete;
  Retrainer& operator=(const Retrainer&) = delete;

  bool is_on() const noexcept { return options_.every_records != 0; }

  /// `normal`: rows that may be learnt from.
  void add(const Table& table, const std::vector<std::size_t>& normal, const RecordTimes& times) {
    if (!is_on()) {
      return;
    }
    reservoir_.add(normal.size() == table.rows() ? table.select(inputs_) : table.select(inputs_).take(normal));
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (const std::optional<std::int64_t> time = times.of(row)) {
        first_time_ = std::min(first_time_.value_or(*time), *time);
        last_time_ = std::max(last_time_.value_or(*time), *time);
      }
    }
    came_ += table.rows();
    since_ += table.rows();
  }

  /// Begins to learn where it is time to.
  void begin(const Model& model) {
    if (!is_on() || since_ < options_.every_records || reservoir_.rows() < options_.least_rows || thread_.joinable()) {
      return;
    }
    since_ = 0;
    const Table rows = reservoir_.all();
    std::optional<double> per_day;
    if (first_time_ && *last_time_ > *first_time_) {
      constexpr double day = 86400e9;
      per_day =
          static_cast<double>(came_) / (static_cast<double>(*last_time_) - static_cast<double>(*first_time_)) * day;
    }
    cancelled_ = false;
    is_done_ = false;
    result_ = {};  // a run before may have ended without taking it
    thread_ = start_thread("learning from what came",
                           [this, rows, model, per_day, until = last_time_] { learn(model, rows, per_day, until); });
  }

  /// What became of it, once.
  std::optional<TrainedModel> take() {
    if (!thread_.joinable() || !is_done_) {
      return std::nullopt;
    }
    thread_.join();
    return std::exchange(result_, {});
  }

  void stop() {
    cancelled_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  void learn(Model model, const Table& rows, const std::optional<double>& per_day,
             const std::optional<std::int64_t>& until) {
    try {
      const ThresholdRule rule = model.threshold_rule();
      model.fit(rows, {.n_jobs = options_.n_jobs, .progress = [this](const Progress&) { return !cancelled_; }});
      // the sample has gaps, so its times do not tell how many records a day brings
      if (per_day) {
        model.set_records_per_day(*per_day);
      }
      if (rule.kind != ThresholdKind::f_beta) {
        model.set_threshold(rule);
      }
      if (!options_.save_to.empty()) {
        model.save(options_.save_to);
      }
      result_.model = std::move(model);
      result_.until = until;
    } catch (const std::exception& error) {
      result_.error = error.what();
    }
    is_done_ = true;
  }

  RetrainOptions options_;
  RecordReservoir reservoir_;
  std::vector<std::string> inputs_;
  std::uint64_t came_ = 0;
  std::uint64_t since_ = 0;
  std::optional<std::int64_t> first_time_;
  std::optional<std::int64_t> last_time_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> is_done_{false};
  TrainedModel result_;  ///< of the thread, until it is done
  std::thread thread_;
};

}  // namespace nad::detail
