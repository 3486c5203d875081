#pragma once

// Receivers for tests, on this machine and on ports that nobody else has. No wait is longer than a few seconds.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tests {

/// Asks again and again until it is so; false after some seconds.
inline bool comes_true(const std::function<bool()>& what, double seconds = 10.0) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!what()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class Socket {
 public:
  explicit Socket(int number) : number_(number) {
    if (number < 0) {
      throw std::runtime_error(std::string("a socket of a test: ") + std::strerror(errno));
    }
  }
  ~Socket() { close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

inline bool is_readable(int socket, int milliseconds) {
  pollfd waited{socket, POLLIN, 0};
  return poll(&waited, 1, milliseconds) > 0;
}

/// A socket bound to 127.0.0.1, to `port` or any (0), or to a path.
inline int bound_socket(int type, unsigned& port) {
  const int made = socket(AF_INET, type, 0);
  const int on = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(made, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    close(made);
    return -1;
  }
  socklen_t size = sizeof name;
  getsockname(made, reinterpret_cast<sockaddr*>(&name), &size);
  port = ntohs(name.sin_port);
  return made;
}

inline int bound_socket(int type, const std::filesystem::path& path) {
  const int made = socket(AF_UNIX, type, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  unlink(path.c_str());
  return bind(made, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 ? made : -1;
}

/// Takes datagrams until it is gone.
class DatagramServer {
 public:
  explicit DatagramServer(unsigned port = 0) : port_(port), socket_(bound_socket(SOCK_DGRAM, port_)) {
    thread_ = std::thread([this] { run(); });
  }
  explicit DatagramServer(const std::filesystem::path& path) : socket_(bound_socket(SOCK_DGRAM, path)) {
    thread_ = std::thread([this] { run(); });
  }
  ~DatagramServer() {
    stop_ = true;
    thread_.join();
  }
  unsigned port() const { return port_; }
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  void run() {
    std::vector<char> bytes(70'000);
    while (!stop_) {
      if (is_readable(socket_.get(), 5)) {
        const ssize_t count = recv(socket_.get(), bytes.data(), bytes.size(), 0);
        const std::lock_guard lock(mutex_);
        messages_.emplace_back(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
      }
    }
  }

  unsigned port_ = 0;
  Socket socket_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

/// Takes connections, one after the other, and lets `talk` have each; what `talk` gives back is kept.
class StreamServer {
 public:
  /// Reads what comes, at most `most` bytes; empty at the end of the connection or of the test.
  using Read = std::function<std::string()>;
  using Write = std::function<void(const std::string&)>;
  using Talk = std::function<void(const Read&, const Write&)>;

  StreamServer(Talk talk, unsigned port) : port_(port), socket_(bound_socket(SOCK_STREAM, port_)) {
    start(std::move(talk));
  }
  explicit StreamServer(Talk talk) : StreamServer(std::move(talk), 0U) {}
  StreamServer(Talk talk, const std::filesystem::path& path) : socket_(bound_socket(SOCK_STREAM, path)) {
    start(std::move(talk));
  }
  ~StreamServer() {
    stop_ = true;
    thread_.join();
  }
  unsigned port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void start(Talk talk) {
    if (listen(socket_.get(), 8) != 0) {
      throw std::runtime_error("listen");
    }
    thread_ = std::thread([this, talk = std::move(talk)] {
      while (!stop_) {
        if (!is_readable(socket_.get(), 5)) {
          continue;
        }
        const Socket connection(accept(socket_.get(), nullptr, nullptr));
        ++connections_;
        talk([&] { return read(connection.get()); },
             [&](const std::string& text) { send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL); });
      }
    });
  }

  std::string read(int connection) const {
    while (!stop_) {
      if (is_readable(connection, 5)) {
        std::string bytes(4096, '\0');
        const ssize_t count = recv(connection, bytes.data(), bytes.size(), 0);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
      }
    }
    return "";
  }

  unsigned port_ = 0;
  Socket socket_;
  std::atomic<bool> stop_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

/// Texts that several threads add to.
class Collected {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
  }
  void append(const std::string& text) {
    const std::lock_guard lock(mutex_);
    all_ += text;
  }
  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  std::string all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  std::size_t size() const { return texts().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
  std::string all_;
};

/// A port that was free a moment ago.
inline unsigned free_port() {
  unsigned port = 0;
  const Socket taken(bound_socket(SOCK_STREAM, port));
  return port;
}

}  // namespace tests
