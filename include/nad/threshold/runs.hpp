#pragma once

/// Many records of one source, each only a little unusual: brute force, a tunnel, a slow theft.
///
///   nad::RunWatch watch;                                    // one for a stream of records, in the order of their ends
///   const nad::RunEvidence run = watch.add(source, time, calibration.surprise(score));
///   if (run.evidence > limit.score) ...                     // limit: RunCalibration::limit
///
/// A cumulative sum for each source. A record of surprise s (-log of its p-value) adds s - 3, so that what is as usual
/// takes away what single odd records brought; the sum is never below 0, and what it holds fades within minutes. What
/// normal sources reach is learnt from held-out records that follow each other.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/table/address.hpp"
#include "nad/threshold/calibration.hpp"

namespace nad {

namespace detail {

/// Nobody who chooses addresses knows which ones collide.
struct AddressHash {
  NAD_API std::size_t operator()(const Address& address) const noexcept;
};

}  // namespace detail

/// What the records of a source have come to.
struct RunEvidence {
  double evidence = 0.0;      ///< 0 where nothing is unusual; 100 at most
  std::uint64_t records = 0;  ///< unusual ones since it was 0
  std::int64_t begin = 0;     ///< when that was, in nanoseconds since 1970
  bool is_new = false;        ///< this record began it
  bool adds = false;          ///< this record is one of the unusual ones

  friend bool operator==(const RunEvidence&, const RunEvidence&) = default;
};

/// Follows all sources at once. Of more than 65,536 with evidence those with the least are forgotten.
class NAD_API RunWatch {
 public:
  /// `time` in nanoseconds since 1970; one before the source's latest counts as that.
  RunEvidence add(const Address& source, std::int64_t time, double surprise);
  void clear() { sources_.clear(); }
  /// Sources that are followed.
  std::size_t size() const noexcept { return sources_.size(); }

  /// All that it knows, and the way back; an error where the text is none of `save_state`.
  std::string save_state() const;
  void restore_state(std::string_view state);

 private:
  struct Source {
    double evidence = 0.0;
    std::uint64_t records = 0;
    std::int64_t begin = 0;
    std::int64_t latest = 0;
  };
  void forget_the_least(std::int64_t now);

  std::unordered_map<Address, Source, detail::AddressHash> sources_;
};

/// The highest evidence of each run of normal sources.
class NAD_API RunPeaks {
 public:
  /// A record that follows the last one.
  void add(const Address& source, std::int64_t time, double surprise);
  /// What follows comes from another time: all runs have ended.
  void end();

  /// Of all runs that have ended.
  const std::vector<float>& peaks() const noexcept { return peaks_; }
  std::uint64_t records() const noexcept { return records_; }

 private:
  RunWatch watch_;
  std::unordered_map<Address, float, detail::AddressHash> open_;  ///< runs that have not ended
  std::vector<float> peaks_;
  std::uint64_t records_ = 0;
};

/// How much evidence normal sources reach, and the limit for a wanted number of false alarms.
class NAD_API RunCalibration {
 public:
  /// Of nothing: there is no limit.
  RunCalibration() = default;
  explicit RunCalibration(const RunPeaks& peaks);
  /// By peaks, each above 0 and at most 100, that so many records brought.
  RunCalibration(std::span<const float> peaks, std::uint64_t records) : peaks_(peaks), records_(records) {}

  /// Whether there were records to learn from.
  bool is_fitted() const noexcept { return records_ != 0; }
  std::uint64_t records() const noexcept { return records_; }
  std::size_t runs() const noexcept { return peaks_.size(); }

  /// Evidence that at most this share of normal records, above 0, brings a source across. Where that is beyond all
  /// held-out runs, not below what records would need that know nothing of each other: few runs do not tell how far
  /// long ones go.
  ScoreLimit limit(double share) const;
  /// The share of normal records that bring a source to such evidence, or further; not below what so few runs can tell.
  PValue p_value(double evidence) const noexcept;

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(peaks_);
    detail::archive_field(archive, "the records of the runs", records_);
    if constexpr (Archive::is_loading::value) {
      restore();
    }
  }

 private:
  void restore() const;
  double runs_per_record() const noexcept;

  Calibration peaks_;
  std::uint64_t records_ = 0;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/runs-inl.hpp"
#endif
