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

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

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

/// What another program writes into this one. Gives what has come, without waiting for the rest.
class StandardInput final : public ByteInput {
 public:
  std::size_t read(char* to, std::size_t room) override {
#if defined(__unix__) || defined(__APPLE__)
    ::ssize_t count = 0;
    do {
      count = ::read(STDIN_FILENO, to, room);
    } while (count < 0 && errno == EINTR);
    const bool failed = count < 0;
    const std::size_t come = failed ? 0 : static_cast<std::size_t>(count);
#else
    const std::size_t come = std::fread(to, 1, room, stdin);
    const bool failed = come == 0 && std::ferror(stdin) != 0;
#endif
    if (failed) {
      throw Error(ErrorCode::io, "cannot read the standard input: " + std::generic_category().message(errno));
    }
    done_ += come;
    return come;
  }

  std::uint64_t done() const override { return done_; }

 private:
  std::uint64_t done_ = 0;
};

/// A file, or the standard input where the path is "-".
inline std::unique_ptr<ByteInput> open_input(const std::filesystem::path& path) {
  if (path == "-") {
    return std::make_unique<StandardInput>();
  }
  return std::make_unique<FileInput>(path);
}

/// What it is called in messages.
inline std::string input_name(const std::filesystem::path& path) {
  return path == "-" ? "the standard input" : path.string();
}

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
