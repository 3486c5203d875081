// A view only reads: nad never changes the caller's records.
#include <nad/nad.hpp>

void use(nad::MatrixView rows, nad::Matrix& own) {
#ifdef NAD_WRONG
  rows(0, 0) = 1.0F;  // wrong
#endif
  own(0, 0) = rows(0, 0);
}
