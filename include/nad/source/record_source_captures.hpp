#pragma once

/// Packets as records: captures in files, and interfaces.
///
///   auto day = nad::capture_source({"in.pcap", "out.pcap"}, {.shards = 4});
///   auto now = nad::live_source("eth0", {.source = {.read = {.flow = {.active = 60.0}}}});
///
/// A thread of the source reads packets and makes flows of them, so that what judges the flows does not keep it from
/// reading. Files wait for whoever takes the records; an interface cannot: what nobody takes in time is lost and
/// counted, flows here and packets by the kernel.
///
/// With `shards`, so many threads make flows, each those between some hosts: both directions, and all that a fragment
/// belongs to, go to one of them. Their rows come in the order in which a single one would give them, so that windows
/// that look back see the same; the rows are the same, too, as long as no flow has to be evicted (each shard may hold
/// its share of `max_flows`).
///
/// A position in a capture is the number of records; going there reads it again up to them.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/flow/live_capture.hpp"
#include "nad/source/record_source.hpp"

namespace nad {

struct CaptureSourceOptions {
  SourceOptions source = {};
  std::size_t shards = 1;
  std::size_t most_tables = 64;  ///< that wait to be taken
  LiveOptions live = {};         ///< of interfaces
};

/// Several files are merged by time; all are read to their end.
NAD_API std::unique_ptr<RecordSource> capture_source(const std::vector<std::filesystem::path>& paths,
                                                     const CaptureSourceOptions& options = {});
/// Flows are metered as those of a capture, or a model that learnt from captures would find them odd. With
/// `read.flow.active` long flows are told of while they go on: let the model learn with the same, then.
NAD_API std::unique_ptr<RecordSource> live_source(const std::string& interface,
                                                  const CaptureSourceOptions& options = {});

namespace detail {
class ByteInput;
}
/// For readers that have bytes of their own.
NAD_API std::unique_ptr<RecordSource> capture_source(std::unique_ptr<detail::ByteInput> bytes, const std::string& name,
                                                     const CaptureSourceOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/record_source_captures-inl.hpp"
#endif
