#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detector/boosted_fit-inl.hpp"
#include "nad/detector/boosted_names-inl.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/detector/boosted_trees_check-inl.hpp"
#include "nad/detector/boosted_weights-inl.hpp"
#include "nad/detector/forest_batch-inl.hpp"
#include "nad/detector/forest_walk-inl.hpp"

namespace nad {

namespace detail {

/// The categorical columns of a model, by column.
class CategoryTables {
 public:
  CategoryTables(std::span<const std::uint32_t> columns, const std::vector<std::vector<std::uint32_t>>& codes,
                 std::size_t n_features)
      : of_column_(n_features, nullptr) {
    columns_.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns_.emplace_back(columns[i], codes[i]);
      of_column_[columns[i]] = &columns_.back();
    }
  }
  CategoryTables(const CategoryTables&) = delete;
  CategoryTables& operator=(const CategoryTables&) = delete;
  ~CategoryTables() = default;

  std::span<const CategoryColumn> columns() const noexcept { return columns_; }
  const CategoryColumn* const* of_column() const noexcept { return of_column_.data(); }

  void check(MatrixView rows, std::size_t first) const {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (const CategoryColumn& category : columns_) {
        category.check(rows.row(row), first + row);
      }
    }
  }

 private:
  std::vector<CategoryColumn> columns_;
  std::vector<const CategoryColumn*> of_column_;
};

/// The log-odds of not being the normal one, where `score(i)` is that of class i.
template <class Score>
double odds_against(std::size_t n_classes, std::size_t normal, const Score& score) {
  LogSumExp others;
  for (std::size_t i = 0; i < n_classes; ++i) {
    if (i != normal) {
      others.add(score(i));
    }
  }
  return others.value() - score(normal);
}

}  // namespace detail

NAD_INLINE BoostedTrees::BoostedTrees(Options options) : options_(std::move(options)) {
  detail::check_options(options_, ErrorCode::invalid_argument);
}
NAD_INLINE BoostedTrees::~BoostedTrees() = default;
NAD_INLINE BoostedTrees::BoostedTrees(const BoostedTrees&) = default;
NAD_INLINE BoostedTrees::BoostedTrees(BoostedTrees&&) noexcept = default;
NAD_INLINE BoostedTrees& BoostedTrees::operator=(const BoostedTrees&) = default;
NAD_INLINE BoostedTrees& BoostedTrees::operator=(BoostedTrees&&) noexcept = default;

NAD_INLINE std::unique_ptr<Detector> BoostedTrees::clone() const { return std::make_unique<BoostedTrees>(*this); }
NAD_INLINE void BoostedTrees::take(Detector&& learner) { *this = std::move(static_cast<BoostedTrees&>(learner)); }

NAD_INLINE void BoostedTrees::do_fit(MatrixView, std::span<const float>, const FitControl&) {
  throw Error(
      ErrorCode::invalid_argument,
      "boosted_trees learn from labelled rows; call fit with one label a row, or choose a detector that needs none");
}

NAD_INLINE void BoostedTrees::fit(MatrixView x, std::span<const std::int32_t> labels, const FitControl& control) {
  fit(x, labels, {}, control);
}

NAD_INLINE void BoostedTrees::fit(MatrixView x, std::span<const std::int32_t> labels,
                                  std::span<const float> sample_weight, const FitControl& control) {
  check_training_data(x, sample_weight, control);
  detail::check_labels(options_, x, labels);
  if (!names_are_known_) {
    detail::require_no_names(names_);
  }
  BoostedTrees learner(options_);
  learner.names_ = names_;
  learner.label_weights_ = label_weights_;
  learner.names_are_known_ = names_are_known_;
  learner.categories_of_table_ = categories_of_table_;
  learner.learn(x, labels, sample_weight, control);
  learner.threshold_ = learner.default_threshold();
  if (options_.contamination) {
    learner.threshold_ = learner.quantile_threshold(x, sample_weight, *options_.contamination, control);
  }
  *this = std::move(learner);
}

