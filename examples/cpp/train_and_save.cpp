/// Learns what ordinary connections look like, says which new ones are unlike them and why, and saves what was learnt.
///
///   train_and_save forest.nad rows.csv
///   load_and_score forest.nad rows.csv      # the same scores, in another program

#include <nad/nad.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace {

const std::array<std::string, 4> feature_names = {"duration_s", "bytes_sent", "bytes_received", "packets"};

/// Web traffic: short, few bytes out, many bytes in.
nad::Matrix ordinary_connections(std::size_t count, nad::Random& random) {
  nad::Matrix rows(count, feature_names.size());
  for (std::size_t i = 0; i < count; ++i) {
    const double received = std::exp(9.0 + random.normal());
    rows(i, 0) = static_cast<float>(std::exp(-1.0 + 0.5 * random.normal()));
    rows(i, 1) = static_cast<float>(std::exp(6.0 + 0.4 * random.normal()));
    rows(i, 2) = static_cast<float>(received);
    rows(i, 3) = static_cast<float>(std::ceil(received / 1400.0) + 4.0);
  }
  return rows;
}

/// Twenty new connections, two of which carry something else.
nad::Matrix new_connections(nad::Random& random) {
  nad::Matrix rows = ordinary_connections(20, random);
  rows(5, 0) = 900.0F;  // a quarter of an hour, and everything flows out: somebody copies data away
  rows(5, 1) = 8.0e7F;
  rows(5, 2) = 4000.0F;
  rows(5, 3) = 60000.0F;
  rows(13, 0) = 4.0F;  // a storm of packets to a service that never answers
  rows(13, 1) = 3.0e5F;
  rows(13, 2) = 0.0F;
  rows(13, 3) = 5000.0F;
  return rows;
}

void write_csv(nad::MatrixView rows, const std::string& path) {
  std::ofstream file(path);
  file.precision(9);  // nine digits carry a float without loss
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < rows.columns(); ++c) {
      file << (c == 0 ? "" : ",") << rows(r, c);
    }
    file << '\n';
  }
}

void print_alert(std::size_t row, float score, std::span<const float> reasons) {
  const auto strongest = static_cast<std::size_t>(std::max_element(reasons.begin(), reasons.end()) - reasons.begin());
  std::printf("connection %2zu  score %.3f  mostly for its %s\n", row, static_cast<double>(score),
              feature_names[strongest].c_str());
}

void train_and_save(const std::string& model_path, const std::string& rows_path) {
  nad::Random random(/*seed=*/7);
  const nad::Matrix past = ordinary_connections(5000, random);
  const nad::Matrix rows = new_connections(random);

  nad::IsolationForest forest({.contamination = 0.001, .random_state = 42});
  forest.fit(past, {.n_jobs = -1});

  const std::vector<float> scores = forest.anomaly_score(rows);
  const nad::Matrix reasons = forest.explain(rows);
  for (std::size_t row = 0; row < scores.size(); ++row) {
    if (scores[row] > forest.threshold()) {
      print_alert(row, scores[row], reasons.row(row));
    }
  }

  nad::save(forest, model_path, {.feature_names = {feature_names.begin(), feature_names.end()}});
  write_csv(rows, rows_path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: train_and_save MODEL.nad ROWS.csv\n");
    return 2;
  }
  try {
    train_and_save(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
