// The compiled build of core/.
#include "nad/core/error-inl.hpp"
#include "nad/core/kept_values-inl.hpp"
#include "nad/core/large_memory-inl.hpp"
#include "nad/core/parallel-inl.hpp"
