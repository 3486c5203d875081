#pragma once

// The file of a whole model: what model/, which persist/ does not see, hands over and gets back. Not for users.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detector/detector.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/persist/model_file.hpp"

namespace nad::detail {

/// What the header of a model's file tells.
struct ModelParts {
  const FeaturePipeline* pipeline = nullptr;
  const Detector* detector = nullptr;
  std::string training = {};
  std::uint64_t records = 0;
  std::uint64_t calibration_records = 0;
  std::string threshold_rule = {};
  double threshold = 0.0;
  std::optional<double> records_per_day = {};
  std::vector<std::string> families = {};
  std::vector<std::string> choices = {};
};

NAD_API std::vector<std::byte> model_file_of(const ModelParts& parts, std::string_view kind,
                                             std::span<const std::byte> payload, const std::string& note);

/// The payload of a file of this kind, and how many features its header announces.
struct ModelPayload {
  std::vector<std::byte> bytes;
  std::uint64_t n_features = 0;
};
NAD_API ModelPayload model_payload(std::span<const std::byte> file, std::string_view kind);
NAD_API void check_announced_features(std::uint64_t announced, std::size_t found);

/// Gives `read` all bytes of a file, and names the file in front of an error.
NAD_API void with_model_file(const std::filesystem::path& path,
                             const std::function<void(std::span<const std::byte>)>& read);
/// On an error, what was there before is still there.
NAD_API void replace_model_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace nad::detail

#ifdef NAD_HEADER_ONLY
#include "nad/persist/model_parts-inl.hpp"
#endif
