#pragma once

// The types of Arrow by the letters that stand for them, and the metadata of a field.

#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "nad/core/error.hpp"
#include "nad/table/arrow_abi.hpp"

namespace nad::detail {

enum class ArrowKind {
  unsupported,
  null,
  boolean,
  integer,
  floating,
  decimal,
  text,        ///< offsets and bytes
  text_view,   ///< views into several buffers
  fixed_text,  ///< as many bytes each
  structure,
  date,
  timestamp,
  seconds,  ///< spans of time, and times of day
};

struct ArrowType {
  ArrowKind kind = ArrowKind::unsupported;
  int width = 0;              ///< bytes a value, or an offset; in a decimal or fixed_text column, too
  bool is_signed = true;      ///< of an integer
  std::int64_t per_unit = 1;  ///< nanoseconds of a date or timestamp; how many make a second of `seconds`
  int scale = 0;              ///< of a decimal
  std::string name = {};      ///< as people know it
};

/// How many of a unit ('s', 'm', 'u', 'n') make a second; 0 for no unit.
inline std::int64_t arrow_units_per_second(char unit) noexcept {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 1'000;
    case 'u':
      return 1'000'000;
    case 'n':
      return 1'000'000'000;
    default:
      return 0;
  }
}

inline std::string arrow_unit_name(char unit) { return unit == 's' ? "s" : std::string(1, unit) + "s"; }

/// The whole numbers of "19,10,256".
inline bool arrow_numbers(std::string_view text, std::initializer_list<int*> numbers) noexcept {
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int* const number : numbers) {
    if (number != *numbers.begin() && at != end && *at++ != ',') {
      return false;
    }
    if (at == end) {
      return number != *numbers.begin();  // the last may be left out
    }
    const auto [behind, error] = std::from_chars(at, end, *number);
    if (error != std::errc()) {
      return false;
    }
    at = behind;
  }
  return at == end;
}

inline ArrowType arrow_time_type(std::string_view format) {
  const char kind = format.size() > 1 ? format[1] : '\0';
  const char unit = format.size() > 2 ? format[2] : '\0';
  const std::int64_t per_second = arrow_units_per_second(unit);
  if (kind == 'd' && unit == 'D') {
    return {.kind = ArrowKind::date, .width = 4, .per_unit = 86'400'000'000'000, .name = "date32"};
  }
  if (kind == 'd' && unit == 'm') {
    return {.kind = ArrowKind::date, .width = 8, .per_unit = 1'000'000, .name = "date64"};
  }
  if (kind == 's' && per_second != 0 && format.size() > 3 && format[3] == ':') {
    const std::string zone(format.substr(4));
    return {.kind = ArrowKind::timestamp,
            .width = 8,
            .per_unit = 1'000'000'000 / per_second,
            .name = "timestamp[" + arrow_unit_name(unit) + (zone.empty() ? "" : ", tz=" + zone) + "]"};
  }
  if (kind == 't' && per_second != 0 && format.size() == 3) {
    const int width = per_second <= 1'000 ? 4 : 8;
    return {.kind = ArrowKind::seconds,
            .width = width,
            .per_unit = per_second,
            .name = "time" + std::to_string(8 * width) + "[" + arrow_unit_name(unit) + "]"};
  }
  if (kind == 'D' && per_second != 0 && format.size() == 3) {
    return {.kind = ArrowKind::seconds,
            .width = 8,
            .per_unit = per_second,
            .name = "duration[" + arrow_unit_name(unit) + "]"};
  }
  return {.name = kind == 'i' ? "interval" : "an unknown type, '" + std::string(format) + "'"};
}

inline ArrowType arrow_nested_type(std::string_view format) {
  if (format == "+s") {
    return {.kind = ArrowKind::structure, .name = "struct"};
  }
  const auto begins = [&](std::string_view with) { return format.substr(0, with.size()) == with; };
  if (begins("+l") || begins("+L") || begins("+vl") || begins("+vL") || begins("+w")) {
    return {.name = "list"};
  }
  return {.name = begins("+m")   ? "map"
                  : begins("+u") ? "union"
                  : begins("+r") ? "run-end encoded"
                                 : "an unknown type, '" + std::string(format) + "'"};
}

