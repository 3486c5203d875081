# The target nad::pcap where libpcap is found, for capturing from interfaces. nad works without it.
if(NOT TARGET nad::pcap)
  find_path(NAD_PCAP_INCLUDE pcap/pcap.h)
  find_library(NAD_PCAP_LIBRARY NAMES pcap wpcap)
  mark_as_advanced(NAD_PCAP_INCLUDE NAD_PCAP_LIBRARY)
  if(NAD_PCAP_INCLUDE AND NAD_PCAP_LIBRARY AND UNIX)
    add_library(nad::pcap UNKNOWN IMPORTED GLOBAL)
    set_target_properties(nad::pcap PROPERTIES IMPORTED_LOCATION ${NAD_PCAP_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${NAD_PCAP_INCLUDE}
                          INTERFACE_COMPILE_DEFINITIONS NAD_HAVE_PCAP)
  endif()
endif()
