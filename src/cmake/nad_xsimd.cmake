# nad::xsimd: the headers of xsimd and nothing else. Debian's own target also asks for xtl, which nad does not use and
# libxsimd-dev does not bring.
if(NOT TARGET nad::xsimd)
  add_library(nad::xsimd INTERFACE IMPORTED)
  # looked up now: where nad is fetched, a project around it does not see the target xsimd
  get_target_property(nad_xsimd_headers xsimd INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(nad::xsimd SYSTEM INTERFACE ${nad_xsimd_headers})
endif()
