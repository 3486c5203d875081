// Alerts as HTTP requests, as mail, and to commands.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "alert_samples.hpp"
#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/command_channel.hpp"
#include "nad/alert/mail_channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/webhook_channel.hpp"
#include "sink_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::Collected;
using tests::comes_true;
using tests::contains;
using tests::message_of;
using tests::quick;
using tests::StreamServer;
using tests::text_of;
using tests::write_all;

// ---- HTTP

struct Request {
  std::string head;
  std::string body;
};

Request read_request(const StreamServer::Read& read) {
  Request request;
  std::string bytes;
  std::size_t end = std::string::npos;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    const std::string more = read();
    if (more.empty()) {
      return request;
    }
    bytes += more;
  }
  request.head = bytes.substr(0, end + 2);
  const std::size_t at = request.head.find("Content-Length: ");
  const std::size_t size = std::stoul(request.head.substr(at + 16));
  bytes.erase(0, end + 4);
  while (bytes.size() < size) {
    bytes += read();
  }
  request.body = bytes;
  return request;
}

TEST_CASE("a webhook gets a request for each alert, and what it answers decides [threads]") {
  Collected heads;
  Collected bodies;
  std::atomic<int> requests{0};
  const std::vector<std::string> answers = {
      "HTTP/1.1 503 Busy\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbad", "nonsense\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"};
  const StreamServer server([&](const StreamServer::Read& read, const StreamServer::Write& write) {
    const Request request = read_request(read);
    heads.add(request.head);
    bodies.add(request.body);
    write(answers[static_cast<std::size_t>(requests++) % answers.size()]);
  });
  nad::AlertSink sink(nad::webhook_channel({.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/in?key=1#x",
                                            .headers = {{"Authorization", "Bearer t\xc3\xb6ken"}}}),
                      quick());
  const std::string alert = nad::to_eve(tests::upload_alert());
  sink.write(tests::upload_alert());  // 503, then 204
  sink.write_text("two");             // 400: refused
  sink.write_text("three");           // nonsense, then 200
  CHECK(comes_true([&] { return sink.stats().written + sink.stats().lost() == 3; }));
  CHECK(bodies.texts() == std::vector<std::string>{alert, alert, "two", "three", "three"});
  CHECK(sink.stats().written == 2);
  CHECK(sink.stats().lost_refused == 1);
  CHECK(sink.stats().retried == 2);
  const std::string head = heads.texts()[0];
  CHECK(contains(head, "POST /in?key=1 HTTP/1.1\r\n"));
  CHECK(contains(head, "Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  CHECK(contains(head, "Content-Type: application/json\r\n"));
  CHECK(contains(head, "Authorization: Bearer t\xc3\xb6ken\r\n"));
}

TEST_CASE("a webhook can take several alerts at a time, and a refusal is for all of them [threads]") {
  Collected bodies;
  const StreamServer server([&](const StreamServer::Read& read, const StreamServer::Write& write) {
    const Request request = read_request(read);
    bodies.add(request.body);
    write(contains(request.body, "bad") ? "HTTP/1.1 301 Moved\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n");
  });
  nad::SinkOptions options = quick();
  options.collect_seconds = 10.0;
  nad::AlertSink sink(nad::webhook_channel({.url = "http://localhost:" + std::to_string(server.port()), .batch = 3}),
                      options);
  write_all(sink, {"1", "2", "3", "4", "bad", "6", "7"});
  CHECK(sink.flush());
  CHECK(bodies.texts() == std::vector<std::string>{"1\n2\n3", "4\nbad\n6", "7"});
  CHECK(sink.stats().lost_refused == 3);
  CHECK(sink.stats().written == 4);
  CHECK(contains(sink.stats().last_error, "redirections are not followed"));
}

// ---- SMTP

/// A mail server that keeps what it is sent, and answers as it is told.
struct MailServer {
  Collected lines;
  Collected mails;
  std::atomic<int> refusals{0};  ///< the next mails get this answer to their text
  std::string refusal = "451 later";
  bool knows_ehlo = true;

  StreamServer::Talk talk() {
    return [this](const StreamServer::Read& read, const StreamServer::Write& write) {
      std::string bytes;
      const auto line = [&] {
        std::size_t end = std::string::npos;
        while ((end = bytes.find("\r\n")) == std::string::npos) {
          const std::string more = read();
          if (more.empty()) {
            return std::string("QUIT");
          }
          bytes += more;
        }
        std::string text = bytes.substr(0, end);
        bytes.erase(0, end + 2);
        return text;
      };
      write("220-welcome\r\n220 mail\r\n");
      while (true) {
        const std::string text = line();
        lines.add(text);
        if (text == "QUIT") {
          write("221 bye\r\n");
          return;
        }
        if (text.substr(0, 4) == "EHLO") {
          write(knows_ehlo ? "250-mail\r\n250 8BITMIME\r\n" : "502 what\r\n");
        } else if (text == "DATA") {
          write("354 go on\r\n");
          std::string mail;
          for (std::string part = line(); part != "."; part = line()) {
            mail += (part.substr(0, 1) == "." ? part.substr(1) : part) + "\n";  // dots are doubled on the way
          }
          if (refusals-- > 0) {
            write(refusal + "\r\n");
          } else {
            mails.add(mail);
            write("250 taken\r\n");
          }
        } else {
          write("250 fine\r\n");
        }
      }
    };
  }
};

TEST_CASE("alerts come by mail, several in one, each line as it was [threads]") {
  MailServer mail;
  mail.knows_ehlo = false;
  mail.refusals = 1;
  const StreamServer server(mail.talk());
  nad::AlertSink sink(nad::mail_channel({.host = "127.0.0.1",
                                         .port = server.port(),
                                         .from = "nad@example.org",
                                         .to = {"a@example.org", "b@example.org"}}),
                      quick());
  sink.write_text("first\n.\n..dots\n.end");
  sink.write_text("second");
  CHECK(mail.mails.size() == 0);  // collected for a minute, unless somebody is in a hurry
  static_cast<void>(sink.flush(0.0));
  CHECK(comes_true([&] { return mail.mails.size() == 1; }));
  CHECK(sink.flush());
  const std::string text = mail.mails.texts()[0];
  CHECK(contains(text, "Subject: [nad] 2 alerts\n"));
  CHECK(contains(text, "From: <nad@example.org>\n"));
  CHECK(contains(text, "To: <a@example.org>,\n <b@example.org>\n"));
  CHECK(contains(text, "\n\nfirst\n.\n..dots\n.end\n\nsecond\n"));
  CHECK(contains(text, "Content-Transfer-Encoding: 7bit\n"));
  CHECK(sink.stats().retried == 1);
  CHECK(sink.stats().written == 2);
  const std::vector<std::string> lines = mail.lines.texts();
  CHECK(std::count(lines.begin(), lines.end(), "MAIL FROM:<nad@example.org>") == 2);
  CHECK(std::count(lines.begin(), lines.end(), "RCPT TO:<b@example.org>") == 2);
  CHECK(std::count(lines.begin(), lines.end(), "HELO localhost") == 2);
}

/// Independent of nad's own.
std::string from_base64(const std::string& text) {
  std::string bytes;
  unsigned bits = 0;
  unsigned value = 0;
  for (const char c : text) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t digit = digits.find(c);
    if (digit == std::string::npos) {
      continue;
    }
    value = value << 6U | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(value >> bits & 0xffU);
    }
  }
  return bytes;
}

