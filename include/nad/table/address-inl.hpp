#pragma once

#include <algorithm>

#include "nad/table/address.hpp"

namespace nad {

namespace detail {

/// "a.b.c.d" into four bytes.
inline bool parse_v4(std::string_view text, std::uint8_t* out) noexcept {
  std::size_t at = 0;
  for (std::size_t part = 0; part < 4; ++part) {
    if (part != 0 && (at == text.size() || text[at++] != '.')) {
      return false;
    }
    unsigned value = 0;
    const std::size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 3; ++at) {
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    }
    if (at == begin || value > 255) {
      return false;
    }
    out[part] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

inline int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Groups of hexadecimal digits, one run of zero groups left out as "::", perhaps with a dotted end.
inline bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
  std::array<std::uint8_t, 16> groups{};
  std::size_t size = 0;          // bytes before and behind the gap
  std::size_t gap = out.size();  // where "::" stood
  std::size_t at = 0;
  if (text.substr(0, 2) == "::") {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    const std::string_view group = text.substr(at, end - at);
    if (group.find('.') != std::string_view::npos) {
      if (end != text.size() || size > 12 || !parse_v4(group, groups.data() + size)) {
        return false;
      }
      size += 4;
      at = end;
      break;
    }
    if (group.empty() || group.size() > 4 || size > 14) {
      return false;
    }
    unsigned value = 0;
    for (const char c : group) {
      const int digit = hex_digit(c);
      if (digit < 0) {
        return false;
      }
      value = value << 4U | static_cast<unsigned>(digit);
    }
    groups[size++] = static_cast<std::uint8_t>(value >> 8U);
    groups[size++] = static_cast<std::uint8_t>(value);
    at = end;
    if (at == text.size()) {
      break;
    }
    ++at;  // the colon
    if (at < text.size() && text[at] == ':') {
      if (gap != out.size() || size >= out.size()) {
        return false;
      }
      gap = size;
      ++at;
    } else if (at == text.size()) {
      return false;  // a single colon at the end
    }
  }
  if (gap == out.size() ? size != out.size() : size >= out.size()) {
    return false;
  }
  const std::size_t front = std::min(gap, size);
  out = {};
  std::copy_n(groups.begin(), front, out.begin());
  std::copy(groups.begin() + static_cast<std::ptrdiff_t>(front), groups.begin() + static_cast<std::ptrdiff_t>(size),
            out.end() - static_cast<std::ptrdiff_t>(size - front));
  return true;
}

}  // namespace detail

NAD_INLINE std::optional<Address> Address::parse(std::string_view text) noexcept {
  Address address = Address::v4(0);
  if (detail::parse_v4(text, address.bytes_.data() + 12)) {
    return address;
  }
  const std::string_view without_zone = text.substr(0, text.find('%'));
  if (without_zone.find(':') != std::string_view::npos && detail::parse_v6(without_zone, address.bytes_)) {
    return address;
  }
  return std::nullopt;
}

NAD_INLINE std::string Address::to_string() const {
  if (is_v4()) {
    std::string text;
    for (std::size_t i = 12; i < 16; ++i) {
      text += (i == 12 ? "" : ".") + std::to_string(bytes_[i]);
    }
    return text;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<unsigned>(bytes_[2 * i]) << 8U | bytes_[2 * i + 1];
  }
  std::size_t gap = 8;
  std::size_t gap_length = 1;  // one zero group alone is written out
  for (std::size_t begin = 0; begin < 8; ++begin) {
    std::size_t end = begin;
    while (end < 8 && groups[end] == 0) {
      ++end;
    }
    if (end - begin > gap_length) {
      gap = begin;
      gap_length = end - begin;
    }
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      text += "::";
      i += gap_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') {
      text += ':';
    }
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const unsigned digit = groups[i] >> static_cast<unsigned>(shift) & 0xfU;
      started = started || digit != 0 || shift == 0;
      if (started) {
        text += digits[digit];
      }
    }
  }
  return text;
}

}  // namespace nad
