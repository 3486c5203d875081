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

inline constexpr std::uint64_t most_kept_values = 1024;  ///< so that a hostile file makes no room for millions of them

template <class Archive>
void archive_kept_values(Archive& archive, std::vector<KeptValues::Named>& values) {
  std::uint64_t count = values.size();
  archive(count);
  if (count > most_kept_values) {
    throw Error(Archive::is_loading::value ? ErrorCode::bad_file : ErrorCode::invalid_argument,
                std::to_string(count) + " values are kept by one step or detector; the most are " +
                    std::to_string(most_kept_values) + ": keep vectors");
  }
  values.resize(static_cast<std::size_t>(count));
  for (KeptValues::Named& value : values) {
    StoredValue stored{std::move(value)};
    archive(stored);
    value = std::move(stored.named);
  }
}

}  // namespace nad::detail
