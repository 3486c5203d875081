// Learning changes a detector, so a const one cannot learn; this is what makes concurrent scoring safe.
#include <nad/nad.hpp>

float use(const nad::Detector& detector, nad::MatrixView rows) {
#ifdef NAD_WRONG
  detector.fit(rows);  // wrong
#endif
  return detector.anomaly_score(rows)[0];
}
