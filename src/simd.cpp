// The compiled build of simd/, but for the kernels themselves: src/simd/.
#include "nad/simd/kernels-inl.hpp"