NAD_INLINE void BoostedTrees::fit_labelled(MatrixView x, std::span<const std::int32_t> labels,
                                           std::span<const float> sample_weight, const FitControl& control) {
  fit(x, labels, sample_weight, control);
}

NAD_INLINE bool BoostedTrees::calls_normal(std::int32_t label, std::span<const std::int32_t> classes) const {
  const std::size_t normal = detail::find_normal(options_, classes);
  return normal < classes.size() && classes[normal] == label;
}

NAD_INLINE void BoostedTrees::learn(MatrixView x, std::span<const std::int32_t> labels,
                                    std::span<const float> sample_weight, const FitControl& control) {
  std::vector<std::uint32_t> rows = detail::rows_that_count(x.rows(), sample_weight);
  classes_ = detail::classes_of(options_, labels, rows);
  const std::size_t n_classes = classes_.size();
  if (!label_weights_.empty()) {
    options_.class_weights = detail::weights_of_classes(label_weights_, classes_);
  }
  std::vector<std::uint32_t> label(x.rows());
  for (const std::uint32_t row : rows) {
    const auto place = std::lower_bound(classes_.begin(), classes_.end(), labels[row]) - classes_.begin();
    label[row] = static_cast<std::uint32_t>(place);
  }
  const std::vector<double> weights = detail::boosted_weights(options_, rows, label, sample_weight, n_classes);
  const std::vector<std::uint32_t> copies = detail::whole_copies(sample_weight);
  std::vector<std::uint32_t> watched;
  if (options_.early_stopping) {
    watched = detail::hold_back(rows, label, n_classes, options_.validation_fraction,
                                Random(options_.random_state, /*stream=*/2));
  }

  std::vector<detail::ColumnBins> bins = detail::learn_bins(x, sample_weight, rows, options_.categorical_features,
                                                            options_.max_bins, options_.random_state, control.n_jobs);
  const auto binned = [&](std::vector<std::uint32_t> of, bool learnt) {
    const detail::LabelledRows from{.x = x, .label = label, .weight = weights, .copies = copies, .rows = std::move(of)};
    return detail::bin_rows(from, bins, learnt, control.n_jobs);
  };
  const detail::BinnedRows learnt_rows = binned(std::move(rows), true);
  const detail::BinnedRows watched_rows = binned(std::move(watched), false);
  const auto normal = static_cast<std::uint32_t>(normal_index());
  start_ = detail::boosted_start(learnt_rows, n_classes, normal);
  detail::BoostedTraining training(options_, bins, learnt_rows, watched_rows, n_classes, normal, start_, control);
  detail::BoostedResult result = training.run();
  nodes_ = std::move(result.nodes);
  gains_ = std::move(result.gains);
  training_loss_ = result.training_loss;
  validation_loss_ = std::move(result.validation_loss);
  for (const std::uint32_t column : options_.categorical_features) {
    codes_.push_back(bins[column].codes);
  }
  derive();
}

NAD_INLINE std::size_t BoostedTrees::normal_index() const noexcept { return detail::find_normal(options_, classes_); }

NAD_INLINE std::int32_t BoostedTrees::normal_class() const {
  require_fitted("asking for the normal class");
  return classes_[normal_index()];
}

NAD_INLINE void BoostedTrees::derive() {
  expected_ = detail::expected_values(nodes_);
  order_values_ = detail::make_order_values(nodes_);
  middle_ = start_;
  const std::size_t rounds = n_iter();
  for (std::size_t tree = 0; tree < nodes_.n_trees(); ++tree) {
    middle_[tree / rounds] += static_cast<double>(expected_[nodes_.root[tree]]);
  }
  categories_ = std::make_shared<detail::CategoryTables>(options_.categorical_features, codes_, n_features());
}

