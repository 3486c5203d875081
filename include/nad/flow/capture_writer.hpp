#pragma once

/// Writes captures as pcap or pcapng, packed with gzip where the name ends in ".gz".
///
///   nad::CaptureWriter writer("day.pcap.gz", {.link_type = nad::link_type(nad::Encapsulation::ethernet)});
///   writer.write(time, packet);                            // nanoseconds since 1970, the bytes
///   writer.close();                                        // only now the file has its name
///
/// The file is written under a temporary name beside it and gets its own when `close` has handed all of it to the
/// operating system; without `close` it is removed. So nobody ever finds half a capture under the name. What is no
/// regular file (a pipe, a device) is written to directly.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"

namespace nad {

enum class CaptureFormat : std::uint8_t { pcap, pcapng };
enum class CaptureByteOrder : std::uint8_t { little_endian, big_endian };

/// "pcap", "pcapng".
NAD_API std::string_view name(CaptureFormat format) noexcept;
/// The other way; an error that lists the names for anything else.
NAD_API CaptureFormat parse_capture_format(std::string_view name);

struct CaptureWriterOptions {
  CaptureFormat format = CaptureFormat::pcap;
  CaptureByteOrder byte_order = CaptureByteOrder::little_endian;
  bool nanoseconds = true;              ///< false: microseconds, and what is finer is cut off
  std::uint16_t link_type = 1;          ///< what packets begin with, see `link_type`; 1 is Ethernet
  std::uint32_t snap_length = 262'144;  ///< of longer packets only so many bytes are kept
  std::optional<bool> gzip = {};        ///< not given: where the name ends in ".gz"
};

namespace detail {
class CaptureSink;
}

class NAD_API CaptureWriter {
 public:
  explicit CaptureWriter(const std::filesystem::path& path, const CaptureWriterOptions& options = {});
  /// To a stream, which must live as long as the writer; `close` flushes it.
  explicit CaptureWriter(std::ostream& stream, const CaptureWriterOptions& options = {});
  CaptureWriter(CaptureWriter&& other) noexcept;
  CaptureWriter& operator=(CaptureWriter&& other) noexcept;
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;
  ~CaptureWriter();

  /// `wire_length` is how long the packet was; 0: as long as `bytes`. pcap holds times of the years 1970 to 2106,
  /// pcapng any from 1970 on.
  void write(std::int64_t nanoseconds, std::span<const std::uint8_t> bytes, std::uint32_t wire_length = 0);

  /// Ends the file. An error where the disk is full or the file cannot get its name; then there is none.
  void close();

  std::uint64_t packets() const noexcept { return packets_; }
  /// Written so far, before packing.
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void begin();
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put_pcap_header(std::int64_t nanoseconds, std::uint32_t kept, std::uint32_t length);
  void put_block_header(std::int64_t nanoseconds, std::uint32_t kept, std::uint32_t length);
  void hand_on();

  CaptureWriterOptions options_;
  std::unique_ptr<detail::CaptureSink> sink_;
  std::vector<std::uint8_t> waiting_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/capture_writer-inl.hpp"
#endif
