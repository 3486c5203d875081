#pragma once

// Where the bytes of a capture go: a file that appears when it is whole, or a stream.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/random.hpp"

namespace nad::detail {

class CaptureSink {
 public:
  CaptureSink() = default;
  CaptureSink(const CaptureSink&) = delete;
  CaptureSink& operator=(const CaptureSink&) = delete;
  virtual ~CaptureSink() = default;

  virtual void write(std::span<const std::uint8_t> bytes) = 0;
  /// Nothing follows.
  virtual void finish() = 0;
};

class CaptureFileSink final : public CaptureSink {
 public:
  explicit CaptureFileSink(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path_, error);
    if (path_.empty() || std::filesystem::is_directory(status)) {
      throw Error(ErrorCode::io,
                  "cannot write '" + path_.string() + "': it is a folder; add a file name such as day.pcap");
    }
    errno = 0;
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      open(path_, "wb");
    } else {
      // a link stays a link, and what it points to is replaced
      const bool is_link = std::filesystem::is_symlink(std::filesystem::symlink_status(path_, error));
      target_ = is_link ? std::filesystem::weakly_canonical(path_, error) : path_;
      for (std::uint64_t attempt = 0; attempt < 100 && !file_; ++attempt) {
        const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
        const std::uint64_t number = mix_bits(now + attempt) >> 16U;
        temporary_ = target_;
        temporary_ += ".nad-writing-" + std::to_string(number);
        open(temporary_, "wbx");
        if (!file_ && errno != EEXIST) {
          break;
        }
      }
    }
    if (!file_) {
      temporary_.clear();
      fail(errno == ENOENT ? "its folder does not exist; create it first" : reason());
    }
  }

  ~CaptureFileSink() override {
    file_.reset();
    if (!temporary_.empty()) {
      std::error_code ignored;
      std::filesystem::remove(temporary_, ignored);
    }
  }
  CaptureFileSink(const CaptureFileSink&) = delete;
  CaptureFileSink& operator=(const CaptureFileSink&) = delete;

  void write(std::span<const std::uint8_t> bytes) override {
    errno = 0;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
      fail(reason());
    }
  }

  void finish() override {
    errno = 0;
    if (std::fflush(file_.get()) != 0 || std::fclose(file_.release()) != 0) {
      fail(reason());
    }
    if (!temporary_.empty()) {
      std::error_code error;
      std::filesystem::rename(temporary_, target_, error);
      if (error) {
        fail(error.message());
      }
      temporary_.clear();
    }
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
  };

  void open(const std::filesystem::path& path, const char* mode) {
    file_.reset(std::fopen(path.string().c_str(), mode));
    if (file_) {
      std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // what comes is in large pieces already
    }
  }

  static std::string reason() {
    return errno == 0 ? "the operating system gives no reason" : std::generic_category().message(errno);
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorCode::io, "cannot write '" + path_.string() + "': " + why);
  }

  std::filesystem::path path_;
  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< empty: there is none, or no longer
  std::unique_ptr<std::FILE, Close> file_;
};

class CaptureStreamSink final : public CaptureSink {
 public:
  explicit CaptureStreamSink(std::ostream& stream) : stream_(stream) {}

  void write(std::span<const std::uint8_t> bytes) override {
    stream_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    check();
  }
  void finish() override {
    stream_.flush();
    check();
  }

 private:
  void check() const {
    if (!stream_) {
      throw Error(ErrorCode::io, "cannot write the capture to the stream: it refuses more bytes");
    }
  }

  std::ostream& stream_;
};

}  // namespace nad::detail
