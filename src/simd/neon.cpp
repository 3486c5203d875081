// The kernels that every 64-bit ARM processor runs.
#ifdef __aarch64__
#include "nad/simd/make_table-inl.hpp"

namespace nad::simd {
extern const KernelTable neon_kernels;
constinit const KernelTable neon_kernels = make_table<xsimd::neon64>("neon");
}  // namespace nad::simd
#endif
