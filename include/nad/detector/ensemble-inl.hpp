#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/parallel.hpp"
#include "nad/detail/tempered.hpp"
#include "nad/detail/utf8.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/ensemble_defaults-inl.hpp"
#include "nad/detector/ensemble_explain-inl.hpp"
#include "nad/detector/ensemble_fit-inl.hpp"

namespace nad {

namespace detail {

inline void check_options(const EnsembleOptions& options, ErrorCode code) {
  const auto refuse = [code](const std::string& message) { throw Error(code, message); };
  const bool at_least = options.combination == Combination::at_least;
  if (at_least != options.min_votes.has_value()) {
    refuse(at_least ? "combination 'at_least' needs min_votes; give the weight of the votes that make an anomaly"
                    : "min_votes means nothing to combination '" + std::string(name(options.combination)) +
                          "'; give combination 'at_least', or no min_votes");
  }
  if (at_least && !(*options.min_votes > 0.0 && *options.min_votes <= 1e9)) {
    refuse("min_votes is " + std::to_string(*options.min_votes) + "; give a weight above 0");
  }
  if (!(options.calibration >= 0.0 && options.calibration <= 0.9)) {
    refuse("calibration is " + std::to_string(options.calibration) +
           "; give the share of rows that members are calibrated on, from 0.0 to 0.9");
  }
  if (!(options.crowds >= 0.0 && options.crowds <= 1e3)) {
    refuse("crowds is " + std::to_string(options.crowds) + "; give a weight from 0 to 1000");
  }
  const bool has_surprise = options.combination == Combination::mean_surprise ||
                            options.combination == Combination::max_surprise ||
                            options.combination == Combination::tempered_surprise;
  if (options.crowds > 0.0 && !has_surprise) {
    refuse("crowds means nothing to combination '" + std::string(name(options.combination)) +
           "'; give one of surprise, or no crowds");
  }
  if ((!options.surprises.empty() || !options.extremes.empty()) && is_vote(options.combination)) {
    refuse((options.surprises.empty() ? "extremes" : "surprises") + std::string(" mean nothing to combination '") +
           std::string(name(options.combination)) + "', which counts votes; give another one, or none");
  }
  if (options.contamination) {
    check_contamination(*options.contamination, code);
    if (is_vote(options.combination)) {
      refuse("contamination means nothing to combination '" + std::string(name(options.combination)) +
             "', whose members vote by their own; give it to the members");
    }
  }
}

inline void check_member(double weight, const std::string& name, ErrorCode code) {
  if (name.empty() || name.size() > 200) {
    throw Error(code, "the name of a member has " + std::to_string(name.size()) + " bytes; give 1 to 200");
  }
  if (!is_utf8(name)) {
    throw Error(code, "the name of a member is not UTF-8; give text in that encoding");
  }
  if (!(weight >= 0.0 && weight <= 1e6)) {
    throw Error(code,
                "the weight of member '" + name + "' is " + std::to_string(weight) + "; give a number from 0 to 1e6");
  }
}

}  // namespace detail

NAD_INLINE Ensemble::Member::Member(const Member& other)
    : name(other.name),
      weight(other.weight),
      columns(other.columns),
      detector(other.detector->clone()),
      scale(other.scale),
      base_score(other.base_score),
      base_word(other.base_word) {}

NAD_INLINE Ensemble::Member& Ensemble::Member::operator=(const Member& other) { return *this = Member(other); }

NAD_INLINE Ensemble::Ensemble(const Options& options) : options_(options) {
  detail::check_options(options, ErrorCode::invalid_argument);
}
NAD_INLINE Ensemble::~Ensemble() = default;
NAD_INLINE Ensemble::Ensemble(const Ensemble&) = default;
NAD_INLINE Ensemble::Ensemble(Ensemble&&) noexcept = default;
NAD_INLINE Ensemble& Ensemble::operator=(const Ensemble&) = default;
NAD_INLINE Ensemble& Ensemble::operator=(Ensemble&&) noexcept = default;
NAD_INLINE std::unique_ptr<Detector> Ensemble::clone() const { return std::make_unique<Ensemble>(*this); }
NAD_INLINE void Ensemble::take(Detector&& learner) { *this = std::move(static_cast<Ensemble&>(learner)); }

NAD_INLINE Ensemble& Ensemble::add(const Detector& detector, const MemberOptions& options) {
  if (is_fitted()) {
    throw Error(ErrorCode::invalid_argument,
                "this ensemble has learnt already and takes no more members; make another one with all of them");
  }
  if (members_.size() == detail::max_members) {
    throw Error(ErrorCode::invalid_argument, "the ensemble has " + std::to_string(detail::max_members) +
                                                 " members already; put some of them into an ensemble of their own");
  }
  const auto* const nested = dynamic_cast<const Ensemble*>(&detector);
  if (nested != nullptr && nested->nesting() >= detail::deepest_nesting) {
    throw Error(ErrorCode::invalid_argument,
                "ensembles would lie in each other more than " + std::to_string(detail::deepest_nesting) + " deep");
  }
  Member member;
  member.weight = options.weight;
  member.name = options.name;
  member.columns = options.columns;
  const auto is_taken = [this](const std::string& name) {
    return std::any_of(members_.begin(), members_.end(), [&](const Member& other) { return other.name == name; });
  };
  if (member.name.empty()) {
    const std::string kind(detector.kind());
    member.name = kind;
    for (int number = 2; is_taken(member.name); ++number) {
      member.name = kind + "_" + std::to_string(number);
    }
  }
  detail::check_member(member.weight, member.name, ErrorCode::invalid_argument);
  if (is_taken(member.name)) {
    throw Error(ErrorCode::invalid_argument,
                "there is a member '" + member.name + "' already; give each a name of its own");
  }
  member.detector = detector.clone();
  members_.push_back(std::move(member));
  return *this;
}

NAD_INLINE std::size_t Ensemble::nesting() const noexcept {
  std::size_t deepest = 0;
  for (const Member& member : members_) {
    if (const auto* const nested = dynamic_cast<const Ensemble*>(member.detector.get())) {
      deepest = std::max(deepest, nested->nesting());
    }
  }
  return deepest + 1;
}

NAD_INLINE bool Ensemble::some_see_a_range() const noexcept {
  return std::any_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.columns != ColumnRange(); });
}

