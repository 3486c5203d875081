#pragma once

// Messages on disk, first in first out, within a bound; what is there survives the end of the program.
//
// A folder of segments, `spool-<number>`, whose records are: length (4 bytes, the low one first), hash (8 bytes), text.
// A record counts once all of it is there. `position` says which records of the first segment have been taken. The file
// `lock` keeps others out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/posix_io-inl.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/hash.hpp"

namespace nad::detail {

class AlertSpool {
 public:
  AlertSpool(std::filesystem::path folder, std::uint64_t most_bytes, bool durable)
      : folder_(std::move(folder)), most_bytes_(most_bytes), durable_(durable) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) {
      throw Error(ErrorCode::io,
                  "the folder of a spool, '" + folder_.string() + "', cannot be made: " + error.message());
    }
    lock_ = lock_file(folder_ / "lock");
    if (!lock_.is_open()) {
      throw Error(ErrorCode::io,
                  "the spool '" + folder_.string() + "' is in use by another sink; give each sink a folder of its own");
    }
    position_ = open_to_update(folder_ / "position");
    try {
      find_segments();
    } catch (const std::filesystem::filesystem_error& failure) {
      throw Error(ErrorCode::io, "the spool '" + folder_.string() + "' cannot be read: " + failure.what());
    }
    skip_taken();
  }

  bool is_empty() const noexcept { return count_ == 0; }
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Records that could not be read back.
  std::uint64_t damaged() const noexcept { return damaged_; }

  /// False where there is no room: beyond the bound, or on the disk (which is what `why` says then).
  bool append(std::string_view text, std::string& why) {
    std::string record = record_of(text);
    if (bytes_ + record.size() > most_bytes_) {
      why = "the spool '" + folder_.string() + "' is full";
      return false;
    }
    if (segments_.empty() || !tail_.is_open() || is_loaded_last() || segments_.back().bytes >= segment_bytes()) {
      if (!begin_segment(why)) {
        return false;
      }
    }
    Segment& last = segments_.back();
    int error = 0;
    if (write_bytes(tail_.get(), record, error) != record.size() || (durable_ && !sync_descriptor(tail_.get()))) {
      why = "writing to the spool '" + folder_.string() + "' failed: " + system_reason(error != 0 ? error : errno);
      shorten_file(tail_.get(), last.bytes);
      return false;
    }
    last.bytes += record.size();
    ++last.records;
    bytes_ += record.size();
    ++count_;
    return true;
  }

  /// The oldest messages, which stay.
  std::vector<std::string> peek(std::size_t most) {
    while (loaded_.empty() && !segments_.empty()) {
      load_first();
    }
    const auto end = loaded_.begin() + static_cast<std::ptrdiff_t>(std::min(most, loaded_.size()));
    return {loaded_.begin(), end};
  }

  /// Forgets so many of those that `peek` gave.
  void pop(std::size_t taken) {
    loaded_.erase(loaded_.begin(), loaded_.begin() + static_cast<std::ptrdiff_t>(taken));
    taken_ += taken;
    count_ -= taken;
    if (loaded_.empty()) {
      drop_first();
    } else {
      remember();
    }
  }

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
  };

  static constexpr std::size_t head_bytes = 12;
  static constexpr std::uint64_t most_record = std::uint64_t{1} << 28U;

  static std::string record_of(std::string_view text) {
    std::string record;
    record.reserve(head_bytes + text.size());
    const std::uint64_t hash = hash_text(text);
    for (unsigned byte = 0; byte < 4; ++byte) {
      record += static_cast<char>(text.size() >> (8 * byte) & 0xffU);
    }
    for (unsigned byte = 0; byte < 8; ++byte) {
      record += static_cast<char>(hash >> (8 * byte) & 0xffU);
    }
    return record.append(text);
  }

  static std::uint64_t number_at(std::string_view bytes, std::size_t at, unsigned size) noexcept {
    std::uint64_t number = 0;
    for (unsigned byte = 0; byte < size; ++byte) {
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + byte])) << (8 * byte);
    }
    return number;
  }

  /// The texts of a segment; counts what is damaged. A segment that ends inside a record was cut off while it was
  /// written.
  std::deque<std::string> read_segment(std::uint64_t number, std::uint64_t& damaged) const {
    std::ifstream file(path_of(number), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::deque<std::string> texts;
    damaged = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t left = bytes.size() - at;
      const std::uint64_t size = left < head_bytes ? most_record : number_at(bytes, at, 4);
      if (left < head_bytes || size > left - head_bytes) {
        ++damaged;
        break;
      }
      const std::string_view text(bytes.data() + at + head_bytes, size);
      if (number_at(bytes, at + 4, 8) == hash_text(text)) {
        texts.emplace_back(text);
      } else {
        ++damaged;
      }
      at += head_bytes + size;
    }
    return texts;
  }

  std::filesystem::path path_of(std::uint64_t number) const {
    char name[40];
    std::snprintf(name, sizeof name, "spool-%016llx", static_cast<unsigned long long>(number));
    return folder_ / name;
  }

  std::uint64_t segment_bytes() const noexcept {
    return std::clamp<std::uint64_t>(most_bytes_ / 8, 4096, std::uint64_t{1} << 20U);
  }

  bool is_loaded_last() const noexcept { return is_loaded_ && segments_.size() == 1; }

  void find_segments() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (name.size() == 22 && name.compare(0, 6, "spool-") == 0 &&
          name.find_first_not_of("0123456789abcdef", 6) == std::string::npos) {
        segments_.push_back({std::stoull(name.substr(6), nullptr, 16), 0, 0});
      }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const Segment& a, const Segment& b) { return a.number < b.number; });
    for (Segment& segment : segments_) {
      std::uint64_t damaged = 0;
      segment.records = read_segment(segment.number, damaged).size();
      segment.bytes = std::filesystem::file_size(path_of(segment.number));
      damaged_ += damaged;
      bytes_ += segment.bytes;
      count_ += segment.records;
    }
    next_number_ = segments_.empty() ? 1 : segments_.back().number + 1;
  }

  /// Where the position is lost or damaged, records are given twice and none is left out.
  void skip_taken() {
    const std::string text = read_beginning(position_.get(), 64);
    unsigned long long number = 0;
    unsigned long long taken = 0;
    unsigned long long check = 0;
    const bool is_whole = std::sscanf(text.c_str(), "%16llx %16llx %16llx", &number, &taken, &check) == 3 &&
                          check == (mix_bits(number) ^ taken);
    if (!is_whole || segments_.empty() || segments_.front().number != number || taken == 0) {
      return;
    }
    load_first();
    const std::size_t gone = std::min<std::size_t>(taken, loaded_.size());
    if (gone > 0) {
      pop(gone);
    }
  }

  void remember() {
    char text[64];
    const std::uint64_t number = segments_.front().number;
    std::snprintf(text, sizeof text, "%016llx %016llx %016llx\n", static_cast<unsigned long long>(number),
                  static_cast<unsigned long long>(taken_), static_cast<unsigned long long>(mix_bits(number) ^ taken_));
    static_cast<void>(write_at_beginning(position_.get(), text));
    if (durable_) {
      static_cast<void>(sync_descriptor(position_.get()));
    }
  }

  bool begin_segment(std::string& why) {
    segments_.push_back({next_number_, 0, 0});
    try {
      tail_ = open_to_append(path_of(next_number_));
    } catch (const std::exception& error) {
      segments_.pop_back();
      why = error.what();
      return false;
    }
    ++next_number_;
    return true;
  }

  void load_first() {
    std::uint64_t ignored = 0;
    loaded_ = read_segment(segments_.front().number, ignored);
    is_loaded_ = true;
    taken_ = 0;
    const std::uint64_t found = loaded_.size();
    if (found < segments_.front().records) {  // the disk has lost them since
      damaged_ += segments_.front().records - found;
      count_ -= segments_.front().records - found;
      segments_.front().records = found;
    }
    if (loaded_.empty()) {
      drop_first();
    }
  }

  void drop_first() {
    try {
      std::error_code ignored;
      std::filesystem::remove(path_of(segments_.front().number), ignored);
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the next program delivers it once more
    }
    bytes_ -= segments_.front().bytes;
    segments_.pop_front();
    if (segments_.empty()) {
      tail_.reset();
    }
    loaded_.clear();
    is_loaded_ = false;
    taken_ = 0;
  }

  std::filesystem::path folder_;
  std::uint64_t most_bytes_;
  bool durable_;
  Descriptor lock_;
  Descriptor position_;
  Descriptor tail_;  ///< of the last segment, where this object began it: another's may end inside a record
  std::deque<Segment> segments_;
  std::uint64_t next_number_ = 1;
  std::deque<std::string> loaded_;  ///< what is left of the first segment
  bool is_loaded_ = false;
  std::uint64_t taken_ = 0;  ///< records of the first segment
  std::uint64_t bytes_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t damaged_ = 0;
};

}  // namespace nad::detail
