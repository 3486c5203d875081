#pragma once

// Files of what is made of a feature pipeline and other parts, which the layer above puts together again: Python's
// clusterings. Not for users.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/pipeline.hpp"

namespace nad::detail {

using NamedParts = std::vector<std::pair<std::string, std::vector<std::uint8_t>>>;

/// `training`: a JSON object for the header.
NAD_API void save_parts(const std::filesystem::path& path, std::string_view kind, const FeaturePipeline& pipeline,
                        const NamedParts& parts, std::string_view training, const std::string& note);
/// Of a file of this kind; an error that says what it is where it is another.
NAD_API NamedParts load_parts(const std::filesystem::path& path, std::string_view kind);

}  // namespace nad::detail

#ifdef NAD_HEADER_ONLY
#include "nad/persist/parts_file-inl.hpp"
#endif