NAD_INLINE void Ensemble::settle_columns(std::size_t columns) {
  const auto check = [columns](std::span<const std::uint32_t> places, const char* what) {
    for (const std::uint32_t column : places) {
      if (column >= columns) {
        throw Error(ErrorCode::invalid_argument, "column " + std::to_string(column) + what + ", but there are " +
                                                     std::to_string(columns) + " columns");
      }
    }
  };
  check(options_.surprises, " is to hold surprises");
  check(options_.extremes, " is to be judged by its extremes");
  for (Member& member : members_) {
    const ColumnRange given = member.columns;
    if (given.first >= columns || given.count > columns - given.first) {
      throw Error(ErrorCode::invalid_argument,
                  "member '" + member.name + "' is to see " +
                      (given.count > 0 ? std::to_string(given.count) + " columns from " : "the columns from ") +
                      std::to_string(given.first) + " on, but there are " + std::to_string(columns) + " columns");
    }
    if (given.first > 0 && given.count == 0) {
      member.columns.count = columns - given.first;
    }
  }
}

NAD_INLINE double Ensemble::total_weight() const noexcept {
  double total = 0.0;
  for (const Member& member : members_) {
    total += member.weight;
  }
  return total;
}

NAD_INLINE bool Ensemble::accepts_missing() const noexcept {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& member) { return Detector::accepts_missing(*member.detector); });
}

NAD_INLINE std::optional<double> Ensemble::wanted_contamination() const noexcept {
  return votes() ? std::nullopt : std::optional(options_.contamination.value_or(0.01));
}

