// "auto" is spelt `{}` in C++: an amount is a number or a fraction.
#include <nad/nad.hpp>

#ifdef NAD_WRONG
const nad::Amount amount = "auto";  // wrong
#else
const nad::Amount amount = {};
#endif
