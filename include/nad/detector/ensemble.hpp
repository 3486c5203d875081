#pragma once

/// Several detectors that judge together.
///
///   nad::Ensemble ensemble({.combination = nad::Combination::tempered_surprise});
///   ensemble.add(nad::IsolationForest({.max_samples = 4096}), {.weight = 2.0});
///   ensemble.add(nad::LocalGaussian({.n_clusters = 16}));
///   ensemble.fit(normal_traffic, {.n_jobs = 4});                       // members learn side by side
///   std::vector<float> scores = ensemble.anomaly_score(new_traffic);
///   nad::Matrix terms = ensemble.member_scores(new_traffic);            // what each member said
///
///   nad::Ensemble usual = nad::Ensemble::clean();                       // or mixed(): trained on whatever there is
///
///   const nad::FeatureView& view = pipeline.views()[1];                 // a member may see some columns only
///   nad::Ensemble both;
///   both.add(nad::KMeans(), {.columns = {view.first, view.count}});
///
///   nad::Ensemble taught;                                               // a member may learn from labels
///   taught.add(nad::BoostedTrees()).add(nad::IsolationForest()).fit(traffic, labels);
///
/// Scores of different detectors are never added as they are: one counts splits, another one distances. Each member is
/// first calibrated on rows that it did not learn from, and what it says is how far out a row lies among them. Members
/// may be ensembles themselves. With labels, it is rows of the normal class that members are calibrated on, so that an
/// attack is as far out as it would be among ordinary traffic, however many attacks training had.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/detail/words.hpp"
#include "nad/detector/crowds.hpp"
#include "nad/detector/detector.hpp"
#include "nad/detector/extremes.hpp"
#include "nad/detector/tail_scale.hpp"
#include "nad/detector/unique_rows.hpp"

namespace nad {

namespace detail {
struct RowPart;
}

/// How the members' words become one. A member's surprise is -log p, where p is the share of calibration rows that lie
/// as far out or further; beyond those a tail is fitted to them.
enum class Combination : std::uint8_t {
  mean_surprise,  ///< the weighted mean of -log p: members that agree count
  max_surprise,   ///< the largest weighted -log p: one member is enough
  mean,           ///< the weighted mean of standardised scores: distances from the median, in standard deviations
  maximum,        ///< the largest weighted standardised score
  median,         ///< the weighted median of standardised scores
  rank,           ///< the weighted mean of the share of calibration rows that lie below
  majority,       ///< members vote, by their own thresholds: more than half of the weight
  any,            ///< at least one vote
  all,            ///< every vote
  at_least,       ///< votes of at least the weight `min_votes`
  /// The weighted mean of -log p, of which what goes beyond 5 counts by its logarithm, log(1 + 2 x) / 2: how far out a
  /// row lies beyond all that were seen is a guess of each member, and members that agree count more than one that
  /// guesses high.
  tempered_surprise,
};

constexpr std::array<std::string_view, 11> words_of(Combination) noexcept {
  return {"mean_surprise", "max_surprise", "mean", "maximum",  "median",           "rank",
          "majority",      "any",          "all",  "at_least", "tempered_surprise"};
}

/// Whether members vote.
constexpr bool is_vote(Combination combination) noexcept {
  return combination >= Combination::majority && combination <= Combination::at_least;
}

struct EnsembleOptions {
  Combination combination = Combination::tempered_surprise;
  std::optional<double> min_votes = {};  ///< for `at_least`, and only there
  /// Share of the rows (with labels of the normal ones), 10,000 at most, that no member learns from and all are
  /// calibrated on; 0: members are calibrated on the rows that they learnt from, as they are where fewer than 50 rows
  /// would be left out.
  double calibration = 0.2;
  /// Members that are calibrated on rows kept from them then learn once more, from all rows, which takes as long again:
  /// what a score is worth is known by then, and more rows show more of what is normal.
  bool refit = false;
  UniqueRows unique_rows = UniqueRows::off;  ///< for all members and their calibration
  /// Share of training rows (with labels of the normal ones) above the threshold, 0.01 if nothing is given. Not for
  /// votes: there the members' thresholds count.
  std::optional<double> contamination = {};
  /// How much it counts that a row is not alone: training rows that are alike and each below p = 0.05 bring evidence
  /// together, and this times its logarithm is added to the score. 0: nothing. Only for combinations of surprise, and
  /// for columns that are scaled, such that rows less than about 1 apart in each are alike.
  double crowds = 0.0;
  /// Columns that hold a surprise by themselves, -log p or 0, as `Novelty{.by_chance = true}` writes: a row lies at
  /// least as far out as a score does that so few calibration rows reach. What was never seen cannot be learnt: a tree
  /// never cuts a column that did not vary in training, and distances to it mean nothing. Not for votes.
  std::vector<std::uint32_t> surprises = {};
  /// Columns whose values surprise by themselves where they lie far beyond all that was learnt: a row lies at least as
  /// far out as a score does that so few calibration rows reach. Where there are many columns, a thousand times the
  /// largest upload drowns among them. Not for votes.
  std::vector<std::uint32_t> extremes = {};
  std::uint64_t random_state = 0;  ///< which rows are for calibration; members have seeds of their own

