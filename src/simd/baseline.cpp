// The kernels that every x86-64 processor runs.
#if defined(__x86_64__) || defined(_M_X64)
#include "nad/simd/make_table-inl.hpp"

namespace nad::simd {
extern const KernelTable baseline_kernels;
constinit const KernelTable baseline_kernels = make_table<xsimd::sse2>("baseline");
}  // namespace nad::simd
#endif
