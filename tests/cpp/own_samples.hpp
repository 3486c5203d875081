#pragma once

// Steps and a detector of the tests' own, as an embedder would write them.

#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace own_samples {

inline nad::Table table_of(const std::string& name, nad::ColumnBuilder& builder) {
  const nad::ColumnType type = builder.type();
  return {nad::Schema({{.name = name, .type = type}}), {builder.finish()}};
}

/// Each row alone, nothing to learn: log of the bytes sent for each byte received, within an option.
struct UploadRatio {
  static constexpr std::string_view kind = "test.upload_ratio";
  double most = 20.0;

  std::vector<std::string> inputs() const { return {"bytes_sent", "bytes_received"}; }
  nad::Table derive(const nad::Table& flows) const {
    std::vector<double> sent(flows.rows());
    std::vector<double> received(flows.rows());
    flows["bytes_sent"].copy_numbers(0, sent);
    flows["bytes_received"].copy_numbers(0, received);
    nad::ColumnBuilder ratio(nad::ColumnType::number);
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      const double value = std::log2((sent[row] + 1.0) / (received[row] + 1.0));
      if (value == value) {
        ratio.add_number(std::clamp(value, -most, most));
      } else {
        ratio.add_missing();
      }
    }
    return table_of("upload_ratio", ratio);
  }
  void keep(nad::KeptValues& kept) { kept("most", most); }
};

/// Learns: which quarter of the training values a value lies in, as a category, and for how many the protocol stands.
struct Quarters {
  static constexpr std::string_view kind = "test.quarters";
  std::string column = "bytes_sent";
  std::vector<float> edges = {};
  std::vector<std::string> protocols = {};
  std::vector<std::uint32_t> counts = {};
  bool fitted = false;

  void fit(const nad::Table& training) {
    std::vector<double> values(training.rows());
    training[column].copy_numbers(0, values);
    std::erase_if(values, [](double value) { return value != value; });
    std::sort(values.begin(), values.end());
    edges.clear();
    for (const std::size_t quarter : {1U, 2U, 3U}) {
      edges.push_back(static_cast<float>(values.at(quarter * values.size() / 4)));
    }
    std::map<std::string, std::uint32_t> seen;
    for (std::size_t row = 0; row < training.rows(); ++row) {
      ++seen[training["protocol"].format(row)];
    }
    protocols.clear();
    counts.clear();
    for (const auto& [protocol, count] : seen) {
      protocols.push_back(protocol);
      counts.push_back(count);
    }
    fitted = true;
  }
  std::vector<std::string> inputs() const { return {column, "protocol"}; }
  nad::Table derive(const nad::Table& flows) const {
    if (!fitted) {
      throw nad::Error(nad::ErrorCode::not_fitted, "quarters have learnt nothing");
    }
    std::vector<double> values(flows.rows());
    flows[column].copy_numbers(0, values);
    nad::ColumnBuilder quarter(nad::ColumnType::category);
    nad::ColumnBuilder common(nad::ColumnType::integer);
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      const auto above = std::count_if(edges.begin(), edges.end(),
                                       [&](float edge) { return values[row] > static_cast<double>(edge); });
      quarter.add_text("quarter " + std::to_string(above));
      const auto found = std::find(protocols.begin(), protocols.end(), flows["protocol"].format(row));
      common.add_integer(found == protocols.end() ? 0 : counts[static_cast<std::size_t>(found - protocols.begin())]);
    }
    return table_of(column + ".quarter", quarter)
        .with({.name = "protocol.count", .type = nad::ColumnType::integer}, common.finish());
  }
  void keep(nad::KeptValues& kept) {
    kept("column", column);
    kept("edges", edges);
    kept("protocols", protocols);
    kept("counts", counts);
    kept("fitted", fitted);
    if (kept.gives() && (edges.size() != (fitted ? 3U : 0U) || protocols.size() != counts.size())) {
      throw nad::Error(nad::ErrorCode::invalid_data, "the quarters do not fit together");
    }
  }
};

/// Looks back: how the bytes of a record differ from those of the record before, and of the same protocol before.
struct Change {
  static constexpr std::string_view kind = "test.change";
  struct State {
    double last = std::numeric_limits<double>::quiet_NaN();
  };

  std::vector<std::string> inputs() const { return {"bytes_sent"}; }
  nad::Table derive(const nad::Table& flows, State& state) const {
    std::vector<double> sent(flows.rows());
    flows["bytes_sent"].copy_numbers(0, sent);
    nad::ColumnBuilder change(nad::ColumnType::number);
    for (const double value : sent) {
      const double by = value - state.last;
      if (by == by) {
        change.add_number(by);
      } else {
        change.add_missing();
      }
      state.last = value == value ? value : state.last;
    }
    return table_of("bytes_sent.change", change);
  }
};

/// How far each value is from the mean of its column.
class MeanDistance final : public nad::Detector {
 public:
  static constexpr std::string_view kind_name = "test.mean_distance";

  explicit MeanDistance(double weight = 1.0) : weight_(weight) {}
  std::unique_ptr<Detector> clone() const override { return std::make_unique<MeanDistance>(*this); }
  std::string_view kind() const noexcept override { return kind_name; }
  bool is_fitted() const noexcept override { return !mean_.empty(); }
  std::size_t n_features() const noexcept override { return mean_.size(); }
  double weight() const noexcept { return weight_; }

  void keep(nad::KeptValues& kept) {
    kept("weight", weight_);
    kept("mean", mean_);
  }

 private:
  void do_fit(nad::MatrixView x, std::span<const float> sample_weight, const nad::FitControl&) override {
    mean_.assign(x.columns(), 0.0F);
    for (std::size_t c = 0; c < x.columns(); ++c) {
      double sum = 0.0;
      double weights = 0.0;
      for (std::size_t r = 0; r < x.rows(); ++r) {
        const double weight = sample_weight.empty() ? 1.0 : static_cast<double>(sample_weight[r]);
        sum += weight * static_cast<double>(x(r, c));
        weights += weight;
      }
      mean_[c] = static_cast<float>(sum / weights);
    }
  }
  void take(Detector&& learner) override { *this = static_cast<MeanDistance&&>(learner); }
  float part(float value, std::size_t column) const {
    return static_cast<float>(weight_) * std::abs(value - mean_[column]);
  }
  float do_raw_score_row(const float* row, std::size_t index) const override {
    check_row(row, index);
    float sum = 0.0F;
    for (std::size_t c = 0; c < mean_.size(); ++c) {
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
      for (std::size_t c = 0; c < mean_.size(); ++c) {
        out(first + r, c) = part(rows(r, c), c);
      }
    }
  }
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float>) const override {}
  std::optional<double> wanted_contamination() const noexcept override { return 0.02; }
  float default_threshold() const noexcept override { return 3.0F; }

  double weight_;
  std::vector<float> mean_;
};

/// Makes them known, once in the program.
inline void register_all() {
  [[maybe_unused]] static const bool done = [] {
    nad::register_step<UploadRatio>();
    nad::register_step<Quarters>();
    nad::register_step<Change>();
    nad::register_detector<MeanDistance>();
    return true;
  }();
}

}  // namespace own_samples
