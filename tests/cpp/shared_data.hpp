#pragma once

// Public record files that some tests read: the folder that NAD_DATA names. Without it these tests say that they are
// skipped.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

/// A file of the folder, or nothing.
inline std::optional<std::filesystem::path> shared_data(const std::string& name) {
  const char* folder = std::getenv("NAD_DATA");  // NOLINT(concurrency-mt-unsafe): nobody writes it
  if (folder != nullptr && std::filesystem::exists(std::filesystem::path(folder) / name)) {
    return std::filesystem::path(folder) / name;
  }
  MESSAGE("skipped: no file " << name << " in the folder that NAD_DATA names");
  return std::nullopt;
}