NAD_INLINE void BoostedTrees::restore() {
  detail::check_options(options_, ErrorCode::bad_file);
  detail::check_boosted_classes(options_, classes_, start_.size());
  const auto bad = [](const std::string& message) { return detail::damaged_trees("boosted trees", message); };
  if (gains_.empty() || gains_.size() > 0x7fffffffULL || codes_.size() != options_.categorical_features.size()) {
    throw bad("their columns make no sense");
  }
  for (const std::uint32_t column : options_.categorical_features) {
    if (column >= gains_.size()) {
      throw bad("a column of categories does not exist");
    }
  }
  for (const std::vector<double>* numbers : {&start_, &gains_, &validation_loss_}) {
    for (const double number : *numbers) {
      if (!detail::is_finite(number)) {
        throw bad("a number is not finite");
      }
    }
  }
  if (detail::is_missing(threshold_)) {
    throw bad("the threshold is NaN");
  }
  detail::check_boosted_codes(codes_);
  detail::check_boosted_nodes(nodes_, options_.categorical_features, n_features(), n_outputs());
  derive();
}

NAD_INLINE std::vector<float> BoostedTrees::sums_of(MatrixView rows, std::size_t first) const {
  categories_->check(rows, first);
  std::vector<float> sums(rows.rows() * n_outputs());
  const detail::ForestColumns columns{.count = rows.columns(), .category = categories_->columns()};
  detail::ChunkScorer(nodes_, order_values_, columns, n_outputs()).score(rows, sums, [&](std::size_t row) {
    check_row(rows.row(row), first + row);
  });
  return sums;
}

template <class Use>
void BoostedTrees::walk_row(const float* row, std::size_t index, const Use& use) const {
  const bool complete = simd::active_kernels().all_finite(row, n_features());
  if (!complete) {
    check_row(row, index);
  }
  categories_->check({row, 1, n_features()}, index);
  const std::size_t rounds = n_iter();
  for (std::size_t output = 0; output < n_outputs(); ++output) {
    const std::span<const std::uint32_t> roots(nodes_.root.data() + output * rounds, rounds);
    if (complete && nodes_.set_feature.empty()) {
      use(output, detail::walk_axis_parallel(nodes_, roots, row));
    } else {
      use(output, detail::walk_all(nodes_, roots, detail::CategoryRow{{row, nullptr}, categories_->of_column()}));
    }
  }
}

NAD_INLINE void BoostedTrees::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  constexpr std::size_t few = 4;  // below, filling a block costs more than walking row by row
  if (rows.rows() < few) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      out[row] = do_raw_score_row(rows.row(row), first + row);
    }
    return;
  }
  const std::vector<float> sums = sums_of(rows, first);
  const std::size_t outputs = n_outputs();
  const std::size_t normal = normal_index();
  for (std::size_t row = 0; row < out.size(); ++row) {
    const float* const of_row = sums.data() + row * outputs;
    const auto score = [&](std::size_t i) { return start_[i] + static_cast<double>(of_row[i]); };
    out[row] = static_cast<float>(outputs == 1 ? score(0) : detail::odds_against(outputs, normal, score));
  }
}

NAD_INLINE float BoostedTrees::do_raw_score_row(const float* row, std::size_t index) const {
  const std::size_t normal = normal_index();
  detail::LogSumExp others;
  double of_normal = 0.0;
  walk_row(row, index, [&](std::size_t output, float sum) {
    const double score = start_[output] + static_cast<double>(sum);
    if (n_outputs() == 1 || output == normal) {
      of_normal = score;
    } else {
      others.add(score);
    }
  });
  return static_cast<float>(n_outputs() == 1 ? of_normal : others.value() - of_normal);
}

NAD_INLINE void BoostedTrees::bend(std::span<float> scores) const {
  for (float& score : scores) {
    score = static_cast<float>(detail::portable_sigmoid(static_cast<double>(score)));
  }
}

NAD_INLINE double BoostedTrees::do_baseline() const {
  return n_outputs() == 1
             ? middle_[0]
             : detail::odds_against(classes_.size(), normal_index(), [&](std::size_t i) { return middle_[i]; });
}

