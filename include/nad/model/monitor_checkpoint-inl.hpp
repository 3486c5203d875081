#pragma once

// Where a monitor is, in a file that is there whole or not at all.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"
#include "nad/persist/file-inl.hpp"

namespace nad::detail {

/// Texts and numbers by name. The file has a line "name length" before each text, and a hash at the end.
class MonitorCheckpoint {
 public:
  void set(const std::string& name, std::string text) { texts_[name] = std::move(text); }
  void set_number(const std::string& name, std::uint64_t number) { texts_[name] = std::to_string(number); }

  const std::string& text(const std::string& name) const {
    const auto found = texts_.find(name);
    if (found == texts_.end()) {
      throw Error(ErrorCode::bad_file, "the checkpoint has no '" + name + "'; delete the file to begin anew");
    }
    return found->second;
  }

  std::uint64_t number(const std::string& name) const {
    const std::string& digits = text(name);
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc() || end != digits.data() + digits.size()) {
      throw Error(ErrorCode::bad_file, "'" + name + "' of the checkpoint is no number; delete the file to begin anew");
    }
    return number;
  }

  void save(const std::filesystem::path& path) const {
    std::string file(first_line);
    for (const auto& [name, text] : texts_) {
      file.append(name).append(" ").append(std::to_string(text.size())).append("\n").append(text).append("\n");
    }
    const std::string hash = std::to_string(hash_text(file));
    file.append("end ").append(hash).append("\n");
    try {
      TemporaryFile temporary(path.parent_path());
      temporary.write(std::as_bytes(std::span(file.data(), file.size())));
      temporary.keep_as(path);
    } catch (const Error& error) {
      throw Error(ErrorCode::io, "the checkpoint " + path.string() + " cannot be written: " + error.what());
    }
  }

  /// Nothing where there is no such file.
  static std::optional<MonitorCheckpoint> load(const std::filesystem::path& path) {
    std::error_code failure;
    if (!std::filesystem::exists(path, failure)) {
      return std::nullopt;
    }
    if (std::filesystem::is_directory(path, failure)) {
      throw Error(ErrorCode::invalid_argument,
                  "the checkpoint " + path.string() + " is a folder; give the path of a file, which need not be there");
    }
    std::ifstream stream(path, std::ios::binary);
    const std::string file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    std::optional<MonitorCheckpoint> checkpoint = stream.bad() ? std::nullopt : parse(file);
    if (!checkpoint) {
      throw Error(ErrorCode::bad_file,
                  "the checkpoint " + path.string() + " is damaged, or is no checkpoint; delete it to begin anew");
    }
    return checkpoint;
  }

 private:
  static constexpr std::string_view first_line = "nad checkpoint 1\n";

  static std::optional<MonitorCheckpoint> parse(std::string_view file) {
    if (!file.starts_with(first_line)) {
      return std::nullopt;
    }
    MonitorCheckpoint checkpoint;
    std::size_t at = first_line.size();
    while (at < file.size()) {
      const std::size_t newline = file.find('\n', at);
      const std::size_t blank = file.find(' ', at);
      if (newline == std::string_view::npos || blank == std::string_view::npos || blank > newline) {
        return std::nullopt;
      }
      const std::string_view name = file.substr(at, blank - at);
      std::uint64_t number = 0;
      const auto [end, failure] = std::from_chars(file.data() + blank + 1, file.data() + newline, number);
      if (failure != std::errc() || end != file.data() + newline) {
        return std::nullopt;
      }
      if (name == "end") {
        return newline + 1 == file.size() && number == hash_text(file.substr(0, at)) ? std::optional(checkpoint)
                                                                                     : std::nullopt;
      }
      if (number >= file.size() - newline - 1) {
        return std::nullopt;
      }
      const auto size = static_cast<std::size_t>(number);
      checkpoint.texts_[std::string(name)] = std::string(file.substr(newline + 1, size));
      at = newline + 2 + size;
    }
    return std::nullopt;
  }

  std::map<std::string, std::string> texts_;
};

}  // namespace nad::detail
