// The input is the whole file, as it is.

#include <cstddef>
#include <cstdint>

#include "load_and_use.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  load_and_use(std::as_bytes(std::span(data, size)));
  return 0;
}