/// Scores of votes are shares of the weight.
NAD_INLINE float Ensemble::default_threshold() const noexcept {
  switch (options_.combination) {
    case Combination::majority:
      return 0.5F;
    case Combination::all:
      return std::nextafter(1.0F, 0.0F);
    case Combination::at_least:
      return std::nextafter(static_cast<float>(std::min(1.0, *options_.min_votes / total_weight())), 0.0F);
    default:
      return 0.0F;
  }
}

// ---- what follows from the members

NAD_INLINE void Ensemble::derive() {
  std::vector<double> words;
  words.reserve(members_.size());
  for (Member& member : members_) {
    member.base_score = member.detector->baseline();
    member.base_word = word(member, static_cast<float>(member.base_score));
    words.push_back(member.base_word);
  }
  baseline_ = combine(words);
}

NAD_INLINE void Ensemble::restore() {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::bad_file, "the ensemble's " + what + "; the model is damaged");
  };
  detail::check_options(options_, ErrorCode::bad_file);
  for (const Member& member : members_) {
    detail::check_member(member.weight, member.name, ErrorCode::bad_file);
    const bool sees_all = member.columns == ColumnRange();
    const std::size_t seen = sees_all ? n_features_ : member.columns.count;
    if (seen == 0 || member.detector->n_features() != seen || member.columns.first > n_features_ ||
        member.columns.count > n_features_ - member.columns.first) {
      refuse("members have learnt from different columns");
    }
    if (!member.scale.is_sound()) {
      refuse("calibration makes no sense");
    }
  }
  for (const std::vector<std::uint32_t>& places : {options_.surprises, options_.extremes}) {
    if (std::any_of(places.begin(), places.end(), [this](std::uint32_t column) { return column >= n_features_; })) {
      refuse("surprises or extremes are of a column that is not there");
    }
  }
  if (!extremes_.is_sound(n_features_)) {
    refuse("ends of columns make no sense");
  }
  if (may_surprise() && !combined_scale_.is_sound()) {
    refuse("calibration of all members together makes no sense");
  }
  if (!(total_weight() > 0.0) || (options_.min_votes && *options_.min_votes > total_weight())) {
    refuse("weights make no sense");
  }
  if (detail::is_missing(threshold_)) {
    refuse("threshold is not a number");
  }
  derive();
}

// ---- scoring

NAD_INLINE double Ensemble::word(const Member& member, float raw) const noexcept {
  switch (options_.combination) {
    case Combination::mean_surprise:
    case Combination::max_surprise:
      return member.scale.surprise(static_cast<double>(raw));
    case Combination::tempered_surprise:
      return detail::tempered(member.scale.surprise(static_cast<double>(raw)));
    case Combination::mean:
    case Combination::maximum:
    case Combination::median:
      return member.scale.standardised(static_cast<double>(raw));
    case Combination::rank:
      return member.scale.rank(static_cast<double>(raw));
    default:
      return is_above_threshold(*member.detector, raw) ? 1.0 : 0.0;
  }
}

NAD_INLINE detail::Extremes::Far Ensemble::most_surprising(const float* row) const noexcept {
  detail::Extremes::Far most = extremes_.furthest(row);
  for (const std::uint32_t column : options_.surprises) {
    if (const auto held = static_cast<double>(row[column]); held > most.surprise) {
      most = {.surprise = held, .column = column};
    }
  }
  return most;
}

NAD_INLINE double Ensemble::least_score(const float* row) const noexcept {
  const double surprise = may_surprise() && !combined_scale_.scores().empty() ? most_surprising(row).surprise : 0.0;
  if (!(surprise > 0.0)) {
    return -std::numeric_limits<double>::infinity();
  }
  const double score = combined_scale_.score_at(surprise);
  return options_.combination == Combination::tempered_surprise ? detail::tempered(score) : score;
}

