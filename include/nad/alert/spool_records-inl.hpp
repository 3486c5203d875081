#pragma once

// How messages lie in a file of a spool, and what is left of them in one that was damaged.
//
// A record is: length (4 bytes, the low one first), hash (8 bytes), text. It counts once all of it is there. Behind a
// record that is not what its hash says, the next one that is, is looked for byte by byte: one wrong length takes no
// others with it.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"

namespace nad::detail {

inline constexpr std::size_t spool_head_bytes = 12;

/// Zeros, which disks leave where they lost something, are no empty message.
inline std::uint64_t spool_hash(std::string_view text) noexcept { return hash_text(text, text.empty() ? 1 : 0); }

inline std::string spool_record(std::string_view text) {
  std::string record;
  record.reserve(spool_head_bytes + text.size());
  const std::uint64_t hash = spool_hash(text);
  for (unsigned byte = 0; byte < 4; ++byte) {
    record += static_cast<char>(text.size() >> (8 * byte) & 0xffU);
  }
  for (unsigned byte = 0; byte < 8; ++byte) {
    record += static_cast<char>(hash >> (8 * byte) & 0xffU);
  }
  return record.append(text);
}

struct SpoolRecords {
  std::deque<std::string> texts;  ///< what is whole
  std::uint64_t damaged = 0;      ///< places at which something else stands, a message each at least
  std::size_t whole = 0;          ///< texts before the first of them
};

/// Whether a whole record begins so; its text then.
inline bool begins_spool_record(std::string_view bytes, std::string_view& text) noexcept {
  const auto number = [&](std::size_t at, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned byte = 0; byte < size; ++byte) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + byte])) << (8 * byte);
    }
    return value;
  };
  if (bytes.size() < spool_head_bytes || number(0, 4) > bytes.size() - spool_head_bytes) {
    return false;
  }
  text = bytes.substr(spool_head_bytes, number(0, 4));
  return number(4, 8) == spool_hash(text);
}

inline SpoolRecords spool_records(std::string_view bytes) {
  SpoolRecords found;
  bool in_damage = false;
  while (!bytes.empty()) {
    std::string_view text;
    if (begins_spool_record(bytes, text)) {
      found.texts.emplace_back(text);
      bytes.remove_prefix(spool_head_bytes + text.size());
      in_damage = false;
      continue;
    }
    found.damaged += in_damage ? 0 : 1;
    in_damage = true;
    bytes.remove_prefix(1);
    found.whole = found.damaged == 1 ? found.texts.size() : found.whole;
  }
  found.whole = found.damaged == 0 ? found.texts.size() : found.whole;
  return found;
}

/// An error where the file cannot be read: what it holds is not lost then.
inline SpoolRecords read_spool_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::string bytes;
  if (file && !error) {
    bytes.resize(size);
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || error || file.bad()) {
    throw Error(ErrorCode::io, "the file '" + path.string() +
                                   "' of a spool cannot be read; the messages in it wait until it can be, or until it "
                                   "is moved away");
  }
  return spool_records(bytes);
}

}  // namespace nad::detail
