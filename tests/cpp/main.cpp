#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "nad/simd/kernels.hpp"

namespace {

constexpr int skipped = 77;  // see SKIP_RETURN_CODE in CMakeLists.txt

bool can_run(std::string_view kernel) {
  const std::vector<std::string_view> names = nad::simd::supported();
  return std::find(names.begin(), names.end(), kernel) != names.end();
}

}  // namespace

int main(int argc, char** argv) {
  const char* kernel = std::getenv("NAD_SIMD");
  if (kernel != nullptr && !can_run(kernel)) {
    std::printf("skipped: the kernel %s is not in this build or not for this processor\n", kernel);
    return skipped;
  }
  return doctest::Context(argc, argv).run();
}
