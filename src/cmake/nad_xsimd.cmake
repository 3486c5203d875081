# nad::xsimd: the headers of xsimd and nothing else. Debian's own target also asks for xtl, which nad does not use and
# libxsimd-dev does not bring.
if(NOT TARGET nad::xsimd)
  add_library(nad::xsimd INTERFACE IMPORTED)
  target_include_directories(nad::xsimd SYSTEM INTERFACE $<TARGET_PROPERTY:xsimd,INTERFACE_INCLUDE_DIRECTORIES>)
endif()
