#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <locale>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_exp.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/threshold/beats.hpp"
#include "nad/threshold/runs-inl.hpp"

namespace nad {

namespace detail {

inline constexpr double least_beat_gap = 5.0;  ///< seconds: what comes faster shows by its number
inline constexpr std::uint32_t fewest_beat_gaps = 10;
inline constexpr double steady_beat = 6.0;  ///< evidence from which a service is known for its beat
inline constexpr double periods_to_learn_from = 12.0;
inline constexpr std::size_t most_beat_keys = 65'536;

/// How close to the median a gap is, as a share of it.
inline constexpr std::array<double, 3> beat_widths = {0.05, 0.15, 0.3};

/// How often a gap is so close to the median where connections know nothing of each other: what is beyond the least gap
/// is exponentially distributed then, and has half of its values below what the median is beyond it.
inline double chance_of_beat(double median, double width) noexcept {
  constexpr double log2 = 0.693147180559945309417;
  const double off = width * median / (median - least_beat_gap);
  return portable_exp(-log2 * std::max(0.0, 1.0 - off)) - portable_exp(-log2 * (1.0 + off));
}

/// The chance of `least` or more of `trials`.
inline double binomial_tail(std::size_t trials, std::size_t least, double chance) noexcept {
  double at = 1.0;  // of exactly j
  for (std::size_t j = 0; j < trials; ++j) {
    at *= 1.0 - chance;
  }
  const double odds = chance / (1.0 - chance);
  double sum = least == 0 ? at : 0.0;
  for (std::size_t j = 1; j <= trials; ++j) {
    at *= odds * static_cast<double>(trials - j + 1) / static_cast<double>(j);
    sum += j >= least ? at : 0.0;
  }
  return sum;
}

inline std::array<std::uint64_t, 3> words_of_service_of(const BeatKey& key) noexcept {
  std::array<std::uint64_t, 3> words = {};
  for (std::size_t i = 0; i < 16; ++i) {
    words[i / 8] = words[i / 8] << 8U | key.destination.bytes()[i];
  }
  words[2] = static_cast<std::uint64_t>(key.port);
  return words;
}

NAD_INLINE std::size_t BeatKeyHash::operator()(const BeatKey& key) const noexcept {
  const AddressHash hash;
  return static_cast<std::size_t>(
      mix_bits(hash(key.source) ^ mix_bits(hash(key.destination) ^ static_cast<std::uint64_t>(key.port))));
}

}  // namespace detail

NAD_INLINE BeatEvidence BeatWatch::add(const BeatKey& key, std::int64_t begin) {
  const auto found = followed_.find(key);
  if (found == followed_.end()) {
    if (followed_.size() >= detail::most_beat_keys) {
      forget_the_least();
    }
    followed_.emplace(key, Beats{.latest = begin});
    return {};
  }
  Beats& beats = found->second;
  if (begin <= beats.latest) {
    return {};
  }
  const double gap =
      1e-9 * static_cast<double>(static_cast<std::uint64_t>(begin) - static_cast<std::uint64_t>(beats.latest));
  if (gap < detail::least_beat_gap) {
    return {};
  }
  beats.latest = begin;
  beats.seconds[beats.next] = static_cast<float>(gap);
  beats.next = (beats.next + 1) % most_gaps;
  beats.gaps = std::min<std::uint32_t>(beats.gaps + 1, most_gaps);
  return evidence_of(beats);
}

NAD_INLINE BeatEvidence BeatWatch::evidence_of(const Beats& beats) {
  if (beats.gaps < detail::fewest_beat_gaps) {
    return {};
  }
  std::array<float, most_gaps> gaps = beats.seconds;
  const auto end = gaps.begin() + static_cast<std::ptrdiff_t>(beats.gaps);
  std::sort(gaps.begin(), end);
  const auto median = static_cast<double>(gaps[beats.gaps / 2]);
  BeatEvidence result{.beats = beats.gaps + std::uint64_t{1}, .period = median};
  for (auto gap = gaps.begin(); gap != end; ++gap) {
    result.seconds += static_cast<double>(*gap);
  }
  for (const double width : detail::beat_widths) {
    const auto near = static_cast<std::size_t>(std::count_if(gaps.begin(), end, [&](float gap) {
      const double off = static_cast<double>(gap) - median;
      return (off < 0.0 ? -off : off) <= width * median;
    }));
    // the median itself is no trial; the best of three widths counts
    const double chance =
        static_cast<double>(detail::beat_widths.size()) *
        detail::binomial_tail(beats.gaps - std::size_t{1}, near - 1, detail::chance_of_beat(median, width));
    if (chance < 1.0) {
      result.evidence = std::max(result.evidence, detail::portable_log1p(1.0 / chance - 1.0));
    }
  }
  result.evidence = std::min(result.evidence, detail::most_run_evidence);
  return result;
}

/// Half of them.
NAD_INLINE void BeatWatch::forget_the_least() {
  using Weight = std::tuple<std::uint32_t, std::int64_t, BeatKey>;
  std::vector<Weight> weights;
  weights.reserve(followed_.size());
  for (const auto& [key, beats] : followed_) {
    weights.emplace_back(beats.gaps, beats.latest, key);
  }
  const auto half = weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2);
  std::nth_element(weights.begin(), half, weights.end());
  for (auto weight = weights.begin(); weight != half; ++weight) {
    followed_.erase(std::get<BeatKey>(*weight));
  }
}

