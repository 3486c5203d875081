// Rows are float32. Numbers in double precision are converted where their owner sees it.
#include <nad/nad.hpp>

#include <vector>

#ifdef NAD_WRONG
nad::MatrixView view(const std::vector<double>& values) { return {values.data(), 1, values.size()}; }  // wrong
#else
nad::MatrixView view(const std::vector<float>& values) { return {values.data(), 1, values.size()}; }
#endif