  template <class Archive>
  void serialize(Archive& archive);
};

/// Neighbouring columns, as a view of a feature pipeline is.
struct ColumnRange {
  std::size_t first = 0;
  std::size_t count = 0;  ///< 0: all from `first` on

  friend bool operator==(const ColumnRange&, const ColumnRange&) = default;
};

struct MemberOptions {
  double weight = 1.0;
  std::string name = {};     ///< the detector's kind if nothing is given
  ColumnRange columns = {};  ///< what the member sees; all if nothing is given
};

class NAD_API Ensemble final : public Detector {
 public:
  static constexpr std::string_view kind_name = "ensemble";
  using Options = EnsembleOptions;

  explicit Ensemble(const Options& options = {});
  ~Ensemble() override;
  Ensemble(const Ensemble& other);
  Ensemble(Ensemble&&) noexcept;
  Ensemble& operator=(const Ensemble& other);
  Ensemble& operator=(Ensemble&&) noexcept;

  /// What detects best where the training rows are normal ones only: isolation forests, k-means and local Gaussians.
  /// `rows` says how many there will be: with few of them, members that would see a row or two a cluster get fewer
  /// clusters. `views` are the columns scaled by size and those scaled by rank, as `FeaturePipeline::automatic_views`
  /// makes them: a forest sees each, the others ranks, and sizes may be extreme. Without them all members see all
  /// columns. `surprises` are the pipeline's flags of novelty, behind all that members see.
  static Ensemble clean(std::uint64_t random_state = 0, std::optional<std::size_t> rows = {},
                        std::span<const ColumnRange> views = {}, std::span<const std::uint32_t> surprises = {});
  /// What detects best where they are whatever the network carried, attacks among them: rows count once each, however
  /// often they occur, no member is there that would learn a flood by heart, and what is unusual and comes in numbers
  /// lies further out than what is unusual and alone.
  static Ensemble mixed(std::uint64_t random_state = 0);

  /// Adds a copy. Only before `fit`.
  Ensemble& add(const Detector& detector, const MemberOptions& options = {});

  using Detector::fit;
  /// The same with a label for each row, for members that learn from labels; the others look at the rows alone. The
  /// threshold is set by the rows of the normal class.
  void fit(MatrixView x, std::span<const std::int32_t> labels, const FitControl& control = {});
  void fit(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
           const FitControl& control = {});

  const Options& options() const noexcept { return options_; }
  std::size_t n_members() const noexcept { return members_.size(); }
  const Detector& member(std::size_t index) const { return *members_.at(index).detector; }
  const std::string& member_name(std::size_t index) const { return members_.at(index).name; }
  double member_weight(std::size_t index) const { return members_.at(index).weight; }
  const ColumnRange& member_columns(std::size_t index) const { return members_.at(index).columns; }
  /// What is stored of rows that are alike; not for users.
  const detail::Crowds& crowds() const noexcept { return crowds_; }
  /// Of columns whose values may surprise by themselves; not for users.
  const detail::Extremes& extremes() const noexcept { return extremes_; }
  /// Of the combined scores before tempering, where rows may surprise by themselves; not for users.
  const detail::TailScale& combined_scale() const noexcept { return combined_scale_; }

