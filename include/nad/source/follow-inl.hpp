#pragma once

#include <chrono>
#include <deque>
#include <thread>

#include "nad/source/follow.hpp"
#include "nad/source/follow_file-inl.hpp"
#include "nad/source/follow_input-inl.hpp"
#include "nad/source/follow_lines-inl.hpp"
#include "nad/source/record_source_queue-inl.hpp"

namespace nad {

namespace detail {

class FollowedLog final : public RecordSource {
 public:
  FollowedLog(std::filesystem::path path, const FollowOptions& options)
      : path_(std::move(path)),
        options_(options),
        lines_(path_.string(), options.source, stats_),
        skips_beginning_(!options.from_beginning) {}

  void expect(const Schema& inputs) override { lines_.expect(inputs); }
  bool ended() const override { return ended_; }
  bool is_live() const override { return !options_.once; }
  SourceStats stats() const override { return stats_.get(); }
  std::string describe() const override { return "the log " + path_.string(); }

  std::optional<Table> next(double seconds) override {
    const auto deadline = std::chrono::steady_clock::now() + waiting_time(seconds);
    while (!ended_) {
      if (leaving_) {
        if (std::optional<Table> table = leave()) {
          return table;
        }
        continue;
      }
      const bool has_come = fetch();
      if (std::optional<Table> table = take_lines(false)) {
        return table;
      }
      if (has_come || go_on()) {
        continue;
      }
      if (options_.once) {
        std::optional<Table> last = take_lines(true);
        ended_ = !last;
        return last;
      }
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline) {
        return std::nullopt;
      }
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(deadline - now, waiting_time(options_.poll)));
    }
    return std::nullopt;
  }

  std::string position() const override {
    if (!file_.is_open()) {
      const std::optional<LogFileState> there = skips_beginning_ ? std::nullopt : look_at_file(path_);
      return there ? place_text(*there, 0, hash_text("")) : "";
    }
    return place_text(file_.state(), consumed_, file_.beginning(beginning_bytes(consumed_)));
  }

  std::string place_text(const LogFileState& state, std::uint64_t byte, std::uint64_t beginning) const {
    return nlohmann::ordered_json{{"log", path_.string()},         {"device", state.identity.device},
                                  {"inode", state.identity.inode}, {"byte", byte},
                                  {"changed", state.changed},      {"beginning", beginning}}
        .dump();
  }

  void go_to(std::string_view position) override {
    Place saved;
    read_position(position, describe(), [&](const nlohmann::ordered_json& place) {
      if (place.at("log").get<std::string>() != path_.string()) {
        refuse_position(describe());
      }
      place.at("device").get_to(saved.identity.device);
      place.at("inode").get_to(saved.identity.inode);
      place.at("byte").get_to(saved.byte);
      place.at("changed").get_to(saved.changed);
      place.at("beginning").get_to(saved.beginning);
    });
    skips_beginning_ = false;
    find_again(saved);
  }

 private:
  static constexpr std::uint64_t known_beginning_bytes = 1024;

  struct Place {
    FileIdentity identity;
    std::uint64_t byte = 0;
    std::int64_t changed = 0;
    std::uint64_t beginning = 0;
  };
  struct Next {
    std::filesystem::path path;
    std::uint64_t byte = 0;
  };

  static std::size_t beginning_bytes(std::uint64_t consumed) noexcept {
    constexpr std::uint64_t most = known_beginning_bytes;
    return static_cast<std::size_t>(std::min(consumed, most));
  }

  /// Brings in more of the file, which is opened where it is not yet; false where there is nothing now.
  bool fetch() {
    constexpr std::size_t at_once = std::size_t{1} << 20U;
    if (!file_.is_open() && !open_next()) {
      if (options_.once) {
        throw Error(ErrorCode::io, "cannot open " + path_.string() + ": there is no such file");
      }
      return false;
    }
    if (is_path_ && was_truncated()) {
      stats_.note(path_.string() + " was truncated; reading goes on at its beginning");
      file_.close();
      return open_next();
    }
    if (text_.size() >= 4 * at_once) {
      return false;  // a record without an end; take_lines cuts it
    }
    return file_.read_at(consumed_ + text_.size(), at_once, text_) != 0;
  }

  bool was_truncated() const {
    return file_.state().size < consumed_ + text_.size() - invented_ ||
           (known_bytes_ != 0 && file_.beginning(known_bytes_) != known_beginning_);
  }

  bool open_next() {
    const bool is_rotated = !waiting_.empty();
    const Next next = is_rotated ? waiting_.front() : Next{path_};
    if (is_rotated) {
      waiting_.pop_front();
    }
    if (!file_.open(next.path)) {
      return is_rotated && open_next();
    }
    is_path_ = next.path == path_;
    lines_.begin_file();
    text_.clear();
    consumed_ = 0;
    leaving_since_.reset();
    if (next.byte != 0 || skips_beginning_) {
      pass_over(next.byte);
    }
    skips_beginning_ = false;
    remember_beginning();
    return true;
  }

  /// Goes on from a byte, or from the last line that is there; the header is read from the beginning.
  void pass_over(std::uint64_t byte) {
    constexpr std::size_t enough = std::size_t{1} << 18U;
    std::string beginning;
    static_cast<void>(file_.read_at(0, enough, beginning));
    beginning.resize(beginning.rfind('\n') + 1);
    if (beginning.empty()) {
      return;
    }
    lines_.learn_header(beginning);
    consumed_ = byte != 0 ? byte : last_line_end();
  }

