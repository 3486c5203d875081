// The input is the payload of a file whose header and checksums are right, so that every byte reaches the archive.

#include <cstddef>
#include <cstdint>
#include <string>

#include "load_and_use.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string header = R"({"kind": "isolation_forest", "n_features": 3})";
  const auto payload = std::as_bytes(std::span(data, size));
  load_and_use(model_file::join({header, {payload.begin(), payload.end()}}));
  return 0;
}
