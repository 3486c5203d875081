#pragma once

// Packs a capture with gzip on its way. Beside detail/gzip-inl.hpp, which unpacks, the only place that knows zlib.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <zlib.h>

#include "nad/core/error.hpp"
#include "nad/flow/capture_writer_sink-inl.hpp"

namespace nad::detail {

class GzipCaptureSink final : public CaptureSink {
 public:
  explicit GzipCaptureSink(std::unique_ptr<CaptureSink> packed) : packed_(std::move(packed)) {
    // level 4: captures hold much that cannot be packed; 15: the largest window, 16: a gzip header
    if (deflateInit2(&deflater_, 4, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw Error(ErrorCode::io, "no memory to pack a capture");
    }
  }
  ~GzipCaptureSink() override { deflateEnd(&deflater_); }
  GzipCaptureSink(const GzipCaptureSink&) = delete;
  GzipCaptureSink& operator=(const GzipCaptureSink&) = delete;

  void write(std::span<const std::uint8_t> bytes) override { pack(bytes, Z_NO_FLUSH); }
  void finish() override {
    pack({}, Z_FINISH);
    packed_->finish();
  }

 private:
  void pack(std::span<const std::uint8_t> bytes, int flush) {
    // zlib does not write to what it reads, but older versions lack the word that says so
    deflater_.next_in = const_cast<Bytef*>(bytes.data());
    deflater_.avail_in = static_cast<uInt>(bytes.size());
    do {
      deflater_.next_out = out_.data();
      deflater_.avail_out = static_cast<uInt>(out_.size());
      if (deflate(&deflater_, flush) == Z_STREAM_ERROR) {
        throw Error(ErrorCode::io, "the capture cannot be packed: the state of the packing is damaged");
      }
      packed_->write({out_.data(), out_.size() - deflater_.avail_out});
    } while (deflater_.avail_out == 0);
  }

  std::unique_ptr<CaptureSink> packed_;
  z_stream deflater_ = {};
  std::array<std::uint8_t, std::size_t{1} << 16U> out_ = {};
};

}  // namespace nad::detail
