#pragma once

// Where bytes come from: a file or a stream.

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <system_error>

#include "nad/core/error.hpp"

namespace nad::detail {

class ByteInput {
 public:
  ByteInput() = default;
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;
  virtual ~ByteInput() = default;

  /// Up to `room` bytes; 0 at the end.
  virtual std::size_t read(char* to, std::size_t room) = 0;
  /// Of the file as it lies there; 0: unknown.
  virtual std::uint64_t total() const { return 0; }
  /// How much of `total` was read.
  virtual std::uint64_t done() const = 0;
};

class FileInput final : public ByteInput {
 public:
  explicit FileInput(const std::filesystem::path& path) : path_(path.string()) {
    std::error_code failure;
    const std::filesystem::file_status status = std::filesystem::status(path, failure);
    if (std::filesystem::is_directory(status)) {
      throw Error(ErrorCode::io, path_ + " is a folder; give a file");
    }
    if (std::filesystem::is_regular_file(status)) {
      total_ = std::filesystem::file_size(path, failure);
    }
    file_.reset(std::fopen(path_.c_str(), "rb"));
    if (!file_) {
      throw Error(ErrorCode::io, "cannot open " + path_ + ": " + std::generic_category().message(errno));
    }
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // blocks are large already
  }

  std::size_t read(char* to, std::size_t room) override {
    const std::size_t count = std::fread(to, 1, room, file_.get());
    if (count == 0 && std::ferror(file_.get()) != 0) {
      throw Error(ErrorCode::io, "cannot read " + path_ + ": " + std::generic_category().message(errno));
    }
    done_ += count;
    return count;
  }

  std::uint64_t total() const override { return total_; }
  std::uint64_t done() const override { return done_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
  };

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
};

class StreamInput final : public ByteInput {
 public:
  StreamInput(std::istream& stream, std::string name) : stream_(stream), name_(std::move(name)) {}

  std::size_t read(char* to, std::size_t room) override {
    stream_.read(to, static_cast<std::streamsize>(room));
    if (stream_.bad()) {
      throw Error(ErrorCode::io, "cannot read " + name_);
    }
    const auto count = static_cast<std::size_t>(stream_.gcount());
    done_ += count;
    return count;
  }

  std::uint64_t done() const override { return done_; }

 private:
  std::istream& stream_;
  std::string name_;
  std::uint64_t done_ = 0;
};

}  // namespace nad::detail
