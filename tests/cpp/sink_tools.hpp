#pragma once

// What tests of sinks share.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "nad/alert/sink.hpp"

namespace tests {

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A sink that does not wait long before it tries again.
inline nad::SinkOptions quick() { return {.retry_seconds = 0.005, .most_retry_seconds = 0.02}; }

inline void write_all(nad::AlertSink& sink, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    sink.write_text(text);
  }
}

}  // namespace tests
