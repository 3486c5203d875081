#pragma once

// What every fuzzer does with a file: it is refused with the right kind of Error, or what comes out of it survives use.
// Any other exception, a sanitizer's complaint, or too much memory ends the fuzzer with a finding.

#include <nad/nad.hpp>

#include <cstdlib>
#include <span>

#include "../cpp/model_file_tools.hpp"

inline void load_and_use(std::span<const std::byte> file) {
  std::unique_ptr<nad::Detector> detector;
  const auto refused = model_file::error_of([&] { detector = nad::load_detector_bytes(file); });
  const auto headless = model_file::error_of([&] { nad::read_header_bytes(file); });
  if ((refused && refused->code() != nad::ErrorCode::bad_file) ||
      (headless && headless->code() != nad::ErrorCode::bad_file) || (headless && !refused)) {
    std::abort();
  }
  if (detector) {
    model_file::use(*detector);  // an Error from here on goes through: what was loaded must be sound
  }
}
