#pragma once

/// The only macros of nad: version, export, and the switch between the two builds.
///
///   target_link_libraries(sensor PRIVATE nad::nad)          // compiled: NAD_HEADER_ONLY is not defined
///   target_link_libraries(sensor PRIVATE nad::header_only)  // header-only: the target defines it
///
/// Users choose by target; no source file of theirs needs to name a macro. Where libpcap is found, the build defines
/// NAD_HAVE_PCAP for what captures from interfaces.

#define NAD_VERSION_MAJOR 0
#define NAD_VERSION_MINOR 1
#define NAD_VERSION_PATCH 0
#define NAD_VERSION_STRING "0.1.0"

#ifdef NAD_HEADER_ONLY
#define NAD_INLINE inline
#define NAD_API
#else
#define NAD_INLINE
#if defined(NAD_STATIC)
#define NAD_API
#elif defined(_WIN32)
#ifdef NAD_BUILDING
#define NAD_API __declspec(dllexport)
#else
#define NAD_API __declspec(dllimport)
#endif
#else
#define NAD_API __attribute__((visibility("default")))
#endif
#endif
