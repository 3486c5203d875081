#pragma once

/// Who was taken for whom, of any number of classes: families of attacks, say.
///
///   nad::ClassConfusion told(truth, predicted, 5);              // classes 0 .. 4, one number a row
///   told(4, 0);                                                  // rows of class 4 that were taken for class 0
///   told.of(4).recall;
///   told.macro().f1;
///   told.mean_cost(nad::kdd99_costs());                          // the contest's cost of an example

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/evaluate/score_view.hpp"

namespace nad {

/// NaN where there is nothing to divide by: the precision of a class that nobody was taken for, the recall of one that
/// no row has. Means over classes take such a figure as 0, as scikit-learn does unless told otherwise.
struct ClassFigures {
  double precision = 0.0;
  double recall = 0.0;
  double f1 = 0.0;
  double support = 0.0;  ///< rows, or their weights, that are of this class
};

class NAD_API ClassConfusion {
 public:
  ClassConfusion(std::span<const std::uint32_t> truth, std::span<const std::uint32_t> predicted, std::size_t n_classes,
                 WeightView weights = {});
  /// From a table of counts: row by row the true class, in a row what it was taken for.
  ClassConfusion(std::vector<double> counts, std::size_t n_classes);

  std::size_t n_classes() const noexcept { return n_classes_; }
  double operator()(std::size_t truth, std::size_t predicted) const noexcept {
    return counts_[truth * n_classes_ + predicted];
  }
  /// All counts, row by row.
  std::span<const double> counts() const noexcept { return counts_; }

  ClassFigures of(std::size_t one) const noexcept;
  /// The mean over the classes that occur in truth or prediction.
  ClassFigures macro() const noexcept;
  /// The mean over the rows, each with the figures of its class.
  ClassFigures weighted() const noexcept;
  /// All classes counted together: with one class a row, each of the three is the accuracy.
  ClassFigures micro() const noexcept;

  double accuracy() const noexcept;
  /// The mean recall of the classes that occur.
  double balanced_accuracy() const noexcept;
  /// The correlation of truth and prediction for several classes (Gorodkin's R_K); 0 where one of them is constant.
  double matthews() const noexcept;
  /// `costs` is a table like this one: what it costs to take a row of one class for another.
  double mean_cost(std::span<const double> costs) const;

 private:
  double truths(std::size_t one) const noexcept;
  double predictions(std::size_t one) const noexcept;
  template <class WeightOf>
  ClassFigures mean(const WeightOf& weight_of) const noexcept;

  std::vector<double> counts_;
  std::size_t n_classes_;
  double total_ = 0.0;
};

/// The classes of the KDD Cup 1999 contest, in the order of its table of costs: normal, probe, dos, u2r, r2l.
NAD_API std::span<const std::string_view> kdd99_cost_classes() noexcept;
NAD_API std::span<const double> kdd99_costs() noexcept;

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/evaluate/class_confusion-inl.hpp"
#endif
