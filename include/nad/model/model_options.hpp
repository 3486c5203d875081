#pragma once

/// How a model learns.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nad/config.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/words.hpp"
#include "nad/threshold/threshold_rule.hpp"

namespace nad {

/// What the training records are.
enum class Training : std::uint8_t {
  clean,     ///< believed to be normal, all of them
  mixed,     ///< whatever the network carried; attacks may be in it, and nobody said where
  labelled,  ///< each with a label that says what it is
};

constexpr std::array<std::string_view, 3> words_of(Training) noexcept { return {"clean", "mixed", "labelled"}; }

struct ModelOptions {
  Training training = Training::clean;
  /// 1 % of normal records if nothing is said. The best F-beta score of labelled records would suit attacks that
  /// training knows, and miss more of the others.
  std::optional<ThresholdRule> threshold = {};
  /// Share of the records, 20,000 at most, that the detector does not learn from: p-values and thresholds come from
  /// them. Labelled training takes the share of normal records and of attacks each, and of few normal ones up to half,
  /// to have 50. Mixed training calibrates on the records that were learnt from, whatever is said here, and so does
  /// clean training where the share is below 50 records.
  double calibration = 0.2;
  /// How many records a day brings; if nothing is said, as many as the times of the training records tell, but for
  /// times that lie far from all others.
  std::optional<double> records_per_day = {};
  /// The column with the labels, never learnt from; if nothing is said, the table's column of families of attacks, or
  /// else its first with the role of label. Training that is not labelled looks there for attacks to warn of.
  std::string label = {};
  /// What normal records are called there; if nothing is said "normal", "benign" and the like, or false, or 0.
  std::string normal = {};
  /// Learn what runs of unusual records normal sources bring, and which services they visit at a steady beat, and
  /// report longer runs and other beats: a fifth of a threshold in alerts a day is for them. For clean training on
  /// tables with the columns src_ip and timestamp, and dst_ip for beats; else nothing changes.
  bool runs = true;
  std::uint64_t random_state = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    detail::archive_field(archive, "training", training);
    bool has_rule = threshold.has_value();
    detail::archive_field(archive, "threshold", has_rule);
    ThresholdRule rule = threshold.value_or(ThresholdRule{});
    detail::archive_field(archive, "the kind of the threshold", rule.kind);
    archive(rule.value, calibration);
    threshold = has_rule ? std::optional(rule) : std::nullopt;
    detail::archive_field(archive, "records_per_day", records_per_day);
    archive(label, normal);
    detail::archive_field(archive, "whether runs are learnt", runs);
    archive(random_state);
  }
};

struct DetectOptions {
  /// Report so many that on average no larger share is false, in the place of the threshold: Benjamini and Hochberg's
  /// procedure with conformal p-values. Few far ones among many records are not reported then, as
  /// nad/threshold/false_discovery.hpp says. No promise where calibration records are those that were learnt from.
  std::optional<double> false_discovery_rate = {};
  std::size_t most_reasons = 5;         ///< of each finding
  std::size_t most_explained = 10'000;  ///< findings beyond so many have no reasons
  /// Report the unusual records of a source whose run is beyond `Model::run_limit`, too, and connections at a steady
  /// beat beyond `Model::beat_limit`. Not with a false discovery rate. Records are taken in the order of the table.
  bool runs = true;
};

}  // namespace nad
