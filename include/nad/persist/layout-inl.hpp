#pragma once

// Where the parts of a model file lie, and the checks that need no understanding of them. include/nad/README.md
// describes the layout byte by byte.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/error.hpp"
#include "nad/persist/checksum-inl.hpp"
#include "nad/persist/little_endian-inl.hpp"

namespace nad::detail {

/// The first byte is no text, and a transfer that changes line ends or stops at control-Z changes the others.
inline constexpr std::string_view file_magic = "\x89NAD\r\n\x1a\n";
inline constexpr std::string_view completion_mark = "NAD.end\n";
inline constexpr std::uint32_t format_version = 1;

inline constexpr std::size_t fixed_head_bytes = 28;  ///< magic, version, length of the header, length of the payload
inline constexpr std::size_t checksum_bytes = 8;
inline constexpr std::uint64_t most_header_bytes = std::uint64_t{1} << 26U;

inline Error bad_file(const std::string& what) { return {ErrorCode::bad_file, what}; }

inline void append_text(std::vector<std::byte>& to, std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  to.insert(to.end(), bytes, bytes + text.size());
}

inline bool begins_with(std::span<const std::byte> bytes, std::string_view text) noexcept {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin(), [](char a, std::byte b) {
           return static_cast<unsigned char>(a) == static_cast<unsigned char>(b);
         });
}

/// The lengths that the first 28 bytes announce; nothing says yet that so many bytes are there.
struct FixedHead {
  std::uint64_t header_bytes = 0;
  std::uint64_t payload_bytes = 0;

  /// The fixed head, the header and its checksum.
  std::uint64_t head_bytes() const noexcept { return fixed_head_bytes + header_bytes + checksum_bytes; }
  std::uint64_t file_bytes() const noexcept {
    return head_bytes() + payload_bytes + checksum_bytes + completion_mark.size();
  }
};

inline Error incomplete_file(std::uint64_t there, const std::string& wanted) {
  return bad_file("the model file is incomplete: it ends after " + std::to_string(there) + " of " + wanted +
                  " bytes, as if saving or copying it had been interrupted; save or copy it again");
}

inline Error foreign_file(std::span<const std::byte> bytes) {
  constexpr std::string_view what = "not a nad model file";
  const std::string text(what);
  if (begins_with(bytes, file_magic.substr(0, 4))) {
    return bad_file(
        "the model file is damaged in its first bytes, as by a transfer in text mode that changes line "
        "ends; copy it again in binary mode");
  }
  if (bytes.size() >= 2 && bytes[0] == std::byte{0x80} && bytes[1] <= std::byte{5}) {
    return bad_file(text + " but a Python pickle, which nad never loads; save the detector with save()");
  }
  if (begins_with(bytes, "PK\x03\x04")) {
    return bad_file(text + " but a zip archive; unpack it and load what is inside");
  }
  if (begins_with(bytes, "\x1f\x8b")) {
    return bad_file(text + " but a gzip file; decompress it first");
  }
  return bad_file(text + ": it does not begin as one; is it the right file?");
}

/// `bytes` are the beginning of the file, all of it where it is shorter than the fixed head.
inline FixedHead parse_fixed_head(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    throw bad_file("the file is empty, not a model; save the detector again");
  }
  const std::string_view magic_seen = file_magic.substr(0, std::min(bytes.size(), file_magic.size()));
  if (!begins_with(bytes, magic_seen)) {
    throw foreign_file(bytes);
  }
  constexpr std::size_t version_at = file_magic.size();
  if (bytes.size() >= version_at + 4) {
    const auto version = read_little_endian<std::uint32_t>(bytes.data() + version_at);
    if (version > format_version) {
      throw bad_file("the model file has format version " + std::to_string(version) + ", but nad " +
                     NAD_VERSION_STRING + " reads versions up to " + std::to_string(format_version) +
                     "; upgrade nad, or save the model again with this one");
    }
    if (version < 1) {
      throw bad_file("the model file is damaged: there is no format version 0");
    }
  }
  if (bytes.size() < fixed_head_bytes) {
    throw incomplete_file(bytes.size(), "at least " + std::to_string(fixed_head_bytes));
  }
  FixedHead head;
  head.header_bytes = read_little_endian<std::uint64_t>(bytes.data() + version_at + 4);
  head.payload_bytes = read_little_endian<std::uint64_t>(bytes.data() + version_at + 12);
  if (head.header_bytes > most_header_bytes) {
    throw bad_file("the model file is damaged: it announces a header of " + std::to_string(head.header_bytes) +
                   " bytes; the largest has " + std::to_string(most_header_bytes));
  }
  if (head.payload_bytes > std::numeric_limits<std::uint64_t>::max() / 2) {
    throw bad_file("the model file is damaged: it announces a payload of " + std::to_string(head.payload_bytes) +
                   " bytes");
  }
  return head;
}

