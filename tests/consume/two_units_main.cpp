// Both units must link, and must share what the library keeps once a process: the forced kernel.
#include "two_units.hpp"

#include <cstdio>
#include <cstring>

namespace {

int complain(const char* what) {
  std::fprintf(stderr, "two_units: %s\n", what);
  return 1;
}

}  // namespace

int main() {
  nad::Matrix rows(300, 2);
  nad::Random random(1);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    rows(row, 0) = static_cast<float>(random.uniform());
    rows(row, 1) = static_cast<float>(random.uniform());
  }
  nad::IsolationForest forest({.n_estimators = 10});
  forest.fit(rows);

  for (const std::string_view kernel : nad::simd::supported()) {
    nad::simd::force(kernel);
    if (active_kernel_elsewhere() != kernel) {
      return complain("a kernel that one unit forced is not active in the other");
    }
    const float here = forest.anomaly_score(rows)[0];
    const float there = score_elsewhere(forest, rows);
    if (std::memcmp(&here, &there, sizeof here) != 0) {
      return complain("the two units score the same row differently");
    }
  }

  try {
    nad::simd::force("no such kernel");
  } catch (const nad::Error& error) {
    return error.code() == nad::ErrorCode::invalid_argument ? 0 : complain("an error with another code");
  }
  return complain("a kernel that does not exist was accepted");
}
