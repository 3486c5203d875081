// The base class is an interface; it has no mathematics of its own.
#include <nad/nad.hpp>

#include <memory>

#ifdef NAD_WRONG
const auto detector = std::make_unique<nad::Detector>();  // wrong
#else
const std::unique_ptr<nad::Detector> detector = std::make_unique<nad::IsolationForest>();
#endif
