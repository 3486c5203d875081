#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "nad/flow/live_capture.hpp"
#include "nad/source/file_begin-inl.hpp"
#include "nad/source/follow.hpp"
#include "nad/source/record_source_captures.hpp"
#include "nad/source/record_source_folder.hpp"
#include "nad/source/record_source_open.hpp"

namespace nad {

NAD_INLINE std::unique_ptr<RecordSource> open_record_source(const std::string& what, const SourceOptions& options) {
  std::error_code failure;
  if (what == "-") {
    return capture_or_log_source(options);
  }
  if (std::filesystem::is_directory(what, failure)) {
    return folder_source(what, {.source = options});
  }
  bool is_packed = false;
  const std::string begin = detail::begin_of_file(what, is_packed);
  if (!capture_format(begin).empty()) {
    return capture_source({what}, {.source = options});
  }
  if (is_packed) {
    return file_source(what, options);
  }
  if (!std::filesystem::exists(what, failure) && what.find('/') == std::string::npos) {
    const std::vector<std::string> interfaces = live_interfaces();
    if (std::find(interfaces.begin(), interfaces.end(), what) != interfaces.end()) {
      return live_source(what, {.source = options});
    }
  }
  return follow_log(what, {.source = options});
}

}  // namespace nad
