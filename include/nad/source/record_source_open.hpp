#pragma once

/// Sources by what they are called: a log, a capture, a folder, an interface.
///
///   auto source = nad::open_record_source("/var/log/zeek/conn.log");     // a log that grows
///   auto other = nad::open_record_source("eth0");                        // an interface

#include <memory>
#include <string>

#include "nad/config.hpp"
#include "nad/source/record_source.hpp"

namespace nad {

/// What a path most likely means: a folder, a capture, "-" for the standard input, an interface where no such file is
/// there and one is called so, else a log that grows. A log that is packed with gzip is read once.
NAD_API std::unique_ptr<RecordSource> open_record_source(const std::string& what, const SourceOptions& options = {});

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/record_source_open-inl.hpp"
#endif
