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
#include "nad/detail/json_numbers.hpp"
#include "nad/source/file_begin-inl.hpp"
#include "nad/source/folder_meter-inl.hpp"
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
    resume_meter();
    while (!ended_) {
      if (winds_up_ || (!is_reading() && !open_next())) {
        const bool is_over = options_.once || winds_up_;
        if (meter_) {
          if (std::optional<Table> rest = is_over ? meter_->end_all() : meter_->pass_time(options_.settle_seconds)) {
            ended_ = is_over;
            return give(conforming(std::move(*rest), expected_, false));
          }
        }
        if (is_over) {
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
        if (batch->rows() == 0) {
          break;  // of a capture, and the time is over
        }
        given_ += batch->rows();
        return give(std::move(*batch));
      }
      finish_file();
    }
    return std::nullopt;
  }

  /// Flows that are open end.
  bool wind_up() override {
    winds_up_ = meter_ && meter_->holds_flows();
    return winds_up_;
  }

  std::string position() const override {
    const bool has_begun = !name_.empty();
    const MeterPlace meter = come_to_ ? *come_to_ : meter_ ? meter_->place() : MeterPlace();
    JsonWriter json;
    json.begin('{').key("folder").text(text_of_bytes(folder_.string())).key("done").begin('{');
    for (const auto& [name, changed] : done_) {
      json.key(text_of_bytes(name)).integer(changed);
    }
    json.end('}').key("finished").integer(finished_);
    json.key("file").text(text_of_bytes(has_begun ? name_ : first_name_));
    json.key("records").integer(has_begun ? given_ : first_name_.empty() ? 0 : first_records_);
    json.key("metered").begin('[');
    for (const std::string& name : meter.files) {
      json.text(text_of_bytes(name));
    }
    json.end(']').key("frames").integer(meter.frames).key("silence").integer(meter.silence);
    return json.end('}').take();
  }

  void go_to(std::string_view position) override {
    const Place place = place_of(position);
    done_ = place.done;
    finished_ = place.finished;
    first_name_ = place.file;
    first_records_ = place.records;
    come_to_.reset();
    if (!place.meter.files.empty()) {
      come_to_ = place.meter;
    }
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
                          (from.file.empty() || from.file == to.file || between.contains(from.file)) &&
                          std::all_of(from.meter.files.begin(), from.meter.files.end(),
                                      [&](const std::string& name) { return look_at_file(folder_ / name); });
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
    MeterPlace meter;
  };

  Place place_of(std::string_view position) const {
    Place place;
    read_position(position, describe(), [&](const nlohmann::json& saved) {
      if (bytes_of_text(saved.at("folder").get<std::string>()) != folder_.string()) {
        refuse_position(describe());
      }
      using Saved = nlohmann::json;
      for (const auto& [name, changed] : saved.at("done").get_ref<const Saved::object_t&>()) {
        take_kept(changed, place.done[bytes_of_text(name)]);
      }
      take_kept(saved.at("finished"), place.finished);
      place.file = bytes_of_text(saved.at("file").get<std::string>());
      take_kept(saved.at("records"), place.records);
      for (const auto& name : saved.at("metered").get_ref<const Saved::array_t&>()) {
        place.meter.files.push_back(bytes_of_text(name.get<std::string>()));
      }
      take_kept(saved.at("frames"), place.meter.frames);
      take_kept(saved.at("silence"), place.meter.silence);
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

  bool is_reading() const { return reader_ != nullptr || (meter_ && meter_->is_reading()); }

  Table give(Table records) {
    stats_.came(records.rows());
    return records;
  }

  FolderMeter& meter() {
    if (!meter_) {
      meter_.emplace(folder_, options_.source.read.flow, stats_);
    }
    return *meter_;
  }

  /// As far as a run before had come with captures.
  void resume_meter() {
    if (!come_to_) {
      return;
    }
    const std::string last = come_to_->files.back();
    const bool goes_on = last == first_name_;
    meter().come_to(*come_to_, goes_on);
    if (goes_on) {
      first_name_.clear();
      if (const std::optional<LogFileState> state = look_at_file(folder_ / last); state && meter_->is_reading()) {
        name_ = last;
        changed_ = state->changed;
      }
    }
    come_to_.reset();
  }

  bool open_next() {
    while (const std::optional<Waiting> found = find_next()) {
      name_ = found->name;
      changed_ = found->changed;
      given_ = 0;
      try {
        if (is_capture(folder_ / name_)) {
          meter().open(name_);
          return true;
        }
        reader_ = std::make_unique<ExpectedReader>(folder_ / name_, options_.source, expected_);
        if (name_ == first_name_) {
          if (!reader_->pass_over(first_records_, rest_)) {
            stats_.note((folder_ / name_).string() + " has fewer records than it had; it is passed over");
          }
          given_ = first_records_;
          first_name_.clear();
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
      if (meter_ && meter_->is_reading()) {
        const auto until = std::chrono::steady_clock::now() + waiting_time(options_.source.most_wait);
        std::optional<Table> batch = meter_->next(std::max<std::size_t>(1, options_.source.batch_rows), until);
        return batch ? std::optional(conforming(std::move(*batch), expected_, false)) : std::nullopt;
      }
      return reader_->next();
    } catch (const Error& error) {
      pass_over_file(error);
      return std::nullopt;
    }
  }

  void finish_file() {
    if (reader_) {
      stats_.add(reader_->report());
    }
    if (is_reading()) {
      close_file();
      file_is_done();
    }
    name_.clear();
    given_ = 0;
  }

  void close_file() {
    reader_.reset();
    if (meter_) {
      meter_->close();
    }
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
    close_file();
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
  std::optional<FolderMeter> meter_;   ///< once there was a capture
  std::optional<MeterPlace> come_to_;  ///< before the first `next`
  bool winds_up_ = false;
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
