#pragma once

// The table of kernels that runs now; for nad's own batches, which ask once and then call through it.

#include "nad/config.hpp"
#include "nad/simd/kernel_table.hpp"

namespace nad::simd {

NAD_API const KernelTable& active_kernels();

}  // namespace nad::simd

#include "nad/simd/kernels.hpp"  // whose definitions, in the header-only build, hold this one too
