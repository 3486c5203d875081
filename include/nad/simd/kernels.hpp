#pragma once

/// The kernels that this build holds, by name, and which one runs.
///
///   for (std::string_view name : nad::simd::supported()) std::cout << name << '\n';   // "avx512", "avx2", "baseline"
///   nad::simd::force("avx2");                                                          // or NAD_SIMD=avx2
///   std::string_view name = nad::simd::active();                                       // "avx2"
///
/// Every kernel gives bit for bit the same scores. The header-only build holds the one kernel that its compiler flags
/// allow.

#include <string_view>
#include <vector>

#include "nad/config.hpp"

namespace nad::simd {

/// All kernels in this build, best first.
NAD_API std::vector<std::string_view> compiled();
/// Those that this processor can run, best first.
NAD_API std::vector<std::string_view> supported();
/// The one that runs: the forced one, else the one that the environment variable NAD_SIMD names, else the best
/// supported. An error when NAD_SIMD names a kernel that is not there.
NAD_API std::string_view active();
/// Makes a kernel run, for the whole process; "auto" goes back to the automatic choice. An error, with the list of
/// supported names, for any other name.
NAD_API void force(std::string_view name);

}  // namespace nad::simd

#ifdef NAD_HEADER_ONLY
#include "nad/simd/kernels-inl.hpp"
#endif
