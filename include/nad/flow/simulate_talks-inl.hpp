#pragma once

// What clients and servers say to each other, by protocol.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/flow/simulate_datagrams-inl.hpp"
#include "nad/flow/simulate_tcp-inl.hpp"
#include "nad/flow/simulate_words-inl.hpp"

namespace nad::detail::simulate {

/// Messages that are known from the beginning.
class ScriptTalk final : public Talk {
 public:
  ScriptTalk& say(Side from, std::string words, Ticks pause = 0) {
    const std::uint64_t bytes = words.size();
    return say({.from = from, .bytes = bytes, .pause = pause, .head = std::move(words)});
  }
  ScriptTalk& say(Message message) {
    messages_.push_back(std::move(message));
    return *this;
  }
  bool next(Message& message, Draw& /*draw*/, Ticks /*now*/) override {
    if (place_ == messages_.size()) {
      return false;
    }
    message = std::move(messages_[place_++]);
    return true;
  }

 private:
  std::vector<Message> messages_;
  std::size_t place_ = 0;
};

inline Message tls_message(Side from, double bytes, Ticks pause = 0) {
  return {.from = from,
          .bytes = whole_tls_records(static_cast<std::uint64_t>(std::max(bytes, 22.0))),
          .pause = pause,
          .filler = Filler::tls};
}

inline void greet_over_tls(ScriptTalk& talk, std::string_view name, Draw& draw) {
  talk.say(client, tls_client_hello(name, draw));
  Message answer{.from = server, .head = tls_server_hello(draw)};
  for (const std::size_t size : {24U, 2800U + static_cast<unsigned>(draw.below(1200)), 281U, 53U}) {
    answer.head += tls_data(size, draw);  // extensions, certificate, its proof, the end
  }
  answer.bytes = answer.head.size();
  talk.say(std::move(answer));
  talk.say(client, tls_record_of(20, std::string(1, '\x01')) + tls_data(53, draw));
}

inline constexpr double largest_page = 3e7;

inline double page_bytes(Draw& draw) { return std::min(largest_page, draw.log_normal(6e3, 1.4)); }
inline double request_bytes(Draw& draw) { return draw.log_normal(420.0, 0.5); }
inline Ticks reading(Draw& draw) { return ticks(std::min(25.0, draw.exponential(3.0))); }

inline std::unique_ptr<Talk> web_talk(bool encrypted, std::size_t site, Draw& draw) {
  auto talk = std::make_unique<ScriptTalk>();
  const auto requests = static_cast<std::size_t>(std::min<std::int64_t>(12, draw.count(2.5)));
  if (encrypted) {
    greet_over_tls(*talk, site_name(site), draw);
  }
  for (std::size_t i = 0; i < requests; ++i) {
    const Ticks pause = i == 0 ? 0 : draw.chance(0.7) ? ticks(draw.exponential(0.05)) : reading(draw);
    const Ticks thinking = ticks(draw.log_normal(0.015, 0.8));
    if (encrypted) {
      talk->say(tls_message(client, request_bytes(draw), pause)).say(tls_message(server, page_bytes(draw), thinking));
      continue;
    }
    const std::string page = random_letters(4 + draw.below(40), draw, "abcdefghijklmnopqrstuvwxyz");
    const std::string cookie = random_letters(20 + draw.below(200), draw, "0123456789abcdef");
    std::string request = "GET /";
    request.append(page).append(".html HTTP/1.1\r\nHost: ").append(site_name(site));
    request.append("\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n");
    request.append("Accept: */*\r\nConnection: keep-alive\r\nCookie: id=").append(cookie).append("\r\n\r\n");
    talk->say(client, std::move(request), pause);
    const auto body = static_cast<std::uint64_t>(page_bytes(draw));
    Message answer{.from = server, .pause = thinking, .filler = Filler::text};
    answer.head = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=us-ascii\r\nContent-Length: " +
                  std::to_string(body) + "\r\n\r\n";
    answer.bytes = answer.head.size() + body;
    talk->say(std::move(answer));
  }
  return talk;
}

inline std::string mail_lines(std::uint64_t& bytes) {
  bytes = std::max<std::uint64_t>(bytes, 400);
  return "From: a@inside.example\r\nTo: b@outside.example\r\nSubject: report\r\nMIME-Version: 1.0\r\n\r\n";
}

inline std::unique_ptr<Talk> smtp_talk(Draw& draw) {
  auto talk = std::make_unique<ScriptTalk>();
  const auto wait = [&] { return ticks(draw.log_normal(0.01, 0.8)); };
  talk->say(server, "220 mail.example ESMTP\r\n", wait())
      .say(client, "EHLO client.example\r\n")
      .say(server, "250-mail.example\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n", wait())
      .say(client, "MAIL FROM:<a@inside.example>\r\n")
      .say(server, "250 2.1.0 Ok\r\n", wait())
      .say(client, "RCPT TO:<b@outside.example>\r\n")
      .say(server, "250 2.1.5 Ok\r\n", wait())
      .say(client, "DATA\r\n")
      .say(server, "354 End data with <CR><LF>.<CR><LF>\r\n", wait());
  Message mail{.from = client, .filler = Filler::text, .tail = "\r\n.\r\n"};
  mail.bytes = static_cast<std::uint64_t>(std::min(2e7, draw.log_normal(9e3, 1.7)));
  mail.head = mail_lines(mail.bytes);
  talk->say(std::move(mail))
      .say(server, "250 2.0.0 Ok: queued\r\n", wait())
      .say(client, "QUIT\r\n")
      .say(server, "221 2.0.0 Bye\r\n", wait());
  return talk;
}

inline std::unique_ptr<Talk> imap_talk(bool encrypted, Draw& draw) {
  auto talk = std::make_unique<ScriptTalk>();
  const auto mails = static_cast<std::size_t>(std::min<std::int64_t>(8, draw.count(1.6))) - 1;
  if (encrypted) {
    greet_over_tls(*talk, "mail.inside.example", draw);
    talk->say(tls_message(server, 130)).say(tls_message(client, 70)).say(tls_message(server, 90, 5 * millisecond));
    for (std::size_t i = 0; i < mails; ++i) {
      talk->say(tls_message(client, 60, reading(draw))).say(tls_message(server, page_bytes(draw), 4 * millisecond));
    }
    talk->say(tls_message(client, 40)).say(tls_message(server, 80, 2 * millisecond));
    return talk;
  }
  talk->say(server, "* OK IMAP4rev1 ready\r\n")
      .say(client, "a1 LOGIN user secret\r\n")
      .say(server, "a1 OK logged in\r\n", 5 * millisecond)
      .say(client, "a2 SELECT INBOX\r\n")
      .say(server, "* " + std::to_string(mails) + " EXISTS\r\na2 OK done\r\n", 3 * millisecond);
  for (std::size_t i = 0; i < mails; ++i) {
    const std::string tag = "b" + std::to_string(i);
    const auto body = static_cast<std::uint64_t>(page_bytes(draw));
    talk->say(client, tag + " FETCH " + std::to_string(i + 1) + " (BODY[])\r\n", reading(draw));
    Message mail{.from = server, .pause = 4 * millisecond, .filler = Filler::text};
    mail.head = "* " + std::to_string(i + 1) + " FETCH (BODY[] {" + std::to_string(body) + "}\r\n";
    mail.tail = ")\r\n" + tag + " OK done\r\n";
    mail.bytes = mail.head.size() + body + mail.tail.size();
    talk->say(std::move(mail));
  }
  talk->say(client, "a9 LOGOUT\r\n").say(server, "* BYE\r\na9 OK done\r\n", 2 * millisecond);
  return talk;
}

inline void greet_over_ssh(ScriptTalk& talk, Draw& draw) {
  talk.say(server, "SSH-2.0-OpenSSH_9.2p1\r\n", ticks(draw.log_normal(0.006, 0.5)))
      .say(client, "SSH-2.0-OpenSSH_9.6\r\n")
      .say(client, ssh_key_exchange_init(draw))
      .say(server, ssh_key_exchange_init(draw))
      .say(client, ssh_key_init(draw), 2 * millisecond)
      .say(server, ssh_key_reply(draw), 4 * millisecond)
      .say(client, ssh_new_keys(draw));
}

/// A greeting, then what is thought of while it goes on.
class LongTalk : public Talk {
 public:
  bool next(Message& message, Draw& draw, Ticks now) final {
    return greeting_.next(message, draw, now) || go_on(message, draw, now);
  }