TEST_CASE("mail beyond ASCII is encoded, and a mail that is refused is lost as a whole [threads]") {
  MailServer mail;
  const StreamServer server(mail.talk());
  nad::SinkOptions options = quick();
  options.collect_seconds = 0.0;
  nad::AlertSink sink(
      nad::mail_channel(
          {.host = "127.0.0.1", .port = server.port(), .from = "nad@example.org", .to = {"a@example.org"}}),
      options);
  const std::string body = "\xc3\x84rger \xe2\x82\xac " + std::string(3000, 'x') + "\n.\nend";
  sink.write_text(body);
  CHECK(sink.flush());
  const std::string text = mail.mails.texts().at(0);
  CHECK(contains(text, "Content-Transfer-Encoding: base64\n"));
  CHECK(from_base64(text.substr(text.find("\n\n") + 2)) == body);
  const std::size_t subject = text.find("Subject: ") + 9;
  const std::string encoded = text.substr(subject, text.find("\nMessage-ID") - subject);
  std::string decoded;
  for (std::size_t at = encoded.find("=?UTF-8?B?"); at != std::string::npos; at = encoded.find("=?UTF-8?B?", at + 1)) {
    const std::size_t begin = at + 10;
    decoded += from_base64(encoded.substr(begin, encoded.find("?=", begin) - begin));
  }
  CHECK(decoded.substr(0, 20) == "[nad] " + body.substr(0, 14));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    CHECK(end - at <= 78);
    at = end + 1;
  }
  mail.refusals = 1;
  mail.refusal = "552 too much";
  sink.write_text("refused");
  CHECK(comes_true([&] { return sink.stats().lost_refused == 1; }));
  CHECK(contains(sink.stats().last_error, "552 too much"));
}

// ---- commands