NAD_INLINE void BoostedTrees::do_explain(MatrixView rows, std::size_t first, Matrix& out) const {
  const std::size_t outputs = n_outputs();
  const std::size_t rounds = n_iter();
  const std::size_t normal = normal_index();
  std::vector<double> contributions(rows.columns());
  std::vector<double> of_tree(rows.columns());
  std::vector<double> scores(outputs);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    check_row(rows.row(row), first + row);
    categories_->check(rows.slice(row, 1), first + row);
    const detail::CategoryRow reader{{rows.row(row), nullptr}, categories_->of_column()};
    std::fill(contributions.begin(), contributions.end(), 0.0);
    scores = middle_;
    double odds = do_baseline();
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t output = 0; output < outputs; ++output) {
        const std::uint32_t root = nodes_.root[output * rounds + round];
        if (outputs == 1) {
          detail::attribute_path(nodes_, expected_, root, reader, contributions);
          continue;
        }
        // a tree moves the score of one class, and the odds as far as that class matters at this point: columns share
        // the move as they share the tree's
        std::fill(of_tree.begin(), of_tree.end(), 0.0);
        detail::attribute_path(nodes_, expected_, root, reader, of_tree);
        double move = 0.0;
        for (const double part : of_tree) {
          move += part;
        }
        const double others = odds + scores[normal];  // log of the sum of the exponentials of the other classes
        double share = output == normal ? -1.0 : detail::portable_exp(scores[output] - others);
        scores[output] += move;
        const double next = detail::odds_against(outputs, normal, [&](std::size_t i) { return scores[i]; });
        if (std::abs(move) > 1e-9) {
          share = (next - odds) / move;
        }
        odds = next;
        for (std::size_t column = 0; column < contributions.size(); ++column) {
          contributions[column] += share * of_tree[column];
        }
      }
    }
    std::copy(contributions.begin(), contributions.end(), out.row(first + row).begin());
  }
}

NAD_INLINE void BoostedTrees::probabilities(std::span<const float> sums, std::span<float> out) const {
  if (sums.size() == 1) {
    const double abnormal = detail::portable_sigmoid(start_[0] + static_cast<double>(sums[0]));
    const std::size_t normal = normal_index();
    out[normal] = static_cast<float>(1.0 - abnormal);
    out[1 - normal] = static_cast<float>(abnormal);
    return;
  }
  detail::LogSumExp all;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    all.add(start_[i] + static_cast<double>(sums[i]));
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    out[i] = static_cast<float>(detail::portable_exp(start_[i] + static_cast<double>(sums[i]) - all.value()));
  }
}

NAD_INLINE Matrix BoostedTrees::predict_proba(MatrixView x, const FitControl& control) const {
  require_shape(x, "predicting");
  Matrix found = Matrix::for_overwrite(x.rows(), classes_.size());
  parallel_for(x.rows(), control, {.grain = detail::score_grain, .stage = "predicting"},
               [&](std::size_t begin, std::size_t end) {
                 const std::vector<float> sums = sums_of(x.slice(begin, end - begin), begin);
                 const std::span<const float> all(sums);
                 for (std::size_t row = begin; row < end; ++row) {
                   probabilities(all.subspan((row - begin) * n_outputs(), n_outputs()), found.row(row));
                 }
               });
  return found;
}

NAD_INLINE std::vector<std::int32_t> BoostedTrees::predict_class(MatrixView x, const FitControl& control) const {
  const Matrix probability = predict_proba(x, control);
  std::vector<std::int32_t> found(x.rows());
  for (std::size_t row = 0; row < found.size(); ++row) {
    const std::span<const float> of_row = probability.row(row);
    found[row] = classes_[static_cast<std::size_t>(std::max_element(of_row.begin(), of_row.end()) - of_row.begin())];
  }
  return found;
}

NAD_INLINE std::int32_t BoostedTrees::predict_class(std::span<const float> row) const {
  return predict_class(MatrixView(row.data(), 1, row.size())).front();
}

NAD_INLINE std::vector<double> BoostedTrees::feature_importance() const {
  require_fitted("asking for the importance of columns");
  double all = 0.0;
  for (const double gain : gains_) {
    all += gain;
  }
  std::vector<double> shares(gains_.size());
  for (std::size_t column = 0; column < shares.size(); ++column) {
    shares[column] = all > 0.0 ? gains_[column] / all : 0.0;
  }
  return shares;
}

}  // namespace nad
