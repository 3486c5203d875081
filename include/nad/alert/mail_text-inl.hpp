#pragma once

// What a mail looks like: RFC 5322 with MIME.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/mail_channel.hpp"
#include "nad/detail/hash.hpp"
#include "nad/detail/utf8.hpp"

namespace nad::detail {

/// Base64 in one line.
inline std::string mail_base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      three = three << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (unsigned i = 0; i < 4; ++i) {
      text += at + i > bytes.size() ? '=' : digits[three >> (18 - 6 * i) & 63U];
    }
  }
  return text;
}

/// A header's text: ASCII as it is, anything else as words of RFC 2047, none of which splits a character.
inline std::string mail_header(std::string_view given) {
  std::string text(cut_text(one_line(given), 400));
  if (is_ascii(text)) {
    return text;
  }
  std::string words;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view part = cut_text(std::string_view(text).substr(at), 42);
    words.append(words.empty() ? "" : "\r\n ").append("=?UTF-8?B?").append(mail_base64(part)).append("?=");
    at += part.size();
  }
  return words;
}

/// "Fri, 20 Nov 2026 17:42:03 +0000"
inline std::string mail_date(std::chrono::system_clock::time_point time) {
  constexpr const char* week = "SunMonTueWedThuFriSat";
  constexpr const char* months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  char text[64];
  std::snprintf(text, sizeof text, "%.3s, %02u %.3s %04d %02d:%02d:%02d +0000",
                week + 3 * std::chrono::weekday(day).c_encoding(), static_cast<unsigned>(date.day()),
                months + 3 * (static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

/// Lines that end as SMTP wants it; one that begins with a full stop gets another.
inline std::string mail_lines(std::string_view text) {
  std::string lines;
  bool at_beginning = true;
  for (const char c : text) {
    if (c == '\r') {
      continue;
    }
    if (c == '\n') {
      lines += "\r\n";
      at_beginning = true;
      continue;
    }
    lines.append(at_beginning && c == '.' ? "." : "") += c;
    at_beginning = false;
  }
  return at_beginning ? lines : lines + "\r\n";
}

inline bool fits_mail_lines(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 900) {
      return false;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

/// From the first header to the line with the full stop.
inline std::string mail_text(const MailChannelOptions& options, std::span<const std::string> messages,
                             std::chrono::system_clock::time_point now) {
  std::string body;
  for (const std::string& message : messages) {
    body.append(body.empty() ? "" : "\n\n").append(message);
  }
  const std::string first = messages.front().substr(0, messages.front().find('\n'));
  const std::string subject = messages.size() == 1 ? first : std::to_string(messages.size()) + " alerts";
  std::string to;
  for (const std::string& receiver : options.to) {
    to.append(to.empty() ? "<" : ",\r\n <").append(receiver).append(">");
  }
  const std::size_t at = options.from.rfind('@');
  char id[40];
  // the same alerts give the same id, so that a mail that is sent again is known for what it is
  std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(hash_text(body, 1)),
                static_cast<unsigned long long>(hash_text(body, 2)));
  std::string text = "Date: " + mail_date(now) + "\r\nFrom: <" + options.from + ">\r\nTo: " + to +
                     "\r\nSubject: " + mail_header(options.subject + " " + subject) + "\r\nMessage-ID: <" + id +
                     ".nad" + (at == std::string::npos ? "@localhost" : options.from.substr(at)) +
                     ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
                     "charset=utf-8\r\nContent-Transfer-Encoding: ";
  if (is_ascii(body) && fits_mail_lines(body)) {
    return text + "7bit\r\n\r\n" + mail_lines(body) + ".\r\n";
  }
  text += "base64\r\n\r\n";
  const std::string encoded = mail_base64(body);
  for (std::size_t begin = 0; begin < encoded.size(); begin += 76) {
    text.append(encoded, begin, 76).append("\r\n");
  }
  return text + ".\r\n";
}

}  // namespace nad::detail
