#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/source/follow_file-inl.hpp"
#include "nad/source/record_source_file-inl.hpp"
#include "nad/source/record_source_folder.hpp"
#include "nad/source/record_source_queue-inl.hpp"

namespace nad {

namespace detail {

class FolderRecords final : public RecordSource {
 public:
  FolderRecords(std::filesystem::path folder, FolderOptions options)
      : folder_(std::move(folder)), options_(std::move(options)) {}

  void expect(const Schema& inputs) override { expected_ = inputs; }
  bool ended() const override { return ended_; }
  bool is_live() const override { return !options_.once; }
  SourceStats stats() const override { return stats_.get(); }
  std::string describe() const override { return "the folder " + folder_.string(); }

  std::optional<Table> next(double seconds) override {
    const auto deadline = std::chrono::steady_clock::now() + waiting_time(seconds);
    while (!ended_) {
      if (!reader_ && !open_next()) {
        if (options_.once) {
          ended_ = true;
          break;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) {
          break;
        }
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(deadline - now, waiting_time(options_.poll)));
        continue;
      }
      if (std::optional<Table> batch = read_on()) {
        given_ += batch->rows();
        stats_.came(batch->rows());
        return batch;
      }
      finish_file();
    }
    return std::nullopt;
  }

  std::string position() const override {
    nlohmann::ordered_json done = nlohmann::ordered_json::object();
    for (const auto& [name, changed] : done_) {
      done[name] = changed;
    }
    const bool has_begun = !name_.empty();
    return nlohmann::ordered_json{{"folder", folder_.string()},
                                  {"done", std::move(done)},
                                  {"finished", finished_},
                                  {"file", has_begun ? name_ : first_name_},
                                  {"records", has_begun             ? given_
                                              : first_name_.empty() ? 0
                                                                    : first_records_}}
        .dump();
  }

  void go_to(std::string_view position) override {
    const Place place = place_of(position);
    done_ = place.done;
    finished_ = place.finished;
    first_name_ = place.file;
    first_records_ = place.records;
    again_.clear();
    last_again_.clear();
  }

  bool replay(std::string_view earlier, std::string_view later) override {
    const Place from = place_of(earlier);
    const Place to = place_of(later);
    std::set<std::string> between;
    for (const auto& [name, changed] : to.done) {
      const std::optional<LogFileState> there = from.done.contains(name) ? std::nullopt : look_at_file(folder_ / name);
      if (there && there->changed == changed) {
        between.insert(name);
      }
    }
    const bool is_whole = to.finished >= from.finished && between.size() == to.finished - from.finished &&
                          (to.file.empty() || look_at_file(folder_ / to.file)) &&
                          (from.file.empty() || from.file == to.file || between.contains(from.file));
    go_to(is_whole ? earlier : later);
    if (is_whole) {
      again_ = std::move(between);
      last_again_ = to.file;
    }
    return is_whole;
  }

 private:
  struct Waiting {
    std::string name;
    std::int64_t changed = 0;
  };
  struct Place {
    std::map<std::string, std::int64_t> done;
    std::uint64_t finished = 0;
    std::string file;
    std::uint64_t records = 0;
  };

  Place place_of(std::string_view position) const {
    Place place;
    read_position(position, describe(), [&](const nlohmann::ordered_json& saved) {
      if (saved.at("folder").get<std::string>() != folder_.string()) {
        refuse_position(describe());
      }
      place.done = saved.at("done").get<std::map<std::string, std::int64_t>>();
      saved.at("finished").get_to(place.finished);
      saved.at("file").get_to(place.file);
      saved.at("records").get_to(place.records);
    });
    return place;
  }

  /// What is read again comes before everything else, and in the order that does not mix it with what is new.
  int turn_of(const std::string& name) const {
    return name == first_name_ ? 0 : again_.contains(name) ? 1 : name == last_again_ ? 2 : 3;
  }

  static bool is_being_written(const std::string& name) {
    return name.empty() || name.front() == '.' || name.ends_with(".tmp") || name.ends_with(".part");
  }