/// `bytes` begin with the file; `file_bytes` is how long all of it is. Gives the text of the header.
inline std::string_view checked_header(std::span<const std::byte> bytes, const FixedHead& head) {
  if (bytes.size() < head.head_bytes()) {
    throw incomplete_file(bytes.size(), "at least " + std::to_string(head.head_bytes()));
  }
  const auto covered = static_cast<std::size_t>(head.head_bytes()) - checksum_bytes;
  if (checksum(bytes.first(covered)) != read_little_endian<std::uint64_t>(bytes.data() + covered)) {
    throw bad_file("the header of the model file is damaged (its checksum does not match); copy or save it again");
  }
  return {reinterpret_cast<const char*>(bytes.data()) + fixed_head_bytes, static_cast<std::size_t>(head.header_bytes)};
}

inline void check_file_size(std::uint64_t size, const FixedHead& head) {
  if (size < head.file_bytes()) {
    throw incomplete_file(size, std::to_string(head.file_bytes()));
  }
  if (size > head.file_bytes()) {
    throw bad_file("the model file has " + std::to_string(size - head.file_bytes()) +
                   " bytes behind its end; something was appended, or two files were joined");
  }
}

struct FileParts {
  std::string_view header;
  std::span<const std::byte> payload;
};

/// The parts of a whole file, after all of its bytes were checked against its lengths and checksums.
inline FileParts take_apart(std::span<const std::byte> file) {
  const FixedHead head = parse_fixed_head(file);
  const std::string_view header = checked_header(file, head);
  check_file_size(file.size(), head);
  const std::size_t covered = file.size() - completion_mark.size() - checksum_bytes;
  if (!begins_with(file.subspan(covered + checksum_bytes), completion_mark)) {
    throw bad_file("the model file lacks the mark at its end: writing it was interrupted; save it again");
  }
  if (checksum(file.first(covered)) != read_little_endian<std::uint64_t>(file.data() + covered)) {
    throw bad_file("the payload of the model file is damaged (its checksum does not match); copy or save it again");
  }
  return {header, file.first(covered).subspan(static_cast<std::size_t>(head.head_bytes()))};
}

/// Joins the parts; the mark of completion comes last.
inline std::vector<std::byte> put_together(std::string_view header, std::span<const std::byte> payload) {
  if (header.size() > most_header_bytes) {
    throw Error(ErrorCode::invalid_argument, "feature names and note make a header of " +
                                                 std::to_string(header.size()) + " bytes; a model file has room for " +
                                                 std::to_string(most_header_bytes));
  }
  const FixedHead head{header.size(), payload.size()};
  std::vector<std::byte> file;
  file.reserve(static_cast<std::size_t>(head.file_bytes()));
  append_text(file, file_magic);
  append_little_endian(file, format_version);
  append_little_endian(file, head.header_bytes);
  append_little_endian(file, head.payload_bytes);
  append_text(file, header);
  append_little_endian(file, checksum(file));
  file.insert(file.end(), payload.begin(), payload.end());
  append_little_endian(file, checksum(file));
  append_text(file, completion_mark);
  return file;
}

}  // namespace nad::detail
