// The input is the payload of a model's file, behind a byte with the number of features; header and checksums are
// right, so that every byte reaches the archive.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include "../cpp/model_file_tools.hpp"
#include "../cpp/model_samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const nad::Table table = pipeline_samples::flows(6, /*seed=*/3);
  if (size == 0) {
    return 0;
  }
  const auto payload = std::as_bytes(std::span(data, size).subspan(1));
  const model_file::Bytes file = model_file::join(
      {R"({"kind": "model", "n_features": )" + std::to_string(data[0]) + "}", {payload.begin(), payload.end()}});
  std::optional<nad::Model> model;
  const auto refused = model_file::error_of([&] { model = nad::Model::load_bytes(file); });
  if (refused && (refused->code() != nad::ErrorCode::bad_file || !nad::detail::is_utf8(refused->what()))) {
    std::abort();
  }
  if (model) {
    model_samples::use(*model, table);  // an Error from here on goes through: what was loaded must be sound
  }
  return 0;
}