  std::uint64_t last_line_end() const {
    std::uint64_t end = file_.state().size;
    constexpr std::uint64_t step = std::uint64_t{1} << 16U;
    while (end != 0) {
      const std::uint64_t from = end > step ? end - step : 0;
      std::string text;
      static_cast<void>(file_.read_at(from, static_cast<std::size_t>(end - from), text));
      const std::size_t newline = text.rfind('\n');
      if (newline != std::string::npos) {
        return from + newline + 1;
      }
      end = from;
    }
    return 0;
  }

  void remember_beginning() {
    known_bytes_ = beginning_bytes(consumed_);
    known_beginning_ = file_.beginning(known_bytes_);
  }

  /// A table of the whole lines that are here; with `complete` also what has no newline.
  std::optional<Table> take_lines(bool complete) {
    std::optional<Table> table;
    while (!table && !text_.empty()) {
      constexpr std::size_t longest = std::size_t{1} << 22U;
      const std::size_t newline = text_.rfind('\n');
      std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
      if (complete && whole != text_.size()) {
        text_ += '\n';
        ++invented_;
        whole = text_.size();
      }
      if (whole == 0 && text_.size() >= longest) {
        stats_.skip_records("longer than 4 MB without a newline", 1);
        whole = text_.size();
        consumed_ += whole;
        text_.clear();
        break;
      }
      const std::size_t used = whole == 0 ? 0 : lines_.take(std::string_view(text_).substr(0, whole), complete, table);
      if (used == 0) {
        break;
      }
      text_.erase(0, used);
      consumed_ += used;
      if (text_.empty() && invented_ != 0) {
        consumed_ -= std::exchange(invented_, 0);
      }
    }
    if (table && table->rows() == 0) {
      table.reset();
    }
    stats_.came(table ? table->rows() : 0);
    if (known_bytes_ < known_beginning_bytes) {
      remember_if_open();
    }
    return table;
  }

  void remember_if_open() {
    if (file_.is_open()) {
      remember_beginning();
    }
  }

  /// Nothing came: looks whether the file is still the log. True where there is something to do at once.
  bool go_on() {
    if (!file_.is_open()) {
      return false;
    }
    if (!is_path_) {  // one of those that were rotated while nobody read
      leaving_ = true;
      return true;
    }
    const LogFileState here = file_.state();
    const std::optional<LogFileState> named = look_at_file(path_);
    if (!named || named->identity == here.identity || options_.once) {
      leaving_since_.reset();
      return false;
    }
    // another file has the name: whoever writes the old one may not know it yet
    const auto now = std::chrono::steady_clock::now();
    if (!leaving_since_ || here.size != leaving_size_) {
      leaving_since_ = now;
      leaving_size_ = here.size;
    }
    leaving_ = now - *leaving_since_ >= waiting_time(options_.rotate_wait);
    return leaving_;
  }

  /// The last lines of a file that is done; the next one is opened then.
  std::optional<Table> leave() {
    if (std::optional<Table> table = take_lines(true)) {
      return table;  // leaving_ stays: there may be more
    }
    leaving_ = false;
    file_.close();
    static_cast<void>(open_next());
    return std::nullopt;
  }

  /// Where the file is that was being read, and which came behind it.
  void find_again(const Place& saved) {
    const std::vector<RotatedFile> rotated = rotated_files(path_);
    const auto is_it = [&](const std::filesystem::path& path, const LogFileState& state, bool by_content) {
      GrowingFile file;
      return (by_content || state.identity == saved.identity) && state.size >= saved.byte && file.open(path) &&
             (!by_content || saved.byte != 0) && file.beginning(beginning_bytes(saved.byte)) == saved.beginning;
    };
    const std::optional<LogFileState> named = look_at_file(path_);
    if (named && is_it(path_, *named, false)) {
      waiting_.push_back({path_, saved.byte});
      return;
    }
    auto found = std::find_if(rotated.begin(), rotated.end(),
                              [&](const RotatedFile& file) { return is_it(file.path, file.state, false); });
    if (found == rotated.end()) {  // a copy of it, before it was truncated
      found = std::find_if(rotated.begin(), rotated.end(),
                           [&](const RotatedFile& file) { return is_it(file.path, file.state, true); });
    }
    if (found == rotated.end() && saved.byte != 0) {
      stats_.note("the file that " + path_.string() + " was is gone, packed or deleted; what it held behind byte " +
                  std::to_string(saved.byte) + " was not read");
    }
    for (auto file = rotated.begin(); file != rotated.end(); ++file) {
      if (file == found) {
        waiting_.push_back({file->path, saved.byte});
      } else if (file->state.changed > saved.changed && (found == rotated.end() || file > found)) {
        waiting_.push_back({file->path, 0});
      }
    }
  }

  std::filesystem::path path_;
  FollowOptions options_;
  SharedSourceStats stats_;
  LogLines lines_;
  GrowingFile file_;
  std::deque<Next> waiting_;     ///< files to be read before the log itself
  std::string text_;             ///< of the file behind what was consumed
  std::uint64_t consumed_ = 0;   ///< bytes of the file whose records were given
  std::uint64_t invented_ = 0;   ///< newlines of `text_` that are not in the file
  std::size_t known_bytes_ = 0;  ///< at the beginning of the file, by which it is known
  std::uint64_t known_beginning_ = 0;
  std::optional<std::chrono::steady_clock::time_point> leaving_since_;
  std::uint64_t leaving_size_ = 0;
  bool leaving_ = false;
  bool is_path_ = true;  ///< the open file is the log, and not what it was before
  bool skips_beginning_ = false;
  bool ended_ = false;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<RecordSource> follow_log(const std::filesystem::path& path, const FollowOptions& options) {
  return std::make_unique<detail::FollowedLog>(path, options);
}

NAD_INLINE std::unique_ptr<RecordSource> capture_or_log_source(const SourceOptions& options) {
  return std::make_unique<detail::InputRecords>(options);
}

}  // namespace nad
