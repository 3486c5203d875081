// Options are fields: a misspelt one does not become an option that nobody reads.
#include <nad/nad.hpp>

#ifdef NAD_WRONG
const nad::IsolationForest forest({.n_trees = 200});  // wrong
#else
const nad::IsolationForest forest({.n_estimators = 200});
#endif
