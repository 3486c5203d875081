#pragma once

/// Rights that a program gives up once its interfaces are open.
///
///   nad::LiveCapture capture("eth0", {.user = "nad"});    // opened as root; all that follows is done as 'nad'
///   nad::drop_privileges("nad");                          // the same by hand, behind whatever needs more
///
/// All threads of the process become that user, with its groups alone, and there is no way back. What was opened before
/// stays open; what is opened later, such as a checkpoint, needs to belong to that user. A program that was given
/// CAP_NET_RAW alone, instead of being root, keeps that.

#include <string>

#include "nad/config.hpp"

namespace nad {

/// Nothing where the process is that user already; an error where there is no such user, or the process may not become
/// another one.
NAD_API void drop_privileges(const std::string& user);

/// Whether the process may do everything.
NAD_API bool is_superuser() noexcept;

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/flow/privileges-inl.hpp"
#endif