inline ArrowType arrow_type(const char* given) {
  if (given == nullptr) {
    throw Error(ErrorCode::invalid_data, "an Arrow schema has no format: whoever made it is at fault");
  }
  const std::string_view format = given;
  const char first = format.empty() ? '\0' : format.front();
  if (format.size() == 1) {
    constexpr std::string_view integers = "cCsSiIlL";  // two of each width, the capital one unsigned
    if (const std::size_t place = integers.find(first); place != std::string_view::npos) {
      const int width = 1 << place / 2;
      const bool is_signed = place % 2 == 0;
      return {.kind = ArrowKind::integer,
              .width = width,
              .is_signed = is_signed,
              .name = (is_signed ? "int" : "uint") + std::to_string(8 * width)};
    }
    switch (first) {
      case 'n':
        return {.kind = ArrowKind::null, .name = "null"};
      case 'b':
        return {.kind = ArrowKind::boolean, .name = "bool"};
      case 'e':
        return {.kind = ArrowKind::floating, .width = 2, .name = "half_float"};
      case 'f':
        return {.kind = ArrowKind::floating, .width = 4, .name = "float"};
      case 'g':
        return {.kind = ArrowKind::floating, .width = 8, .name = "double"};
      case 'u':
        return {.kind = ArrowKind::text, .width = 4, .name = "string"};
      case 'U':
        return {.kind = ArrowKind::text, .width = 8, .name = "large_string"};
      case 'z':
        return {.kind = ArrowKind::text, .width = 4, .name = "binary"};
      case 'Z':
        return {.kind = ArrowKind::text, .width = 8, .name = "large_binary"};
      default:
        break;
    }
  }
  if (format == "vu" || format == "vz") {
    return {.kind = ArrowKind::text_view, .name = format == "vu" ? "string_view" : "binary_view"};
  }
  if (first == 'w' && format.size() > 2) {
    ArrowType type{.kind = ArrowKind::fixed_text, .width = -1, .name = "fixed_size_binary"};
    if (!arrow_numbers(format.substr(2), {&type.width}) || type.width < 0) {
      type.kind = ArrowKind::unsupported;
    }
    return type;
  }
  if (first == 'd' && format.size() > 2) {
    int precision = 0;
    int bits = 128;
    ArrowType type{.kind = ArrowKind::decimal};
    const bool is_valid = arrow_numbers(format.substr(2), {&precision, &type.scale, &bits});
    type.name = "decimal" + std::to_string(bits);
    type.width = bits / 8;
    if (!is_valid || (bits != 32 && bits != 64 && bits != 128 && bits != 256) || type.scale < -999 ||
        type.scale > 999) {
      type.kind = ArrowKind::unsupported;
    }
    return type;
  }
  if (first == 't') {
    return arrow_time_type(format);
  }
  if (first == '+') {
    return arrow_nested_type(format);
  }
  return {.name = "an unknown type, '" + std::string(format) + "'"};
}

/// Keys and values, each a length and that many bytes.
inline std::map<std::string, std::string> arrow_metadata(const char* metadata) {
  std::map<std::string, std::string> entries;
  if (metadata == nullptr) {
    return entries;
  }
  const auto number = [&] {
    std::int32_t value = 0;
    std::memcpy(&value, metadata, sizeof value);
    metadata += sizeof value;
    if (value < 0) {
      throw Error(ErrorCode::invalid_data,
                  "the metadata of an Arrow schema has a negative length: whoever made it is at fault");
    }
    return static_cast<std::size_t>(value);
  };
  const auto text = [&] {
    const std::size_t size = number();
    const char* const begin = metadata;
    metadata += size;
    return std::string(begin, size);
  };
  for (std::size_t left = number(); left > 0; --left) {
    std::string key = text();
    entries[std::move(key)] = text();
  }
  return entries;
}

/// The same, to be read by others; "" where there is nothing to say.
inline std::string arrow_metadata(const std::map<std::string, std::string>& entries) {
  std::string metadata;
  const auto add_number = [&](std::size_t value) {
    const auto number = static_cast<std::int32_t>(value);
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    metadata.append(bytes, sizeof number);
  };
  if (!entries.empty()) {
    add_number(entries.size());
  }
  for (const auto& [key, value] : entries) {
    for (const std::string& text : {key, value}) {
      add_number(text.size());
      metadata += text;
    }
  }
  return metadata;
}

}  // namespace nad::detail
