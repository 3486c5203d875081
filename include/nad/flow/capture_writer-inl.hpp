#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/flow/capture_writer.hpp"
#include "nad/flow/capture_writer_gzip-inl.hpp"
#include "nad/flow/capture_writer_sink-inl.hpp"

namespace nad {

namespace detail {

inline constexpr std::size_t capture_piece = std::size_t{1} << 20U;

inline std::unique_ptr<CaptureSink> packing(std::unique_ptr<CaptureSink> sink, bool gzip) {
  return gzip ? std::make_unique<GzipCaptureSink>(std::move(sink)) : std::move(sink);
}

}  // namespace detail

NAD_INLINE std::string_view name(CaptureFormat format) noexcept {
  return format == CaptureFormat::pcap ? "pcap" : "pcapng";
}

NAD_INLINE CaptureFormat parse_capture_format(std::string_view name) {
  if (name == "pcap") {
    return CaptureFormat::pcap;
  }
  if (name == "pcapng") {
    return CaptureFormat::pcapng;
  }
  throw Error(ErrorCode::invalid_argument,
              "there is no format of captures '" + std::string(name) + "'; there are: pcap pcapng");
}

NAD_INLINE CaptureWriter::CaptureWriter(const std::filesystem::path& path, const CaptureWriterOptions& options)
    : options_(options),
      sink_(detail::packing(std::make_unique<detail::CaptureFileSink>(path),
                            options.gzip.value_or(path.extension() == ".gz"))) {
  begin();
}

NAD_INLINE CaptureWriter::CaptureWriter(std::ostream& stream, const CaptureWriterOptions& options)
    : options_(options),
      sink_(detail::packing(std::make_unique<detail::CaptureStreamSink>(stream), options.gzip.value_or(false))) {
  begin();
}

NAD_INLINE CaptureWriter::CaptureWriter(CaptureWriter&& other) noexcept = default;
NAD_INLINE CaptureWriter& CaptureWriter::operator=(CaptureWriter&& other) noexcept = default;
NAD_INLINE CaptureWriter::~CaptureWriter() = default;

NAD_INLINE void CaptureWriter::put16(std::uint16_t value) {
  const auto high = static_cast<std::uint8_t>(value >> 8U);
  const auto low = static_cast<std::uint8_t>(value);
  const bool big = options_.byte_order == CaptureByteOrder::big_endian;
  waiting_.push_back(big ? high : low);
  waiting_.push_back(big ? low : high);
}

NAD_INLINE void CaptureWriter::put32(std::uint32_t value) {
  const auto high = static_cast<std::uint16_t>(value >> 16U);
  const auto low = static_cast<std::uint16_t>(value);
  const bool big = options_.byte_order == CaptureByteOrder::big_endian;
  put16(big ? high : low);
  put16(big ? low : high);
}

NAD_INLINE void CaptureWriter::begin() {
  if (options_.snap_length == 0) {
    throw Error(ErrorCode::invalid_argument, "snap_length is 0; at least one byte of a packet must be kept");
  }
  waiting_.reserve(detail::capture_piece + (std::size_t{1} << 18U));
  if (options_.format == CaptureFormat::pcap) {
    put32(options_.nanoseconds ? 0xa1b23c4dU : 0xa1b2c3d4U);
    put16(2);
    put16(4);
    put32(0);  // times are in UTC
    put32(0);
    put32(options_.snap_length);
    put32(options_.link_type);
    bytes_ = waiting_.size();
    return;
  }
  put32(0x0a0d0d0aU);  // section header
  put32(28);
  put32(0x1a2b3c4dU);
  put16(1);
  put16(0);
  put32(0xffffffffU);  // a section of unknown length
  put32(0xffffffffU);
  put32(28);
  put32(1);  // interface description
  put32(32);
  put16(options_.link_type);
  put16(0);
  put32(options_.snap_length);
  put16(9);  // if_tsresol: a power of ten
  put16(1);
  waiting_.insert(waiting_.end(), {static_cast<std::uint8_t>(options_.nanoseconds ? 9 : 6), 0, 0, 0});
  put32(0);  // end of options
  put32(32);
  bytes_ = waiting_.size();
}

NAD_INLINE void CaptureWriter::put_pcap_header(std::int64_t nanoseconds, std::uint32_t kept, std::uint32_t length) {
  const std::int64_t seconds = nanoseconds / 1'000'000'000;
  const auto rest = static_cast<std::uint32_t>(nanoseconds % 1'000'000'000);
  if (seconds > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::invalid_argument, "a packet is of " + std::to_string(seconds) +
                                                 " seconds after 1970; pcap holds times until 2106, write pcapng");
  }
  put32(static_cast<std::uint32_t>(seconds));
  put32(options_.nanoseconds ? rest : rest / 1000);
  put32(kept);
  put32(length);
}

NAD_INLINE void CaptureWriter::put_block_header(std::int64_t nanoseconds, std::uint32_t kept, std::uint32_t length) {
  const auto ticks = static_cast<std::uint64_t>(options_.nanoseconds ? nanoseconds : nanoseconds / 1000);
  put32(6);  // enhanced packet
  put32(32 + (kept + 3) / 4 * 4);
  put32(0);  // the only interface
  put32(static_cast<std::uint32_t>(ticks >> 32U));
  put32(static_cast<std::uint32_t>(ticks));
  put32(kept);
  put32(length);
}

NAD_INLINE void CaptureWriter::write(std::int64_t nanoseconds, std::span<const std::uint8_t> bytes,
                                     std::uint32_t wire_length) {
  if (!sink_) {
    throw Error(ErrorCode::invalid_argument, "the capture is closed; nothing can be written to it");
  }
  if (nanoseconds < 0) {
    throw Error(ErrorCode::invalid_argument, "a packet is of a time before 1970, which captures cannot hold");
  }
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max() / 2 ||
      (wire_length != 0 && wire_length < bytes.size())) {
    throw Error(ErrorCode::invalid_argument, "a packet has " + std::to_string(bytes.size()) +
                                                 " bytes and a length of " + std::to_string(wire_length) +
                                                 "; the length cannot be less");
  }
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t length = wire_length == 0 ? size : wire_length;
  const std::uint32_t kept = std::min(size, options_.snap_length);
  const std::size_t before = waiting_.size();
  if (options_.format == CaptureFormat::pcap) {
    put_pcap_header(nanoseconds, kept, length);
  } else {
    put_block_header(nanoseconds, kept, length);
  }
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.begin() + kept);
  if (options_.format == CaptureFormat::pcapng) {
    const std::uint32_t padded = (kept + 3) / 4 * 4;
    waiting_.resize(waiting_.size() + padded - kept);
    put32(32 + padded);
  }
  ++packets_;
  bytes_ += waiting_.size() - before;
  if (waiting_.size() >= detail::capture_piece) {
    hand_on();
  }
}

NAD_INLINE void CaptureWriter::hand_on() {
  sink_->write(waiting_);
  waiting_.clear();
}

NAD_INLINE void CaptureWriter::close() {
  if (!sink_) {
    return;
  }
  const std::unique_ptr<detail::CaptureSink> sink = std::move(sink_);
  sink->write(waiting_);
  waiting_ = {};
  sink->finish();
}

}  // namespace nad
