# The two builds of one text: nad::nad (compiled, every kernel, chosen at run time) and nad::header_only (the embedder's
# flags).

add_library(nad src/core.cpp src/simd.cpp src/table.cpp src/flow.cpp src/source.cpp src/features.cpp src/detector.cpp
            src/threshold.cpp src/evaluate.cpp src/alert.cpp src/persist.cpp src/model.cpp
            src/simd/baseline.cpp src/simd/avx2.cpp src/simd/avx512.cpp src/simd/neon.cpp)
add_library(nad::nad ALIAS nad)

if(MSVC)
  nad_kernel_file(src/simd/avx2.cpp /arch:AVX2)
  nad_kernel_file(src/simd/avx512.cpp /arch:AVX512)
else()
  nad_kernel_file(src/simd/avx2.cpp -mavx2 -mfma)
  nad_kernel_file(src/simd/avx512.cpp -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl)
endif()
nad_kernel_file(src/simd/baseline.cpp)
nad_kernel_file(src/simd/neon.cpp)

target_compile_features(nad PUBLIC cxx_std_20)
target_include_directories(nad PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_compile_options(nad PRIVATE ${NAD_NO_CONTRACTION})
target_compile_definitions(nad PRIVATE NAD_BUILDING)
# BUILD_INTERFACE: who links an installed static nad must not have to find these
target_link_libraries(nad PRIVATE Threads::Threads $<BUILD_INTERFACE:nad::xsimd> $<BUILD_INTERFACE:cereal::cereal>
                                  $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>
                                  $<BUILD_INTERFACE:ZLIB::ZLIB> $<INSTALL_INTERFACE:ZLIB::ZLIB>)
set(nad_with_pcap OFF)
if(TARGET nad::pcap)
  set(nad_with_pcap ON)
  target_link_libraries(nad PRIVATE nad::pcap)
endif()
set_target_properties(nad PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
get_target_property(nad_type nad TYPE)
if(nad_type STREQUAL "STATIC_LIBRARY")
  target_compile_definitions(nad PUBLIC NAD_STATIC)
endif()

add_library(nad_header_only INTERFACE)
add_library(nad::header_only ALIAS nad_header_only)
set_target_properties(nad_header_only PROPERTIES EXPORT_NAME header_only)
target_compile_features(nad_header_only INTERFACE cxx_std_20)
target_compile_definitions(nad_header_only INTERFACE NAD_HEADER_ONLY)
target_compile_options(nad_header_only INTERFACE ${NAD_NO_CONTRACTION})
target_include_directories(nad_header_only INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_link_libraries(nad_header_only INTERFACE Threads::Threads nad::xsimd cereal::cereal nlohmann_json::nlohmann_json
                                                $<BUILD_INTERFACE:ZLIB::ZLIB> $<INSTALL_INTERFACE:ZLIB::ZLIB>)
if(TARGET nad::pcap)
  target_link_libraries(nad_header_only INTERFACE $<BUILD_INTERFACE:nad::pcap>)
endif()
target_link_libraries(nad_header_only INTERFACE $<INSTALL_INTERFACE:$<TARGET_NAME_IF_EXISTS:nad::pcap>>)
