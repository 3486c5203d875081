#pragma once

/// Which of many records to report so that most of the reports are right: control of the false discovery rate.
///
///   std::vector<double> p;
///   for (float score : scores) p.push_back(calibration.conformal_p_value(score));
///   nad::Discoveries found = nad::benjamini_hochberg(p, 0.1);
///   found.reported[17];                           // on average at most a tenth of those reported is normal
///   std::vector<double> q = nad::q_values(p);     // the rate at which each would just be reported
///
///   nad::OnlineDiscovery stream({.rate = 0.1});   // one record after the other, decided at once
///   if (stream.decide(p_value)) raise_alarm();
///
/// A threshold by alerts a day bounds how many false alerts there are; this bounds which share of the alerts is false,
/// so that quiet days bring few and an attack brings all of its records.
///
/// What that costs. The least conformal p-value is 1 / (n + 1) with n calibration scores, so of m records none is
/// reported unless about m / (rate (n + 1)) of them or more lie beyond all calibration scores, or more of them a little
/// less far out: 50 of 10,000 at a rate of 0.1 with 2,000 calibration scores, 5 with 20,000. A single attack on a quiet
/// day stays unreported; a threshold finds it. Extrapolated p-values find it, too, but the tail is an estimate, and the
/// promise is gone: in batches of 1,000 normal records, whose reports are all false, there was one in 13 % of the
/// batches with 2,000 calibration scores at a rate of 0.05, and in 26 % with 300.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nad/config.hpp"

namespace nad {

struct Discoveries {
  std::vector<std::uint8_t> reported;  ///< 1 for each record that is
  std::size_t count = 0;               ///< of them
  double limit = 0.0;                  ///< the largest p-value that is reported; 0 where none is
};

/// The step-up procedure of Benjamini and Hochberg (1995). It keeps its promise for conformal p-values of one
/// calibration set, whose dependence is positive (Bates et al. 2023), and not for extrapolated ones.
NAD_API Discoveries benjamini_hochberg(std::span<const double> p_values, double rate);

/// For each p-value the least rate at which `benjamini_hochberg` would report it.
NAD_API std::vector<double> q_values(std::span<const double> p_values);

struct OnlineDiscoveryOptions {
  double rate = 0.1;
  /// Records after which the budget begins anew. The promise holds for each such stretch of the stream; without new
  /// beginnings a quiet month would leave no budget for an attack.
  std::uint64_t horizon = 100'000;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(rate, horizon);
  }
};

/// LORD++ (Ramdas et al. 2017): each record is tested at a level that grows with every discovery and fades after it.
/// The fading is a mixture of geometric series, so that a record costs the same however many discoveries there were.
/// The promise is proved for independent p-values. Conformal ones of one calibration set, which depend on each other a
/// little, kept it in all that was tried, but they end at 1 / (n + 1), and some hundreds of quiet records bring the
/// level below that: then nothing is reported any more. With extrapolated ones most is found. Where one record in a
/// hundred was an attack the share of false reports was 0.03 at a rate of 0.05 and 0.05 at 0.1 (2,000 calibration
/// scores, 5,000 records); but where there was no attack at all, so that the rate bounds how often anything is
/// reported, something was in 12 % of such streams at both rates, and in 17 and 30 % of streams of 100,000 records.
/// With 20,000 calibration scores it was in 1.5 and 5 % of streams of 5,000: calibrate on as many records as a horizon
/// has.
class NAD_API OnlineDiscovery {
 public:
  using Options = OnlineDiscoveryOptions;

  explicit OnlineDiscovery(const Options& options = {});

  const Options& options() const noexcept { return options_; }
  /// The largest p-value at which the next record would be reported.
  double next_level() const noexcept;
  /// Whether the next record is reported.
  bool decide(double p_value);

  std::uint64_t records() const noexcept { return records_; }          ///< since the budget began
  std::uint64_t discoveries() const noexcept { return discoveries_; }  ///< likewise

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(options_, records_, discoveries_, wealth_[0], wealth_[1], wealth_[2], wealth_[3], wealth_[4], wealth_[5]);
    if constexpr (Archive::is_loading::value) {
      restore();
    }
  }

 private:
  static constexpr std::size_t paces = 6;

  void begin();
  void restore();

  Options options_;
  std::uint64_t records_ = 0;
  std::uint64_t discoveries_ = 0;
  std::array<double, paces> wealth_ = {};  ///< what each pace adds to the next level
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/threshold/false_discovery-inl.hpp"
#endif
