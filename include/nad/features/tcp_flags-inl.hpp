#pragma once

// TCP flags in the spellings of logs, as the bits that they have in the packet.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "nad/detail/tcp_flags.hpp"

namespace nad::detail {

inline constexpr std::array<std::string_view, 8> tcp_flag_names = {"fin", "syn", "rst", "psh",
                                                                   "ack", "urg", "ece", "cwr"};

/// The bit of a letter, in the order of `tcp_flag_names`; 0 where it stands for none.
constexpr unsigned flag_of_letter(char letter) noexcept {
  constexpr std::string_view letters = "FSRPAUEC";
  const std::size_t place = letters.find(letter);
  return place == std::string_view::npos ? 0U : 1U << place;
}

constexpr char in_capitals(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

/// The bits of a word, "SYN", "Ack" or "push"; nothing for a word that is no flag.
inline std::optional<unsigned> flags_of_word(std::string_view word) noexcept {
  constexpr std::array<std::pair<std::string_view, unsigned>, 13> words = {{{"FIN", tcp_fin},
                                                                            {"SYN", tcp_syn},
                                                                            {"RST", tcp_rst},
                                                                            {"PSH", tcp_psh},
                                                                            {"ACK", tcp_ack},
                                                                            {"URG", tcp_urg},
                                                                            {"ECE", tcp_ece},
                                                                            {"CWR", tcp_cwr},
                                                                            {"PUSH", tcp_psh},
                                                                            {"RESET", tcp_rst},
                                                                            {"ECN", tcp_ece},
                                                                            {"NS", 0U},
                                                                            {"NONE", 0U}}};
  for (const auto& [name, bits] : words) {
    if (std::equal(word.begin(), word.end(), name.begin(), name.end(),
                   [](char written, char capital) { return in_capitals(written) == capital; })) {
      return bits;
    }
  }
  return std::nullopt;
}

/// Words with anything but letters between: "SYN,ACK", "[SYN, ACK]", "syn|ack".
inline std::optional<unsigned> flags_of_words(std::string_view text) noexcept {
  unsigned flags = 0;
  const auto is_letter = [](char c) { return in_capitals(c) >= 'A' && in_capitals(c) <= 'Z'; };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_letter(text[end])) {
      ++end;
    }
    if (end == at) {
      ++at;
      continue;
    }
    const std::optional<unsigned> word = flags_of_word(text.substr(at, end - at));
    if (!word) {
      return std::nullopt;
    }
    flags |= *word;
    at = end;
  }
  return flags;
}

/// A letter a flag, with dots for those that are not set or '_' between two sides: "SA", ".A..S.", "S_RA".
inline std::optional<unsigned> flags_of_letters(std::string_view text) noexcept {
  unsigned flags = 0;
  for (const char c : text) {
    const unsigned flag = flag_of_letter(in_capitals(c));
    if (flag == 0 && c != '.' && c != '_') {
      return std::nullopt;
    }
    flags |= flag;
  }
  return flags;
}

/// Flags of one record: words, letters, or a number ("18" is decimal, "0x12" is not). Nothing for anything else.
inline std::optional<unsigned> tcp_flags(std::string_view text) noexcept {
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && in_capitals(text[1]) == 'X';
  if (hexadecimal || (!text.empty() && text[0] >= '0' && text[0] <= '9')) {
    const char* begin = text.data() + (hexadecimal ? 2 : 0);
    const char* end = text.data() + text.size();
    unsigned value = 0;
    const auto read = std::from_chars(begin, end, value, hexadecimal ? 16 : 10);
    return read.ec == std::errc() && read.ptr == end && value < 0x1000U ? std::optional(value & 0xffU) : std::nullopt;
  }
  if (text == "-") {
    return std::nullopt;  // how logs write that a value is missing
  }
  const std::optional<unsigned> flags = flags_of_words(text);  // first: "ECE" is a word of letters that stand for flags
  return flags ? flags : flags_of_letters(text);
}

/// What Zeek's history tells: a letter for what each side did, in capitals for who began.
inline std::optional<unsigned> tcp_flags_of_history(std::string_view history) noexcept {
  unsigned flags = 0;
  for (const char c : history) {
    switch (in_capitals(c)) {
      case 'S':
      case 'Q':  // SYN with FIN or RST
        flags |= tcp_syn;
        break;
      case 'H':
        flags |= tcp_syn | tcp_ack;
        break;
      case 'A':
        flags |= tcp_ack;
        break;
      case 'F':
        flags |= tcp_fin;
        break;
      case 'R':
        flags |= tcp_rst;
        break;
      case 'I':
        flags |= tcp_fin | tcp_rst;
        break;
      case 'D':  // data, a bad checksum, a gap, a repetition, a closed window, sides changed, cut short
      case 'C':
      case 'G':
      case 'T':
      case 'W':
      case '^':
      case 'X':
        break;
      default:
        return std::nullopt;
    }
  }
  return flags;
}

}  // namespace nad::detail
