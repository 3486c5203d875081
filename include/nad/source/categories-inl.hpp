#pragma once

// Categories under other names: each distinct one is looked at once, however many rows there are.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/table/column.hpp"

namespace nad::detail {

/// The column with `rename(category)` for each category; "" makes it missing.
template <class Rename>
Column map_categories(const Column& column, const Rename& rename) {
  ColumnParts parts = column.parts();
  auto renamed = std::make_shared<Dictionary>();
  std::vector<std::int32_t> code_of(parts.categories->size());
  bool loses = false;
  for (std::size_t code = 0; code < code_of.size(); ++code) {
    const std::string name = rename((*parts.categories)[static_cast<std::int32_t>(code)]);
    code_of[code] = name.empty() ? Dictionary::absent : renamed->add(name);
    loses = loses || name.empty();
  }
  GrowingBuffer<std::int32_t> codes(parts.size);
  for (std::size_t row = 0; row < parts.size; ++row) {
    const std::int32_t code = parts.codes[row];
    codes[row] = code == Dictionary::absent ? code : code_of[static_cast<std::size_t>(code)];
  }
  if (loses) {
    GrowingBuffer<std::uint8_t> valid((parts.size + 7) / 8);
    std::fill_n(valid.data(), valid.size(), std::uint8_t{0});
    for (std::size_t row = 0; row < parts.size; ++row) {
      if (codes[row] != Dictionary::absent) {
        valid[row / 8] = static_cast<std::uint8_t>(valid[row / 8] | 1U << row % 8);
      }
    }
    parts.valid = std::move(valid).finish();
    parts.valid_offset = 0;
  }
  parts.codes = std::move(codes).finish();
  parts.categories = std::move(renamed);
  return Column(std::move(parts));
}

}  // namespace nad::detail
