#pragma once

#include <algorithm>
#include <cstdio>
#include <locale>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"
#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/table/record_key-inl.hpp"
#include "nad/threshold/runs.hpp"

namespace nad {

namespace detail {

inline constexpr double run_allowance = 3.0;        ///< a record of this surprise changes nothing: p = 0.05
inline constexpr double most_run_surprise = 12.0;   ///< what lies further out is for the threshold of records
inline constexpr double most_run_evidence = 100.0;  ///< so that a run is over some minutes after its last record
inline constexpr double run_fades_in = 120.0;       ///< seconds, to 1 / e
inline constexpr double no_run = 0.05;              ///< evidence below it is none
inline constexpr std::size_t most_run_sources = 65'536;

/// What is left of evidence at a later time; all of it at an earlier one.
inline double fading(std::int64_t from, std::int64_t to) noexcept {
  const std::uint64_t passed = to > from ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) : 0;
  return portable_exp(-1e-9 * static_cast<double>(passed) / run_fades_in);
}

NAD_INLINE std::size_t AddressHash::operator()(const Address& address) const noexcept {
  const auto& bytes = address.bytes();
  return static_cast<std::size_t>(
      hash_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, process_seed()));
}

}  // namespace detail

NAD_INLINE RunEvidence RunWatch::add(const Address& source, std::int64_t time, double surprise) {
  const double step = std::min(surprise, detail::most_run_surprise) - detail::run_allowance;
  const auto found = sources_.find(source);
  if (found == sources_.end()) {
    if (!(step >= detail::no_run)) {
      return {};
    }
    if (sources_.size() >= detail::most_run_sources) {
      forget_the_least(time);
    }
    sources_.emplace(source, Source{step, 1, time, time});
    return {.evidence = step, .records = 1, .begin = time, .is_new = true, .adds = true};
  }
  Source& known = found->second;
  if (time > known.latest) {
    known.evidence *= detail::fading(known.latest, time);
    known.latest = time;
  }
  const bool is_new = known.evidence < detail::no_run;
  if (is_new) {
    known = {.evidence = 0.0, .records = 0, .begin = known.latest, .latest = known.latest};
  }
  known.evidence = std::min(known.evidence + step, detail::most_run_evidence);
  if (!(known.evidence >= detail::no_run)) {
    sources_.erase(found);
    return {};
  }
  known.records += step > 0.0 ? 1 : 0;
  return {
      .evidence = known.evidence, .records = known.records, .begin = known.begin, .is_new = is_new, .adds = step > 0.0};
}

/// Half of them.
NAD_INLINE void RunWatch::forget_the_least(std::int64_t now) {
  struct Weight {
    double evidence;
    Address source;
    bool operator<(const Weight& other) const {
      return evidence != other.evidence ? evidence < other.evidence : source < other.source;
    }
  };
  std::vector<Weight> weights;
  weights.reserve(sources_.size());
  for (const auto& [source, known] : sources_) {
    weights.push_back({known.evidence * detail::fading(known.latest, now), source});
  }
  const auto half = weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2);
  std::nth_element(weights.begin(), half, weights.end());
  for (auto weight = weights.begin(); weight != half; ++weight) {
    sources_.erase(weight->source);
  }
}

NAD_INLINE std::string RunWatch::save_state() const {
  std::vector<std::pair<Address, Source>> in_order(sources_.begin(), sources_.end());
  std::sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text = "runs 1\n";
  for (const auto& [source, known] : in_order) {
    char evidence[32];
    std::snprintf(evidence, sizeof evidence, "%.17g", known.evidence);
    text += source.to_string() + " " + evidence + " " + std::to_string(known.records) + " " +
            std::to_string(known.begin) + " " + std::to_string(known.latest) + "\n";
  }
  return text;
}

