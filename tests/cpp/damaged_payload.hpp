#pragma once

// Detectors' files with a byte of the payload changed, signed again.

#include <doctest/doctest.h>

#include <cstddef>

#include "model_file_tools.hpp"
#include "nad/nad.hpp"
#include "watched.hpp"

namespace tests {

/// Each is refused as a bad file, or what it holds can be used.
inline void check_damaged_payloads(const model_file::Parts& sound) {
  std::size_t refused = 0;
  for (std::size_t at = 0; at < sound.payload.size(); at += byte_step) {
    for (const unsigned change : {0xffU, 0x80U, 0x01U}) {
      model_file::Parts damaged = sound;
      damaged.payload[at] ^= static_cast<std::byte>(change);
      const auto error =
          model_file::error_of([&] { model_file::use(*nad::load_detector_bytes(model_file::join(damaged))); });
      if (error) {
        ++refused;
        REQUIRE_MESSAGE(error->code() == nad::ErrorCode::bad_file, error->what());
      }
    }
  }
  CHECK(refused > sound.payload.size() / byte_step);
}

}  // namespace tests
