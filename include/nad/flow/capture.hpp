#pragma once

/// Captures of packets in files: pcap and pcapng, also packed with gzip, one or many merged by time.
///
///   nad::Capture capture("day.pcapng.gz");                // "-" is the standard input
///   for (nad::Frame frame; capture.next(frame);) use(frame);
///
///   nad::Capture both({"in.pcap", "out.pcap"});           // packets of both, by time
///   both.report().notes;                                  // "in.pcap ends in the middle of a packet; ..."
///
/// A file is recognised by its content: pcap of both byte orders, with microseconds or nanoseconds, pcapng with any
/// number of sections and interfaces. What is whole of a file that was cut off or is damaged is given, and a note tells
/// of the rest. Files are read in blocks, so memory is bounded, and no packet is copied.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/flow/frame.hpp"

namespace nad {

struct CaptureReport {
  std::uint64_t packets = 0;  ///< given so far
  /// Packets of links that cannot be decoded, by the name of the link: files of several interfaces may hold some.
  std::map<std::string, std::uint64_t> left_out;
  std::uint64_t dropped = 0;       ///< packets that the capturing program says it lost; pcapng may tell
  std::vector<std::string> notes;  ///< what a person should know about the files
};

/// "pcap" or "pcapng" by the first bytes of a file, "" where it is no capture. Four bytes are enough.
NAD_API std::string_view capture_format(std::string_view begin) noexcept;

namespace detail {
class ByteInput;
class CaptureMerge;
}  // namespace detail

class NAD_API Capture {
 public:
  explicit Capture(const std::filesystem::path& path);
  explicit Capture(const std::vector<std::filesystem::path>& paths);
  /// `name` stands in messages. The stream must outlive the capture.
  explicit Capture(std::istream& stream, const std::string& name = "stream");
  /// For readers that have bytes of their own.
  Capture(std::unique_ptr<detail::ByteInput> bytes, const std::string& name);
  Capture(Capture&& other) noexcept;
  Capture& operator=(Capture&& other) noexcept;
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  /// The next packet; false when all were given. Its bytes are valid until the next call.
  bool next(Frame& frame);

  const CaptureReport& report() const noexcept;
  /// Bytes of the files read so far, as they lie there, and of all; 0 where that is not known.
  std::uint64_t bytes_done() const noexcept;
  std::uint64_t bytes_total() const noexcept;

 private:
  std::unique_ptr<detail::CaptureMerge> files_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/capture-inl.hpp"
#endif
