// A detector is made on purpose, never by passing options where one is expected.
#include <nad/nad.hpp>

std::size_t columns_of(const nad::IsolationForest& forest) { return forest.n_features(); }

#ifdef NAD_WRONG
const std::size_t columns = columns_of(nad::IsolationForestOptions{.n_estimators = 3});  // wrong
#else
const std::size_t columns = columns_of(nad::IsolationForest({.n_estimators = 3}));
#endif
