#pragma once

/// What a model says of records: which are anomalous, how sure that is, and why.
///
///   for (const nad::Finding& finding : model.detect(flows).reported) {
///     std::cout << finding << '\n';   // row 366: p = 0.0003, score 5.894
///   }                                 //   root_shell 1 is higher than usual (nearly always 0): 1.4
///                                     //   num_file_creations 1 is higher than usual (nearly always 0): 0.46

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/model/usual_values.hpp"
#include "nad/threshold/calibration.hpp"
#include "nad/threshold/drift.hpp"

namespace nad {

/// What one column contributed.
struct Reason {
  std::string column;
  std::string value;     ///< of the record, as people read it
  std::string expected;  ///< what normal traffic holds there
  Direction direction = Direction::usual;
  /// In powers of ten of the p-value: of a record that scores above the detector's baseline, the contributions of all
  /// columns add up to `Finding::surprise`. Negative ones speak for a normal record.
  double contribution = 0.0;

  /// A sentence.
  NAD_API std::string to_string() const;
  friend bool operator==(const Reason&, const Reason&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(column, value, expected);
    detail::archive_field(archive, "the direction of a reason", direction);
    archive(contribution);
    if (!is_known(direction)) {
      throw Error(ErrorCode::bad_file, "the direction of a reason is unknown; the finding is damaged");
    }
  }
};

/// What one detector of an ensemble says, in the unit of its combination; see `Ensemble::member_scores`.
struct MemberScore {
  std::string name;
  float score = 0.0F;

  friend bool operator==(const MemberScore&, const MemberScore&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, score);
  }
};

/// What the records of a source had come to with this one: many unusual ones (see nad/threshold/runs.hpp), or
/// connections at a steady beat to a service that is not known for it (see nad/threshold/beats.hpp).
struct SourceRun {
  std::string source;         ///< its address
  std::uint64_t records = 0;  ///< unusual ones so far; beats
  double seconds = 0.0;       ///< since the first of them
  double evidence = 0.0;
  PValue p;                      ///< the share of normal records that bring a source so far, or further
  std::string destination = {};  ///< of a steady beat, with its port: "203.0.113.9:443"
  double period = 0.0;           ///< of a steady beat, in seconds

  bool is_beat() const noexcept { return period > 0.0; }
  /// "one of 34 unusual records of 10.0.0.5 in 95 s, p = 2e-07", or
  /// "one of 33 connections of 10.0.0.5 to 203.0.113.9:443 at a steady beat of 60 s, p = 1e-05"
  NAD_API std::string to_string() const;
  friend bool operator==(const SourceRun&, const SourceRun&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(source);
    detail::archive_field(archive, "the records of a run", records);
    archive(seconds, evidence, p, destination, period);
  }
};

struct Finding {
  std::size_t row = 0;  ///< of the table that was given
  float score = 0.0F;   ///< the detector's; higher is more anomalous
  PValue p;             ///< how likely a normal record gets such a score or a higher one
  /// -log10 of the p-value without its steps: interpolated between calibration scores, so it differs from that of `p`,
  /// most where those are few; and it goes on where `p` ends, at 3.3e-308.
  double surprise = 0.0;
  std::string family = {};                ///< of attacks, where the model learnt from labels
  std::vector<Reason> reasons;            ///< the columns that contributed most, the largest first
  std::vector<MemberScore> members = {};  ///< where the detector is an ensemble, and there are reasons
  std::optional<SourceRun> run = {};      ///< where it is reported for that, above the limit itself or not

  NAD_API std::string to_string() const;
  friend bool operator==(const Finding&, const Finding&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    detail::archive_field(archive, "the row of a finding", row);
    archive(score, p, surprise, family, reasons, members);
    detail::archive_field(archive, "whether a finding is of a run", run);
  }
};

NAD_API std::ostream& operator<<(std::ostream& out, const Finding& finding);

struct Findings {
  std::vector<float> scores;  ///< of all records
  /// Those above the limit, and those of runs; the most anomalous first.
  std::vector<Finding> reported;
  ScoreLimit limit;  ///< scores above it are reported
  /// Whether the records still look like those that the model was calibrated on, and whether more of them lie above
  /// the model's threshold than it promises.
  DriftReport drift;

  /// Like those of reasons and findings for any cereal archive; a host that uses cereal's own includes
  /// <cereal/types/vector.hpp> and <cereal/types/string.hpp>.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(scores, reported, limit, drift);
  }
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/model/finding-inl.hpp"
#endif
