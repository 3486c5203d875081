#pragma once

/// Alerts into a file or to the standard output, one a line.
///
///   nad::AlertSink sink(nad::file_channel({.path = "alerts.json", .rotate_bytes = 100 << 20, .keep = 7}));
///
/// A line is whole or not there: what a full disk cuts off is taken back and written again later. A file that another
/// program moves away or deletes is noticed, and a new one begun; `AlertSink::reopen` asks for that at once.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "nad/alert/channel.hpp"
#include "nad/config.hpp"

namespace nad {

struct FileChannelOptions {
  std::filesystem::path path = {};
  std::uint64_t rotate_bytes =
      0;                        ///< a file that would become longer is renamed to path.1, that to path.2, ...; 0: never
  double rotate_seconds = 0.0;  ///< so is one that was begun in an earlier period, counted from 1970; 0: never
  std::size_t keep = 5;         ///< renamed files; older ones are deleted
  bool sync = false;            ///< wait for the disk before an alert counts as written
};

NAD_API std::unique_ptr<AlertChannel> file_channel(const FileChannelOptions& options);
NAD_API std::unique_ptr<AlertChannel> standard_output_channel();

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/file_channel-inl.hpp"
#endif
