#pragma once

// How a monitor that stopped goes on where it was.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/model/monitor_state-inl.hpp"

namespace nad::detail {

/// Where a run that begins anew could begin to read, kept as far back as it may have to.
inline void MonitorState::mark(RecordSource& source) {
  if (options.checkpoint.empty() || !looks_back_) {
    return;
  }
  const std::uint64_t records = counts_.records - muted_;
  if (marks_.is_due(records, latest_)) {
    if (std::string position = source.position(); !position.empty()) {
      marks_.add({std::move(position), records, latest_});
    }
  }
  marks_.forget(counts_.records, latest_);
}

/// Two that write to one checkpoint would both tell what comes.
inline void MonitorState::lock_checkpoint() {
  std::error_code failure;
  const std::filesystem::path folder = options.checkpoint.parent_path();
  if (std::filesystem::is_directory(options.checkpoint, failure) ||
      (!folder.empty() && !std::filesystem::is_directory(folder, failure))) {
    return;  // loading and saving say what is wrong
  }
  checkpoint_lock_ = lock_file(options.checkpoint.string() + ".lock");
  if (!checkpoint_lock_.is_open()) {
    throw Error(ErrorCode::invalid_argument, "the checkpoint " + options.checkpoint.string() +
                                                 " is in use by another monitor; give each monitor its own");
  }
}

inline void MonitorState::save(RecordSource& source) {
  MonitorCheckpoint checkpoint;
  const std::string position = source.position();
  const bool can_replay = looks_back_ && !position.empty() && !marks_.empty();
  checkpoint.set("source", source.describe());
  checkpoint.set("position", position);
  checkpoint.set("replay_position", can_replay ? marks_.first().position : position);
  checkpoint.set_number("replay_records", can_replay ? counts_.records - marks_.first().records : 0);
  alerts_.save(checkpoint);
  checkpoint.set("runs", scorer_.sources().runs.save_state());
  checkpoint.set("beats", scorer_.sources().beats.save_state());
  checkpoint.set("model", alerts_.maker().model().sha256);
  checkpoint.set_number("has_time", has_time_ ? 1 : 0);
  checkpoint.set_number("time", static_cast<std::uint64_t>(latest_));
  for (const auto& [name, count] : stored_counts()) {
    checkpoint.set_number(name, *count);
  }
  checkpoint.set_number("checkpoints", counts_.checkpoints + 1);
  checkpoint.save(options.checkpoint);
  ++counts_.checkpoints;
}

inline void MonitorState::restore(const MonitorCheckpoint& checkpoint, RecordSource& source) {
  if (checkpoint.text("source") != source.describe()) {
    throw Error(ErrorCode::invalid_argument, "the checkpoint " + options.checkpoint.string() + " is of " +
                                                 checkpoint.text("source") + ", and not of " + source.describe() +
                                                 "; give each source a checkpoint of its own");
  }
  alerts_.restore(checkpoint);
  for (const auto& [name, count] : stored_counts()) {
    *count = checkpoint.number(name);
  }
  records_at_begin_ = counts_.records;
  has_time_ = checkpoint.number("has_time") != 0;
  latest_ = static_cast<std::int64_t>(checkpoint.number("time"));
  if (checkpoint.text("model") != alerts_.maker().model().sha256) {
    tell("the model is another one than before the restart");
  }
  {
    RecordScorer scorer(scorer_.model());
    scorer.sources().runs.restore_state(checkpoint.text("runs"));
    scorer.sources().beats.restore_state(checkpoint.text("beats"));
    const std::lock_guard lock(mutex_);
    scorer_ = std::move(scorer);
  }
  muted_ = checkpoint.number("replay_records");
  if (muted_ > counts_.records) {
    throw Error(ErrorCode::bad_file,
                "the checkpoint " + options.checkpoint.string() + " contradicts itself; delete it to begin anew");
  }
  const std::string& position = checkpoint.text("position");
  const std::string& earlier = checkpoint.text("replay_position");
  if (position.empty()) {
    muted_ = 0;
  } else if (muted_ == 0) {
    source.go_to(position);
  } else if (!source.replay(earlier, position)) {
    muted_ = 0;
    tell("what was read before the restart is not all there any more, so windows that look back begin anew");
  }
  if (!position.empty()) {
    marks_.add({muted_ == 0 ? position : earlier, counts_.records - muted_, latest_});
  }
}

inline std::vector<std::pair<const char*, std::uint64_t*>> MonitorState::stored_counts() {
  return {{"records", &counts_.records}, {"reported", &counts_.reported},      {"allowed", &counts_.allowed},
          {"alerts", &counts_.alerts},   {"written", &counts_.written},        {"replayed", &counts_.replayed},
          {"drifts", &counts_.drifts},   {"checkpoints", &counts_.checkpoints}};
}

}  // namespace nad::detail
