// A model file holds a detector; asking for anything else fails while compiling, not at a customer's.
#include <nad/nad.hpp>

#ifdef NAD_WRONG
int use() { return nad::load<int>("forest.nad"); }  // wrong
#else
nad::IsolationForest use() { return nad::load<nad::IsolationForest>("forest.nad"); }
#endif
