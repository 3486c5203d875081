#pragma once

// The captures of a folder as one capture: flows go on from one file to the next.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/flow/capture.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/flow/window_clock-inl.hpp"
#include "nad/source/record_source_parts-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// How far the meter has come, such that another one can come as far by reading the files again.
struct MeterPlace {
  std::vector<std::string> files;  ///< those that open flows began in, and the one that is being read, in their order
  std::uint64_t frames = 0;        ///< that were read of the last of them
  std::int64_t silence = 0;        ///< the time to which flows were ended since, without a packet; 0: none were
};

class FolderMeter {
 public:
  FolderMeter(std::filesystem::path folder, const FlowOptions& options, SharedSourceStats& stats)
      : folder_(std::move(folder)), options_(options), meter_(options), stats_(stats) {}

  bool is_reading() const noexcept { return capture_.has_value(); }
  /// Whether flows are open, or wait to be taken.
  bool holds_flows() const { return meter_.ended() != 0 || meter_.stats().open != 0; }

  MeterPlace place() const {
    MeterPlace place;
    place.files.reserve(files_.size());
    for (const File& file : files_) {
      place.files.push_back(file.name);
    }
    place.frames = frames_;
    place.silence = silence_;
    return place;
  }

  /// Comes as far as another meter had; what it makes of that is known already. Files that are gone are left out.
  void come_to(const MeterPlace& place, bool still_reads_last) {
    std::size_t gone = 0;
    for (std::size_t i = 0; i < place.files.size(); ++i) {
      const bool is_last = i + 1 == place.files.size();
      if (!std::filesystem::exists(folder_ / place.files[i])) {
        ++gone;
        continue;
      }
      const std::uint64_t most = is_last ? place.frames : std::numeric_limits<std::uint64_t>::max();
      try {
        open(place.files[i]);
        while (frames_ < most && read_frame()) {
          forget_some();
        }
      } catch (const Error&) {  // it was noted when it was read at first
        close();
      }
      if (!is_last || !still_reads_last) {
        close();
      }
    }
    if (place.silence != 0) {
      meter_.advance(place.silence);
      silence_ = place.silence;
    }
    forget();
    if (gone != 0) {
      stats_.note("flows that went on before the restart began in captures that are gone (" + std::to_string(gone) +
                  " of them); they are cut in two there");
    }
  }

  /// The next capture. Flows go on where it does not begin before the last one ended.
  void open(const std::string& name) {
    capture_.emplace(folder_ / name);
    files_.push_back({name, latest_});
    frames_ = 0;
    silence_ = 0;
    begin_ = nothing;
  }

  /// Records of the capture that is open: at least so many, or what there is at that time; nothing where it has ended.
  std::optional<Table> next(std::size_t rows, std::chrono::steady_clock::time_point until) {
    constexpr unsigned often = 1U << 10U;
    constexpr unsigned rarely = 1U << 12U;
    bool has_ended = false;
    while (meter_.ended() < rows && !has_ended) {
      has_ended = !read_frame();
      if (frames_ % rarely == 0) {
        meter_.prepare(rows);
      }
      if (frames_ % often == 0 && std::chrono::steady_clock::now() >= until) {
        break;
      }
    }
    // all of them: the place is that behind them
    return has_ended && meter_.ended() == 0 ? std::nullopt : std::optional(meter_.take());
  }

  /// The capture was read to its end, or cannot be read any further.
  void close() {
    if (!capture_) {
      return;
    }
    tell(capture_->report());
    capture_.reset();
    if (begin_ != nothing && latest_ != nothing) {
      longest_ = std::max(longest_, latest_ - std::min(begin_, latest_));
    }
    closed_at_ = std::chrono::steady_clock::now();
    forget_files();
  }

