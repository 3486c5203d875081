#pragma once

/// Reads protocol buffers field by field, written from their description and not from the library's writer.

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace proto {

struct Field {
  unsigned number = 0;
  std::uint64_t value = 0;      ///< of a number
  std::string_view bytes = {};  ///< of a text, a message or a list
};

inline std::uint64_t read_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (bytes.empty() || shift > 63) {
      throw std::runtime_error("a number does not end");
    }
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) {
      return value;
    }
  }
}

/// All fields of a message; an exception where it is not one.
inline std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    const std::uint64_t tag = read_varint(message);
    Field& field = fields.emplace_back();
    field.number = static_cast<unsigned>(tag >> 3U);
    const std::uint64_t value = read_varint(message);
    switch (tag & 7U) {
      case 0:
        field.value = value;
        break;
      case 2:
        if (value > message.size()) {
          throw std::runtime_error("a field is longer than its message");
        }
        field.bytes = message.substr(0, value);
        message.remove_prefix(value);
        break;
      default:
        throw std::runtime_error("a field is of a kind that ONNX does not use here");
    }
  }
  return fields;
}

inline std::vector<Field> all(std::string_view message, unsigned number) {
  std::vector<Field> found;
  for (const Field& field : fields_of(message)) {
    if (field.number == number) {
      found.push_back(field);
    }
  }
  return found;
}

/// The only field of this number.
inline Field one(std::string_view message, unsigned number) {
  const std::vector<Field> found = all(message, number);
  if (found.size() != 1) {
    throw std::runtime_error("field " + std::to_string(number) + " is there " + std::to_string(found.size()) +
                             " times");
  }
  return found.front();
}

inline std::vector<std::int64_t> numbers_in(std::string_view packed) {
  std::vector<std::int64_t> values;
  while (!packed.empty()) {
    values.push_back(static_cast<std::int64_t>(read_varint(packed)));
  }
  return values;
}

inline std::vector<float> floats_in(std::string_view packed) {
  std::vector<float> values(packed.size() / sizeof(float));
  std::memcpy(values.data(), packed.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace proto
