/// A feature of one's own: a step that nad does not have derives it, as a part of the model and of its file.
///
///   own_feature PAST.log TODAY.log MODEL.nad
///
/// One function for training and for what comes later, tables and single records; the model learns from the column like
/// from any other, and names it among its reasons.

#include <nad/nad.hpp>

#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Who sends more than it gets: log of the bytes sent for each byte received. Downloads are below 0, uploads above.
struct UploadRatio {
  static constexpr std::string_view kind = "example.upload_ratio";

  std::vector<std::string> inputs() const { return {"bytes_sent", "bytes_received"}; }

  nad::Table derive(const nad::Table& flows) const {
    std::vector<double> sent(flows.rows());
    std::vector<double> received(flows.rows());
    flows["bytes_sent"].copy_numbers(0, sent);  // NaN where it is missing
    flows["bytes_received"].copy_numbers(0, received);
    nad::ColumnBuilder ratio(nad::ColumnType::number);
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      const double value = std::log2((sent[row] + 1.0) / (received[row] + 1.0));
      if (std::isnan(value)) {
        ratio.add_missing();
      } else {
        ratio.add_number(value);
      }
    }
    return {nad::Schema({{.name = "upload_ratio", .type = nad::ColumnType::number}}), {ratio.finish()}};
  }
};

void train(const std::string& past, const std::string& path) {
  const nad::Table flows = nad::read(past);
  std::vector<nad::FeatureStep> steps = nad::FeaturePipeline::automatic_views(flows).steps();
  steps.insert(steps.begin(), UploadRatio{});
  nad::Model model({.threshold = nad::ThresholdRule::false_positive_rate(0.01)});
  model.set_pipeline(nad::FeaturePipeline(steps));
  model.fit(flows, {.n_jobs = -1});
  for (const nad::ColumnImportance& column : model.importance()) {
    if (column.name == "upload_ratio") {
      std::cout << "upload_ratio has " << std::lround(100.0 * column.share) << " % of what makes scores\n";
    }
  }
  model.save(path);
}

/// In this program or another one: what has the step registers it, then loads.
void detect(const std::string& today, const std::string& path) {
  nad::register_step<UploadRatio>();
  const nad::Findings findings = nad::Model::load(path).detect(nad::read(today));
  std::size_t named = 0;
  for (const nad::Finding& finding : findings.reported) {
    for (const nad::Reason& reason : finding.reasons) {
      if (reason.column == "upload_ratio" && named++ < 3) {
        std::cout << "row " << finding.row << ": " << reason.to_string() << '\n';
      }
    }
  }
  std::cout << findings.reported.size() << " findings, " << named << " of them for the upload_ratio, too\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: own_feature PAST.log TODAY.log MODEL.nad\n");
    return 2;
  }
  try {
    train(argv[1], argv[3]);
    detect(argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