NAD_INLINE std::string BeatWatch::save_state() const {
  const std::map<BeatKey, Beats> in_order(followed_.begin(), followed_.end());
  std::string text = "beats 1\n";
  for (const auto& [key, beats] : in_order) {
    text += key.source.to_string() + " " + key.destination.to_string() + " " + std::to_string(key.port) + " " +
            std::to_string(beats.latest);
    for (std::uint32_t i = 0; i < beats.gaps; ++i) {  // the oldest first
      char gap[32];
      const std::uint32_t place = (beats.next + most_gaps - beats.gaps + i) % most_gaps;
      std::snprintf(gap, sizeof gap, " %.9g", static_cast<double>(beats.seconds[place]));
      text += gap;
    }
    text += "\n";
  }
  return text;
}

NAD_INLINE void BeatWatch::restore_state(std::string_view state) {
  const auto classic = [](std::istringstream& stream) -> std::istringstream& {
    stream.imbue(std::locale::classic());
    return stream;
  };
  const auto fail = [] { return Error(ErrorCode::bad_file, "the state of the beats is damaged"); };
  std::istringstream lines{std::string(state)};
  std::string line;
  if (!std::getline(lines, line) || line != "beats 1") {
    throw fail();
  }
  BeatWatch watch;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string source;
    std::string destination;
    BeatKey key;
    Beats beats;
    classic(words) >> source >> destination >> key.port >> beats.latest;
    bool is_sound = !words.fail();
    double gap = 0.0;
    while (is_sound && words >> gap) {
      is_sound = beats.gaps < most_gaps && gap >= detail::least_beat_gap && gap <= 1e12;
      if (is_sound) {
        beats.seconds[beats.gaps++] = static_cast<float>(gap);
      }
    }
    beats.next = beats.gaps % most_gaps;
    const std::optional<Address> from = Address::parse(source);
    const std::optional<Address> to = Address::parse(destination);
    if (!is_sound || !words.eof() || !from || !to || watch.followed_.size() >= detail::most_beat_keys) {
      throw fail();
    }
    key.source = *from;
    key.destination = *to;
    if (!watch.followed_.emplace(key, beats).second) {
      throw fail();
    }
  }
  *this = std::move(watch);
}

NAD_INLINE BeatCalibration::BeatCalibration(std::span<const BeatRecord> records) {
  if (records.empty()) {
    return;
  }
  const auto [first, last] = std::minmax_element(
      records.begin(), records.end(), [](const BeatRecord& a, const BeatRecord& b) { return a.begin < b.begin; });
  const double seconds =
      1e-9 * static_cast<double>(static_cast<std::uint64_t>(last->begin) - static_cast<std::uint64_t>(first->begin));
  const double longest = seconds / detail::periods_to_learn_from;
  if (longest < 2.0 * detail::least_beat_gap) {
    return;
  }
  const std::size_t half = records.size() / 2;
  std::set<std::array<std::uint64_t, words_of_service>> usual;
  BeatWatch watch;
  for (const BeatRecord& record : records.first(half)) {
    if (watch.add(record.key, record.begin).evidence >= detail::steady_beat) {
      usual.insert(detail::words_of_service_of(record.key));
    }
  }
  const std::set<std::array<std::uint64_t, words_of_service>> before = usual;
  std::map<BeatKey, float> furthest;
  for (const BeatRecord& record : records.subspan(half)) {
    const BeatEvidence beat = watch.add(record.key, record.begin);
    if (!(beat.evidence > 0.0)) {
      continue;
    }
    const auto service = detail::words_of_service_of(record.key);
    if (beat.evidence >= detail::steady_beat) {
      usual.insert(service);
    }
    if (!before.contains(service) && beat.period <= 0.5 * longest) {  // half of the records can tell half as far
      float& most = furthest[record.key];
      most = std::max(most, static_cast<float>(beat.evidence));
    }
  }
  std::vector<float> peaks;
  peaks.reserve(furthest.size());
  for (const auto& [key, evidence] : furthest) {
    peaks.push_back(evidence);
  }
  new_beats_ = RunCalibration(peaks, records.size() - half);
  longest_period_ = longest;
  services_.reserve(usual.size() * words_of_service);
  for (const auto& service : usual) {
    services_.insert(services_.end(), service.begin(), service.end());
  }
}

NAD_INLINE bool BeatCalibration::is_usual(const BeatKey& key, const BeatEvidence& beat) const noexcept {
  if (!(beat.period <= longest_period_)) {
    return true;
  }
  const auto wanted = detail::words_of_service_of(key);
  std::size_t begin = 0;
  std::size_t end = services();
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    const std::uint64_t* const service = services_.data() + middle * words_of_service;
    if (std::lexicographical_compare(service, service + words_of_service, wanted.begin(), wanted.end())) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin < services() && std::equal(wanted.begin(), wanted.end(), services_.data() + begin * words_of_service);
}

NAD_INLINE void BeatCalibration::restore() const {
  bool is_sound = services_.size() % words_of_service == 0 && detail::is_finite(longest_period_) &&
                  longest_period_ >= 0.0 && is_fitted() == (longest_period_ > 0.0);
  for (std::size_t at = words_of_service; is_sound && at < services_.size(); at += words_of_service) {
    const std::uint64_t* const service = services_.data() + at;
    is_sound = std::lexicographical_compare(service - words_of_service, service, service, service + words_of_service);
  }
  if (!is_sound) {
    throw Error(ErrorCode::bad_file, "what is kept of steady beats makes no sense; the model is damaged");
  }
}

}  // namespace nad
