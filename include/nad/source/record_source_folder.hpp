#pragma once

/// Files that come into a folder, each once: those that are there, then new ones as they appear.
///
///   auto spool = nad::folder_source("/var/spool/flows", {.order = nad::FolderOrder::times});
///
/// A file counts when it has not changed for two seconds. Names that begin with a dot, and those that end with .tmp or
/// .part, are of files that somebody is still writing. Any format that `read` knows, captures among them, also packed;
/// a file that cannot be read is noted and passed over.
///
/// Captures are parts of one, as programs write them that begin a new file each minute: flows go on from one file to
/// the next. They end by the time of packets, and when no file comes for longer than files lasted so far. A capture
/// that begins more than a minute before the last one ended is one of its own. `next` gives all records that end at a
/// time at once, so there may be more of them than `batch_rows`.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/source/record_source.hpp"

namespace nad {

enum class FolderOrder : std::uint8_t {
  names,  ///< in alphabetical order
  times,  ///< the one that was changed first is first
};

constexpr std::array<std::string_view, 2> words_of(FolderOrder) noexcept { return {"names", "times"}; }

struct FolderOptions {
  SourceOptions source = {};
  FolderOrder order = FolderOrder::names;
  bool once = false;            ///< ends when all files that are there have been read
  double settle_seconds = 2.0;  ///< a file that changed less than so long ago is still being written
  double poll = 0.5;            ///< seconds between looks at the folder
};

NAD_API std::unique_ptr<RecordSource> folder_source(const std::filesystem::path& folder,
                                                    const FolderOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/record_source_folder-inl.hpp"
#endif
