#pragma once

#include <algorithm>
#include <chrono>
#include <map>
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
  FolderRecords(std::filesystem::path folder, const FolderOptions& options)
      : folder_(std::move(folder)), options_(options) {}

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
    return nlohmann::ordered_json{
        {"folder", folder_.string()}, {"done", std::move(done)}, {"file", name_}, {"records", given_}}
        .dump();
  }

  void go_to(std::string_view position) override {
    read_position(position, describe(), [&](const nlohmann::ordered_json& saved) {
      if (saved.at("folder").get<std::string>() != folder_.string()) {
        refuse_position(describe());
      }
      done_ = saved.at("done").get<std::map<std::string, std::int64_t>>();
      saved.at("file").get_to(first_name_);
      saved.at("records").get_to(first_records_);
    });
  }

 private:
  struct Waiting {
    std::string name;
    std::int64_t changed = 0;
  };

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
      if ((a.name == first_name_) != (b.name == first_name_)) {
        return a.name == first_name_;  // one that a run before had begun
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
      done_[name_] = changed_;
    }
    name_.clear();
    given_ = 0;
  }

  void pass_over_file(const Error& error) {
    if (options_.source.read.on_error == OnError::raise) {
      throw;  // the error that is being handled
    }
    stats_.note("passed over what follows in " + (folder_ / name_).string() + ": " + error.what());
    stats_.skip_records("file that cannot be read", 1);
    reader_.reset();
    done_[name_] = changed_;
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
  std::string first_name_;
  std::uint64_t first_records_ = 0;
  bool ended_ = false;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<RecordSource> folder_source(const std::filesystem::path& folder,
                                                       const FolderOptions& options) {
  return std::make_unique<detail::FolderRecords>(folder, options);
}

}  // namespace nad
