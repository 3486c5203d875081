#include "two_units.hpp"

float score_elsewhere(const nad::Detector& detector, nad::MatrixView rows) { return detector.anomaly_score(rows)[0]; }

std::string_view active_kernel_elsewhere() { return nad::simd::active(); }
