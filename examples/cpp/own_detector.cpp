/// A detector of one's own: how far each value of a row is from the median of its column, in median deviations.
///
///   own_detector MODEL.nad
///
/// The base class checks shapes, finds the threshold, spreads rows over threads; a detector writes its mathematics, and
/// names what a file has to keep. Then it works where nad's own do: alone, or in a model with a pipeline and a
/// calibration, which any program loads that has registered the detector.

#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

class MedianDistance final : public nad::Detector {
 public:
  static constexpr std::string_view kind_name = "example.median_distance";

  explicit MedianDistance(double contamination = 0.01) : contamination_(contamination) {}
  std::unique_ptr<Detector> clone() const override { return std::make_unique<MedianDistance>(*this); }
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !centre_.empty(); }
  std::size_t n_features() const noexcept override { return centre_.size(); }

  void keep(nad::KeptValues& kept) {  // into a file, and out of it
    kept("contamination", contamination_);
    kept("centre", centre_);
    kept("scale", scale_);
    if (scale_.size() != centre_.size()) {
      throw nad::Error(nad::ErrorCode::invalid_data, "there is not one scale for each column");
    }
  }

 private:
  void do_fit(nad::MatrixView x, std::span<const float> sample_weight, const nad::FitControl& /*control*/) override {
    if (!sample_weight.empty()) {
      throw nad::Error(nad::ErrorCode::invalid_argument, "this detector has no use for weights; fit without them");
    }
    centre_.assign(x.columns(), 0.0F);
    scale_.assign(x.columns(), 1.0F);
    std::vector<float> values(x.rows());
    for (std::size_t c = 0; c < x.columns(); ++c) {
      for (std::size_t r = 0; r < x.rows(); ++r) {
        values[r] = x(r, c);
      }
      centre_[c] = median(values);
      for (float& value : values) {
        value = std::abs(value - centre_[c]);
      }
      const float deviation = median(values);
      scale_[c] = deviation > 0.0F ? deviation : 1.0F;  // most rows have one and the same value
    }
  }
  void take(Detector&& learner) override { *this = static_cast<MedianDistance&&>(learner); }

  float part(float value, std::size_t column) const { return std::abs(value - centre_[column]) / scale_[column]; }
  float do_raw_score_row(const float* row, std::size_t index) const override {
    check_row(row, index);  // an error names the row with a value that is missing
    float sum = 0.0F;
    for (std::size_t c = 0; c < centre_.size(); ++c) {
      sum += part(row[c], c);
    }
    return sum;
  }
  void do_raw_score(nad::MatrixView rows, std::size_t first, std::span<float> out) const override {
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      out[r] = do_raw_score_row(rows.row(r), first + r);
    }
  }
  void do_explain(nad::MatrixView rows, std::size_t first, nad::Matrix& out) const override {
    check_rows(rows, first);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      for (std::size_t c = 0; c < centre_.size(); ++c) {
        out(first + r, c) = part(rows(r, c), c);
      }
    }
  }
  double do_baseline() const override { return 0.0; }       // of a row in which every value is the median
  void bend(std::span<float> /*scores*/) const override {}  // the score is the raw score
  std::optional<double> wanted_contamination() const noexcept override { return contamination_; }
  float default_threshold() const noexcept override { return 0.0F; }

  static float median(std::vector<float>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }

  double contamination_;
  std::vector<float> centre_;
  std::vector<float> scale_;
};

void own_detector(const std::string& path) {
  const std::vector<std::string> columns = {"duration", "bytes_sent", "bytes_received", "packets_sent"};
  const nad::Table past =
      nad::synthetic_flows({.n_samples = 4000, .anomaly_ratio = 0.0, .random_state = 1}).select(columns);
  const nad::Table today = nad::synthetic_flows({.n_samples = 2000, .random_state = 2}).select(columns);

  nad::FeaturePipeline pipeline({nad::Log1p{}});
  MedianDistance alone;
  alone.fit(pipeline.fit_transform(past));
  const std::vector<float> scores = alone.anomaly_score(pipeline.transform(today), {.n_jobs = -1});
  std::cout << std::count_if(scores.begin(), scores.end(), [&](float score) { return score > alone.threshold(); })
            << " of " << scores.size() << " rows are above the threshold " << alone.threshold() << '\n';

  nad::Model model(MedianDistance{}, {.threshold = nad::ThresholdRule::false_positive_rate(0.01)});
  model.set_pipeline(pipeline);
  model.fit(past);
  nad::register_detector<MedianDistance>();  // once, in each program that saves or loads it
  model.save(path);

  const nad::Findings findings = nad::Model::load(path).detect(today);
  std::cout << findings.reported.size() << " findings, the first:\n" << findings.reported.at(0) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: own_detector MODEL.nad\n");
    return 2;
  }
  try {
    own_detector(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
