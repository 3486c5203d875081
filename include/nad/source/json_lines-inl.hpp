#pragma once

// Reads one JSON object a line, value by value, strictly by RFC 8259 and without building anything.
//
//   JsonScanner json(line);
//   json.enter_object();
//   for (std::string_view key; json.next_key(key);) {
//     const JsonValue value = json.value();     // objects and arrays come as their text
//   }
//   if (json.fault()) ...                       // what is wrong, and at which character

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nad/source/field_values-inl.hpp"

namespace nad::detail {

enum class JsonKind : std::uint8_t { text, number, truth, null, object, array };

struct JsonValue {
  JsonKind kind = JsonKind::null;
  std::string_view text;  ///< without quotes and escapes; of a number, an object or an array as it stands there
};

struct JsonFault {
  std::size_t at;  ///< bytes before it
  const char* what;
};

/// What it gives points into the line or into itself, and holds until the next line is set.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view line = {}) { set_line(line); }

  void set_line(std::string_view line) {
    line_ = line;
    at_ = 0;
    fault_.reset();
    scratch_.clear();
    scratch_.reserve(line.size());  // escapes only shrink a text, so nothing moves
  }

  const std::optional<JsonFault>& fault() const noexcept { return fault_; }

  /// Steps into the object that comes next.
  void enter_object() {
    skip_blanks();
    if (next() != '{') {
      fail("an object must begin here");
      return;
    }
    ++at_;
    first_ = true;
  }

  /// The next key of the object; false at its end, which is stepped over, and at a fault.
  bool next_key(std::string_view& key) {
    if (fault_) {
      return false;
    }
    skip_blanks();
    if (next() == '}') {
      ++at_;
      first_ = false;  // the object around it has had a member
      return false;
    }
    if (!first_) {
      if (next() != ',') {
        return fail("a comma or the end of the object must stand here");
      }
      ++at_;
      skip_blanks();
    }
    first_ = false;
    if (next() != '"') {
      return fail(at_ == line_.size() ? "the line ends inside an object" : "a name between quotes must stand here");
    }
    key = take_text();
    skip_blanks();
    if (next() != ':') {
      return fail("a colon must stand here");
    }
    ++at_;
    return !fault_;
  }

  /// Whether the value that comes next is an object, to be entered instead of taken.
  bool object_is_next() {
    skip_blanks();
    return next() == '{';
  }

  JsonValue value() {
    skip_blanks();
    const std::size_t begin = at_;
    const char c = next();
    if (c == '"') {
      return {JsonKind::text, take_text()};
    }
    if (c == '-' || is_digit(c)) {
      take_number();
      return {JsonKind::number, line_.substr(begin, at_ - begin)};
    }
    if (c == '{' || c == '[') {
      skip_nested(1);
      return {c == '{' ? JsonKind::object : JsonKind::array, line_.substr(begin, at_ - begin)};
    }
    for (const std::string_view word : {"true", "false", "null"}) {
      if (line_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return {word == "null" ? JsonKind::null : JsonKind::truth, word};
      }
    }
    fail(at_ == line_.size() ? "the line ends where a value must stand" : "this is no value of JSON");
    return {};
  }

  bool at_end() {
    skip_blanks();
    return at_ == line_.size();
  }

  /// Steps over a comma between the elements of an array.
  bool take_comma() {
    skip_blanks();
    const bool comma = next() == ',' && !fault_;
    at_ += comma ? 1U : 0U;
    return comma;
  }

  /// Nothing but blanks may follow.
  void expect_end() {
    if (!at_end() && !fault_) {
      fail("something stands behind the object");
    }
  }

  static constexpr std::ptrdiff_t deepest = 64;

  /// Notes the first fault; answers false.
  bool fail(const char* what) {
    if (!fault_) {
      fault_ = JsonFault{at_, what};
    }
    return false;
  }

 private:
  char next() const noexcept { return at_ < line_.size() ? line_[at_] : '\0'; }