NAD_INLINE void RunWatch::restore_state(std::string_view state) {
  std::istringstream lines{std::string(state)};
  lines.imbue(std::locale::classic());
  const auto fail = [] { return Error(ErrorCode::bad_file, "the state of the runs is damaged"); };
  std::string line;
  if (!std::getline(lines, line) || line != "runs 1") {
    throw fail();
  }
  RunWatch watch;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    words.imbue(std::locale::classic());
    std::string address;
    Source known;
    words >> address >> known.evidence >> known.records >> known.begin >> known.latest;
    const std::optional<Address> source = Address::parse(address);
    const bool is_sound = !words.fail() && words.eof() && known.evidence >= 0.0 &&
                          known.evidence <= detail::most_run_evidence && known.begin <= known.latest;
    if (!is_sound || !source || watch.sources_.size() >= detail::most_run_sources ||
        !watch.sources_.emplace(*source, known).second) {
      throw fail();
    }
  }
  *this = std::move(watch);
}

NAD_INLINE void RunPeaks::add(const Address& source, std::int64_t time, double surprise) {
  ++records_;
  const RunEvidence run = watch_.add(source, time, surprise);
  if (!(run.evidence > 0.0)) {
    return;
  }
  const auto evidence = static_cast<float>(run.evidence);
  const auto [place, is_first] = open_.emplace(source, evidence);
  if (is_first) {
    return;
  }
  if (run.is_new) {
    peaks_.push_back(place->second);
    place->second = evidence;
  } else {
    place->second = std::max(place->second, evidence);
  }
}

NAD_INLINE void RunPeaks::end() {
  for (const auto& [source, evidence] : open_) {
    peaks_.push_back(evidence);
  }
  open_.clear();
  watch_.clear();
}

NAD_INLINE RunCalibration::RunCalibration(const RunPeaks& peaks) : RunCalibration(peaks.peaks(), peaks.records()) {}

NAD_INLINE double RunCalibration::runs_per_record() const noexcept {
  return (static_cast<double>(peaks_.size()) + 1.0) / (static_cast<double>(records_) + 1.0);
}

NAD_INLINE ScoreLimit RunCalibration::limit(double share) const {
  if (!(share > 0.0 && share <= 1.0)) {
    throw Error(ErrorCode::invalid_argument,
                "a share of " + std::to_string(share) + " of records was asked for; give one above 0 and at most 1");
  }
  if (!is_fitted()) {
    throw Error(ErrorCode::not_fitted, "no held-out records are there to tell what runs of normal sources reach");
  }
  // Of records that know nothing of each other the share exp(-d evidence) brings the sum so far, where
  // exp(-3 d) / (1 - d) = 1 (Lundberg's bound with surprises that are exponentially distributed).
  constexpr double decay = 0.940479;
  ScoreLimit limit{static_cast<float>(detail::portable_log1p(1.0 / share - 1.0) / decay), true};
  if (peaks_.size() != 0) {
    const double wanted = std::min(share / runs_per_record(), 1.0);
    const bool is_beyond = wanted < peaks_.least_p_value();
    const ScoreLimit seen = peaks_.score_at(std::max(wanted, peaks_.least_believable_p_value()));
    if (!is_beyond || seen.score >= limit.score) {
      limit = {seen.score, is_beyond};
    }
  }
  limit.score = std::min(limit.score, static_cast<float>(0.9 * detail::most_run_evidence));
  return limit;
}

NAD_INLINE PValue RunCalibration::p_value(double evidence) const noexcept {
  PValue p = peaks_.p_value(static_cast<float>(evidence));
  p.value = std::min(std::max(p.value, peaks_.least_believable_p_value()) * runs_per_record(), 1.0);
  return p;
}

NAD_INLINE void RunCalibration::restore() const {
  const auto peaks = peaks_.scores();
  const bool is_sound =
      peaks_.range() == ScoreRange::unbounded && peaks_.size() <= records_ &&
      (peaks.empty() || (peaks.front() > 0.0F && static_cast<double>(peaks.back()) <= detail::most_run_evidence));
  if (!is_sound) {
    throw Error(ErrorCode::bad_file, "what is kept of runs makes no sense; the model is damaged");
  }
}

}  // namespace nad
