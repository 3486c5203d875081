// The kernels for processors with AVX2. Compiled with -mavx2 -mfma.
#ifdef __AVX2__
#include "nad/simd/make_table-inl.hpp"

namespace nad::simd {
extern const KernelTable avx2_kernels;
constinit const KernelTable avx2_kernels = make_table<xsimd::avx2>("avx2");
}  // namespace nad::simd
#endif
