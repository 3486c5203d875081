#pragma once

// Kept values in an archive: a name, a byte for the type, the value.

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/core/kept_values.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/utf8.hpp"

namespace nad::detail {

inline void require_kept_utf8(const std::string& text, bool loading) {
  if (!is_utf8(text)) {
    throw Error(loading ? ErrorCode::bad_file : ErrorCode::invalid_argument,
                loading ? "a kept text is not UTF-8; the model is damaged"
                        : "a text to be kept is not UTF-8; keep bytes as numbers");
  }
}

struct StoredValue {
  KeptValues::Named named;

  template <class Archive>
  void serialize(Archive& archive) {
    constexpr bool loading = Archive::is_loading::value;
    archive(named.name);
    require_kept_utf8(named.name, loading);
    auto type = static_cast<std::uint8_t>(named.value.index());
    archive(type);
    if constexpr (loading) {
      choose(type, std::make_index_sequence<std::variant_size_v<KeptValues::Value>>());
    }
    std::visit(
        [&archive](auto& value) {
          using Value = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, bool>) {
            archive_field(archive, "a kept truth value", value);
          } else {
            archive(value);
          }
          if constexpr (std::is_same_v<Value, std::string>) {
            require_kept_utf8(value, loading);
          } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
            for (const std::string& text : value) {
              require_kept_utf8(text, loading);
            }
          }
        },
        named.value);
  }

 private:
  template <std::size_t... place>
  void choose(std::uint8_t type, std::index_sequence<place...> /*all*/) {
    if (!((type == place && (named.value.emplace<place>(), true)) || ...)) {
      throw Error(ErrorCode::bad_file,
                  "a kept value is of type " + std::to_string(type) + ", which means nothing; the model is damaged");
    }
  }
};

template <class Archive>
void archive_kept_values(Archive& archive, std::vector<KeptValues::Named>& values) {
  std::vector<StoredValue> stored;
  stored.reserve(values.size());
  for (KeptValues::Named& value : values) {
    stored.push_back({std::move(value)});
  }
  archive(stored);
  values.clear();
  for (StoredValue& value : stored) {
    values.push_back(std::move(value.named));
  }
}

}  // namespace nad::detail
