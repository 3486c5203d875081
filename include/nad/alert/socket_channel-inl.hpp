#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>

#include "nad/alert/posix_sockets-inl.hpp"
#include "nad/alert/socket_channel.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

inline void check_host(const std::string& host, unsigned port) {
  if (host.empty()) {
    throw Error(ErrorCode::invalid_argument, "host is empty; give a name or an address");
  }
  if (port == 0 || port > 65535) {
    throw Error(ErrorCode::invalid_argument, "port is " + std::to_string(port) + "; give 1 to 65535");
  }
}

inline void check_timeout(double seconds) {
  if (!(seconds > 0.0 && seconds <= 3600.0)) {
    throw Error(ErrorCode::invalid_argument,
                "timeout_seconds is " + std::to_string(seconds) + "; give seconds above 0, up to an hour");
  }
}

inline std::string host_text(const std::string& host, unsigned port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

/// Where a socket leads: a host or a path.
struct SocketTarget {
  std::string host = {};
  unsigned port = 0;
  std::filesystem::path path = {};  ///< where it is not empty, a Unix socket
  double timeout_seconds = 5.0;

  std::string describe() const { return path.empty() ? host_text(host, port) : "the socket '" + path.string() + "'"; }
  Descriptor connect(int type, const Patience& patience) const {
    return path.empty() ? connect_to_host(host, port, type, patience, describe())
                        : connect_to(name_of_path(path), type, patience, describe());
  }
};

class StreamChannel final : public AlertChannel {
 public:
  StreamChannel(SocketTarget target, Framing framing) : target_(std::move(target)), framing_(framing) {}

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    const Patience patience(target_.timeout_seconds, stopped());
    try {
      look_after_connection(patience);
      std::string framed;
      for (const std::string& message : messages) {
        framed += framed_text(message);
      }
      send_all(socket_.get(), framed, patience, describe());
      await_arrival(socket_.get(), patience, describe());
      remember(std::move(framed));
    } catch (...) {
      socket_.reset();  // the receiver may have half a message: it must not take the next for the other half
      is_unsure_ = true;
      throw;
    }
    delivered += messages.size();
  }

  std::string describe() const override { return target_.describe(); }
  void reopen() override { socket_.reset(); }

 private:
  std::string framed_text(const std::string& message) const {
    if (framing_ == Framing::octet_counted) {
      return std::to_string(message.size()) + " " + message;
    }
    std::string line = message + "\n";
    std::replace(line.begin(), line.end() - 1, '\n', ' ');
    return line;
  }

  /// When a connection breaks, the other machine had taken the last messages in, but had its program read them? So they
  /// are sent again.
  void look_after_connection(const Patience& patience) {
    if (socket_.is_open()) {
      const Peer peer = look_at_peer(socket_.get());
      if (peer == Peer::there) {
        return;
      }
      is_unsure_ = peer == Peer::broken;
      socket_.reset();
    }
    Descriptor fresh = target_.connect(SOCK_STREAM, patience);
    if (is_unsure_) {
      for (const std::string& framed : recent_) {
        send_all(fresh.get(), framed, patience, describe());
      }
      await_arrival(fresh.get(), patience, describe());
    } else {
      recent_.clear();
      recent_bytes_ = 0;
    }
    is_unsure_ = false;
    socket_ = std::move(fresh);
  }

  void remember(std::string framed) {
    constexpr std::size_t most_bytes = std::size_t{1} << 18U;
    recent_bytes_ += framed.size();
    recent_.push_back(std::move(framed));
    while (recent_bytes_ > most_bytes) {
      recent_bytes_ -= recent_.front().size();
      recent_.pop_front();
    }
  }

  SocketTarget target_;
  Framing framing_;
  Descriptor socket_;
  std::deque<std::string> recent_;  ///< what the connection has carried last, a batch each
  std::size_t recent_bytes_ = 0;
  bool is_unsure_ = false;
};

class DatagramChannel final : public AlertChannel {
 public:
  explicit DatagramChannel(SocketTarget target) : target_(std::move(target)) {}

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    const Patience patience(target_.timeout_seconds, stopped());
    try {
      if (!socket_.is_open()) {
        socket_ = target_.connect(SOCK_DGRAM, patience);
      }
      for (const std::string& message : messages) {
        send_one(message, patience);
        ++delivered;
      }
    } catch (const AlertRefused&) {
      throw;
    } catch (...) {
      socket_.reset();
      throw;
    }
  }

  std::string describe() const override { return (target_.path.empty() ? "UDP " : "") + target_.describe(); }
  void reopen() override { socket_.reset(); }

 private:
  void send_one(const std::string& message, const Patience& patience) {
    while (send(socket_.get(), message.data(), message.size(), send_flags) < 0) {
      if (errno == EMSGSIZE) {
        throw AlertRefused("a message of " + std::to_string(message.size()) + " bytes is too long for a datagram to " +
                           describe() + "; use a stream");
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
        if (!patience.wait(socket_.get(), POLLOUT)) {
          throw_io(describe() + " takes nothing in", ETIMEDOUT);
        }
      } else if (errno != EINTR) {
        throw_io("sending to " + describe() + " failed", errno);
      }
    }
    if (const int error = waiting_error(socket_.get()); error != 0) {
      throw_io("sending to " + describe() + " failed", error);
    }
  }

  SocketTarget target_;
  Descriptor socket_;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<AlertChannel> udp_channel(const UdpChannelOptions& options) {
  detail::check_host(options.host, options.port);
  return std::make_unique<detail::DatagramChannel>(detail::SocketTarget{options.host, options.port});
}

NAD_INLINE std::unique_ptr<AlertChannel> tcp_channel(const TcpChannelOptions& options) {
  detail::check_host(options.host, options.port);
  detail::check_timeout(options.timeout_seconds);
  return std::make_unique<detail::StreamChannel>(
      detail::SocketTarget{options.host, options.port, {}, options.timeout_seconds}, options.framing);
}

NAD_INLINE std::unique_ptr<AlertChannel> unix_channel(const UnixChannelOptions& options) {
  detail::check_timeout(options.timeout_seconds);
  static_cast<void>(detail::name_of_path(options.path));
  detail::SocketTarget target{{}, 0, options.path, options.timeout_seconds};
  if (options.is_stream) {
    return std::make_unique<detail::StreamChannel>(std::move(target), options.framing);
  }
  return std::make_unique<detail::DatagramChannel>(std::move(target));
}

}  // namespace nad
