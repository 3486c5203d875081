# What nad needs to be built. An installed package comes first, a download pinned to a commit second, and otherwise the
# message says which Debian package holds it. Nothing here is needed by a program that links the installed nad::nad.

include(FetchContent)
find_package(Threads REQUIRED)

# nad_dependency(<package> <minimum version> TARGET <target> DEBIAN <package>
#                GIT <repository> COMMIT <commit> INCLUDE <folder of the headers>)
#
# All of them are headers only, so a download is used for its headers and its own CMake files are never run.
macro(nad_dependency package minimum)
  cmake_parse_arguments(dependency "" "TARGET;DEBIAN;GIT;COMMIT;INCLUDE" "" ${ARGN})
  if(NOT TARGET ${dependency_TARGET})
    # Most of these packages call a newer major version incompatible, and newer ones must work: so ask for a version that
    # nobody has, see which there are, and take the first that is new enough.
    find_package(${package} 99999 CONFIG QUIET)
    set(dependency_versions ${${package}_CONSIDERED_VERSIONS})
    foreach(version IN LISTS dependency_versions)
      if(version VERSION_GREATER_EQUAL ${minimum} AND NOT TARGET ${dependency_TARGET})
        find_package(${package} ${version} EXACT CONFIG QUIET)
      endif()
    endforeach()
  endif()
  if(NOT TARGET ${dependency_TARGET})
    string(REPLACE ";" " and " dependency_found "${dependency_versions}")
    if(NOT dependency_found)
      set(dependency_found "none")
    endif()
    if(NOT NAD_FETCH_DEPENDENCIES)
      message(FATAL_ERROR "nad needs ${package} ${minimum} or newer and finds "
                          "${dependency_found}. On Debian and Ubuntu: "
                          "apt-get install ${dependency_DEBIAN}. Or let nad download it: -DNAD_FETCH_DEPENDENCIES=ON")
    endif()
    message(STATUS "nad needs ${package} ${minimum} or newer and finds ${dependency_found}; downloading "
                   "${dependency_GIT} (or, on Debian and Ubuntu: apt-get install ${dependency_DEBIAN})")
    FetchContent_Declare(nad_${package} GIT_REPOSITORY ${dependency_GIT} GIT_TAG ${dependency_COMMIT}
                         SOURCE_SUBDIR headers-only)
    FetchContent_MakeAvailable(nad_${package})
    add_library(${dependency_TARGET} INTERFACE IMPORTED GLOBAL)
    string(TOLOWER nad_${package} dependency_content)  # as FetchContent names its variables
    target_include_directories(${dependency_TARGET} SYSTEM
                               INTERFACE ${${dependency_content}_SOURCE_DIR}/${dependency_INCLUDE})
    file(GLOB nad_licence_of_${package} LIST_DIRECTORIES FALSE
         ${${dependency_content}_SOURCE_DIR}/LICENSE* ${${dependency_content}_SOURCE_DIR}/COPYING*)
    list(APPEND nad_downloaded ${package})
  endif()
endmacro()

nad_dependency(xsimd 8.1.0 TARGET xsimd DEBIAN libxsimd-dev
               GIT https://github.com/xtensor-stack/xsimd.git
               COMMIT 1577b02d549cca52aa5e943c16f2600950480289 INCLUDE include)
include(${CMAKE_CURRENT_LIST_DIR}/nad_xsimd.cmake)
nad_dependency(cereal 1.3.2 TARGET cereal::cereal DEBIAN libcereal-dev
               GIT https://github.com/USCiLab/cereal.git
               COMMIT ebef1e929807629befafbb2918ea1a08c7194554 INCLUDE include)
nad_dependency(nlohmann_json 3.11.2 TARGET nlohmann_json::nlohmann_json DEBIAN nlohmann-json3-dev
               GIT https://github.com/nlohmann/json.git
               COMMIT bc889afb4c5bf1c0d8ee29ef35eaaf4c8bef8a5d INCLUDE include)

# zlib is no header: where it is missing, the part of it that packs and unpacks memory is compiled.
find_package(ZLIB QUIET)
if(NOT TARGET ZLIB::ZLIB)
  if(NOT NAD_FETCH_DEPENDENCIES)
    message(FATAL_ERROR "nad needs zlib. On Debian and Ubuntu: apt-get install zlib1g-dev. Or let nad download it: "
                        "-DNAD_FETCH_DEPENDENCIES=ON")
  endif()
  message(STATUS "nad needs zlib and does not find it; downloading it (or, on Debian and Ubuntu: apt-get install "
                 "zlib1g-dev)")
  enable_language(C)
  FetchContent_Declare(nad_zlib_source GIT_REPOSITORY https://github.com/madler/zlib.git
                       GIT_TAG 51b7f2abdade71cd9bb0e7a373ef2610ec6f9daf SOURCE_SUBDIR no-build-of-its-own)
  FetchContent_MakeAvailable(nad_zlib_source)
  set(nad_zlib_files adler32.c crc32.c deflate.c inffast.c inflate.c inftrees.c trees.c zutil.c)
  list(TRANSFORM nad_zlib_files PREPEND ${nad_zlib_source_SOURCE_DIR}/)
  add_library(nad_zlib STATIC ${nad_zlib_files})
  target_include_directories(nad_zlib SYSTEM PUBLIC ${nad_zlib_source_SOURCE_DIR})
  set_target_properties(nad_zlib PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  add_library(ZLIB::ZLIB ALIAS nad_zlib)
  set(nad_licence_of_zlib ${nad_zlib_source_SOURCE_DIR}/LICENSE)
  list(APPEND nad_downloaded zlib)
endif()
# Packets from interfaces; all else works without it.
if(NAD_PCAP)
  include(${CMAKE_CURRENT_LIST_DIR}/nad_pcap.cmake)
  if(NOT TARGET nad::pcap)
    message(STATUS "nad finds no libpcap and will not capture from interfaces (on Debian and Ubuntu: apt-get install "
                   "libpcap-dev)")
  endif()
endif()
if(NAD_BUILD_TESTS)
  nad_dependency(doctest 2.4.9 TARGET doctest::doctest DEBIAN doctest-dev
                 GIT https://github.com/doctest/doctest.git
                 COMMIT b7c21ec5ceeadb4951b00396fc1e4642dd347e5f INCLUDE .)
  # for the adaptor of those who hold Eigen's matrices, nad/eigen.hpp
  nad_dependency(Eigen3 3.4.0 TARGET Eigen3::Eigen DEBIAN libeigen3-dev
                 GIT https://gitlab.com/libeigen/eigen.git
                 COMMIT 3147391d946bb4b6c68edd901f2add6ac1f31f8c INCLUDE .)
endif()
