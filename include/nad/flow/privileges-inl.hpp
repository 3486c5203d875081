#pragma once

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/flow/privileges.hpp"

namespace nad {

namespace detail {

struct UserNumbers {
  uid_t user = 0;
  gid_t group = 0;
};

inline UserNumbers numbers_of_user(const std::string& name) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  passwd entry = {};
  passwd* found = nullptr;
  std::vector<char> text(4096);
  int problem = getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  while (problem == ERANGE && text.size() < most) {
    text.resize(text.size() * 4);
    problem = getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  }
  if (found == nullptr) {
    throw Error(ErrorCode::invalid_argument, "there is no user '" + name + "' on this system; give one that there is");
  }
  return {entry.pw_uid, entry.pw_gid};
}

}  // namespace detail

NAD_INLINE bool is_superuser() noexcept { return geteuid() == 0; }

NAD_INLINE void drop_privileges(const std::string& user) {
  const detail::UserNumbers numbers = detail::numbers_of_user(user);
  if (geteuid() == numbers.user && getuid() == numbers.user) {
    return;
  }
  // groups first: an ordinary user may not change them
  if (initgroups(user.c_str(), numbers.group) != 0 || setgid(numbers.group) != 0 || setuid(numbers.user) != 0) {
    throw Error(ErrorCode::io, "this process cannot go on as '" + user +
                                   "': " + std::generic_category().message(errno) +
                                   "; only the superuser can become another user");
  }
  if (geteuid() != numbers.user || getuid() != numbers.user || (numbers.user != 0 && setuid(0) == 0)) {
    throw Error(ErrorCode::io, "this process has kept rights that it gave up to go on as '" + user + "'");
  }
}

}  // namespace nad
