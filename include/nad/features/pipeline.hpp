#pragma once

/// From a table to a matrix that a detector can learn from, the same way for training, batches and single records.
///
///   nad::FeaturePipeline pipeline = nad::FeaturePipeline::automatic(train);   // or: pipeline({nad::OneHot{}, ...})
///   pipeline.fit(train);
///   nad::Matrix x = pipeline.transform(test);
///   pipeline.features()[3].name;                    // "service=http"
///   pipeline.features()[3].sources;                 // {"service"}
///   for (const nad::LeftOut& column : pipeline.left_out()) ...   // labels, identifiers, and why
///
/// Only columns with the role of a feature are learnt from; labels, identifiers and moments never are, unless a step
/// that derives columns names them. Encoding and scaling steps work on every column that they fit; they act in their
/// order.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/core/progress.hpp"
#include "nad/features/feature_info.hpp"
#include "nad/features/step.hpp"
#include "nad/table/table.hpp"

namespace nad {

namespace detail {
struct FeaturePlan;
}

class NAD_API FeaturePipeline {
 public:
  static constexpr std::string_view kind_name = "feature_pipeline";

  /// No steps: the numeric columns as they are.
  FeaturePipeline();
  explicit FeaturePipeline(std::vector<FeatureStep> steps);

  /// Steps that suit a table, by what it came from and by the types and values of its columns. Not fitted yet.
  static FeaturePipeline automatic(const Table& table);
  /// The same, in two views: "size", scaled by logarithms and standard deviations, and "rank", by ranks among the
  /// training values. `Ensemble::clean` takes them.
  static FeaturePipeline automatic_views(const Table& table);

  const std::vector<FeatureStep>& steps() const noexcept { return steps_; }
  bool is_fitted() const noexcept { return plan_ != nullptr; }

  void fit(const Table& table, const FitControl& control = {});
  /// The records that `fit` learns from: all but those that `DropMissing` and `DropDuplicates` leave out. Texts
  /// of data frames have become the addresses, times and categories that they say.
  Table training_rows(const Table& table) const;
  Matrix transform(const Table& table, const FitControl& control = {}) const;
  /// Into the caller's memory, row by row, `table.rows() * features().size()` floats.
  void transform(const Table& table, std::span<float> out, const FitControl& control = {}) const;
  Matrix fit_transform(const Table& table, const FitControl& control = {});

  /// What features are made of, in the units of the user: the columns of the table that are learnt from, and those
  /// that steps derive.
  Table columns(const Table& table) const;
  /// The features of some rows of what `columns` gave: `transform`, where the columns are there already.
  Matrix transform_columns(const Table& columns, const FitControl& control = {}) const;
  /// Whether a record's features follow from the records before it, too.
  bool looks_back() const;
  /// What the features of each row contributed to a score becomes what those columns did: `columns` is what the method
  /// of that name gave for the same rows. Sums stay as they are.
  Matrix fold(MatrixView contributions, const Table& columns) const;

  /// What comes out, in order.
  const std::vector<FeatureInfo>& features() const;
  /// Which of them are which view; nothing where no step is a `View`.
  const std::vector<FeatureView>& views() const;
  /// What must come in: names and types.
  const Schema& inputs() const;
  const std::vector<LeftOut>& left_out() const;
  /// Of each principal component, where the last `Pca` is, the share of the variance that it keeps; else nothing.
  std::vector<double> explained_variance_ratio() const;
  /// The columns of a table that the pipeline has no use for.
  std::vector<std::string> ignored(const Table& table) const;

  /// The steps, and after `fit` what they learnt, for people.
  std::string to_string() const;

  /// For any cereal archive. What is loaded is checked: a damaged pipeline is an error, never a crash later.
  template <class Archive>
  void serialize(Archive& archive);

  const std::shared_ptr<const detail::FeaturePlan>& plan() const noexcept { return plan_; }

 private:
  const detail::FeaturePlan& fitted() const;

  std::vector<FeatureStep> steps_;
  std::shared_ptr<const detail::FeaturePlan> plan_;  ///< never changed, so copies share it
};

}  // namespace nad

#include "nad/features/pipeline_serialize.hpp"

#ifdef NAD_HEADER_ONLY
#include "nad/features/pipeline-inl.hpp"
#endif