 protected:
  ScriptTalk& greeting() noexcept { return greeting_; }

 private:
  virtual bool go_on(Message& message, Draw& draw, Ticks now) = 0;

  ScriptTalk greeting_;
};

/// Somebody types, the other side shows it, and now and then sends a screen. Encrypted.
class ShellTalk final : public LongTalk {
 public:
  ShellTalk(Ticks until, Draw& draw) : until_(until) {
    greet_over_ssh(greeting(), draw);
    for (const std::uint64_t bytes : {44U, 60U, 128U}) {  // service, who, password
      greeting().say({.from = client, .bytes = bytes, .pause = bytes == 128 ? ticks(draw.log_normal(2.5, 0.5)) : 0});
      greeting().say({.from = server, .bytes = bytes == 128 ? 28U : 44U, .pause = 3 * millisecond});
    }
  }

 private:
  bool go_on(Message& message, Draw& draw, Ticks now) override {
    if (answer_ != 0) {
      message = {.from = server, .bytes = answer_, .pause = 1 * millisecond};
      answer_ = 0;
      return true;
    }
    if (now >= until_) {
      return false;
    }
    const double wait = draw.chance(0.9) ? draw.log_normal(0.16, 0.5) : std::min(200.0, draw.log_normal(6.0, 1.1));
    const bool enter = draw.chance(0.08);
    answer_ = enter ? 44 + 8 * static_cast<std::uint64_t>(std::min(4000.0, draw.log_normal(60.0, 1.2))) : 36;
    message = {.from = client, .bytes = 36, .pause = ticks(wait)};
    return true;
  }