  /// What each member says of each row, in the unit of the combination: surprise, standardised score, rank, or 1 for a
  /// vote; one column a member.
  Matrix member_scores(MatrixView x, const FitControl& control = {}) const;

  std::unique_ptr<Detector> clone() const override;
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return n_features_ > 0; }
  std::size_t n_features() const noexcept override { return n_features_; }
  bool learns_from_labels() const noexcept override;
  void name_lesson(const LessonNames& names) override;

  /// For any cereal archive. What is loaded is checked.
  template <class Archive>
  void serialize(Archive& archive);

 private:
  struct Member {
    std::string name;
    double weight = 1.0;
    ColumnRange columns;
    std::unique_ptr<Detector> detector;
    detail::TailScale scale;
    double base_score = 0.0;  ///< the raw score before any column has spoken
    double base_word = 0.0;   ///< and what it means

    Member() = default;
    Member(const Member& other);
    Member(Member&&) noexcept = default;
    Member& operator=(const Member& other);
    Member& operator=(Member&&) noexcept = default;
    ~Member() = default;

    MatrixView see(MatrixView rows) const noexcept {
      return columns == ColumnRange() ? rows : rows.columns(columns.first, columns.count);
    }
  };

  void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) override;
  void take(Detector&& learner) override;
  void fit_labelled(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
                    const FitControl& control) override;
  bool calls_normal(std::int32_t label, std::span<const std::int32_t> classes) const override;
  void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const override;
  float do_raw_score_row(const float* row, std::size_t index) const override;
  void do_explain(MatrixView rows, std::size_t first, Matrix& out) const override;
  double do_baseline() const override;
  void bend(std::span<float>) const override {}
  bool accepts_missing() const noexcept override;
  std::optional<double> wanted_contamination() const noexcept override;
  float default_threshold() const noexcept override;

  bool votes() const noexcept { return is_vote(options_.combination); }
  double total_weight() const noexcept;
  /// 1, or more where members are ensembles.
  std::size_t nesting() const noexcept;
  bool some_see_a_range() const noexcept;
  /// An error where a member's columns are not there; open ends become counts.
  void settle_columns(std::size_t columns);
  /// Those of the labels that are normal to every member.
  std::vector<std::int32_t> normal_among(std::span<const std::int32_t> classes) const;
  void learn(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
             const FitControl& control);
  void fit_members(const detail::RowPart& part, const FitControl& control);
  void calibrate(const detail::RowPart& part, const FitControl& control);
  /// What a raw score of a member means.
  double word(const Member& member, float raw) const noexcept;
  /// What the row says by itself, whatever members think.
  detail::Extremes::Far most_surprising(const float* row) const noexcept;
  bool may_surprise() const noexcept { return !options_.surprises.empty() || !options_.extremes.empty(); }
  /// The least score of a row that surprises by itself; below all scores where it does not.
  double least_score(const float* row) const noexcept;
  /// What it adds to a row that it is one of many.
  double of_crowd(const float* row) const noexcept {
    return options_.crowds == 0.0 ? 0.0 : options_.crowds * crowds_.evidence({row, n_features_});
  }
  /// One score from a word of each member.
  double combine(std::span<const double> words) const noexcept;
  /// How much of the combined score each member's word stands for.
  void shares(std::span<const double> words, std::span<double> out) const noexcept;
  /// What every member says of some rows: its raw scores, one member after the other.
  std::vector<float> member_raw_scores(MatrixView rows, std::size_t first) const;
  /// Checks what was loaded.
  void restore();
  /// Computes what is not stored.
  void derive();

  Options options_;
  std::vector<Member> members_;
  detail::Crowds crowds_;
  detail::Extremes extremes_;
  detail::TailScale combined_scale_;  ///< of calibration rows, before tempering; only where rows may surprise
  std::size_t n_features_ = 0;
  double baseline_ = 0.0;  ///< not stored
};

}  // namespace nad

#include "nad/detector/ensemble_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/detector/ensemble-inl.hpp"
#endif
