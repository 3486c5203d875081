#pragma once

/// Connections of a machine to a service at a steady beat: a beacon that asks for orders, a job that nobody planned.
///
///   nad::BeatWatch watch;                                  // one for a stream of records, in the order of their ends
///   const nad::BeatEvidence beat = watch.add({source, destination, port}, begin_of_the_record);
///   if (beat.evidence > calibration.limit(share).score && !calibration.is_usual({source, destination, port})) ...
///
/// Evidence is -log of how likely connections that know nothing of each other have so many of their last 32 gaps so
/// close to the median gap; what follows within 5 seconds of a beat belongs to it. Networks are full of machines that
/// ask each other every minute, so what matters is where they go: services that were visited at a steady beat before
/// are usual.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/table/address.hpp"
#include "nad/threshold/calibration.hpp"
#include "nad/threshold/runs.hpp"

namespace nad {

/// Who connects to what.
struct BeatKey {
  Address source;
  Address destination;
  std::int64_t port = -1;  ///< of the destination; -1 where there is none

  friend bool operator==(const BeatKey&, const BeatKey&) = default;
  friend bool operator<(const BeatKey& a, const BeatKey& b) noexcept {
    return std::tie(a.source, a.destination, a.port) < std::tie(b.source, b.destination, b.port);
  }
};

namespace detail {

struct BeatKeyHash {
  NAD_API std::size_t operator()(const BeatKey& key) const noexcept;
};

}  // namespace detail

struct BeatRecord {
  BeatKey key;
  std::int64_t begin = 0;  ///< nanoseconds since 1970
};

/// How steady the connections were up to now.
struct BeatEvidence {
  double evidence = 0.0;    ///< 0 before there are 10 gaps, and 100 at most
  std::uint64_t beats = 0;  ///< that it is told by
  double period = 0.0;      ///< the median gap, in seconds
  double seconds = 0.0;     ///< from the first of the beats to the last

  friend bool operator==(const BeatEvidence&, const BeatEvidence&) = default;
};

/// Follows all connections at once. Of more than 65,536 machines and services those with the fewest beats are
/// forgotten.
class NAD_API BeatWatch {
 public:
  static constexpr std::size_t most_gaps = 32;

  /// A connection that began less than 5 seconds after the latest beat, or before it, is none.
  BeatEvidence add(const BeatKey& key, std::int64_t begin);
  void clear() { followed_.clear(); }
  std::size_t size() const noexcept { return followed_.size(); }

  /// All that it knows, and the way back; an error where the text is none of `save_state`.
  std::string save_state() const;
  void restore_state(std::string_view state);

 private:
  struct Beats {
    std::int64_t latest = 0;
    std::uint32_t gaps = 0;  ///< that are there
    std::uint32_t next = 0;  ///< the place of the next one
    std::array<float, most_gaps> seconds = {};
  };
  static BeatEvidence evidence_of(const Beats& beats);
  void forget_the_least();

  std::unordered_map<BeatKey, Beats, detail::BeatKeyHash> followed_;
};

/// Which services are usually visited at a steady beat, and how often new ones come.
class NAD_API BeatCalibration {
 public:
  /// Of nothing: there is no limit.
  BeatCalibration() = default;
  /// By normal records in the order of their ends: what the first half does not tell of the second is what is new.
  explicit BeatCalibration(std::span<const BeatRecord> records);

  /// Whether the records went on for long enough to tell.
  bool is_fitted() const noexcept { return new_beats_.is_fitted(); }
  /// Places and ports that were visited at a steady beat.
  std::size_t services() const noexcept { return services_.size() / words_of_service; }
  /// Of a slower beat the records could not tell whether it is usual; seconds.
  double longest_period() const noexcept { return longest_period_; }

  /// Whether such a beat tells nothing: to a service that is known for it, or too slow.
  bool is_usual(const BeatKey& key, const BeatEvidence& beat) const noexcept;
  /// Evidence that at most this share of normal records, above 0, brings a new beat across.
  ScoreLimit limit(double share) const { return new_beats_.limit(share); }
  /// The share of normal records that bring a new beat to such evidence, or further.
  PValue p_value(double evidence) const noexcept { return new_beats_.p_value(evidence); }

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive) {
    detail::archive_named(archive, "services", services_);
    archive(longest_period_, new_beats_);
    if constexpr (Archive::is_loading::value) {
      restore();
    }
  }

 private:
  static constexpr std::size_t words_of_service = 3;  ///< the address and the port
  void restore() const;

  std::vector<std::uint64_t> services_;  ///< in rising order
  double longest_period_ = 0.0;
  RunCalibration new_beats_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/beats-inl.hpp"
#endif
