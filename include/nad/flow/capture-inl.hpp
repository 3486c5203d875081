#pragma once

#include <algorithm>
#include <istream>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/gzip-inl.hpp"
#include "nad/flow/capture.hpp"
#include "nad/flow/pcap_file-inl.hpp"
#include "nad/flow/pcapng_file-inl.hpp"

namespace nad {

NAD_INLINE std::string_view capture_format(std::string_view begin) noexcept {
  using namespace std::string_view_literals;
  for (const std::string_view magic :
       {"\xd4\xc3\xb2\xa1"sv, "\xa1\xb2\xc3\xd4"sv, "\x4d\x3c\xb2\xa1"sv, "\xa1\xb2\x3c\x4d"sv}) {
    if (begin.starts_with(magic)) {
      return "pcap";
    }
  }
  return begin.starts_with("\x0a\x0d\x0d\x0a"sv) ? "pcapng" : "";
}

namespace detail {

inline std::unique_ptr<CaptureFile> open_capture_file(std::unique_ptr<ByteInput> bytes, const std::string& name,
                                                      std::size_t block, CaptureReport& report) {
  ByteWindow window(std::make_unique<UnpackingInput>(std::move(bytes), name), block);
  const std::size_t found = window.has(4) ? 4 : window.size();
  const std::string_view format = capture_format({reinterpret_cast<const char*>(window.data()), found});
  if (format == "pcap") {
    return std::make_unique<PcapFile>(std::move(window), name, report);
  }
  if (format == "pcapng") {
    return std::make_unique<PcapngFile>(std::move(window), name, report);
  }
  throw Error(ErrorCode::bad_file, found == 0 ? name + " is empty" : name + " is no capture: neither pcap nor pcapng");
}

/// Files whose packets come by time. Those of one file keep their order, also where its clock went back.
class CaptureMerge {
 public:
  void add(std::unique_ptr<ByteInput> bytes, const std::string& name, std::size_t block) {
    files_.push_back({open_capture_file(std::move(bytes), name, block, report_), {}, true});
    total_ += files_.back().file->input().total();
    total_known_ = total_known_ && files_.back().file->input().total() != 0;
  }

  bool next(Frame& frame) {
    if (files_.size() == 1) {
      const bool given = files_.front().file->next(frame);
      report_.packets += given ? 1U : 0U;
      return given;
    }
    Waiting* earliest = nullptr;
    for (Waiting& waiting : files_) {
      if (waiting.used) {
        waiting.used = false;
        waiting.open = waiting.open && waiting.file->next(waiting.frame);
      }
      if (waiting.open && (earliest == nullptr || waiting.frame.time < earliest->frame.time)) {
        earliest = &waiting;
      }
    }
    if (earliest == nullptr) {
      return false;
    }
    frame = earliest->frame;
    earliest->used = true;
    ++report_.packets;
    return true;
  }

  const CaptureReport& report() const noexcept { return report_; }
  std::uint64_t done() const noexcept {
    std::uint64_t sum = 0;
    for (const Waiting& waiting : files_) {
      sum += waiting.file->input().done();
    }
    return sum;
  }
  std::uint64_t total() const noexcept { return total_known_ ? total_ : 0; }

 private:
  struct Waiting {
    std::unique_ptr<CaptureFile> file;
    Frame frame;
    bool used = true;  ///< the frame was given, or there is none yet
    bool open = true;
  };

  CaptureReport report_;
  std::vector<Waiting> files_;
  std::uint64_t total_ = 0;
  bool total_known_ = true;
};

/// Bytes read at a time: much for one file, less for each of many, and no more than there are.
inline std::size_t capture_block(const ByteInput& input, std::size_t files) noexcept {
  const std::uint64_t most = files > 4 ? 1U << 16U : input.total() == 0 ? 1U << 18U : 1U << 20U;
  return static_cast<std::size_t>(input.total() == 0 ? most : std::clamp<std::uint64_t>(input.total(), 4096, most));
}

}  // namespace detail

NAD_INLINE Capture::Capture(const std::filesystem::path& path) : Capture(std::vector<std::filesystem::path>{path}) {}

NAD_INLINE Capture::Capture(const std::vector<std::filesystem::path>& paths)
    : files_(std::make_unique<detail::CaptureMerge>()) {
  if (paths.empty()) {
    throw Error(ErrorCode::invalid_argument, "there is no capture to read; name at least one file");
  }
  for (const std::filesystem::path& path : paths) {
    std::unique_ptr<detail::ByteInput> input = detail::open_input(path);
    const std::size_t block = detail::capture_block(*input, paths.size());
    files_->add(std::move(input), detail::input_name(path), block);
  }
}

NAD_INLINE Capture::Capture(std::istream& stream, const std::string& name)
    : Capture(std::make_unique<detail::StreamInput>(stream, name), name) {}

NAD_INLINE Capture::Capture(std::unique_ptr<detail::ByteInput> bytes, const std::string& name)
    : files_(std::make_unique<detail::CaptureMerge>()) {
  const std::size_t block = detail::capture_block(*bytes, 1);
  files_->add(std::move(bytes), name, block);
}

NAD_INLINE Capture::Capture(Capture&& other) noexcept = default;
NAD_INLINE Capture& Capture::operator=(Capture&& other) noexcept = default;
NAD_INLINE Capture::~Capture() = default;

NAD_INLINE bool Capture::next(Frame& frame) { return files_->next(frame); }
NAD_INLINE const CaptureReport& Capture::report() const noexcept { return files_->report(); }
NAD_INLINE std::uint64_t Capture::bytes_done() const noexcept { return files_->done(); }
NAD_INLINE std::uint64_t Capture::bytes_total() const noexcept { return files_->total(); }

}  // namespace nad
