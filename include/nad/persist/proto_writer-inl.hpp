#pragma once

// Protocol buffers, as much of them as an ONNX file needs: fields one after the other, each with its number and its
// kind.
//
//   ProtoWriter dimension;
//   dimension.number(1, 41);
//   ProtoWriter shape;
//   shape.message(1, dimension);

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/persist/little_endian-inl.hpp"

namespace nad::detail {

class ProtoWriter {
 public:
  const std::string& bytes() const noexcept { return bytes_; }

  ProtoWriter& number(unsigned field, std::int64_t value) {
    tag(field, varint_kind);
    append_varint(static_cast<std::uint64_t>(value));
    return *this;
  }

  ProtoWriter& text(unsigned field, std::string_view value) {
    tag(field, bytes_kind);
    append_varint(value.size());
    bytes_.append(value);
    return *this;
  }

  ProtoWriter& message(unsigned field, const ProtoWriter& inner) { return text(field, inner.bytes_); }

  /// All of them in one field.
  ProtoWriter& numbers(unsigned field, std::span<const std::int64_t> values) {
    ProtoWriter packed;
    for (const std::int64_t value : values) {
      packed.append_varint(static_cast<std::uint64_t>(value));
    }
    return message(field, packed);
  }

  /// Numbers as they lie in memory, the lowest byte first.
  template <class Number>
  ProtoWriter& raw(unsigned field, std::span<const Number> values) {
    std::vector<std::byte> little;
    append_little_endian(little, values.data(), values.size());
    return text(field, {reinterpret_cast<const char*>(little.data()), little.size()});
  }

 private:
  static constexpr unsigned varint_kind = 0;
  static constexpr unsigned bytes_kind = 2;

  void tag(unsigned field, unsigned kind) { append_varint(field << 3U | kind); }

  void append_varint(std::uint64_t value) {
    while (value > 0x7fU) {
      bytes_ += static_cast<char>((value & 0x7fU) | 0x80U);
      value >>= 7U;
    }
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace nad::detail
