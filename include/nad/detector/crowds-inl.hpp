#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <unordered_map>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/portable_log.hpp"
#include "nad/detector/crowds.hpp"

namespace nad::detail {

/// Of the cell that a row is in: two that differ have the same key once in 2^64.
inline std::uint64_t crowd_key(std::span<const float> row) noexcept {
  std::uint64_t key = 0x63726f7764730000ULL;
  for (const float value : row) {
    constexpr float far = 1e9F;
    if (is_nan(static_cast<double>(value))) {
      key = mix_bits(~key);
      continue;
    }
    const float middle = std::clamp(value, -far, far) + 0.5F;
    auto cell = static_cast<std::int64_t>(middle);
    cell -= static_cast<float>(cell) > middle ? 1 : 0;  // downwards, below zero as well
    key = mix_bits(key ^ static_cast<std::uint64_t>(cell));
  }
  return key;
}

/// -log of the share of rows that lie as far out or further.
inline std::vector<double> crowd_surprises(std::span<const float> weights, std::span<const float> scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  const auto weight_of = [&](std::size_t row) { return weights.empty() ? 1.0 : static_cast<double>(weights[row]); };
  double total = 0.0;
  for (const std::size_t row : order) {
    total += weight_of(row);
  }
  std::vector<double> found(scores.size());
  double as_far = 0.0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    for (; end < order.size() && scores[order[end]] == scores[order[first]]; ++end) {
      as_far += weight_of(order[end]);
    }
    const double ratio = as_far > 0.0 ? (total + 1.0) / as_far : 1.0;
    const double surprise = ratio > 1.0 ? portable_log1p(ratio - 1.0) : 0.0;
    for (; first < end; ++first) {
      found[order[first]] = surprise;
    }
  }
  return found;
}

NAD_INLINE Crowds::Crowds(MatrixView x, std::span<const float> weights, std::span<const float> scores) {
  struct CrowdCell {
    double evidence = 0.0;
    double rows = 0.0;
  };
  const std::vector<double> surprise = crowd_surprises(weights, scores);
  std::unordered_map<std::uint64_t, CrowdCell> cells;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    constexpr double usual = 3.0;
    const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[row]);
    if (surprise[row] > usual && weight > 0.0) {
      CrowdCell& cell = cells[crowd_key({x.row(row), x.columns()})];
      cell.evidence += weight * (surprise[row] - usual);
      cell.rows += weight;
    }
  }
  for (const auto& [key, cell] : cells) {
    if (cell.rows > 1.0) {
      keys_.push_back(key);
    }
  }
  std::sort(keys_.begin(), keys_.end());
  evidence_.reserve(keys_.size());
  for (const std::uint64_t key : keys_) {
    evidence_.push_back(static_cast<float>(portable_log1p(cells.at(key).evidence)));
  }
}

NAD_INLINE double Crowds::evidence(std::span<const float> row) const noexcept {
  if (keys_.empty()) {
    return 0.0;
  }
  const std::uint64_t key = crowd_key(row);
  const auto found = std::lower_bound(keys_.begin(), keys_.end(), key);
  return found != keys_.end() && *found == key
             ? static_cast<double>(evidence_[static_cast<std::size_t>(found - keys_.begin())])
             : 0.0;
}

NAD_INLINE void Crowds::restore() const {
  constexpr float most = 100.0F;  // a logarithm
  const bool rises = std::adjacent_find(keys_.begin(), keys_.end(), std::greater_equal<>()) == keys_.end();
  if (!rises || keys_.size() != evidence_.size() ||
      !std::all_of(evidence_.begin(), evidence_.end(), [](float e) { return e >= 0.0F && e <= most; })) {
    throw Error(ErrorCode::bad_file, "what is kept of crowds makes no sense; the model is damaged");
  }
}

}  // namespace nad::detail
