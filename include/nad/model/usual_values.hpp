#pragma once

/// What the columns of normal traffic hold, so that a reason can say what was expected.
///
///   nad::UsualValues usual(columns);
///   usual.expected(place);                    // "0 to 5,131, median 44" or "http 61 %, smtp 14 %, 12 others"
///   usual.judge(place, columns[place], row);  // Direction::higher

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/words.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// How a value lies to what is usual in its column.
enum class Direction : std::uint8_t {
  usual,       ///< on its own it is nothing special
  higher,      ///< than all but half a percent of normal values
  lower,       ///< likewise
  rare,        ///< a category that at most one normal record in a hundred has
  never_seen,  ///< a category that no normal record has
  missing,     ///< where normal records seldom lack a value
};

constexpr std::array<std::string_view, 6> words_of(Direction) noexcept {
  return {"usual", "higher", "lower", "rare", "never_seen", "missing"};
}

namespace detail {

struct UsualCategory {
  std::string value;
  double share = 0.0;  ///< of the values that are there

  template <class Archive>
  void serialize(Archive& archive) {
    archive_named(archive, "value", value, "share", share);
  }
};

/// One column.
struct UsualColumn {
  std::string name;
  ColumnType type = ColumnType::number;
  double missing_share = 0.0;
  double low = 0.0;                                    ///< half a percent of the values lie below
  double median = 0.0;                                 ///< of truth values the share that is true
  double high = 0.0;                                   ///< and half a percent above
  std::vector<detail::UsualCategory> categories = {};  ///< the most frequent first, bounded
  std::uint64_t categories_left_out = 0;               ///< rarer ones

  template <class Archive>
  void serialize(Archive& archive) {
    archive_named(archive, "name", name);
    archive_field(archive, "the type of a column", type);
    archive_named(archive, "missing_share", missing_share, "low", low, "median", median, "high", high, "categories",
                  categories, "categories_left_out", categories_left_out);
  }
};

}  // namespace detail

class NAD_API UsualValues {
 public:
  UsualValues() = default;
  /// Learns from up to 100,000 rows, evenly spread.
  explicit UsualValues(const Table& columns);

  std::size_t size() const noexcept { return columns_.size(); }
  const std::string& column(std::size_t place) const { return columns_.at(place).name; }
  /// What is usual, for people.
  std::string expected(std::size_t place) const;
  /// The column is one like that at `place` of the table that was learnt from.
  Direction judge(std::size_t place, const Column& column, std::size_t row) const;

  /// For any cereal archive.
  template <class Archive>
  void serialize(Archive& archive) {
    detail::archive_named(archive, "columns", columns_);
    if constexpr (Archive::is_loading::value) {
      restore();
    }
  }

 private:
  /// Checks what was loaded.
  void restore() const;

  std::vector<detail::UsualColumn> columns_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/usual_values-inl.hpp"
#endif
