#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "nad/alert/mail_channel.hpp"
#include "nad/alert/mail_text-inl.hpp"
#include "nad/alert/posix_sockets-inl.hpp"
#include "nad/alert/socket_channel-inl.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

/// One conversation with a mail server.
class MailSession {
 public:
  MailSession(const MailChannelOptions& options, const Patience& patience)
      : where_("the mail server " + host_text(options.host, options.port)),
        patience_(patience),
        socket_(connect_to_host(options.host, options.port, SOCK_STREAM, patience, where_)) {}

  /// Says a line (or nothing), and wants an answer of this kind: 2 or 3. One that begins with 5 refuses so many
  /// messages; before the server has seen them it is about who may send what to whom, which somebody can mend.
  void say(const std::string& line, char wanted, std::size_t refused = 0) {
    const std::string answer = ask(line);
    if (answer.front() == wanted) {
      return;
    }
    const std::string what = where_ + " answered '" + one_line(answer.substr(0, 200)) + "' to " +
                             (line.empty() ? "the connection" : "'" + line.substr(0, line.find_first_of(" \r")) + "'");
    if (answer.front() == '5' && refused != 0) {
      throw AlertRefused(what, refused);
    }
    throw Error(ErrorCode::io, what);
  }

  /// Servers that do not know the newer greeting are given the older.
  void greet(const std::string& name) {
    if (ask("EHLO " + name).front() != '2') {
      say("HELO " + name, '2');
    }
  }

  void send_text(const std::string& text) { send_all(socket_.get(), text, patience_, where_); }

  /// The last line of the answer, three digits at least.
  std::string ask(const std::string& line) {
    if (!line.empty()) {
      send_text(line + "\r\n");
    }
    while (true) {
      const std::size_t end = received_.find('\n');
      if (end == std::string::npos) {
        const std::string more = receive_some(socket_.get(), 4096, patience_, where_);
        if (more.empty() || received_.size() > std::size_t{1} << 16U) {
          throw Error(ErrorCode::io, where_ + " closed the connection, or speaks no SMTP");
        }
        received_ += more;
        continue;
      }
      std::string answer = received_.substr(0, end);
      received_.erase(0, end + 1);
      const bool is_answer = answer.size() >= 3 && answer.find_first_not_of("0123456789") >= 3;
      if (!is_answer) {
        throw Error(ErrorCode::io, where_ + " speaks no SMTP");
      }
      if (answer.size() == 3 || answer[3] != '-') {
        return answer;
      }
    }
  }

 private:
  std::string where_;
  const Patience& patience_;
  Descriptor socket_;
  std::string received_;
};

inline void check_mail_address(const std::string& address) {
  const bool is_sound = address.size() > 2 && address.size() <= 254 && address.find('@') != std::string::npos &&
                        std::all_of(address.begin(), address.end(),
                                    [](char c) { return c > ' ' && c < '\x7f' && c != '<' && c != '>' && c != ','; });
  if (!is_sound) {
    throw Error(ErrorCode::invalid_argument,
                "'" + address + "' is no mail address; give one such as soc@example.org, without a name");
  }
}

class MailChannel final : public AlertChannel {
 public:
  explicit MailChannel(MailChannelOptions options) : options_(std::move(options)) {
    check_host(options_.host, options_.port);
    check_timeout(options_.timeout_seconds);
    check_mail_address(options_.from);
    if (options_.to.empty() || options_.digest == 0) {
      throw Error(ErrorCode::invalid_argument, options_.to.empty() ? "to is empty; give one receiver or more"
                                                                   : "digest is 0; give 1 message or more");
    }
    std::for_each(options_.to.begin(), options_.to.end(), check_mail_address);
    const std::string& name = options_.own_name;
    if (name.empty() || std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c >= '\x7f'; })) {
      throw Error(ErrorCode::invalid_argument, "own_name is '" + name + "'; give the name of this machine");
    }
  }

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    const Patience patience(options_.timeout_seconds, stopped());
    MailSession session(options_, patience);
    session.say("", '2');
    session.greet(options_.own_name);
    session.say("MAIL FROM:<" + options_.from + ">", '2');
    for (const std::string& receiver : options_.to) {
      session.say("RCPT TO:<" + receiver + ">", '2');
    }
    session.say("DATA", '3');
    session.send_text(mail_text(options_, messages, std::chrono::system_clock::now()));
    session.say("", '2', messages.size());
    delivered += messages.size();
    try {
      static_cast<void>(session.ask("QUIT"));
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the mail is with the server already
    }
  }

  std::string describe() const override { return "mail by " + host_text(options_.host, options_.port); }
  std::size_t most_at_once() const override { return options_.digest; }
  double usual_collect_seconds() const override { return 60.0; }
  AlertFormat usual_format() const override { return AlertFormat::report; }

 private:
  MailChannelOptions options_;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<AlertChannel> mail_channel(const MailChannelOptions& options) {
  return std::make_unique<detail::MailChannel>(options);
}

}  // namespace nad
