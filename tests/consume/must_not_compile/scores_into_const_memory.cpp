// Scores are written, so the span that takes them is not one of const values.
#include <nad/nad.hpp>

#include <span>

void use(const nad::Detector& detector, nad::MatrixView rows, std::span<const float> fixed, std::span<float> out) {
#ifdef NAD_WRONG
  detector.anomaly_score(rows, fixed);  // wrong
#endif
  static_cast<void>(fixed);
  detector.anomaly_score(rows, out);
}
