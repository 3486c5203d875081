#pragma once

#include "nad/detector/own_detector.hpp"

namespace nad {

namespace detail {

inline OwnKinds<OwnDetector>& own_detectors() {
  static OwnKinds<OwnDetector> detectors;  // not before it is used: no order of static objects matters
  return detectors;
}

NAD_INLINE void register_own_detector(std::string_view kind, OwnDetector own) {
  own_detectors().add(kind, own, "detector");
}

NAD_INLINE std::optional<OwnDetector> find_own_detector(std::string_view kind) { return own_detectors().find(kind); }

}  // namespace detail

NAD_INLINE std::vector<std::string> registered_detectors() { return detail::own_detectors().kinds(); }

}  // namespace nad
