#pragma once

/// What rows that are alike bring together: a flood is thousands of records, each a little unusual, and further out
/// than any record that is odd and alone. Not for users: `EnsembleOptions::crowds`.
///
///   const nad::detail::Crowds crowds(training_rows, /*weights=*/{}, scores);
///   score += 0.5 * crowds.evidence(row);

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/detail/archive_field.hpp"

namespace nad::detail {

/// Rows are alike that are in one cell, one unit wide in each column. Each brings as much as its -log p is above 3,
/// that is what is below p = 0.05, by its rank among all rows; what they bring together counts by its logarithm.
class NAD_API Crowds {
 public:
  Crowds() = default;
  /// `scores` are those of the rows.
  Crowds(MatrixView x, std::span<const float> weights, std::span<const float> scores);

  /// 0 where nothing was alike, or only what is usual.
  double evidence(std::span<const float> row) const noexcept;

  /// Of cells with more than one row, rising.
  std::span<const std::uint64_t> keys() const noexcept { return keys_; }
  std::span<const float> evidence() const noexcept { return evidence_; }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive) {
    archive_named(archive, "keys", keys_, "evidence", evidence_);
    if constexpr (Archive::is_loading::value) {
      restore();
    }
  }

 private:
  void restore() const;

  std::vector<std::uint64_t> keys_;
  std::vector<float> evidence_;  ///< log(1 + what their rows bring)
};

}  // namespace nad::detail

#ifdef NAD_HEADER_ONLY
#include "nad/detector/crowds-inl.hpp"
#endif
