#pragma once

// Single values the way every archive stores them: one width on every machine, and checked when they come back. Names
// no archive library, so that what a detector stores can be written down beside the detector.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "nad/core/error.hpp"

namespace nad::detail {

/// An archive that wants to know what things are called, as the one that writes JSON does.
template <class Archive>
concept NamingArchive = requires(Archive& archive, const bool& value) {
  archive.field("", value);
};

/// What goes into an archive under names: `archive_named(archive, "mean", mean_, "bins", bins_)`. Archives of files
/// keep the values alone, one after the other.
template <class Archive, class Value, class... More>
void archive_named(Archive& archive, const char* name, Value& value, More&&... more) {
  if constexpr (NamingArchive<Archive>) {
    archive.field(name, value);
  } else {
    archive(value);
  }
  if constexpr (sizeof...(More) > 0) {
    archive_named(archive, more...);
  }
}

/// Whole numbers as 64 bits, or 32 where they may be negative, truth values and enumerations as one byte, an optional
/// as a byte and a value. Whether an enumeration's byte means anything is for the owner to check.
template <class Archive, class Field>
void archive_field(Archive& archive, const char* name, Field& field) {
  if constexpr (NamingArchive<Archive>) {
    archive.field(name, field);
  } else if constexpr (std::is_same_v<Field, bool>) {
    auto stored = static_cast<std::uint8_t>(field);
    archive(stored);
    if (stored > 1) {
      throw Error(ErrorCode::bad_file, std::string(name) + " is " + std::to_string(stored) +
                                           " where 0 (no) or 1 (yes) belongs; the model is damaged");
    }
    field = stored == 1;
  } else if constexpr (std::is_enum_v<Field>) {
    static_assert(sizeof(Field) == 1);
    auto stored = static_cast<std::uint8_t>(field);
    archive(stored);
    field = static_cast<Field>(stored);
  } else if constexpr (std::is_integral_v<Field> && !std::is_same_v<Field, std::int32_t>) {
    static_assert(std::is_unsigned_v<Field>);
    auto stored = static_cast<std::uint64_t>(field);
    archive(stored);
    if (stored > std::numeric_limits<Field>::max()) {
      throw Error(ErrorCode::bad_file, std::string(name) + " is " + std::to_string(stored) +
                                           ", too large for this machine; the model is damaged or needs 64 bits");
    }
    field = static_cast<Field>(stored);
  } else {
    archive(field);
  }
}

template <class Archive, class Value>
void archive_field(Archive& archive, const char* name, std::optional<Value>& field) {
  if constexpr (NamingArchive<Archive>) {
    archive.field(name, field);
  } else {
    bool present = field.has_value();
    archive_field(archive, name, present);
    if (!present) {
      field.reset();
      return;
    }
    Value value = field.value_or(Value{});
    archive_field(archive, name, value);
    field = value;
  }
}

}  // namespace nad::detail