  /// The file to read next, where there is one; files that are gone are forgotten, so that memory goes with the folder.
  std::optional<Waiting> find_next() {
    std::error_code failure;
    std::filesystem::directory_iterator entries(folder_, failure);
    if (failure) {
      throw Error(ErrorCode::io, "cannot look into " + folder_.string() + ": " + failure.message());
    }
    const auto now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    std::map<std::string, std::int64_t> still_done;
    std::vector<Waiting> waiting;
    for (const auto& entry : entries) {
      const std::string name = entry.path().filename().string();
      const std::optional<LogFileState> state = look_at_file(entry.path());
      if (!state || is_being_written(name)) {
        continue;
      }
      const auto done = done_.find(name);
      if (done != done_.end()) {
        still_done.insert(*done);
      } else if (options_.once || now - state->changed >= waiting_time(options_.settle_seconds).count()) {
        waiting.push_back({name, state->changed});
      } else {
        waiting.push_back({name, -1});
      }
    }
    done_ = std::move(still_done);
    const bool by_time = options_.order == FolderOrder::times;
    const auto first = std::min_element(waiting.begin(), waiting.end(), [&](const Waiting& a, const Waiting& b) {
      if (turn_of(a.name) != turn_of(b.name)) {
        return turn_of(a.name) < turn_of(b.name);
      }
      return by_time && a.changed >= 0 && b.changed >= 0 ? std::pair(a.changed, a.name) < std::pair(b.changed, b.name)
             : by_time                                   ? a.changed > b.changed
                                                         : a.name < b.name;
    });
    return first == waiting.end() || first->changed < 0 ? std::nullopt : std::optional(*first);
  }

  bool open_next() {
    while (const std::optional<Waiting> found = find_next()) {
      name_ = found->name;
      changed_ = found->changed;
      given_ = 0;
      try {
        reader_ = std::make_unique<ExpectedReader>(folder_ / name_, options_.source, expected_);
        if (name_ == first_name_) {
          if (!reader_->pass_over(first_records_, rest_)) {
            stats_.note((folder_ / name_).string() + " has fewer records than it had; it is passed over");
          }
          given_ = first_records_;
          first_name_.clear();
        }
        if (reader_->report().format == "pcap") {
          stats_.note("each capture in " + folder_.string() +
                      " is metered by itself: flows that go on in the next one "
                      "are cut in two there; give captures that belong together as one source");
        }
        return true;
      } catch (const Error& error) {
        pass_over_file(error);
      }
    }
    return false;
  }

  std::optional<Table> read_on() {
    if (rest_.rows() != 0) {
      return std::exchange(rest_, Table());
    }
    try {
      return reader_->next();
    } catch (const Error& error) {
      pass_over_file(error);
      return std::nullopt;
    }
  }

  void finish_file() {
    if (reader_) {
      stats_.add(reader_->report());
      reader_.reset();
      file_is_done();
    }
    name_.clear();
    given_ = 0;
  }

  void file_is_done() {
    done_[name_] = changed_;
    ++finished_;
    again_.erase(name_);
    if (name_ == last_again_) {
      last_again_.clear();
    }
  }

  void pass_over_file(const Error& error) {
    if (options_.source.read.on_error == OnError::raise) {
      throw;  // the error that is being handled
    }
    stats_.note("passed over what follows in " + (folder_ / name_).string() + ": " + error.what());
    stats_.skip_records("file that cannot be read", 1);
    reader_.reset();
    file_is_done();
    first_name_.clear();
  }

  std::filesystem::path folder_;
  FolderOptions options_;
  Schema expected_;
  SharedSourceStats stats_;
  std::map<std::string, std::int64_t> done_;  ///< files that were read, and when they had changed
  std::string name_;                          ///< the file that is being read
  std::int64_t changed_ = 0;
  std::uint64_t given_ = 0;
  std::unique_ptr<ExpectedReader> reader_;
  Table rest_;
  std::uint64_t finished_ = 0;  ///< files that were read to their end
  std::string first_name_;      ///< one that a run before had begun
  std::uint64_t first_records_ = 0;
  std::set<std::string> again_;  ///< files that are read again, and the last of them
  std::string last_again_;
  bool ended_ = false;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<RecordSource> folder_source(const std::filesystem::path& folder,
                                                       const FolderOptions& options) {
  return std::make_unique<detail::FolderRecords>(folder, options);
}

}  // namespace nad