  /// No file has come for a while. A file that lasts for an hour comes an hour late, so the time of packets goes on
  /// only when the next file should have been there. Records that end by that.
  std::optional<Table> pass_time(double settle_seconds) {
    if (capture_ || latest_ == nothing || meter_.stats().open == 0) {
      return std::nullopt;
    }
    const auto passed =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - closed_at_).count();
    const std::int64_t late = passed - longest_ - 2 * waiting_time(settle_seconds).count();
    if (late < nanoseconds_per_second) {
      return std::nullopt;
    }
    silence_ = add_saturated(latest_, late);
    meter_.advance(silence_);
    return meter_.ended() == 0 ? std::nullopt : std::optional(meter_.take());
  }

  /// Ends all flows; their records, nothing where there are none.
  std::optional<Table> end_all() {
    meter_.end_all();
    files_.clear();
    return meter_.ended() == 0 ? std::nullopt : std::optional(meter_.take());
  }

 private:
  static constexpr std::int64_t nothing = std::numeric_limits<std::int64_t>::min();
  static constexpr std::size_t most_files = 500;  ///< that a restart reads again: longer flows are cut in two there

  struct File {
    std::string name;
    std::int64_t begin = nothing;  ///< the latest time of the files before: nothing that begins later began there
  };

  bool read_frame() {
    Frame frame;
    if (!capture_->next(frame)) {
      return false;
    }
    ++frames_;
    if (begin_ == nothing) {
      begin_ = frame.time;
      begin_anew_where_earlier(frame.time);
    }
    latest_ = std::max(latest_, frame.time);
    meter_.add(frame);
    return true;
  }

  /// Captures of the same time are not one: what is open ends, as at the end of any capture.
  void begin_anew_where_earlier(std::int64_t time) {
    constexpr std::int64_t overlap = 60 * nanoseconds_per_second;
    if (latest_ == nothing || add_saturated(time, overlap) >= latest_) {
      return;
    }
    meter_.end_all();
    files_.erase(files_.begin(), files_.end() - 1);
    files_.front().begin = nothing;
    latest_ = nothing;
    stats_.note("captures in " + folder_.string() +
                " that begin before the last one ended are metered by themselves; flows do not go on in them");
  }

  void forget_some() {
    constexpr std::size_t some = 4096;
    if (meter_.ended() >= some) {
      forget();
    }
  }
  void forget() { static_cast<void>(meter_.take()); }

  /// Files that no open flow began in.
  void forget_files() {
    const std::optional<std::int64_t> oldest = meter_.oldest_open();
    while (files_.size() > 1 && (!oldest || files_.size() > most_files || *oldest > files_[1].begin)) {
      files_.pop_front();
    }
    if (!oldest) {
      files_.clear();
      frames_ = 0;
    }
  }

  void tell(const CaptureReport& report) {
    for (const auto& [link, count] : report.left_out) {
      stats_.skip_records("packet of " + link + ", which nad does not decode", count);
    }
    for (const std::string& note : report.notes) {
      stats_.note(note);
    }
    const FlowStats flows = meter_.stats();
    for (const auto& [kind, count] : flows.malformed) {
      std::uint64_t& told = malformed_[kind];
      stats_.skip_records(std::string(describe(kind)), count - told);
      told = count;
    }
    if (flows.evicted != 0) {
      stats_.note("flows ended early because more than " + std::to_string(options_.max_flows) +
                  " were open; raise max_flows to keep them whole");
    }
    stats_.packets(report.packets, report.dropped);
  }

  std::filesystem::path folder_;
  FlowOptions options_;
  FlowMeter meter_;
  SharedSourceStats& stats_;
  std::optional<Capture> capture_;
  std::deque<File> files_;
  std::uint64_t frames_ = 0;
  std::int64_t begin_ = nothing;   ///< of the capture that is open, or was last
  std::int64_t latest_ = nothing;  ///< of all packets
  std::int64_t longest_ = 0;       ///< that a capture lasted
  std::int64_t silence_ = 0;
  std::chrono::steady_clock::time_point closed_at_ = std::chrono::steady_clock::now();
  std::map<Decoded, std::uint64_t> malformed_;
};

}  // namespace nad::detail
