# cmake --install: the headers, the library, a package for find_package(nad) and one for pkg-config.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/nad)

install(DIRECTORY include/nad DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT nad FILES_MATCHING PATTERN "*.hpp")

# two export sets, because only the header-only target needs the dependencies to be found again
install(TARGETS nad EXPORT nad_compiled COMPONENT nad INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS nad_header_only EXPORT nad_header_only COMPONENT nad INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT nad_compiled FILE nadCompiledTargets.cmake NAMESPACE nad:: DESTINATION ${package_folder} COMPONENT nad)
install(EXPORT nad_header_only FILE nadHeaderOnlyTargets.cmake NAMESPACE nad:: DESTINATION ${package_folder}
        COMPONENT nad)

configure_package_config_file(src/cmake/nadConfig.cmake.in ${PROJECT_BINARY_DIR}/nadConfig.cmake
                              INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nadConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nadConfig.cmake ${PROJECT_BINARY_DIR}/nadConfigVersion.cmake
              src/cmake/nad_xsimd.cmake src/cmake/nad_pcap.cmake
        DESTINATION ${package_folder} COMPONENT nad)

# pkg-config. Which library was installed is known, so `--static` makes no difference: a static one brings what it needs.
# Paths follow from where the file lies: what is installed can be moved.
set(nad_pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH nad_prefix_from_package /nad/${nad_pkgconfig_folder} /nad)
string(REGEX REPLACE "/$" "" nad_prefix_from_package "${nad_prefix_from_package}")
set(nad_package_flags "")
set(nad_package_libraries "")
if(nad_type STREQUAL "STATIC_LIBRARY")
  set(nad_package_flags " -DNAD_STATIC")
  set(nad_package_libraries " -lz -pthread")
  if(nad_with_pcap)
    set(nad_package_libraries " -lpcap${nad_package_libraries}")
  endif()
endif()
configure_file(src/cmake/nad.pc.in ${PROJECT_BINARY_DIR}/nad.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nad.pc DESTINATION ${nad_pkgconfig_folder} COMPONENT nad)
