#pragma once

// The bytes of a frame that are left to read: some were captured, and as many or more were on the wire.

#include <cstddef>
#include <cstdint>

#include "nad/flow/decoder.hpp"

namespace nad::detail {

struct HeaderBytes {
  const std::uint8_t* at = nullptr;
  std::uint32_t captured = 0;
  std::uint32_t length = 0;  ///< never less than `captured`

  std::uint8_t byte(std::size_t place) const noexcept { return at[place]; }
  std::uint16_t word(std::size_t place) const noexcept {
    return static_cast<std::uint16_t>(at[place] << 8U | at[place + 1]);
  }
  std::uint32_t number(std::size_t place) const noexcept {
    return std::uint32_t{at[place]} << 24U | std::uint32_t{at[place + 1]} << 16U | std::uint32_t{at[place + 2]} << 8U |
           at[place + 3];
  }

  /// Whether so many bytes can be read.
  bool has(std::uint32_t bytes) const noexcept { return captured >= bytes; }
  /// Why they cannot: the capture kept too few, or the packet ends too early.
  Decoded missing(std::uint32_t bytes, Decoded kind) const noexcept {
    return length >= bytes ? Decoded::snapped : kind;
  }

  /// Goes on behind bytes that `has` said are there.
  void skip(std::uint32_t bytes) noexcept {
    at += bytes;
    captured -= bytes;
    length -= bytes;
  }
  /// Nothing behind so many bytes belongs to the packet.
  void cut(std::uint32_t bytes) noexcept {
    length = bytes < length ? bytes : length;
    captured = captured < length ? captured : length;
  }
};

}  // namespace nad::detail
