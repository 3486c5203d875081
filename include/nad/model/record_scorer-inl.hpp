#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/features/one_record-inl.hpp"
#include "nad/model/record_scorer.hpp"

namespace nad {

NAD_INLINE RecordScorer::RecordScorer(Model model, std::size_t records)
    : model_(std::move(model)), records_(records), records_before_(records) {
  if (!model_.is_fitted()) {
    throw Error(ErrorCode::not_fitted,
                "this model has not learnt anything yet; call fit() or load one before scoring records");
  }
  record_ = std::make_unique<detail::OneRecord>(model_.pipeline().plan());
}
NAD_INLINE RecordScorer::~RecordScorer() = default;
NAD_INLINE RecordScorer::RecordScorer(RecordScorer&&) noexcept = default;
NAD_INLINE RecordScorer& RecordScorer::operator=(RecordScorer&&) noexcept = default;

NAD_INLINE std::size_t RecordScorer::place(std::string_view name) const { return inputs().place(name); }

NAD_INLINE const Schema& RecordScorer::inputs() const noexcept { return record_->inputs(); }

NAD_INLINE void RecordScorer::set(std::size_t place, double value) {
  last_.reset();
  record_->set(place, value);
}

NAD_INLINE void RecordScorer::set(std::size_t place, std::string_view text) {
  last_.reset();
  record_->set(place, text);
}

NAD_INLINE void RecordScorer::set(std::size_t place, const Address& address) {
  last_.reset();
  record_->set(place, address);
}

NAD_INLINE void RecordScorer::set_time(std::size_t place, std::int64_t nanoseconds) {
  last_.reset();
  record_->set_time(place, nanoseconds);
}

NAD_INLINE void RecordScorer::set_missing(std::size_t place) {
  last_.reset();
  record_->set_missing(place);
}

NAD_INLINE void RecordScorer::clear() {
  last_.reset();
  for (std::size_t place = 0; place < inputs().size(); ++place) {
    record_->set_missing(place);
  }
}

NAD_INLINE RecordScore RecordScorer::score() {
  last_.reset();
  columns_ = Table();
  ++records_;
  const float score = model_.detector().anomaly_score(record_->next());
  const RecordScore result{
      .score = score, .p = model_.calibration().p_value(score), .is_alert = score > model_.limit_.score};
  last_ = result;
  return result;
}

NAD_INLINE Finding RecordScorer::explain(std::size_t most_reasons) const {
  if (!last_) {
    throw Error(ErrorCode::invalid_argument,
                records_ == records_before_
                    ? "no record was scored yet; call score() before explain()"
                    : "the record was changed since it was scored; call explain() before anything is set");
  }
  constexpr std::size_t only = 0;
  std::vector<Finding> findings =
      model_.findings_of(record_->columns(), {&only, 1}, {&last_->score, 1}, most_reasons, 1, {});
  findings.front().row = records_ - 1;
  return std::move(findings.front());
}

NAD_INLINE std::optional<Finding> RecordScorer::detect(std::size_t most_reasons) {
  if (!score().is_alert) {
    return std::nullopt;
  }
  return explain(most_reasons);
}

NAD_INLINE Findings RecordScorer::detect(const Table& records, const DetectOptions& options,
                                         const FitControl& control) {
  model_.require_fit(records.schema());
  last_.reset();
  columns_ = record_->derived(records);
  records_ += records.rows();
  return model_.detect_in(records, columns_, sources_, options, control);
}

NAD_INLINE std::vector<Finding> RecordScorer::explain_rows(std::span<const std::size_t> rows, std::size_t most_reasons,
                                                           const FitControl& control) const {
  for (const std::size_t row : rows) {
    if (row >= columns_.rows()) {
      throw Error(ErrorCode::invalid_argument, "there is no row " + std::to_string(row) +
                                                   " to explain; the table that was judged last has " +
                                                   std::to_string(columns_.rows()));
    }
  }
  const std::vector<float> scores = model_.scores_of(columns_.take(rows), {.n_jobs = control.n_jobs});
  return model_.findings_of(columns_, rows, scores, most_reasons, rows.size(), control);
}

}  // namespace nad
