#pragma once

// Arrow arrays put together by hand, byte by byte. What one holds is freed when it is released, so that a sanitizer
// sees who looks at it afterwards.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/table/arrow_abi.hpp"

namespace by_hand {

using Bytes = std::vector<std::byte>;

/// How many structs were made and not yet released.
inline int alive = 0;

template <class Value>
Bytes bytes(std::initializer_list<Value> values) {
  Bytes copy(values.size() * sizeof(Value));
  if (!copy.empty()) {
    std::memcpy(copy.data(), values.begin(), copy.size());
  }
  return copy;
}

inline Bytes bytes(const std::string& text) {
  Bytes copy(text.size());
  if (!copy.empty()) {
    std::memcpy(copy.data(), text.data(), copy.size());
  }
  return copy;
}

template <class Struct>
struct Memory {
  std::vector<Bytes> buffers = {};
  std::vector<const void*> pointers = {};
  std::string format = {};
  std::string name = {};
  std::string metadata = {};
  std::vector<Struct> children = {};
  std::vector<Struct*> child_pointers = {};
  std::vector<Struct> dictionary = {};

  static void release(Struct* given) {
    auto* const self = static_cast<Memory*>(given->private_data);
    for (std::vector<Struct>* const parts : {&self->children, &self->dictionary}) {
      for (Struct& part : *parts) {
        if (part.release != nullptr) {
          part.release(&part);
        }
      }
    }
    delete self;
    given->release = nullptr;
    --alive;
  }

  static Struct make(Memory memory) {
    auto* const self = new Memory(std::move(memory));
    for (Struct& child : self->children) {
      self->child_pointers.push_back(&child);
    }
    Struct made{};
    made.n_children = static_cast<std::int64_t>(self->children.size());
    made.children = self->child_pointers.data();
    made.dictionary = self->dictionary.empty() ? nullptr : self->dictionary.data();
    made.release = &release;
    made.private_data = self;
    ++alive;
    return made;
  }
};

template <class Struct>
bool is_released(const Struct& given) {
  return given.release == nullptr;
}

/// An empty buffer stands for a null pointer.
inline ArrowArray array(std::int64_t length, std::vector<Bytes> buffers, std::int64_t offset = 0,
                        std::vector<ArrowArray> children = {}, std::vector<ArrowArray> dictionary = {}) {
  ArrowArray made = Memory<ArrowArray>::make(
      {.buffers = std::move(buffers), .children = std::move(children), .dictionary = std::move(dictionary)});
  auto* const memory = static_cast<Memory<ArrowArray>*>(made.private_data);
  for (const Bytes& buffer : memory->buffers) {
    memory->pointers.push_back(buffer.empty() ? nullptr : buffer.data());
  }
  made.length = length;
  made.null_count = -1;
  made.offset = offset;
  made.n_buffers = static_cast<std::int64_t>(memory->pointers.size());
  made.buffers = memory->pointers.data();
  return made;
}

inline ArrowSchema schema(std::string format, std::string name, std::vector<ArrowSchema> children = {},
                          std::vector<ArrowSchema> dictionary = {}, std::string metadata = "") {
  ArrowSchema made = Memory<ArrowSchema>::make({.format = std::move(format),
                                                .name = std::move(name),
                                                .metadata = std::move(metadata),
                                                .children = std::move(children),
                                                .dictionary = std::move(dictionary)});
  auto* const memory = static_cast<Memory<ArrowSchema>*>(made.private_data);
  made.format = memory->format.c_str();
  made.name = memory->name.c_str();
  made.metadata = memory->metadata.empty() ? nullptr : memory->metadata.data();
  made.flags = ARROW_FLAG_NULLABLE;
  return made;
}

/// One key and its value.
inline std::string metadata(const std::string& key, const std::string& value) {
  std::string text;
  const auto add = [&](std::size_t number) {
    const auto small = static_cast<std::int32_t>(number);
    text.append(reinterpret_cast<const char*>(&small), sizeof small);
  };
  add(1);
  add(key.size());
  text += key;
  add(value.size());
  return text + value;
}

/// A stream of arrays; after the last one it ends, or fails where a failure is named.
struct Stream {
  ArrowSchema schema_to_give;
  std::vector<ArrowArray> batches;
  std::string failure;
  std::size_t next = 0;

  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    auto* const self = static_cast<Stream*>(stream->private_data);
    *out = std::exchange(self->schema_to_give, {});
    return 0;
  }

  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    auto* const self = static_cast<Stream*>(stream->private_data);
    if (self->next < self->batches.size()) {
      *out = std::exchange(self->batches[self->next++], {});
      return 0;
    }
    *out = {};
    return self->failure.empty() ? 0 : 5;
  }

  static const char* get_last_error(ArrowArrayStream* stream) {
    return static_cast<Stream*>(stream->private_data)->failure.c_str();
  }

  static void release(ArrowArrayStream* stream) {
    auto* const self = static_cast<Stream*>(stream->private_data);
    for (ArrowArray& batch : self->batches) {
      if (batch.release != nullptr) {
        batch.release(&batch);
      }
    }
    if (self->schema_to_give.release != nullptr) {
      self->schema_to_give.release(&self->schema_to_give);
    }
    delete self;
    stream->release = nullptr;
    --alive;
  }

  static ArrowArrayStream make(ArrowSchema schema, std::vector<ArrowArray> batches, std::string failure = "") {
    ++alive;
    return {.get_schema = &get_schema,
            .get_next = &get_next,
            .get_last_error = &get_last_error,
            .release = &release,
            .private_data = new Stream{schema, std::move(batches), std::move(failure)}};
  }
};

}  // namespace by_hand
