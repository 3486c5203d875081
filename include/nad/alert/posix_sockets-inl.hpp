#pragma once

// Sockets that give up in time.

#include <string>
#include <string_view>
#include <vector>

#include "nad/alert/posix_io-inl.hpp"

namespace nad::detail {

#ifdef MSG_NOSIGNAL
inline constexpr int send_flags = MSG_NOSIGNAL;
#else
inline constexpr int send_flags = 0;
#endif

/// An address to connect to.
struct SocketName {
  int family = 0;
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

inline std::vector<SocketName> find_host(const std::string& host, unsigned port, int type) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = type;
  addrinfo* list = nullptr;
  const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failure != 0) {
    throw Error(ErrorCode::io, "the host '" + host + "' is not found: " + gai_strerror(failure));
  }
  std::vector<SocketName> names;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketName& name = names.emplace_back();
    name.family = entry->ai_family;
    name.size = entry->ai_addrlen;
    std::memcpy(&name.bytes, entry->ai_addr, entry->ai_addrlen);
  }
  freeaddrinfo(list);
  return names;
}

inline SocketName name_of_path(const std::filesystem::path& path) {
  SocketName name;
  name.family = AF_UNIX;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path) {
    throw Error(ErrorCode::invalid_argument, "the path of a socket has 1 to " +
                                                 std::to_string(sizeof address.sun_path - 1) + " bytes; '" + text +
                                                 "' has " + std::to_string(text.size()));
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  name.size = static_cast<socklen_t>(sizeof address);
  std::memcpy(&name.bytes, &address, sizeof address);
  return name;
}

/// A socket that never blocks and is not handed to child processes.
inline Descriptor new_socket(int family, int type) {
  Descriptor made(socket(family, type, 0));
  if (!made.is_open()) {
    throw_io("a socket cannot be made", errno);
  }
  static_cast<void>(fcntl(made.get(), F_SETFD, FD_CLOEXEC));
  static_cast<void>(fcntl(made.get(), F_SETFL, fcntl(made.get(), F_GETFL, 0) | O_NONBLOCK));
#ifdef SO_NOSIGPIPE
  const int on = 1;
  static_cast<void>(setsockopt(made.get(), SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on));
#endif
  return made;
}

/// The error that is waiting at a socket; 0 for none.
inline int waiting_error(int descriptor) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

inline Descriptor connect_to(const SocketName& name, int type, const Patience& patience, const std::string& where) {
  Descriptor made = new_socket(name.family, type);
  if (connect(made.get(), reinterpret_cast<const sockaddr*>(&name.bytes), name.size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) {
      throw_io("cannot connect to " + where, errno);
    }
    if (!patience.wait(made.get(), POLLOUT)) {
      throw_io("cannot connect to " + where, ETIMEDOUT);
    }
    if (const int error = waiting_error(made.get()); error != 0) {
      throw_io("cannot connect to " + where, error);
    }
  }
  return made;
}

/// Tries the addresses of a host one by one.
inline Descriptor connect_to_host(const std::string& host, unsigned port, int type, const Patience& patience,
                                  const std::string& where) {
  std::string failure;
  for (const SocketName& name : find_host(host, port, type)) {
    try {
      return connect_to(name, type, patience, where);
    } catch (const Error& error) {
      failure = error.what();
    }
  }
  throw Error(ErrorCode::io, failure);
}

inline void send_all(int descriptor, std::string_view bytes, const Patience& patience, const std::string& where) {
  while (!bytes.empty()) {
    const ssize_t count = send(descriptor, bytes.data(), bytes.size(), send_flags);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!patience.wait(descriptor, POLLOUT)) {
        throw_io("sending to " + where + " failed", ETIMEDOUT);
      }
    } else if (errno != EINTR) {
      throw_io("sending to " + where + " failed", errno);
    }
  }
}

/// What has come, at most `most` bytes; empty at the end.
inline std::string receive_some(int descriptor, std::size_t most, const Patience& patience, const std::string& where) {
  std::string bytes(most, '\0');
  while (true) {
    const ssize_t count = recv(descriptor, bytes.data(), bytes.size(), 0);
    if (count >= 0) {
      bytes.resize(static_cast<std::size_t>(count));
      return bytes;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!patience.wait(descriptor, POLLIN)) {
        throw_io("no answer from " + where, ETIMEDOUT);
      }
    } else if (errno != EINTR) {
      throw_io("no answer from " + where, errno);
    }
  }
}

enum class Peer : std::uint8_t {
  there,
  left,    ///< it has closed the connection, and had read everything before
  broken,  ///< the connection is broken, and who knows what it has read
};

/// How the other side is. What it may have said is of no interest.
inline Peer look_at_peer(int descriptor) noexcept {
  std::array<char, 4096> ignored{};
  while (true) {
    const ssize_t count = recv(descriptor, ignored.data(), ignored.size(), MSG_DONTWAIT);
    if (count == 0) {
      return Peer::left;
    }
    if (count < 0 && errno != EINTR) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? Peer::there : Peer::broken;
    }
  }
}

/// Waits until the other machine has taken everything in (over a Unix socket: the other program). What a kernel has
/// only queued is lost without a word when the receiver goes away.
inline void await_arrival(int descriptor, const Patience& patience, const std::string& where) {
#ifdef SIOCOUTQ
  for (int pause = 0;; pause = std::min(pause + 1, 20)) {
    int waiting = 0;
    if (ioctl(descriptor, SIOCOUTQ, &waiting) != 0 || waiting == 0) {
      break;
    }
    if (look_at_peer(descriptor) != Peer::there) {
      throw_io("the connection to " + where + " was lost", ECONNRESET);
    }
    if (patience.is_over()) {
      throw_io(where + " takes nothing in", ETIMEDOUT);
    }
    static_cast<void>(poll(nullptr, 0, pause));
  }
#endif
  if (const int error = waiting_error(descriptor); error != 0) {
    throw_io("the connection to " + where + " was lost", error);
  }
}

}  // namespace nad::detail
