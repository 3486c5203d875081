#pragma once

/// What every detector can do: learn from rows, score rows, say which features made a score.
///
///   std::unique_ptr<nad::Detector> detector = nad::load_detector("model.nad");   // whatever kind was saved
///   std::vector<float> scores(rows.rows());
///   detector->anomaly_score(rows, scores);                                       // higher = more anomalous, always
///   bool alarm = detector->anomaly_score(row) > detector->threshold();
///   nad::Matrix reasons = detector->explain(rows);                               // a contribution of each feature
///
/// A row scored alone gets bit for bit the score that it gets inside a batch, on any number of threads. Scoring is
/// const and needs no lock; scoring one row allocates nothing. The base class checks shape, state and finiteness; a
/// detector writes only its mathematics.
///
/// Finite rows have finite scores and contributions. Where arithmetic leaves the range of floats, as squares of values
/// beyond 1e19 do, the raw score is the largest float: rows further out than that are equally anomalous.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/progress.hpp"
#include "nad/detector/lesson_names.hpp"

namespace nad {

class NAD_API Detector {
 public:
  virtual ~Detector();

  /// Learns from the rows of `x`; what was learnt before is replaced. `sample_weight`, where given, has one number of
  /// at least 0 for each row. On an error or a cancellation the detector is left as it was.
  void fit(MatrixView x, const FitControl& control = {});
  void fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control = {});

  /// One score for each row, higher = more anomalous; each detector documents its range.
  void anomaly_score(MatrixView x, std::span<float> out, const FitControl& control = {}) const;
  std::vector<float> anomaly_score(MatrixView x, const FitControl& control = {}) const;
  float anomaly_score(std::span<const float> row) const;

  /// The score before it is bent into its documented range: same order, and the sum of what `explain` gives.
  std::vector<float> raw_score(MatrixView x, const FitControl& control = {}) const;

  /// One contribution for each row and feature; positive = made the row more anomalous. For every row the contributions
  /// and `baseline()` add up to its raw score.
  Matrix explain(MatrixView x, const FitControl& control = {}) const;
  double baseline() const;

  /// A row is anomalous when its score is greater than this. Set by `contamination`, or by hand.
  float threshold() const;
  void set_threshold(float threshold);

  virtual std::unique_ptr<Detector> clone() const = 0;

  /// The tag in the model file, "isolation_forest".
  virtual std::string_view kind() const noexcept = 0;
  virtual bool is_fitted() const noexcept = 0;
  /// The number of columns that it learnt from; 0 before.
  virtual std::size_t n_features() const noexcept = 0;
  /// True for those whose own `fit` wants a label for each row: boosted trees, and ensembles that hold some.
  virtual bool learns_from_labels() const noexcept { return false; }
  /// What the columns and labels of the next `fit` are called, as a model tells the detector that it was given. Options
  /// that name some become places and numbers; detectors without such options have no use for it.
  virtual void name_lesson(const LessonNames& /*names*/) {}

 protected:
  Detector() = default;
  Detector(const Detector&) = default;
  Detector(Detector&&) = default;
  Detector& operator=(const Detector&) = default;
  Detector& operator=(Detector&&) = default;

  /// `x` is not empty and, unless `accepts_missing()`, finite; weights are empty or one a row and not all 0.
  virtual void do_fit(MatrixView x, std::span<const float> sample_weight, const FitControl& control) = 0;
  /// Becomes `learner`, which `clone` made and `do_fit` taught.
  virtual void take(Detector&& learner) = 0;

  /// `fit` with the label of each row, which those that do not learn from labels ignore.
  virtual void fit_labelled(MatrixView x, std::span<const std::int32_t> labels, std::span<const float> sample_weight,
                            const FitControl& control);
  /// Whether rows of this label are ordinary ones, where training has these labels, ascending.
  virtual bool calls_normal(std::int32_t label, std::span<const std::int32_t> classes) const;

  // Scoring and explaining run on one thread for some rows at a time; `first` is the number of the first of them in the
  // caller's matrix. They read the rows once, so they call `check_row` themselves where a row is not finite.
  // Scores and contributions go to different places: row r of `rows` to `out[r]` of its own scores, but to row
  // `first + r` of the contributions of all.
  virtual void do_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const = 0;
  virtual float do_raw_score_row(const float* row, std::size_t index) const = 0;
  virtual void do_explain(MatrixView rows, std::size_t first, Matrix& out) const = 0;
  virtual double do_baseline() const = 0;
  /// From raw score to anomaly score, in place; increasing.
  virtual void bend(std::span<float> scores) const = 0;

  virtual bool accepts_missing() const noexcept { return false; }
  /// The share of training rows that shall lie above the threshold, or nothing for `default_threshold()`.
  virtual std::optional<double> wanted_contamination() const noexcept { return std::nullopt; }
  virtual float default_threshold() const noexcept = 0;

  /// Throws when the row holds a value that this detector cannot use; the message names the row `index`.
  void check_row(const float* row, std::size_t index) const { check_values(row, n_features(), index); }

  /// The same for some rows, fast where all is well.
  void check_rows(MatrixView rows, std::size_t first) const;

  // for verbs of a detector's own
  /// Throws unless one can learn from these rows, with these weights.
  void check_training_data(MatrixView x, std::span<const float> sample_weight, const FitControl& control) const;
  void require_fitted(const char* verb) const;
  /// Throws unless something was learnt, from rows of as many columns.
  void require_shape(MatrixView x, const char* verb) const;

  /// The score that a share of these rows lies above.
  float quantile_threshold(MatrixView x, std::span<const float> sample_weight, double contamination,
                           const FitControl& control) const;
  /// Draws the threshold towards the one of rows that came later; they are this `share` of all rows that count.
  void follow_threshold(MatrixView x, std::span<const float> sample_weight, double contamination, double share,
                        const FitControl& control);

  // for detectors made of others
  static bool accepts_missing(const Detector& other) noexcept { return other.accepts_missing(); }
  static void fit_labelled(Detector& other, MatrixView x, std::span<const std::int32_t> labels,
                           std::span<const float> sample_weight, const FitControl& control) {
    other.fit_labelled(x, labels, sample_weight, control);
  }
  static bool calls_normal(const Detector& other, std::int32_t label, std::span<const std::int32_t> classes) {
    return other.calls_normal(label, classes);
  }
  static void raw_score_into(const Detector& other, MatrixView rows, std::size_t first, std::span<float> out) {
    other.bounded_raw_score(rows, first, out);
  }
  static float raw_score_row(const Detector& other, const float* row, std::size_t index) {
    return other.bounded_raw_score_row(row, index);
  }
  static void explain_into(const Detector& other, MatrixView rows, Matrix& out) { other.bounded_explain(rows, 0, out); }
  static bool is_above_threshold(const Detector& other, float raw) {
    other.bend({&raw, 1});
    return raw > other.threshold_;
  }

  float threshold_ = 0.0F;

 private:
  void check_values(const float* row, std::size_t columns, std::size_t index) const;
  void check_training_values(MatrixView x, const FitControl& control) const;
  static void require_memory(MatrixView x);
  void score_into(MatrixView x, std::span<float> out, bool bent, const FitControl& control) const;
  // what a detector computes, with an end where floats end
  void bounded_raw_score(MatrixView rows, std::size_t first, std::span<float> out) const;
  float bounded_raw_score_row(const float* row, std::size_t index) const;
  void bounded_explain(MatrixView rows, std::size_t first, Matrix& out) const;
  void explain_far_row(std::span<const float> row, std::size_t index, std::span<float> out) const;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/detector/detector-inl.hpp"
#endif
