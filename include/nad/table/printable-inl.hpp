#pragma once

// Text from anywhere made fit for a terminal; not for users.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "nad/config.hpp"
#include "nad/table/print.hpp"

namespace nad {

namespace detail {

struct Character {
  char32_t code = 0xfffd;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The character that begins at `at`; where none does, one byte that is no character.
inline Character decode_utf8(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t place) { return static_cast<unsigned char>(text[place]); };
  const unsigned lead = byte(at);
  if (lead < 0x80) {
    return {lead, 1, true};
  }
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes > text.size() - at) {
    return {};
  }
  char32_t code = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) {
      return {};
    }
    code = code << 6U | (byte(at + i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return {};
  }
  return {code, bytes, true};
}

struct CodeRange {
  char32_t first = 0;
  char32_t last = 0;
};

template <std::size_t size>
constexpr bool lies_in(char32_t code, const std::array<CodeRange, size>& ranges) noexcept {
  for (const CodeRange& range : ranges) {
    if (code >= range.first && code <= range.last) {
      return true;
    }
  }
  return false;
}

/// Characters that move the cursor, turn the writing or cannot be seen: controls, soft hyphen, zero-width and
/// bidirectional marks, line separators, fillers, private use, tags, and code points that are no characters.
inline bool is_unseen(char32_t code) noexcept {
  constexpr std::array<CodeRange, 17> unseen = {{{0x00, 0x1f},
                                                 {0x7f, 0x9f},
                                                 {0xad, 0xad},
                                                 {0x61c, 0x61c},
                                                 {0x115f, 0x1160},
                                                 {0x17b4, 0x17b5},
                                                 {0x180b, 0x180f},
                                                 {0x200b, 0x200f},
                                                 {0x2028, 0x202e},
                                                 {0x2060, 0x206f},
                                                 {0x3164, 0x3164},
                                                 {0xe000, 0xf8ff},
                                                 {0xfdd0, 0xfdef},
                                                 {0xfeff, 0xfeff},
                                                 {0xffa0, 0xffa0},
                                                 {0xfff0, 0xfffb},
                                                 {0xe0000, 0x10ffff}}};
  return lies_in(code, unseen) || (code & 0xfffeU) == 0xfffeU;
}

/// How many places a terminal gives to a character that is seen.
inline std::size_t places_of(char32_t code) noexcept {
  constexpr std::array<CodeRange, 17> combining = {{{0x300, 0x36f},
                                                    {0x483, 0x489},
                                                    {0x591, 0x5bd},
                                                    {0x610, 0x61a},
                                                    {0x64b, 0x65f},
                                                    {0x6d6, 0x6dc},
                                                    {0x900, 0x902},
                                                    {0x93c, 0x93c},
                                                    {0x941, 0x948},
                                                    {0xe31, 0xe31},
                                                    {0xe34, 0xe3a},
                                                    {0xe47, 0xe4e},
                                                    {0x1ab0, 0x1aff},
                                                    {0x1dc0, 0x1dff},
                                                    {0x20d0, 0x20ff},
                                                    {0xfe00, 0xfe0f},
                                                    {0xfe20, 0xfe2f}}};
  constexpr std::array<CodeRange, 14> wide = {{{0x1100, 0x115f},
                                               {0x231a, 0x231b},
                                               {0x2e80, 0x303e},
                                               {0x3041, 0xa4cf},
                                               {0xa960, 0xa97f},
                                               {0xac00, 0xd7a3},
                                               {0xf900, 0xfaff},
                                               {0xfe30, 0xfe6f},
                                               {0xff01, 0xff60},
                                               {0xffe0, 0xffe6},
                                               {0x16fe0, 0x18cff},
                                               {0x1b000, 0x1b2ff},
                                               {0x1f300, 0x1faff},
                                               {0x20000, 0x3fffd}}};
  if (code < 0x300) {
    return 1;
  }
  return lies_in(code, combining) ? 0 : lies_in(code, wide) ? 2 : 1;
}

/// A text as it stands in a cell, and how many places it takes.
struct Cell {
  std::string text;
  std::size_t width = 0;
};

inline void append_escape(char32_t code, Cell& cell) {
  constexpr std::string_view named = "\t\n\r";
  constexpr std::string_view letters = "tnr";
  std::array<char, 16> text{};
  if (const std::size_t place = code < 0x80 ? named.find(static_cast<char>(code)) : std::string_view::npos;
      place != std::string_view::npos) {
    text = {'\\', letters[place], '\0'};
  } else {
    std::snprintf(text.data(), text.size(),
                  code < 0x80      ? "\\x%02x"
                  : code < 0x10000 ? "\\u%04x"
                                   : "\\U%08x",
                  static_cast<unsigned>(code));
  }
  cell.width += std::string_view(text.data()).size();
  cell.text += text.data();
}

/// At most `width` places; what is left out is told by "…".
inline Cell printable_cell(std::string_view text, std::size_t width) {
  constexpr std::size_t most_marks = 3;  // accents that may stand on one character
  Cell cell;
  Cell cut;  // the longest beginning that leaves a place for "…"
  std::size_t marks = 0;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < text.size(); at += bytes) {
    const Character character = decode_utf8(text, at);
    bytes = character.bytes;
    const std::size_t places = places_of(character.code);
    marks = places == 0 ? marks + 1 : 0;
    const bool is_stray_mark = marks > most_marks || (places == 0 && cell.width == 0);
    if (character.valid && (is_stray_mark || is_unseen(character.code))) {
      append_escape(character.code, cell);
    } else {
      cell.text += character.valid ? text.substr(at, bytes) : std::string_view("\xef\xbf\xbd");
      cell.width += places;
    }
    if (cell.width < width) {
      cut.text.append(cell.text, cut.text.size());  // the rest: `cell` only grows
      cut.width = cell.width;
    }
    if (cell.width > width) {
      cut.text += width == 0 ? "" : "…";
      cut.width += width == 0 ? 0 : 1;
      return cut;
    }
  }
  return cell;
}

}  // namespace detail

NAD_INLINE std::string printable(std::string_view text, std::size_t width) {
  return detail::printable_cell(text, width).text;
}

}  // namespace nad
