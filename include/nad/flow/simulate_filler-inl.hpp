#pragma once

// What messages are filled with: bytes as of something packed, lines of text, or the records of TLS.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "nad/core/random.hpp"

namespace nad::detail::simulate {

enum class Filler : std::uint8_t { noise, text, tls };

inline constexpr std::size_t filler_block = std::size_t{1} << 14U;
inline constexpr std::uint64_t tls_record = 5 + 16'384 + 16;  ///< header, content, tag

struct FillerBlocks {
  FillerBlocks() {
    Random random(41, 1);
    for (std::uint8_t& byte : noise) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
    for (std::size_t i = 0; i < filler_block; i += 64) {  // lines that end in a carriage return and a line feed
      for (std::size_t at = 0; at < 62; ++at) {
        text[i + at] = static_cast<std::uint8_t>(letters[random.below(letters.size())]);
      }
      text[i + 62] = '\r';
      text[i + 63] = '\n';
    }
  }
  std::array<std::uint8_t, filler_block> noise = {};
  std::array<std::uint8_t, filler_block> text = {};
};

inline const FillerBlocks& filler_blocks() {
  static const FillerBlocks blocks;
  return blocks;
}

/// `to` becomes what stands from `offset` on where a block is repeated without end.
inline void fill_repeated(std::span<std::uint8_t> to, const std::array<std::uint8_t, filler_block>& block,
                          std::uint64_t offset) noexcept {
  while (!to.empty()) {
    const auto at = static_cast<std::size_t>(offset % filler_block);
    const std::size_t count = std::min(to.size(), filler_block - at);
    std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(at), count, to.begin());
    to = to.subspan(count);
    offset += count;
  }
}

/// Writes the headers of TLS records over noise, where they fall into this part of a message of `total` bytes.
inline void put_tls_headers(std::span<std::uint8_t> to, std::uint64_t offset, std::uint64_t total) noexcept {
  for (std::uint64_t record = offset / tls_record * tls_record; record < offset + to.size(); record += tls_record) {
    const std::uint64_t length = std::min(tls_record, total - record) - 5;
    const std::array<std::uint8_t, 5> header = {0x17, 3, 3, static_cast<std::uint8_t>(length >> 8U),
                                                static_cast<std::uint8_t>(length)};
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (record + i >= offset && record + i < offset + to.size()) {
        to[static_cast<std::size_t>(record + i - offset)] = header[i];
      }
    }
  }
}

/// A message of application data must not end within the header of a record.
inline std::uint64_t whole_tls_records(std::uint64_t bytes) noexcept {
  const std::uint64_t rest = bytes % tls_record;
  return rest < 22 ? bytes + 22 - rest : bytes;
}

/// The bytes from `offset` on of a message of `total` bytes, which begins with `head` and ends with `tail`.
inline void fill_message(std::span<std::uint8_t> to, std::uint64_t offset, std::uint64_t total, std::string_view head,
                         std::string_view tail, Filler filler) noexcept {
  const FillerBlocks& blocks = filler_blocks();
  fill_repeated(to, filler == Filler::text ? blocks.text : blocks.noise, offset);
  if (filler == Filler::tls) {
    put_tls_headers(to, offset, total);
  }
  const auto place = [&](std::string_view part, std::uint64_t begins) {
    const std::uint64_t from = std::max(begins, offset);
    const std::uint64_t until = std::min(begins + part.size(), offset + to.size());
    for (std::uint64_t at = from; at < until; ++at) {
      to[static_cast<std::size_t>(at - offset)] =
          static_cast<std::uint8_t>(part[static_cast<std::size_t>(at - begins)]);
    }
  };
  place(head, 0);
  place(tail, total - tail.size());
}

}  // namespace nad::detail::simulate
