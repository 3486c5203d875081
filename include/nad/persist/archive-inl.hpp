#pragma once

// The cereal archives behind the payload of a model file: fixed widths, little-endian, sizes as 64 bits. cereal's own
// binary archive believes a size before it has seen the bytes; PayloadReader compares it with the bytes that are left.

#include <cereal/cereal.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/persist/little_endian-inl.hpp"

namespace nad::detail {

class PayloadWriter : public cereal::OutputArchive<PayloadWriter, cereal::AllowEmptyClassElision> {
 public:
  explicit PayloadWriter(std::vector<std::byte>& out) : OutputArchive(this), out_(&out) {}

  template <class Number>
  void write(const Number* numbers, std::size_t count) {
    append_little_endian(*out_, numbers, count);
  }

 private:
  std::vector<std::byte>* out_;
};

class PayloadReader : public cereal::InputArchive<PayloadReader, cereal::AllowEmptyClassElision> {
 public:
  explicit PayloadReader(std::span<const std::byte> bytes) : InputArchive(this), bytes_(bytes), left_(bytes) {}

  std::size_t left() const noexcept { return left_.size(); }

  /// A size of things that take at least `bytes_each` bytes, so the caller may make room for that many.
  std::size_t read_size(std::size_t bytes_each) {
    std::uint64_t size = 0;
    read(&size, 1);
    if (size > left_.size() / bytes_each) {
      throw Error(ErrorCode::bad_file, "the payload is damaged: at its byte " + std::to_string(position() - 8) +
                                           " it announces " + std::to_string(size) + " values of " +
                                           std::to_string(bytes_each) + " bytes, but only " +
                                           std::to_string(left_.size()) + " bytes are left");
    }
    return static_cast<std::size_t>(size);
  }

  template <class Number>
  void read(Number* numbers, std::size_t count) {
    if (count > left_.size() / sizeof(Number)) {
      throw Error(ErrorCode::bad_file, "the payload is damaged: it ends at its byte " + std::to_string(bytes_.size()) +
                                           ", in the middle of a value");
    }
    copy_little_endian<Number>(reinterpret_cast<std::byte*>(numbers), left_.data(), count);
    left_ = left_.subspan(count * sizeof(Number));
  }

 private:
  std::size_t position() const noexcept { return bytes_.size() - left_.size(); }

  std::span<const std::byte> bytes_;
  std::span<const std::byte> left_;
};

}  // namespace nad::detail

CEREAL_SETUP_ARCHIVE_TRAITS(nad::detail::PayloadReader, nad::detail::PayloadWriter)

namespace nad::detail {

// cereal finds these beside the archives. Truth values go through archive_field, which checks the byte.

template <class Number>
requires is_storable<Number>
void save(PayloadWriter& archive, const Number& number) { archive.write(&number, 1); }

template <class Number>
requires is_storable<Number>
void load(PayloadReader& archive, Number& number) { archive.read(&number, 1); }

inline void save(PayloadWriter& archive, const std::string& text) {
  const std::uint64_t size = text.size();
  archive.write(&size, 1);
  archive.write(text.data(), text.size());
}

inline void load(PayloadReader& archive, std::string& text) {
  text.resize(archive.read_size(1));
  archive.read(text.data(), text.size());
}

template <class Number, class Allocator>
requires is_storable<Number>
void save(PayloadWriter& archive, const std::vector<Number, Allocator>& numbers) {
  const std::uint64_t size = numbers.size();
  archive.write(&size, 1);
  archive.write(numbers.data(), numbers.size());
}

template <class Number, class Allocator>
requires is_storable<Number>
void load(PayloadReader& archive, std::vector<Number, Allocator>& numbers) {
  numbers.resize(archive.read_size(sizeof(Number)));
  archive.read(numbers.data(), numbers.size());
}

template <class Value, class Allocator>
requires std::is_class_v<Value>
void save(PayloadWriter& archive, const std::vector<Value, Allocator>& values) {
  const std::uint64_t size = values.size();
  archive.write(&size, 1);
  for (const Value& value : values) {
    archive(value);
  }
}

template <class Value, class Allocator>
requires std::is_class_v<Value>
void load(PayloadReader& archive, std::vector<Value, Allocator>& values) {
  const std::size_t size = archive.read_size(1);
  values.clear();
  for (std::size_t index = 0; index < size; ++index) {  // room grows with what was read, not with what was announced
    archive(values.emplace_back());
  }
}

/// All of a payload becomes `value`.
template <class Value>
void read_payload(std::span<const std::byte> bytes, Value& value) {
  PayloadReader payload(bytes);
  payload(value);
  if (payload.left() != 0) {
    throw Error(ErrorCode::bad_file,
                "the payload is damaged: " + std::to_string(payload.left()) + " bytes are left over");
  }
}

}  // namespace nad::detail
