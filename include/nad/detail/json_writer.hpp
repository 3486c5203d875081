#pragma once

// Writes JSON piece by piece; not for users.
//
//   JsonWriter json;
//   json.begin('{').key("rows").value(3.0).key("names").begin('[').text("dos").end(']').end('}');
//   json.take();                                      // {"rows":3,"names":["dos"]}

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "nad/detail/not_a_number.hpp"
#include "nad/detail/utf8.hpp"

namespace nad::detail {

class JsonWriter {
 public:
  JsonWriter& begin(char bracket) {
    separate();
    json_ += bracket;
    is_first_ = true;
    return *this;
  }

  JsonWriter& end(char bracket) {
    json_ += bracket;
    is_first_ = false;
    return *this;
  }

  JsonWriter& key(std::string_view name) {
    text(name);
    json_ += ':';
    is_first_ = true;
    return *this;
  }

  /// With the digits that it needs; null for NaN and the infinite, which JSON has no word for.
  JsonWriter& value(double number) {
    separate();
    if (!is_finite(number)) {
      json_ += "null";
      return *this;
    }
    std::array<char, 32> digits{};
    json_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    return *this;
  }

  /// As `value`, with the fewer digits that a float needs.
  JsonWriter& single(float number) {
    separate();
    if (!is_finite(static_cast<double>(number))) {
      json_ += "null";
      return *this;
    }
    std::array<char, 32> digits{};
    json_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    return *this;
  }

  /// All its digits, also beyond those that a floating-point number holds.
  template <std::integral Whole>
  JsonWriter& integer(Whole number) {
    separate();
    std::array<char, 24> digits{};
    json_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    return *this;
  }

  JsonWriter& truth(bool value) {
    separate();
    json_ += value ? "true" : "false";
    return *this;
  }

  JsonWriter& null() {
    separate();
    json_ += "null";
    return *this;
  }

  /// Bytes that are not UTF-8 become U+FFFD.
  JsonWriter& text(std::string_view text) {
    separate();
    const bool is_text = is_utf8(text);
    json_ += '"';
    for (const char character : text) {
      const auto byte = static_cast<unsigned char>(character);
      if (character == '"' || character == '\\') {
        json_ += '\\';
        json_ += character;
      } else if (byte < 0x20 || byte == 0x7f) {
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
        json_ += escape.data();
      } else if (byte < 0x80 || is_text) {
        json_ += character;
      } else {
        json_ += "\\ufffd";
      }
    }
    json_ += '"';
    return *this;
  }

  std::string take() { return std::move(json_); }

 private:
  void separate() {
    if (!is_first_) {
      json_ += ',';
    }
    is_first_ = false;
  }

  std::string json_;
  bool is_first_ = true;
};

}  // namespace nad::detail
