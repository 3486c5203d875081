// The kernels for processors with AVX-512 F, CD, BW, DQ and VL. Compiled with these flags.
#ifdef __AVX512BW__
#include "nad/simd/make_table-inl.hpp"

namespace nad::simd {
extern const KernelTable avx512_kernels;
constinit const KernelTable avx512_kernels = make_table<xsimd::avx512bw>("avx512");
}  // namespace nad::simd
#endif
