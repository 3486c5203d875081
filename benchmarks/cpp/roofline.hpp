#pragma once

/// What the machine can do, measured: multiply-adds in registers, and bytes read and written by loops over arrays of a
/// given size, for each instruction set. What a kernel could reach is the lower of the two.
///
///   Roof roof = measure_roof("avx2", /*bytes=*/1 << 16, /*seconds=*/0.02);
///   double least_seconds = std::max(flops / roof.flops_per_second, bytes / roof.bytes_per_second);

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace benchmark {

struct Roof {
  double flops_per_second = 0.0;  ///< of floats; a multiply-add is two
  double bytes_per_second = 0.0;  ///< read and written
};

namespace roof {

inline constexpr std::size_t chains = 12;  ///< enough for the latency of a multiply-add, few enough for the registers
inline constexpr float shrink = 0.999F;
inline constexpr float grow = 0.001F;

/// Keeps the compiler from dropping work whose result nobody reads.
inline volatile float sink = 0.0F;  // read as well: chains that begin alike would be computed once

// One text for each instruction set: the compiler vectorises it with what the attribute allows.
// NOLINTBEGIN(cppcoreguidelines-macro-usage): an attribute cannot be a template parameter
#define NAD_BENCHMARK_LOOPS(name, attribute)                                                        \
  attribute inline void triad_##name(const float* a, const float* b, float* c, std::size_t count) { \
    for (std::size_t i = 0; i < count; ++i) {                                                       \
      c[i] = a[i] + shrink * b[i];                                                                  \
    }                                                                                               \
  }                                                                                                 \
  attribute inline std::uint32_t read_##name(const std::uint32_t* values, std::size_t count) {      \
    std::uint32_t sums[64] = {};                                                                    \
    for (std::size_t i = 0; i + 64 <= count; i += 64) {                                             \
      for (std::size_t lane = 0; lane < 64; ++lane) {                                               \
        sums[lane] += values[i + lane];                                                             \
      }                                                                                             \
    }                                                                                               \
    std::uint32_t all = 0;                                                                          \
    for (const std::uint32_t sum : sums) {                                                          \
      all += sum;                                                                                   \
    }                                                                                               \
    return all;                                                                                     \
  }
// NOLINTEND(cppcoreguidelines-macro-usage)

NAD_BENCHMARK_LOOPS(baseline, )

#if defined(__x86_64__)
NAD_BENCHMARK_LOOPS(avx2, __attribute__((target("avx2,fma"))))
NAD_BENCHMARK_LOOPS(avx512, __attribute__((target("avx512f,prefer-vector-width=512"))))

__attribute__((target("avx512f"))) inline std::size_t multiply_adds_avx512(std::size_t steps) {
  __m512 sums[chains];
  for (std::size_t i = 0; i < chains; ++i) {
    sums[i] = _mm512_set1_ps(sink + static_cast<float>(i));
  }
  const __m512 a = _mm512_set1_ps(shrink);
  const __m512 b = _mm512_set1_ps(grow);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < chains; ++i) {
      sums[i] = _mm512_fmadd_ps(sums[i], a, b);
    }
  }
  for (const __m512& sum : sums) {
    sink = _mm512_cvtss_f32(sum);
  }
  return 2 * 16 * chains * steps;
}

__attribute__((target("avx2,fma"))) inline std::size_t multiply_adds_avx2(std::size_t steps) {
  __m256 sums[chains];
  for (std::size_t i = 0; i < chains; ++i) {
    sums[i] = _mm256_set1_ps(sink + static_cast<float>(i));
  }
  const __m256 a = _mm256_set1_ps(shrink);
  const __m256 b = _mm256_set1_ps(grow);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < chains; ++i) {
      sums[i] = _mm256_fmadd_ps(sums[i], a, b);
    }
  }
  for (const __m256& sum : sums) {
    sink = _mm256_cvtss_f32(sum);
  }
  return 2 * 8 * chains * steps;
}

