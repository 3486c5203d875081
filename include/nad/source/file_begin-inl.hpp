#pragma once

// What a file is, by its first bytes.

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "nad/detail/gzip-inl.hpp"
#include "nad/detail/input-inl.hpp"
#include "nad/flow/capture.hpp"
#include "nad/source/capture_format-inl.hpp"

namespace nad::detail {

/// The first bytes of a file, unpacked; "" where it cannot be read.
inline std::string begin_of_file(const std::filesystem::path& path, bool& is_packed) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure) || std::filesystem::file_size(path, failure) == 0) {
    return "";
  }
  auto unpacked = std::make_unique<UnpackingInput>(open_input(path), path.string());
  is_packed = unpacked->is_gzip();
  constexpr std::size_t magic = 4;
  return std::string(PeekedInput(std::move(unpacked), magic).begin());
}

inline bool is_capture(const std::filesystem::path& path) {
  bool is_packed = false;
  return !capture_format(begin_of_file(path, is_packed)).empty();
}

}  // namespace nad::detail