  void skip_blanks() noexcept {
    while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '\r')) {
      ++at_;
    }
  }

  /// The text whose opening quote comes next.
  std::string_view take_text() {
    const std::size_t begin = ++at_;
    for (; at_ < line_.size(); ++at_) {
      const char c = line_[at_];
      if (c == '"') {
        return line_.substr(begin, at_++ - begin);
      }
      if (c == '\\') {
        return take_escaped_text(begin);
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        fail("a control character stands in a text");
        return {};
      }
    }
    fail("the line ends inside a text");
    return {};
  }

  std::string_view take_escaped_text(std::size_t begin) {
    const std::size_t kept = scratch_.size();
    scratch_.append(line_.substr(begin, at_ - begin));
    while (!fault_) {
      if (at_ == line_.size()) {
        fail("the line ends inside a text");
      } else if (line_[at_] == '"') {
        ++at_;
        break;
      } else if (line_[at_] == '\\') {
        ++at_;
        take_escape();
      } else if (static_cast<unsigned char>(line_[at_]) < 0x20) {
        fail("a control character stands in a text");
      } else {
        scratch_ += line_[at_++];
      }
    }
    return std::string_view(scratch_).substr(kept);
  }

  void take_escape() {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t which = at_ < line_.size() ? letters.find(line_[at_]) : std::string_view::npos;
    if (which != std::string_view::npos) {
      scratch_ += meanings[which];
      ++at_;
      return;
    }
    std::uint32_t code = 0;
    if (!take_code(code)) {
      fail("this is no escape of JSON");
      return;
    }
    if (code >= 0xd800 && code < 0xe000) {  // half of a pair
      std::uint32_t low = 0;
      if (code >= 0xdc00 || next() != '\\' || (++at_, !take_code(low)) || low < 0xdc00 || low >= 0xe000) {
        fail("half of a surrogate pair stands alone");
        return;
      }
      code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
    }
    append_utf8(code);
  }

  /// "u00e9"
  bool take_code(std::uint32_t& code) {
    if (next() != 'u' || line_.size() - at_ < 5) {
      return false;
    }
    const char* const digits = line_.data() + at_ + 1;
    if (std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4) {
      return false;
    }
    at_ += 5;
    return true;
  }

  void append_utf8(std::uint32_t code) {
    const auto last_six = [](std::uint32_t bits) { return static_cast<char>(0x80U | (bits & 0x3fU)); };
    if (code < 0x80) {
      scratch_ += static_cast<char>(code);
      return;
    }
    if (code < 0x800) {
      scratch_ += static_cast<char>(0xc0U | code >> 6U);
    } else {
      if (code < 0x10000) {
        scratch_ += static_cast<char>(0xe0U | code >> 12U);
      } else {
        scratch_ += static_cast<char>(0xf0U | code >> 18U);
        scratch_ += last_six(code >> 12U);
      }
      scratch_ += last_six(code >> 6U);
    }
    scratch_ += last_six(code);
  }

  bool take_digits_here() {
    const std::size_t begin = at_;
    while (at_ < line_.size() && is_digit(line_[at_])) {
      ++at_;
    }
    return at_ != begin;
  }

  void take_number() {
    at_ += next() == '-' ? 1U : 0U;
    if (next() == '0') {
      ++at_;
      if (is_digit(next())) {
        fail("a number must not begin with 0");
      }
    } else if (!take_digits_here()) {
      fail("this is no number");
    }
    if (next() == '.') {
      ++at_;
      if (!take_digits_here()) {
        fail("digits must follow the point");
      }
    }
    if (next() == 'e' || next() == 'E') {
      ++at_;
      at_ += next() == '-' || next() == '+' ? 1U : 0U;
      if (!take_digits_here()) {
        fail("digits must follow the exponent");
      }
    }
  }

  void skip_nested(std::ptrdiff_t depth) {
    const char close = next() == '{' ? '}' : ']';
    if (depth > deepest) {
      fail("objects are nested too deeply");
      return;
    }
    if (close == '}') {
      enter_object();
      for (std::string_view key; next_key(key);) {
        skip_value(depth);
      }
      return;
    }
    ++at_;
    skip_blanks();
    if (next() == ']') {
      ++at_;
      return;
    }
    while (!fault_) {
      skip_value(depth);
      skip_blanks();
      const char c = next();
      if (c != ',' && c != ']') {
        fail(at_ == line_.size() ? "the line ends inside an array" : "a comma or the end of the array must stand here");
        return;
      }
      ++at_;
      if (c == ']') {
        first_ = false;
        return;
      }
    }
  }

  void skip_value(std::ptrdiff_t depth) {
    skip_blanks();
    if (next() == '{' || next() == '[') {
      skip_nested(depth + 1);
    } else {
      value();
    }
  }

  std::string_view line_;
  std::size_t at_ = 0;
  bool first_ = false;  ///< no member of the object was seen
  std::optional<JsonFault> fault_;
  std::string scratch_;
};

/// Calls `body(key, value)` for each member; those of objects inside objects have keys with dots: "id.orig_h".
template <class Body>
void visit_members(JsonScanner& json, const Body& body, std::string& path) {
  const std::size_t outer = path.size();
  for (std::string_view key; json.next_key(key);) {
    if (!json.object_is_next()) {
      if (outer == 0) {
        body(key, json.value());
      } else {
        path.append(key);
        body(std::string_view(path), json.value());
      }
    } else if (std::count(path.begin(), path.end(), '.') >= JsonScanner::deepest) {
      json.fail("objects are nested too deeply");
    } else {
      path.append(key).append(1, '.');
      json.enter_object();
      visit_members(json, body, path);
    }
    path.resize(outer);
  }
}

/// As above for a whole line; `path` is memory for keys.
template <class Body>
const std::optional<JsonFault>& visit_line(JsonScanner& json, std::string_view line, std::string& path,
                                           const Body& body) {
  json.set_line(line);
  path.clear();
  json.enter_object();
  visit_members(json, body, path);
  json.expect_end();
  return json.fault();
}

/// The elements of an array, as its text, with commas between; those that are arrays or objects as they stand there.
inline std::string joined_elements(std::string_view array) {
  std::string result;
  JsonScanner json(array.substr(1, array.size() - 2));
  for (bool more = !json.at_end(); more; more = json.take_comma()) {
    result += result.empty() ? "" : ",";
    result += json.value().text;
  }
  return result;
}

}  // namespace nad::detail