NAD_INLINE void Ensemble::shares(std::span<const double> words, std::span<double> out) const noexcept {
  const double total = total_weight();
  if (options_.combination == Combination::max_surprise || options_.combination == Combination::maximum) {
    std::size_t loudest = members_.size();
    for (std::size_t i = 0; i < members_.size(); ++i) {
      out[i] = 0.0;
      if (members_[i].weight > 0.0 &&
          (loudest == members_.size() || members_[i].weight * words[i] > members_[loudest].weight * words[loudest])) {
        loudest = i;
      }
    }
    out[loudest] = members_[loudest].weight;
    return;
  }
  if (options_.combination != Combination::median) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      out[i] = members_[i].weight / total;
    }
    return;
  }
  std::array<std::uint8_t, detail::max_members> order{};
  for (std::size_t i = 0; i < members_.size(); ++i) {
    order[i] = static_cast<std::uint8_t>(i);
    out[i] = 0.0;
  }
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(members_.size()),
            [&](std::uint8_t a, std::uint8_t b) { return words[a] < words[b] || (words[a] == words[b] && a < b); });
  double below = 0.0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::uint8_t member = order[i];
    below += members_[member].weight;
    if (2.0 * below > total) {  // the one in the middle
      out[member] = 1.0;
      return;
    }
    if (2.0 * below == total) {  // the middle lies between two
      out[member] = 0.5;
      do {
        ++i;
      } while (members_[order[i]].weight == 0.0);
      out[order[i]] = 0.5;
      return;
    }
  }
}

NAD_INLINE double Ensemble::combine(std::span<const double> words) const noexcept {
  std::array<double, detail::max_members> share{};
  shares(words, std::span(share).first(words.size()));
  double sum = 0.0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    sum += share[i] * words[i];
  }
  return sum;
}

NAD_INLINE std::vector<float> Ensemble::member_raw_scores(MatrixView rows, std::size_t first) const {
  std::vector<float> raw(rows.rows() * members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    raw_score_into(*members_[i].detector, members_[i].see(rows), first,
                   std::span(raw).subspan(i * rows.rows(), rows.rows()));
  }
  return raw;
}

NAD_INLINE void Ensemble::do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const {
  const std::vector<float> raw = member_raw_scores(rows, first);
  std::array<double, detail::max_members> words{};
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      words[i] = word(members_[i], raw[i * rows.rows() + row]);
    }
    const double score = combine(std::span(words).first(members_.size())) + of_crowd(rows.row(row));
    out[row] = detail::bounded_score(std::max(score, least_score(rows.row(row))));
  }
}

NAD_INLINE float Ensemble::do_raw_score_row(const float* row, std::size_t index) const {
  std::array<double, detail::max_members> words{};
  for (std::size_t i = 0; i < members_.size(); ++i) {
    words[i] = word(members_[i], raw_score_row(*members_[i].detector, row + members_[i].columns.first, index));
  }
  const double score = combine(std::span(words).first(members_.size())) + of_crowd(row);
  return detail::bounded_score(std::max(score, least_score(row)));
}

NAD_INLINE Matrix Ensemble::member_scores(MatrixView x, const FitControl& control) const {
  require_shape(x, "scoring");
  Matrix scores(x.rows(), members_.size());
  parallel_for(x.rows(), control, {.grain = detail::score_grain, .stage = "scoring"},
               [&](std::size_t begin, std::size_t end) {
                 const std::vector<float> raw = member_raw_scores(x.slice(begin, end - begin), begin);
                 for (std::size_t row = begin; row < end; ++row) {
                   for (std::size_t i = 0; i < members_.size(); ++i) {
                     scores(row, i) = detail::bounded_score(word(members_[i], raw[i * (end - begin) + row - begin]));
                   }
                 }
               });
  return scores;
}

// ---- explaining

NAD_INLINE double Ensemble::do_baseline() const { return baseline_; }

}  // namespace nad
