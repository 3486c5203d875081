#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/source/capture_records-inl.hpp"
#include "nad/source/record_source_captures.hpp"

namespace nad {

namespace detail {

inline std::string names_of_captures(const std::vector<std::filesystem::path>& paths) {
  std::string names;
  for (const std::filesystem::path& path : paths) {
    names += (names.empty() ? "" : ", ") + path.string();
  }
  return (paths.size() == 1 ? "the capture " : "the captures ") + names;
}

}  // namespace detail

NAD_INLINE std::unique_ptr<RecordSource> capture_source(const std::vector<std::filesystem::path>& paths,
                                                        const CaptureSourceOptions& options) {
  if (paths.empty()) {
    throw Error(ErrorCode::invalid_argument, "no capture is given; give the paths of one or more");
  }
  return std::make_unique<detail::CaptureRecords>(detail::names_of_captures(paths), false, options, [paths] {
    return std::make_unique<detail::FileFrames>(Capture(paths));
  });
}

NAD_INLINE std::unique_ptr<RecordSource> capture_source(std::unique_ptr<detail::ByteInput> bytes,
                                                        const std::string& name, const CaptureSourceOptions& options) {
  auto given = std::make_shared<std::unique_ptr<detail::ByteInput>>(std::move(bytes));
  return std::make_unique<detail::CaptureRecords>(name, false, options, [given, name] {
    return std::make_unique<detail::FileFrames>(Capture(std::move(*given), name));
  });
}

NAD_INLINE std::unique_ptr<RecordSource> live_source(const std::string& interface,
                                                     const CaptureSourceOptions& options) {
  return std::make_unique<detail::CaptureRecords>(
      "the interface " + interface, true, options,
      [interface, live = options.live] { return std::make_unique<detail::LiveFrames>(interface, live); });
}

}  // namespace nad
