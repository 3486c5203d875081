// The body of a parallel loop takes a range; one that takes a single index would skip the rest of its chunk.
#include <nad/nad.hpp>

void use() {
#ifdef NAD_WRONG
  auto body = [](std::size_t) {};
#else
  auto body = [](std::size_t, std::size_t) {};
#endif
  nad::parallel_for(10, {}, {}, body);  // wrong
}