  Ticks until_;
  std::uint64_t answer_ = 0;
};

/// A piece of the film every few seconds, as long as somebody watches.
class VideoTalk final : public LongTalk {
 public:
  VideoTalk(Ticks until, std::size_t site, Draw& draw) : until_(until), piece_(draw.log_normal(1e5, 0.5)) {
    greet_over_tls(greeting(), site_name(site), draw);
  }

 private:
  bool go_on(Message& message, Draw& draw, Ticks now) override {
    if (asked_) {
      asked_ = false;
      message = tls_message(server, std::min(1e6, piece_ * draw.log_normal(1.0, 0.25)), 5 * millisecond);
      return true;
    }
    if (now >= until_) {
      return false;
    }
    asked_ = true;
    message = tls_message(client, 520.0, pieces_++ < 3 ? 0 : ticks(draw.uniform(3.6, 4.4)));
    return true;
  }

  Ticks until_;
  double piece_;
  std::size_t pieces_ = 0;
  bool asked_ = false;
};

// ---- datagrams

class DnsTalk final : public DatagramTalk {
 public:
  DnsTalk(std::string name, DnsType type, std::vector<std::string> answers, Ticks thinking, int queries, bool answered)
      : name_(std::move(name)),
        answers_(std::move(answers)),
        thinking_(thinking),
        queries_(queries),
        type_(type),
        answered_(answered) {}

  bool next(Datagram& datagram, Draw& draw, Ticks /*now*/) override {
    if (queries_ > 0) {
      if (!asked_) {
        id_ = static_cast<std::uint16_t>(draw.below(65'536));
      }
      datagram = {client, asked_ ? 5 * second : 0, dns_query(id_, name_, type_)};
      asked_ = true;
      --queries_;
      return true;
    }
    if (!answered_) {
      return false;
    }
    answered_ = false;
    datagram = {server, thinking_, dns_answer(id_, name_, type_, answers_)};
    return true;
  }

 private:
  std::string name_;
  std::vector<std::string> answers_;
  Ticks thinking_;
  int queries_;
  DnsType type_;
  std::uint16_t id_ = 0;
  bool asked_ = false;
  bool answered_;
};

class NtpTalk final : public DatagramTalk {
 public:
  bool next(Datagram& datagram, Draw& /*draw*/, Ticks now) override {
    if (said_ == 0) {
      asked_ = now;
    }
    datagram = said_ == 0 ? Datagram{client, 0, ntp_request(now)} : Datagram{server, 0, ntp_reply(asked_, now)};
    return ++said_ <= 2;
  }

 private:
  Ticks asked_ = 0;
  int said_ = 0;
};

/// Sound and pictures of a meeting, both ways.
class MeetingTalk final : public DatagramTalk {
 public:
  explicit MeetingTalk(Ticks until) : until_(until) {}

  bool next(Datagram& datagram, Draw& draw, Ticks now) override {
    if (now >= until_) {
      return false;
    }
    datagram.from = draw.chance(0.45) ? client : server;
    datagram.pause = ticks(draw.uniform(0.002, 0.018));
    const std::size_t size = draw.chance(0.5) ? 160 + draw.below(80) : 700 + draw.below(420);
    ByteWriter to;  // RTP
    to.u8(0x80).u8(96).u16(++sequence_).u32(static_cast<std::uint64_t>(now / 11'111)).u32(0x1234abcd);
    datagram.bytes = to.take();
    datagram.bytes.resize(size);
    fill_repeated(std::span(datagram.bytes).subspan(12), filler_blocks().noise, sequence_ * 331U);
    if (first_) {
      first_ = false;
      datagram.from = client;
      datagram.pause = 0;
    }
    return true;
  }

 private:
  Ticks until_;
  std::uint16_t sequence_ = 0;
  bool first_ = true;
};

}  // namespace nad::detail::simulate
