#pragma once

// Columns of Arrow whose values are text or codes of a dictionary.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/detail/utf8.hpp"
#include "nad/table/arrow_numbers-inl.hpp"
#include "nad/table/arrow_piece-inl.hpp"
#include "nad/table/column.hpp"
#include "nad/table/dictionary.hpp"

namespace nad::detail {

[[noreturn]] inline void reject_bytes(const ArrowPiece& piece, std::size_t row) {
  piece.reject_row(row, "its bytes are no UTF-8 text; decode the column, or leave it out");
}

/// Where each text begins, and the last ends, as 64 bits; none may run backwards.
template <class Offset>
Buffer<std::int64_t> text_offsets(const ArrowPiece& piece) {
  Buffer<std::int64_t> offsets;
  if constexpr (sizeof(Offset) == sizeof(std::int64_t)) {
    offsets = piece.values<std::int64_t>(1, piece.size() + 1);
  } else {
    const std::byte* const memory = piece.memory(1) + piece.offset() * sizeof(Offset);
    GrowingBuffer<std::int64_t> wide(piece.size() + 1);
    for (std::size_t row = 0; row <= piece.size(); ++row) {
      wide[row] = ArrowPiece::load<Offset>(memory, row);
    }
    offsets = std::move(wide).finish();
  }
  std::int64_t last = 0;
  for (std::size_t row = 0; row <= piece.size(); ++row) {
    if (offsets[row] < last) {
      piece.reject_row(row == 0 ? 0 : row - 1, "its text ends at byte " + std::to_string(offsets[row]) +
                                                   ", before its beginning: whoever made it is at fault");
    }
    last = offsets[row];
  }
  return offsets;
}

inline void import_text(const ArrowPiece& piece, ColumnParts& parts) {
  parts.type = ColumnType::text;
  if (piece.size() == 0) {
    return;
  }
  parts.integers = piece.type().width == 4 ? text_offsets<std::int32_t>(piece) : text_offsets<std::int64_t>(piece);
  const std::int64_t first = parts.integers[0];
  const std::int64_t last = parts.integers[piece.size()];
  if (last == first) {  // nothing but empty texts, whose bytes need not be there, wherever they are said to begin
    if (first != 0) {
      GrowingBuffer<std::int64_t> offsets(piece.size() + 1);
      std::fill_n(offsets.data(), piece.size() + 1, std::int64_t{0});
      parts.integers = std::move(offsets).finish();
    }
    return;
  }
  const auto* const bytes = reinterpret_cast<const char*>(piece.memory(2));
  parts.text = {piece.batch().owner, bytes, static_cast<std::size_t>(last)};
  const auto part = [bytes](std::int64_t from, std::int64_t to) {
    return std::string_view(bytes + from, static_cast<std::size_t>(to - from));
  };
  if (is_ascii(part(first, last))) {
    return;
  }
  for (std::size_t row = 0; row < piece.size(); ++row) {
    if (!piece.is_missing(row) && !is_utf8(part(parts.integers[row], parts.integers[row + 1]))) {
      reject_bytes(piece, row);
    }
  }
}

/// Copies texts that lie here and there; `text_of(row)` is asked for those that are not missing.
template <class TextOf>
void gather_text(const ArrowPiece& piece, ColumnParts& parts, TextOf text_of) {
  parts.type = ColumnType::text;
  GrowingBuffer<std::int64_t> offsets(piece.size() + 1);
  GrowingBuffer<char> bytes;
  offsets[0] = 0;
  for (std::size_t row = 0; row < piece.size(); ++row) {
    if (!piece.is_missing(row)) {
      const std::string_view text = text_of(row);
      if (!is_utf8(text)) {
        reject_bytes(piece, row);
      }
      bytes.append(text.data(), text.size());
    }
    offsets[row + 1] = static_cast<std::int64_t>(bytes.size());
  }
  parts.integers = std::move(offsets).finish();
  parts.text = std::move(bytes).finish();
}

inline void import_fixed_text(const ArrowPiece& piece, ColumnParts& parts) {
  const auto width = static_cast<std::size_t>(piece.type().width);
  const std::byte* const memory = piece.memory(1, piece.size() != 0 && width != 0);
  gather_text(piece, parts, [&](std::size_t row) {
    return width == 0 ? std::string_view()
                      : std::string_view(reinterpret_cast<const char*>(memory) + (piece.offset() + row) * width, width);
  });
}

/// A view is its length and either up to twelve bytes, or four of them, a buffer and a place in it.
inline void import_text_views(const ArrowPiece& piece, ColumnParts& parts) {
  constexpr std::size_t view_width = 16;
  constexpr std::int32_t most_inside = 12;
  const std::byte* const views = piece.memory(1, piece.size() != 0);
  const auto buffers = static_cast<std::size_t>(piece.array().n_buffers) - 3;
  const std::byte* const sizes = piece.memory(buffers + 2, false);  // of those buffers
  gather_text(piece, parts, [&](std::size_t row) {
    const std::byte* const view = views + (piece.offset() + row) * view_width;
    const auto length = ArrowPiece::load<std::int32_t>(view, 0);
    const auto* text = reinterpret_cast<const char*>(view) + 4;
    if (length < 0) {
      piece.reject_row(row, "its text has a negative length: whoever made it is at fault");
    }
    if (length > most_inside) {
      const auto buffer = ArrowPiece::load<std::int32_t>(view, 2);
      const auto place = ArrowPiece::load<std::int32_t>(view, 3);
      const bool is_there = buffer >= 0 && static_cast<std::size_t>(buffer) < buffers && place >= 0 && sizes != nullptr;
      if (!is_there || ArrowPiece::load<std::int64_t>(sizes, static_cast<std::size_t>(buffer)) - place < length) {
        piece.reject_row(row, "its text lies outside of the buffers: whoever made it is at fault");
      }
      text = reinterpret_cast<const char*>(piece.memory(static_cast<std::size_t>(buffer) + 2)) + place;
    }
    return std::string_view(text, static_cast<std::size_t>(length));
  });
}

/// Each distinct text once, and which code of nad stands for which of Arrow.
struct ImportedDictionary {
  std::shared_ptr<Dictionary> categories = std::make_shared<Dictionary>();
  std::vector<std::int32_t> codes;
  bool is_identity = true;
};

inline ImportedDictionary import_dictionary(const Column& values) {
  ImportedDictionary imported;
  imported.codes.reserve(values.size());
  for (std::size_t place = 0; place < values.size(); ++place) {
    std::int32_t code = Dictionary::absent;
    if (!values.is_missing(place)) {
      code = imported.categories->add(values.type() == ColumnType::text ? values.text(place)
                                                                        : std::string_view(values.format(place)));
    }
    imported.is_identity = imported.is_identity && code == static_cast<std::int32_t>(place);
    imported.codes.push_back(code);
  }
  return imported;
}

[[noreturn]] inline void reject_code(const ArrowPiece& piece, std::size_t row, const std::string& code,
                                     std::size_t categories) {
  piece.reject_row(row, "its code is " + code + ", but the dictionary has " + std::to_string(categories) +
                            " values: whoever made it is at fault");
}

/// Codes of any width into those of nad; a value that the dictionary holds as missing is missing.
template <class Index>
void import_codes(const ArrowPiece& piece, const ImportedDictionary& dictionary, ColumnParts& parts) {
  const std::byte* const memory = piece.memory(1) + piece.offset() * sizeof(Index);
  GrowingBuffer<std::int32_t> codes(piece.size());
  std::vector<std::uint8_t> valid(piece.size() / 8 + 1);
  bool some_missing = false;
  for (std::size_t row = 0; row < piece.size(); ++row) {
    codes[row] = Dictionary::absent;
    if (!piece.is_missing(row)) {
      const auto index = ArrowPiece::load<Index>(memory, row);
      if (std::cmp_less(index, 0) || std::cmp_greater_equal(index, dictionary.codes.size())) {
        reject_code(piece, row, std::to_string(index), dictionary.codes.size());
      }
      codes[row] = dictionary.codes[static_cast<std::size_t>(index)];
    }
    const bool present = codes[row] != Dictionary::absent;
    some_missing = some_missing || !present;
    valid[row / 8] = static_cast<std::uint8_t>(valid[row / 8] | static_cast<unsigned>(present) << row % 8);
  }
  parts.codes = std::move(codes).finish();
  if (some_missing) {
    GrowingBuffer<std::uint8_t> marks;
    marks.append(valid.data(), valid.size());
    parts.valid = std::move(marks).finish();
    parts.valid_offset = 0;
  }
}

/// Codes of 32 bits for a dictionary of distinct values, as they are.
inline void borrow_codes(const ArrowPiece& piece, const ImportedDictionary& dictionary, ColumnParts& parts) {
  parts.codes = piece.values<std::int32_t>(1, piece.size());
  for (std::size_t row = 0; row < piece.size(); ++row) {
    const std::int32_t code = parts.codes[row];
    if ((code < 0 || static_cast<std::size_t>(code) >= dictionary.codes.size()) && !piece.is_missing(row)) {
      reject_code(piece, row,
                  piece.type().is_signed ? std::to_string(code) : std::to_string(static_cast<std::uint32_t>(code)),
                  dictionary.codes.size());
    }
  }
}

inline void import_categories(const ArrowPiece& piece, const Column& values, ColumnParts& parts) {
  parts.type = ColumnType::category;
  if (piece.type().kind != ArrowKind::integer) {
    piece.reject("its codes are no integers: whoever made it is at fault");
  }
  ImportedDictionary dictionary = import_dictionary(values);
  const int width = piece.type().width * (piece.type().is_signed ? 1 : -1);
  if (piece.size() == 0) {
    // nothing to do
  } else if (piece.type().width == 4 && dictionary.is_identity) {
    borrow_codes(piece, dictionary, parts);
  } else if (width == 1) {
    import_codes<std::int8_t>(piece, dictionary, parts);
  } else if (width == 2) {
    import_codes<std::int16_t>(piece, dictionary, parts);
  } else if (width == 4) {
    import_codes<std::int32_t>(piece, dictionary, parts);
  } else if (width == 8) {
    import_codes<std::int64_t>(piece, dictionary, parts);
  } else if (width == -1) {
    import_codes<std::uint8_t>(piece, dictionary, parts);
  } else if (width == -2) {
    import_codes<std::uint16_t>(piece, dictionary, parts);
  } else if (width == -4) {
    import_codes<std::uint32_t>(piece, dictionary, parts);
  } else {
    import_codes<std::uint64_t>(piece, dictionary, parts);
  }
  parts.categories = std::move(dictionary.categories);
}

}  // namespace nad::detail
