#pragma once

/// A log that another program writes: its lines as they come, also when it is rotated or truncated meanwhile.
///
///   auto log = nad::follow_log("/var/log/zeek/conn.log");
///   while (std::optional<nad::Table> records = log->next(1.0)) use(*records);
///   const std::string here = log->position();               // for go_to, when the program starts again
///
/// Any text format that `read` knows, recognised by its content. A line counts when it has its newline. The file need
/// not be there yet. When another file gets its name, what is left of the old one is read first, its last line too;
/// then what the log was between two looks, in that order; when it was truncated, reading begins anew. A header belongs
/// to its file, and is read again with each.
///
/// `go_to` finds the file again that was being read, under its new name where it was renamed in the same folder
/// (conn.log.1, conn.2026-11-22.log and the like), and reads what followed. What was packed or deleted meanwhile cannot
/// be read any more: a note says so. Packed files are not read a second time.
///
/// Suricata's netflow events, which are joined by twos, are joined within a batch only; packet lists of Wireshark
/// cannot be followed, because flows are made of many of their lines.

#include <cstddef>
#include <filesystem>
#include <memory>

#include "nad/config.hpp"
#include "nad/source/record_source.hpp"

namespace nad {

struct FollowOptions {
  SourceOptions source = {};
  bool from_beginning = true;  ///< false: what is there at first is passed over, but for the header
  bool once = false;           ///< ends at the end of the file, in the place of waiting for more
  double poll = 0.1;           ///< seconds between looks at the file
  /// A file that was renamed and does not grow for so long is done.
  double rotate_wait = 1.0;
};

NAD_API std::unique_ptr<RecordSource> follow_log(const std::filesystem::path& path, const FollowOptions& options = {});

/// The standard input: a capture or lines of a log, whatever comes.
NAD_API std::unique_ptr<RecordSource> capture_or_log_source(const SourceOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/follow-inl.hpp"
#endif
