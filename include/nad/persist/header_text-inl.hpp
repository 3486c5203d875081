#pragma once

// The text of a header, piece by piece, a value a line.
//
//   HeaderText header;
//   header.begin('{').key("kind").value("kmeans").key("names").value(names).end('}');
//
// Not through a tree of nlohmann's: that asks for memory when it is taken down, and ends the program where there is
// none. Single values do not, so they are written by it.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "nad/core/error.hpp"
#include "nad/detector/amount.hpp"
#include "nad/detector/svm_kernel.hpp"

namespace nad::detail {

using Json = nlohmann::ordered_json;

/// JSON has no infinite numbers; Python's float() and C's strtod() read the words. Looks at the bits, because a host
/// may be compiled with -ffast-math.
inline Json as_json(double value) {
  constexpr std::uint64_t infinity = 0x7ff0000000000000ULL;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits == infinity ? Json("inf") : bits == (infinity | (1ULL << 63U)) ? Json("-inf") : Json(value);
}
inline Json as_json(bool value) { return value; }
inline Json as_json(std::int32_t value) { return value; }
inline Json as_json(const std::string& value) { return value; }
inline Json as_json(const Amount& amount) {
  return amount.is_automatic() ? Json("auto")
         : amount.is_count()   ? Json(static_cast<std::uint64_t>(amount.value()))
                               : Json(amount.value());
}
inline Json as_json(const KernelGamma& gamma) {
  return gamma.is_number() ? Json(gamma.value()) : Json(gamma.is_scale() ? "scale" : "auto");
}
template <class Value>
Json as_json(const Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    return name(value);
  } else {
    static_assert(std::is_unsigned_v<Value>);
    return static_cast<std::uint64_t>(value);
  }
}

class HeaderText {
 public:
  HeaderText& begin(char bracket) {
    next();
    text_ += bracket;
    ++depth_;
    is_empty_ = true;
    return *this;
  }

  HeaderText& end(char bracket) {
    --depth_;
    if (!is_empty_) {
      new_line();
    }
    text_ += bracket;
    is_empty_ = false;
    return *this;
  }

  HeaderText& key(std::string_view name) {
    scalar(Json(std::string(name)));
    text_ += ": ";
    follows_key_ = true;
    return *this;
  }

  /// A number, text, truth value or enumeration, one that may be left open (null), or a list of them.
  template <class Value>
  HeaderText& value(const Value& value) {
    if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      scalar(Json(std::string(std::string_view(value))));
    } else if constexpr (requires { value.has_value(); }) {
      if (value) {
        this->value(*value);
      } else {
        scalar(Json(nullptr));
      }
    } else if constexpr (requires { value.begin(); }) {
      begin('[');
      for (const auto& one : value) {
        this->value(one);
      }
      end(']');
    } else {
      scalar(as_json(value));
    }
    return *this;
  }

  /// One that holds no others.
  void scalar(const Json& plain) {
    next();
    try {
      text_ += plain.dump();
    } catch (const Json::type_error&) {  // the only one that texts can cause
      throw Error(ErrorCode::invalid_argument, "a name or the note is not UTF-8; give text in that encoding");
    }
  }

  /// A text that is JSON, laid out like the rest.
  HeaderText& json(std::string_view text) {
    Copier copier(*this);
    if (!Json::sax_parse(text.begin(), text.end(), &copier)) {
      throw Error(ErrorCode::invalid_argument, "what shall stand in the header of a model file is not JSON");
    }
    return *this;
  }

  const std::string& text() const noexcept { return text_; }
  std::string take() { return std::move(text_); }

 private:
  class Copier final : public nlohmann::json_sax<Json> {
   public:
    explicit Copier(HeaderText& header) : header_(header) {}

    bool null() override { return put(Json(nullptr)); }
    bool boolean(bool value) override { return put(Json(value)); }
    bool number_integer(number_integer_t value) override { return put(Json(value)); }
    bool number_unsigned(number_unsigned_t value) override { return put(Json(value)); }
    bool number_float(number_float_t value, const string_t&) override { return put(Json(value)); }
    bool string(string_t& value) override { return put(Json(std::move(value))); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return done(header_.begin('{')); }
    bool end_object() override { return done(header_.end('}')); }
    bool start_array(std::size_t) override { return done(header_.begin('[')); }
    bool end_array() override { return done(header_.end(']')); }
    bool key(string_t& name) override { return done(header_.key(name)); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

   private:
    static bool done(const HeaderText&) { return true; }
    bool put(const Json& plain) {
      header_.scalar(plain);
      return true;
    }

    HeaderText& header_;
  };

  /// What separates a value from the one before.
  void next() {
    if (std::exchange(follows_key_, false) || depth_ == 0) {
      return;
    }
    if (!std::exchange(is_empty_, false)) {
      text_ += ',';
    }
    new_line();
  }

  void new_line() {
    text_ += '\n';
    text_.append(depth_, ' ');
  }

  std::string text_;
  std::size_t depth_ = 0;
  bool is_empty_ = true;  ///< the innermost that is open
  bool follows_key_ = false;
};

}  // namespace nad::detail