TEST_CASE("a command gets the alert on its input, without a shell [threads]") {
  const TemporaryFolder folder;
  const std::string out = (folder / "out; touch evil").string();
  const std::string alert = nad::to_eve(tests::hostile_alert());
  {
    nad::AlertSink sink(nad::command_channel({.arguments = {"tee", "-a", out}}));
    sink.write(tests::hostile_alert());
    sink.write_text(std::string(200'000, 'y'));  // more than a pipe holds
    CHECK(sink.flush(20.0));
  }
  CHECK(text_of(out) == alert + "\n" + std::string(200'000, 'y') + "\n");
  CHECK_FALSE(std::filesystem::exists("evil"));
  nad::AlertSink deaf(nad::command_channel({.arguments = {"true"}}));  // reads nothing: its own affair
  deaf.write_text(std::string(200'000, 'y'));
  CHECK(deaf.flush());
  CHECK(deaf.stats().written == 1);
}

TEST_CASE(
    "a command that fails is tried again, five times; one that takes too long is ended with its children [threads]") {
  nad::AlertSink failing(nad::command_channel({.arguments = {"false"}}), quick());
  failing.write_text("x");
  CHECK(comes_true([&] { return failing.stats().lost_given_up == 1; }));
  CHECK(failing.stats().retried == 4);
  CHECK(contains(failing.stats().last_error, "the command 'false' ended with status 1"));

  nad::AlertSink unknown(nad::command_channel({.arguments = {"no-such-program-here"}}), quick());
  unknown.write_text("x");
  CHECK(comes_true([&] { return unknown.stats().lost_given_up == 1; }));
  CHECK(contains(unknown.stats().last_error, "cannot be started"));

  const TemporaryFolder folder;
  nad::SinkOptions once = quick();
  once.attempts = 1;
  const std::string script = "sleep 60 & echo $! > " + (folder / "pid").string() + "; wait";
  nad::AlertSink slow(nad::command_channel({.arguments = {"sh", "-c", script}, .timeout_seconds = 0.2}), once);
  slow.write_text("x");
  CHECK(comes_true([&] { return slow.stats().lost_given_up == 1; }));
  CHECK(contains(slow.stats().last_error, "took too long"));
  const int grandchild = std::stoi(text_of(folder / "pid"));
  CHECK(comes_true([&] {  // gone, or waiting for whoever buries the dead here
    const std::string status = text_of("/proc/" + std::to_string(grandchild) + "/stat");
    return kill(grandchild, 0) != 0 || contains(status, ") Z ");
  }));
}

TEST_CASE("several commands run at the same time, and what arrived ahead of a failure is not repeated [threads]") {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  // fails once for "2", and only then
  const std::string script =
      "read x; if [ $x = 2 ] && mkdir " + (folder / "once").string() + "; then exit 1; fi; echo $x >> " + out;
  nad::SinkOptions options = quick();
  options.collect_seconds = 0.2;
  nad::AlertSink sink(nad::command_channel({.arguments = {"sh", "-c", script}, .at_once = 4}), options);
  write_all(sink, {"1", "2", "3", "3"});
  CHECK(comes_true([&] { return sink.stats().written == 4; }));
  std::string lines = text_of(out);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == "\n\n\n\n1233");
  CHECK(sink.stats().retried == 1);
}

TEST_CASE("addresses and headers that make no sense are refused at once") {
  CHECK(contains(message_of([] { nad::command_channel({}); }), "name no program"));
  const auto url = [](const char* text) { return message_of([&] { nad::webhook_channel({.url = text}); }); };
  CHECK(contains(url("https://a/b"), "https is not spoken here"));
  CHECK(contains(url("HTTPS://a/b"), "https is not spoken here"));
  CHECK(contains(url("a/b"), "give an address such as http://"));
  CHECK(contains(url("ftp://a/b"), "give an address such as http://"));
  CHECK(contains(url("http://"), "names no host"));
  CHECK(contains(url("http://a:0/"), "no number from 1"));
  CHECK(contains(url("http://a:x/"), "no number from 1"));
  CHECK(contains(url("http://u:p@a/"), "Authorization"));
  CHECK(contains(url("http://a/b c"), "blank"));
  const auto header = [](const char* name, const char* value) {
    return message_of([&] { nad::webhook_channel({.url = "http://a", .headers = {{name, value}}}); });
  };
  CHECK(contains(header("X", "a\r\nEvil: 1"), "does not allow"));
  CHECK(contains(header("X:", "a"), "does not allow"));
  CHECK(contains(header("Content-Length", "1"), "nad's own"));
  const auto mail = [](nad::MailChannelOptions options) { return message_of([&] { nad::mail_channel(options); }); };
  CHECK(contains(mail({.host = "a", .from = "a@b"}), "to is empty"));
  CHECK(contains(mail({.host = "a", .from = "a@b>\r\nX", .to = {"a@b"}}), "no mail address"));
  CHECK(contains(mail({.host = "a", .from = "a@b", .to = {"me"}}), "no mail address"));
  CHECK(contains(mail({.host = "a", .from = "a@b", .to = {"a@b"}, .own_name = "a b"}), "own_name"));
}

}  // namespace
