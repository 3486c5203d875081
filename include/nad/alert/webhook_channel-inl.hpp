#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "nad/alert/alert_words-inl.hpp"
#include "nad/alert/posix_sockets-inl.hpp"
#include "nad/alert/socket_channel-inl.hpp"
#include "nad/alert/webhook_channel.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

struct WebAddress {
  std::string host;
  unsigned port = 80;
  std::string path = "/";
};

inline WebAddress parse_web_address(const std::string& url) {
  const auto refuse = [&](const std::string& what) -> Error {
    return {ErrorCode::invalid_argument, "url is '" + url + "': " + what};
  };
  const std::size_t colon = url.find("://");
  const std::string scheme = in_lower_case(url.substr(0, colon));
  if (colon != std::string::npos && scheme == "https") {
    throw refuse(
        "https is not spoken here; let a proxy on this machine (stunnel, nginx, haproxy) speak it and give its "
        "http address, or use a command such as curl --data-binary @- https://...");
  }
  if (colon == std::string::npos || scheme != "http") {
    throw refuse("give an address such as http://127.0.0.1:8080/alerts");
  }
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c >= '\x7f'; })) {
    throw refuse("it holds a blank or a sign that is not ASCII; write it as %20 and the like");
  }
  WebAddress address;
  const std::size_t begin = colon + 3;
  const std::size_t slash = std::min(url.find_first_of("/?#", begin), url.size());
  std::string place = url.substr(begin, slash - begin);
  std::string path = url.substr(slash, url.find('#', slash) - slash);
  address.path = path.empty() || path.front() != '/' ? "/" + path : path;
  if (place.find('@') != std::string::npos) {
    throw refuse("names and passwords do not belong there; give the header Authorization");
  }
  const std::size_t bracket = place.find(']');
  const std::size_t port = place.find(':', bracket == std::string::npos ? 0 : bracket);
  if (port != std::string::npos) {
    const std::string digits = place.substr(port + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc() || end != digits.data() + digits.size() || address.port == 0 || address.port > 65535) {
      throw refuse("its port is no number from 1 to 65535");
    }
    place.resize(port);
  }
  const bool is_bracketed = place.size() > 2 && place.front() == '[' && place.back() == ']';
  address.host = is_bracketed ? place.substr(1, place.size() - 2) : place;
  if (address.host.empty()) {
    throw refuse("it names no host");
  }
  return address;
}

class WebhookChannel final : public AlertChannel {
 public:
  explicit WebhookChannel(const WebhookChannelOptions& options)
      : address_(parse_web_address(options.url)), batch_(options.batch), timeout_(options.timeout_seconds) {
    check_timeout(timeout_);
    if (batch_ == 0) {
      throw Error(ErrorCode::invalid_argument, "batch is 0; give 1 message or more");
    }
    const bool has_port = address_.port != 80;
    const std::string host = host_text(address_.host, address_.port);
    head_ = "POST " + address_.path + " HTTP/1.1\r\nHost: " + (has_port ? host : host.substr(0, host.rfind(':'))) +
            "\r\nUser-Agent: nad/" NAD_VERSION_STRING "\r\nConnection: close\r\n";
    const std::string usual = batch_ == 1 ? "application/json" : "application/x-ndjson";
    add_header("Content-Type", options.content_type.empty() ? usual : options.content_type);
    for (const auto& header : options.headers) {
      const std::string name = in_lower_case(header.first);
      for (const std::string_view own : {"host", "content-length", "connection", "transfer-encoding", "content-type"}) {
        if (name == own) {
          throw Error(ErrorCode::invalid_argument, "the header " + header.first + " is nad's own" +
                                                       (name == "content-type" ? "; give content_type" : ""));
        }
      }
      add_header(header.first, header.second);
    }
  }

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    while (!messages.empty()) {
      const std::size_t count = std::min(batch_, messages.size());
      std::string body;
      for (const std::string& message : messages.first(count)) {
        body.append(body.empty() ? "" : "\n").append(message);
      }
      post(body, count);
      delivered += count;
      messages = messages.subspan(count);
    }
  }

  std::string describe() const override { return "http://" + host_text(address_.host, address_.port) + address_.path; }
  std::size_t most_at_once() const override { return std::max<std::size_t>(batch_, 16); }

 private:
  void add_header(const std::string& name, const std::string& value) {
    const auto is_token = [](char c) { return c > ' ' && c < '\x7f' && c != ':'; };
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token) ||
        !std::all_of(value.begin(), value.end(), is_plain)) {
      throw Error(ErrorCode::invalid_argument,
                  "the header '" + name + "' has a sign that HTTP does not allow in it, such as a line feed");
    }
    head_ += name + ": " + value + "\r\n";
  }

  void post(const std::string& body, std::size_t messages) {
    const Patience patience(timeout_, stopped());
    const Descriptor socket = connect_to_host(address_.host, address_.port, SOCK_STREAM, patience, describe());
    std::string sending_failed;
    try {
      send_all(socket.get(), head_ + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body, patience,
               describe());
    } catch (const Error& error) {  // some servers answer and close before they have read everything
      sending_failed = error.what();
    }
    judge(read_status(socket.get(), patience), sending_failed, messages);
  }

  /// 0 where there is none.
  unsigned read_status(int socket, const Patience& patience) const {
    std::string answer;
    while (answer.size() < std::size_t{1} << 16U) {
      const std::size_t end = answer.find("\r\n\r\n");
      if (end != std::string::npos) {
        const unsigned status = status_of(answer);
        if (status < 100 || status >= 200) {
          return status;
        }
        answer.erase(0, end + 4);  // "100 Continue": the true one follows
        continue;
      }
      const std::string more = receive_some(socket, 4096, patience, describe());
      if (more.empty()) {
        return status_of(answer);
      }
      answer += more;
    }
    return 0;
  }

  static unsigned status_of(std::string_view answer) {
    unsigned status = 0;
    if (answer.size() >= 12 && answer.substr(0, 7) == "HTTP/1." && answer[8] == ' ') {
      static_cast<void>(std::from_chars(answer.data() + 9, answer.data() + 12, status));
    }
    return status;
  }

  void judge(unsigned status, const std::string& sending_failed, std::size_t messages) const {
    if (status >= 200 && status < 300) {
      return;
    }
    if (status == 0) {
      throw Error(ErrorCode::io, sending_failed.empty() ? describe() + " gave no answer in HTTP" : sending_failed);
    }
    const std::string what = describe() + " answered " + std::to_string(status);
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
      throw Error(ErrorCode::io, what);
    }
    throw AlertRefused(what + (status < 400 ? "; redirections are not followed, give the address itself" : ""),
                       messages);
  }

  WebAddress address_;
  std::size_t batch_;
  double timeout_;
  std::string head_;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<AlertChannel> webhook_channel(const WebhookChannelOptions& options) {
  return std::make_unique<detail::WebhookChannel>(options);
}

}  // namespace nad
