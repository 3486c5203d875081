#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "nad/detail/json_numbers.hpp"
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
    if (file_.is_open()) {
      return text_of({file_.state(), consumed_, hash_text(beginning_), files_});
    }
    if (!resumed_.empty()) {
      return resumed_;  // nothing has been read since
    }
    const std::optional<LogFileState> there = skips_beginning_ ? std::nullopt : look_at_file(path_);
    return there ? text_of({*there, 0, hash_text(""), files_ + 1}) : "";
  }

  void go_to(std::string_view position) override {
    const Place saved = place_of(position);
    if (!find_again(saved) && saved.byte != 0) {
      stats_.note("the file that " + path_.string() + " was is gone, packed or deleted; what it held behind byte " +
                  std::to_string(saved.byte) + " was not read");
    }
    resumed_ = std::string(position);
  }

  bool replay(std::string_view earlier, std::string_view later) override {
    const Place from = place_of(earlier);
    const Place to = place_of(later);
    if (find_again(from) && comes_to(to, from)) {
      resumed_ = std::string(earlier);
      return true;
    }
    go_to(later);
    return false;
  }

 private:
  static constexpr std::uint64_t known_beginning_bytes = 1024;
  static constexpr std::size_t most_text = std::size_t{1} << 22U;  ///< that waits for its end

  struct Place {
    LogFileState state;
    std::uint64_t byte = 0;
    std::uint64_t beginning = 0;  ///< a hash of the first bytes before it
    std::uint64_t file = 0;       ///< the log has been so many files by then
  };
  struct Next {
    std::filesystem::path path;
    std::uint64_t byte = 0;
    std::optional<FileIdentity> identity = {};  ///< names move on with each rotation
  };

  std::string text_of(const Place& place) const {
    JsonWriter json;
    json.begin('{').key("log").text(text_of_bytes(path_.string()));
    json.key("device").integer(place.state.identity.device).key("inode").integer(place.state.identity.inode);
    json.key("byte").integer(place.byte).key("changed").integer(place.state.changed);
    json.key("beginning").integer(place.beginning).key("file").integer(place.file);
    return json.end('}').take();
  }

  Place place_of(std::string_view position) const {
    Place place;
    read_position(position, describe(), [&](const nlohmann::json& saved) {
      if (bytes_of_text(saved.at("log").get<std::string>()) != path_.string()) {
        refuse_position(describe());
      }
      take_kept(saved.at("device"), place.state.identity.device);
      take_kept(saved.at("inode"), place.state.identity.inode);
      take_kept(saved.at("byte"), place.byte);
      take_kept(saved.at("changed"), place.state.changed);
      take_kept(saved.at("beginning"), place.beginning);
      take_kept(saved.at("file"), place.file);
    });
    return place;
  }

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
      if (files_ == 0) {
        stats_.note("there is no file " + path_.string() + " yet, so it is waited for");
      }
      return false;
    }
    const bool has_come =  // a record without an end waits for take_lines, which cuts it
        text_.size() < most_text && file_.read_at(consumed_ + text_.size(), at_once, text_) != 0;
    // looked at after reading: what came may be the middle of what was written since
    if (is_path_ && was_truncated()) {
      stats_.note(path_.string() + " was truncated; reading goes on at its beginning");
      begin_file();  // of the same one: by now its name may be another file's
      return true;
    }
    return has_come;
  }

  bool was_truncated() const {
    return file_.state().size < consumed_ + text_.size() - invented_ ||
           file_.beginning(beginning_.size()) != hash_text(beginning_);
  }

  bool open_next() {
    const bool is_rotated = !waiting_.empty();
    const Next next = is_rotated ? waiting_.front() : Next{path_};
    if (is_rotated) {
      waiting_.pop_front();
    }
    const bool is_open = is_rotated ? open_rotated(next) : open_log();
    if (!is_open) {
      return is_rotated && open_next();
    }
    if (!is_rotated && !waiting_.empty()) {  // the log was rotated just now
      file_.close();
      return open_next();
    }
    is_path_ = next.path == path_;
    begin_file();
    if (next.byte != 0 || skips_beginning_) {
      pass_over(next.byte);
    }
    skips_beginning_ = false;
    static_cast<void>(file_.read_at(0, beginning_bytes(consumed_), beginning_));
    return true;
  }

  /// Where it is by now.
  bool open_rotated(const Next& next) {
    const auto is_it = [&] { return !next.identity || file_.state().identity == *next.identity; };
    if (file_.open(next.path) && is_it()) {
      return true;
    }
    for (const RotatedFile& file : rotated_files(path_)) {
      if (next.identity && file.state.identity == *next.identity && file_.open(file.path) && is_it()) {
        return true;
      }
    }
    file_.close();
    return false;
  }

  /// The log itself. What it was since the last file was left waits before it.
  bool open_log() {
    const bool is_open = file_.open(path_);
    if (left_ && is_open) {
      queue_later(*left_);
      std::erase_if(waiting_, [&](const Next& next) { return next.identity == file_.state().identity; });
      left_.reset();
    }
    return is_open;
  }

  void begin_file() {
    ++files_;
    resumed_.clear();
    lines_.begin_file();
    text_.clear();
    consumed_ = 0;
    beginning_.clear();
    leaving_since_.reset();
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

  /// Of what is consumed now, as long as it is the first of the file. Not read again: it may have changed.
  void remember_beginning(std::size_t used) {
    if (consumed_ == beginning_.size() && consumed_ < known_beginning_bytes) {
      const std::size_t real = used - (used == text_.size() ? invented_ : 0);
      beginning_.append(text_, 0, std::min<std::size_t>(real, known_beginning_bytes - beginning_.size()));
    }
  }

  /// A table of the whole lines that are here; with `complete` also what has no newline.
  std::optional<Table> take_lines(bool complete) {
    std::optional<Table> table;
    while (!table && !text_.empty()) {
      const std::size_t newline = text_.rfind('\n');
      std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
      if (complete && whole != text_.size()) {
        text_ += '\n';
        ++invented_;
        whole = text_.size();
      }
      std::size_t used = whole == 0 ? 0 : lines_.take(std::string_view(text_).substr(0, whole), complete, table);
      if (used == 0 && text_.size() >= most_text) {
        stats_.skip_records("4 MB without the end of a record", 1);
        used = whole != 0 ? whole : text_.size();
      }
      if (used == 0) {
        break;
      }
      remember_beginning(used);
      text_.erase(0, used);
      consumed_ += used;
      if (text_.empty() && invented_ != 0) {
        consumed_ -= std::exchange(invented_, 0);
      }
      if (table && table->rows() == 0) {
        table.reset();
      }
    }
    stats_.came(table ? table->rows() : 0);
    return table;
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
    if (text_.size() < most_text && here.size > consumed_ + text_.size() - invented_) {
      return true;  // more has come
    }
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
    if (waiting_.empty()) {
      left_ = file_.state();
      queue_later(*left_);
    }
    file_.close();
    static_cast<void>(open_next());
    return std::nullopt;
  }

  /// Files that the log was after this one, and is no more: they came and went while this one was read.
  void queue_later(const LogFileState& left) {
    for (const RotatedFile& file : rotated_files(path_)) {
      if (file.state.changed > left.changed && file.state.identity != left.identity) {
        waiting_.push_back({file.path, 0, file.state.identity});
      }
    }
  }

  static bool holds(const std::filesystem::path& path, const Place& saved, bool by_content) {
    const std::optional<LogFileState> state = look_at_file(path);
    GrowingFile file;
    return state && (by_content ? saved.byte != 0 : state->identity == saved.state.identity) &&
           state->size >= saved.byte && file.open(path) &&
           file.beginning(beginning_bytes(saved.byte)) == saved.beginning;
  }

  /// Where the file is that was being read, and which came behind it; false where it is gone.
  bool find_again(const Place& saved) {
    skips_beginning_ = false;
    waiting_.clear();
    files_ = saved.file - 1;
    if (holds(path_, saved, false)) {
      waiting_.push_back({path_, saved.byte});
      return true;
    }
    const std::vector<RotatedFile> rotated = rotated_files(path_);
    auto found = std::find_if(rotated.begin(), rotated.end(),
                              [&](const RotatedFile& file) { return holds(file.path, saved, false); });
    if (found == rotated.end()) {  // a copy of it, before it was truncated
      found = std::find_if(rotated.begin(), rotated.end(),
                           [&](const RotatedFile& file) { return holds(file.path, saved, true); });
    }
    for (auto file = rotated.begin(); file != rotated.end(); ++file) {
      if (file == found) {
        waiting_.push_back({file->path, saved.byte, file->state.identity});
      } else if (file->state.changed > saved.state.changed && (found == rotated.end() || file > found)) {
        waiting_.push_back({file->path, 0, file->state.identity});
      }
    }
    files_ += found == rotated.end() ? 1U : 0U;
    return found != rotated.end();
  }

  /// Whether the files that wait to be read lead from one place to another, and none between is gone.
  bool comes_to(const Place& to, const Place& from) const {
    if (to.file < from.file || to.file - from.file > waiting_.size()) {
      return false;
    }
    const auto steps = static_cast<std::size_t>(to.file - from.file);
    if (steps == waiting_.size() && waiting_.back().path == path_) {
      return false;
    }
    const std::filesystem::path& path = steps < waiting_.size() ? waiting_[steps].path : path_;
    return holds(path, to, false) || holds(path, to, true);
  }

  std::filesystem::path path_;
  FollowOptions options_;
  SharedSourceStats stats_;
  LogLines lines_;
  GrowingFile file_;
  std::deque<Next> waiting_;    ///< files to be read before the log itself
  std::string text_;            ///< of the file behind what was consumed
  std::uint64_t consumed_ = 0;  ///< bytes of the file whose records were given
  std::uint64_t files_ = 0;     ///< that were opened, those before the position of `go_to` among them
  std::string resumed_;         ///< the position of `go_to`, until a file is opened
  std::uint64_t invented_ = 0;  ///< newlines of `text_` that are not in the file
  std::string beginning_;       ///< the first bytes of the file, by which it is known
  std::optional<std::chrono::steady_clock::time_point> leaving_since_;
  std::uint64_t leaving_size_ = 0;
  bool leaving_ = false;
  std::optional<LogFileState> left_;  ///< the last file, until the next is open
  bool is_path_ = true;               ///< the open file is the log, and not what it was before
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
