// The compiled build of threshold/.
#include "nad/threshold/beats-inl.hpp"
#include "nad/threshold/calibration-inl.hpp"
#include "nad/threshold/drift-inl.hpp"
#include "nad/threshold/false_discovery-inl.hpp"
#include "nad/threshold/runs-inl.hpp"
#include "nad/threshold/threshold_rule-inl.hpp"
