# How this project's own code is compiled. Nothing here reaches a program that uses nad, save NAD_NO_CONTRACTION.

set(CMAKE_CXX_EXTENSIONS OFF)
set(gnu_like $<CXX_COMPILER_ID:GNU,Clang,AppleClang>)

# A fused multiply-add rounds once where a product and a sum round twice. Scores must be the same on every processor and
# in both builds, so the compiler may not choose.
set(NAD_NO_CONTRACTION $<${gnu_like}:-ffp-contract=off>)

if(NAD_DEVELOPER)
  add_compile_options($<${gnu_like}:-Wall> $<${gnu_like}:-Wextra> $<${gnu_like}:-Wpedantic> $<${gnu_like}:-Wshadow>
                      $<${gnu_like}:-Wconversion> $<${gnu_like}:-Wsign-conversion> $<${gnu_like}:-Wold-style-cast>
                      $<${gnu_like}:-Wnon-virtual-dtor> $<${gnu_like}:-Woverloaded-virtual> $<${gnu_like}:-Werror>)
  # g++ 12 sees copies that overlap or go too far inside its own std::string where there are none (its bug 105651), and
  # takes the values that its own intrinsics leave undefined on purpose for forgotten ones (its bug 105593)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
                        -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
endif()

if(NAD_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(NAD_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
elseif(NAD_SANITIZE)
  message(FATAL_ERROR "NAD_SANITIZE is '${NAD_SANITIZE}'; it can be address, thread or nothing")
endif()
if(NAD_SANITIZE)
  add_compile_options(${sanitizers} -fno-omit-frame-pointer -g)
  add_link_options(${sanitizers})
endif()

# nad_kernel_file(<source> <flags for x86>...): one instruction set. A file for another architecture than the compiler's
# compiles to nothing.
include(CheckCXXSourceCompiles)
check_cxx_source_compiles("
#if !defined(__x86_64__) && !defined(_M_X64)
#error
#endif
int main() { return 0; }" NAD_TARGET_IS_X86_64)

function(nad_kernel_file source)
  # Without optimisation an intrinsic stays a function of its own, and the linker may hand its AVX code to everybody.
  set(options $<$<AND:${gnu_like},$<CONFIG:,Debug,MinSizeRel>>:-O2>)
  if(NAD_TARGET_IS_X86_64)
    list(APPEND options ${ARGN})
  endif()
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${options}" SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
