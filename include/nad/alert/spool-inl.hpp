#pragma once

// Messages on disk, first in first out, within a bound; what is there survives the end of the program.
//
// Messages are numbered for as long as the folder is used. They lie in segments, `spool-<number of its first message>`
// (spool_records-inl.hpp). `position` says how many of the first segment have been taken, and which number comes next,
// so that what is missing can be counted, whatever became of the files. The file `lock` keeps others out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/alert/posix_io-inl.hpp"
#include "nad/alert/spool_records-inl.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"

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
      begin_where_it_was();
    } catch (const std::filesystem::filesystem_error& failure) {
      throw Error(ErrorCode::io, "the spool '" + folder_.string() + "' cannot be read: " + failure.what());
    }
  }

  bool is_empty() const noexcept { return count_ == 0; }
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Messages that are not there any more, or could not be read back.
  std::uint64_t damaged() const noexcept { return damaged_; }

  /// False where there is no room: beyond the bound, or on the disk (which is what `why` says then).
  bool append(std::string_view text, std::string& why) {
    const std::string record = spool_record(text);
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
    ++next_;
    remember();
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
    remember_safely();
    if (loaded_.empty()) {
      drop_first();
    }
  }

 private:
  struct Segment {
    std::uint64_t number = 0;  ///< of its first message
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    std::size_t whole = 0;  ///< records before the first damage
  };

  /// What `position` says.
  struct Position {
    unsigned long long first = 0;  ///< of the first segment
    unsigned long long taken = 0;
    unsigned long long next = 0;  ///< 0: not known
  };

  std::filesystem::path path_of(std::uint64_t number) const {
    char name[40];
    std::snprintf(name, sizeof name, "spool-%016llx", static_cast<unsigned long long>(number));
    return folder_ / name;
  }

  std::uint64_t segment_bytes() const noexcept {
    return std::clamp<std::uint64_t>(most_bytes_ / 8, 4096, std::uint64_t{1} << 20U);
  }

  bool is_loaded_last() const noexcept { return is_loaded_ && segments_.size() == 1; }

  void begin_where_it_was() {
    const Position position = read_position();
    find_segments();
    count_segments(position);
    skip_taken(position);
    remember_safely();
  }

  /// In the order of their numbers.
  void find_segments() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (name.size() == 22 && name.compare(0, 6, "spool-") == 0 &&
          name.find_first_not_of("0123456789abcdef", 6) == std::string::npos) {
        segments_.push_back({.number = std::stoull(name.substr(6), nullptr, 16)});
      }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const Segment& a, const Segment& b) { return a.number < b.number; });
  }

  /// What is in each, and what is missing. Segments of earlier versions were numbered one by one: of these more are
  /// found than the numbers say.
  void count_segments(const Position& position) {
    const std::uint64_t end = std::max<std::uint64_t>(position.next, 1);
    if (position.next != 0) {
      const std::uint64_t begin = segments_.empty() ? end : segments_.front().number;
      damaged_ += begin > position.first + position.taken ? begin - position.first - position.taken : 0;
    }
    next_ = end;
    for (std::size_t place = 0; place < segments_.size(); ++place) {
      Segment& segment = segments_[place];
      const std::filesystem::path path = path_of(segment.number);
      const SpoolRecords found = read_spool_file(path);
      segment.records = found.texts.size();
      segment.whole = found.whole;
      segment.bytes = std::filesystem::file_size(path);
      const std::uint64_t following = place + 1 < segments_.size() ? segments_[place + 1].number : end;
      const std::uint64_t expected = following > segment.number ? following - segment.number : 0;
      const std::uint64_t damaged =
          std::max(found.damaged, expected > segment.records ? expected - segment.records : std::uint64_t{0});
      damaged_ += damaged;
      bytes_ += segment.bytes;
      count_ += segment.records;
      next_ = std::max(next_, segment.number + std::max<std::uint64_t>(segment.records + damaged, 1));
    }
  }

  /// Where the position is lost or damaged, or what was taken cannot be told from what was damaged, messages are given
  /// twice and none is left out.
  void skip_taken(const Position& position) {
    if (segments_.empty() || segments_.front().number != position.first || position.taken == 0 ||
        position.taken > segments_.front().whole) {
      return;
    }
    load_first();
    if (position.taken <= loaded_.size()) {
      pop(position.taken);
    }
  }

  Position read_position() const {
    const std::string text = read_beginning(position_.get(), 80);
    Position found;
    unsigned long long check = 0;
    if (std::sscanf(text.c_str(), "%16llx %16llx %16llx %16llx", &found.first, &found.taken, &found.next, &check) ==
            4 &&
        check == check_of(found)) {
      return found;
    }
    found.next = 0;  // as earlier versions wrote it
    if (std::sscanf(text.c_str(), "%16llx %16llx %16llx", &found.first, &found.taken, &check) == 3 &&
        check == check_of(found)) {
      return found;
    }
    return {};
  }

  static std::uint64_t check_of(const Position& position) noexcept {
    return mix_bits(position.next == 0 ? position.first : position.first ^ mix_bits(position.next)) ^ position.taken;
  }

  void remember() {
    const Position position{segments_.empty() ? next_ : segments_.front().number, taken_, next_};
    char text[80];
    std::snprintf(text, sizeof text, "%016llx %016llx %016llx %016llx\n", position.first, position.taken, position.next,
                  static_cast<unsigned long long>(check_of(position)));
    static_cast<void>(write_at_beginning(position_.get(), text));
  }

  void remember_safely() {
    remember();
    if (durable_) {
      static_cast<void>(sync_descriptor(position_.get()));
    }
  }

  bool begin_segment(std::string& why) {
    segments_.push_back({.number = next_});
    try {
      tail_ = open_to_append(path_of(next_));
    } catch (const std::exception& error) {
      segments_.pop_back();
      why = error.what();
      return false;
    }
    return true;
  }

  void load_first() {
    Segment& first = segments_.front();
    loaded_ = read_spool_file(path_of(first.number)).texts;
    is_loaded_ = true;
    taken_ = 0;
    const std::uint64_t found = loaded_.size();
    if (found < first.records) {  // the disk has lost them since
      damaged_ += first.records - found;
      count_ -= first.records - found;
      first.records = found;
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
    remember_safely();
  }

  std::filesystem::path folder_;
  std::uint64_t most_bytes_;
  bool durable_;
  Descriptor lock_;
  Descriptor position_;
  Descriptor tail_;  ///< of the last segment, where this object began it: another's may end inside a record
  std::deque<Segment> segments_;
  std::uint64_t next_ = 1;          ///< the number of the next message
  std::deque<std::string> loaded_;  ///< what is left of the first segment
  bool is_loaded_ = false;
  std::uint64_t taken_ = 0;  ///< records of the first segment
  std::uint64_t bytes_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t damaged_ = 0;
};

}  // namespace nad::detail
