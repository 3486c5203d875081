// The input is the header of a file whose payload and checksums are right.

#include <cstddef>
#include <cstdint>
#include <string>

#include "load_and_use.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const model_file::Bytes payload = model_file::split(nad::save_bytes(model_file::small_forest())).payload;
  load_and_use(model_file::join({std::string(data, data + size), payload}));
  return 0;
}
