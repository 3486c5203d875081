#pragma once

/// Values far beyond all that was learnt, in one column or another: where there are many columns, a thousand times the
/// largest upload drowns among them. Not for users: `EnsembleOptions::extremes`.
///
///   const nad::detail::Extremes extremes(training_rows, /*weights=*/{}, columns);
///   extremes.furthest(row);   // {.surprise = 31.0, .column = 2}

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/pareto_tail.hpp"

namespace nad::detail {

/// Both ends of each column as generalised Pareto distributions, never thinner than exponential. A value counts where
/// its -log p, as one of all ends that there are, is more than as many rows as were learnt bring about by chance.
class NAD_API Extremes {
 public:
  struct Far {
    double surprise = 0.0;  ///< 0 where nothing is far out
    std::size_t column = 0;
  };

  /// One end of a column; the lower one as the upper end of what has the other sign.
  struct End {
    std::size_t column = 0;
    double sign = 1.0;
    double start = 0.0;           ///< where the fitted tail begins
    double start_surprise = 0.0;  ///< there, less what it counts that there are so many ends
    ParetoTail tail;
    double limit = 0.0;  ///< not stored: what lies above it counts
  };

  Extremes() = default;
  /// Columns in which too few different values lie far out to tell of an end have none.
  Extremes(MatrixView x, std::span<const float> weights, std::span<const std::uint32_t> columns);

  Far furthest(const float* row) const noexcept;

  std::span<const End> ends() const noexcept { return ends_; }
  /// False where some value makes no sense, as it may after loading.
  bool is_sound(std::size_t columns) const noexcept;

  /// For any cereal archive; a host that uses cereal's own includes <cereal/types/vector.hpp>.
  template <class Archive>
  void serialize(Archive& archive) {
    std::vector<std::uint32_t> columns;
    std::vector<double> values;  // what the names say, end by end
    if constexpr (!Archive::is_loading::value) {
      for (const End& end : ends_) {
        columns.push_back(static_cast<std::uint32_t>(end.column));
        values.insert(values.end(), {end.sign, end.start, end.start_surprise, end.tail.shape, end.tail.scale});
      }
    }
    archive_named(archive, "least", least_, "columns", columns, "sign_start_surprise_shape_scale", values);
    if constexpr (Archive::is_loading::value) {
      restore(columns, values);
    }
  }

 private:
  void add_end(std::size_t column, double sign, std::span<const double> seen, std::span<const double> weights);
  void set_limits() noexcept;
  void restore(std::span<const std::uint32_t> columns, std::span<const double> values);

  double least_ = 0.0;  ///< surprises below it are no news: -log of one in all rows that were learnt
  std::vector<End> ends_;
};

}  // namespace nad::detail

#ifdef NAD_HEADER_ONLY
#include "nad/detector/extremes-inl.hpp"
#endif
