/// A feature of one's own: what the steps of nad do not derive becomes a column before the pipeline sees the table.
///
///   own_feature PAST.log TODAY.log
///
/// The same function for training and for what comes later; the model learns from the column like from any other, and
/// names it among its reasons.

#include <nad/nad.hpp>

#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

namespace {

/// Who sends more than it gets: log of the bytes sent for each byte received. Downloads are below 0, uploads above.
nad::Table with_upload_ratio(const nad::Table& flows) {
  std::vector<double> sent(flows.rows());
  std::vector<double> received(flows.rows());
  flows["bytes_sent"].copy_numbers(0, sent);  // NaN where it is missing
  flows["bytes_received"].copy_numbers(0, received);
  nad::ColumnBuilder ratio(nad::ColumnType::number);
  ratio.reserve(flows.rows());
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    const double value = std::log2((sent[row] + 1.0) / (received[row] + 1.0));
    if (std::isnan(value)) {
      ratio.add_missing();
    } else {
      ratio.add_number(value);
    }
  }
  return flows.with({.name = "upload_ratio", .type = nad::ColumnType::number}, ratio.finish());
}

void own_feature(const std::string& past, const std::string& today) {
  nad::Model model({.threshold = nad::ThresholdRule::false_positive_rate(0.01)});
  model.fit(with_upload_ratio(nad::read(past)), {.n_jobs = -1});
  for (const nad::ColumnImportance& column : model.importance()) {
    if (column.name == "upload_ratio") {
      std::cout << "upload_ratio has " << std::lround(100.0 * column.share) << " % of what makes scores\n";
    }
  }
  const nad::Findings findings = model.detect(with_upload_ratio(nad::read(today)));
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
  if (argc != 3) {
    std::fprintf(stderr, "usage: own_feature PAST.log TODAY.log\n");
    return 2;
  }
  try {
    own_feature(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