inline std::size_t multiply_adds_baseline(std::size_t steps) {
  __m128 sums[chains];
  for (std::size_t i = 0; i < chains; ++i) {
    sums[i] = _mm_set1_ps(sink + static_cast<float>(i));
  }
  const __m128 a = _mm_set1_ps(shrink);
  const __m128 b = _mm_set1_ps(grow);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < chains; ++i) {
      sums[i] = _mm_add_ps(_mm_mul_ps(sums[i], a), b);
    }
  }
  for (const __m128& sum : sums) {
    sink = _mm_cvtss_f32(sum);
  }
  return 2 * 4 * chains * steps;
}
#elif defined(__aarch64__)
inline std::size_t multiply_adds_baseline(std::size_t steps) {
  float32x4_t sums[chains];
  for (std::size_t i = 0; i < chains; ++i) {
    sums[i] = vdupq_n_f32(sink + static_cast<float>(i));
  }
  const float32x4_t a = vdupq_n_f32(shrink);
  const float32x4_t b = vdupq_n_f32(grow);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < chains; ++i) {
      sums[i] = vfmaq_f32(b, sums[i], a);
    }
  }
  for (const float32x4_t& sum : sums) {
    sink = vgetq_lane_f32(sum, 0);
  }
  return 2 * 4 * chains * steps;
}
#else
inline std::size_t multiply_adds_baseline(std::size_t steps) {
  float sums[chains];
  for (std::size_t i = 0; i < chains; ++i) {
    sums[i] = sink + static_cast<float>(i);
  }
  for (std::size_t step = 0; step < steps; ++step) {
    for (float& sum : sums) {
      sum = sum * shrink + grow;
    }
  }
  for (const float sum : sums) {
    sink = sum;
  }
  return 2 * chains * steps;
}
#endif

#undef NAD_BENCHMARK_LOOPS

struct Loops {
  std::size_t (*multiply_adds)(std::size_t);
  void (*triad)(const float*, const float*, float*, std::size_t);
  std::uint32_t (*read)(const std::uint32_t*, std::size_t);
};

inline Loops loops_of([[maybe_unused]] std::string_view kernel) {
#if defined(__x86_64__)
  if (kernel == "avx512") {
    return {multiply_adds_avx512, triad_avx512, read_avx512};
  }
  if (kernel == "avx2") {
    return {multiply_adds_avx2, triad_avx2, read_avx2};
  }
#endif
  return {multiply_adds_baseline, triad_baseline, read_baseline};
}

/// The most a CPU second that `work` reaches in some tries; it returns how much it did.
template <class Work>
double best_rate(double seconds, const Work& work) {
  constexpr int tries = 5;
  constexpr int calls = 16;  // for each look at the clock
  double best = 0.0;
  for (int attempt = 0; attempt < tries; ++attempt) {
    const std::clock_t start = std::clock();
    double done = 0.0;
    double passed = 0.0;
    do {
      for (int call = 0; call < calls; ++call) {
        done += static_cast<double>(work());
      }
      passed = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    } while (passed < seconds / tries);
    best = std::max(best, done / passed);
  }
  return best;
}

}  // namespace roof

/// Of the instruction set of a kernel of nad. `bytes`: how much memory the loops go over. One reads it, the other is
/// STREAM's triad, which writes a third of it; the faster one counts.
inline Roof measure_roof(std::string_view kernel, std::size_t bytes, double seconds) {
  const roof::Loops loops = roof::loops_of(kernel);
  Roof found;
  found.flops_per_second = roof::best_rate(seconds, [&] { return loops.multiply_adds(2000); });
  const std::size_t count = bytes / sizeof(float) / 64 * 64 + 64;
  const std::vector<std::uint32_t> values(count, 3U);
  const double reading = roof::best_rate(seconds, [&] {
    roof::sink = static_cast<float>(loops.read(values.data(), count));
    return sizeof(float) * count;
  });
  const std::size_t third = bytes / sizeof(float) / 3 / 64 * 64 + 64;
  const std::vector<float> a(third, 1.0F);
  const std::vector<float> b(third, 2.0F);
  std::vector<float> c(third, 0.0F);
  const double triad = roof::best_rate(seconds, [&] {
    loops.triad(a.data(), b.data(), c.data(), third);
    roof::sink = c[third / 2];
    return 3 * sizeof(float) * third;
  });
  roof::sink = 0.0F;
  found.bytes_per_second = std::max(reading, triad);
  return found;
}

}  // namespace benchmark
