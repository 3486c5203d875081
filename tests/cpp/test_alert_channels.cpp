// The ways alerts leave, each against a receiver of its own: files that rotate and disks that are full, sockets whose
// other side goes away, HTTP, SMTP, and commands.
#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "alert_samples.hpp"
#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/command_channel.hpp"
#include "nad/alert/file_channel.hpp"
#include "nad/alert/mail_channel.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/socket_channel.hpp"
#include "nad/alert/webhook_channel.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::Collected;
using tests::comes_true;
using tests::contains;
using tests::DatagramServer;
using tests::message_of;
using tests::StreamServer;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

nad::SinkOptions quick() { return {.retry_seconds = 0.005, .most_retry_seconds = 0.02}; }

void write_all(nad::AlertSink& sink, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    sink.write_text(text);
  }
}

// ---- files

TEST_CASE("a file gets a line for each alert, behind what is there [threads]") {
  const TemporaryFolder folder;
  std::ofstream(folder / "alerts.json") << "{\"cut\":";  // somebody was killed here
  {
    nad::AlertSink sink(nad::file_channel({.path = folder / "alerts.json", .sync = true}));
    CHECK(contains(sink.describe(), "alerts.json"));
    sink.write(tests::upload_alert());
    sink.write(tests::later_alert());
  }
  CHECK(text_of(folder / "alerts.json") ==
        "{\"cut\":\n" + nad::to_eve(tests::upload_alert()) + "\n" + nad::to_eve(tests::later_alert()) + "\n");
}

TEST_CASE("files rotate by size, keep so many, and lose no line [threads]") {
  const TemporaryFolder folder;
  nad::AlertSink sink(nad::file_channel({.path = folder / "a", .rotate_bytes = 25, .keep = 3}));
  write_all(sink, {"0123456789", "1123456789", "2123456789", "3123456789", "4", "a line that is longer than a file"});
  sink.close();
  CHECK(text_of(folder / "a") == "a line that is longer than a file\n");
  CHECK(text_of(folder / "a.1") == "2123456789\n3123456789\n4\n");
  CHECK(text_of(folder / "a.2") == "0123456789\n1123456789\n");
  nad::AlertSink more(nad::file_channel({.path = folder / "a", .rotate_bytes = 25, .keep = 3}));
  write_all(more, {"x", "0123456789 0123456789 012"});
  more.close();
  CHECK(text_of(folder / "a") == "0123456789 0123456789 012\n");
  CHECK(text_of(folder / "a.1") == "x\n");
  CHECK(text_of(folder / "a.3") == "2123456789\n3123456789\n4\n");
  CHECK_FALSE(std::filesystem::exists(folder / "a.4"));
}

TEST_CASE("files rotate by time [threads]") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "old\n";
  std::filesystem::last_write_time(folder / "a",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  nad::AlertSink sink(nad::file_channel({.path = folder / "a", .rotate_seconds = 86400.0}));
  sink.write_text("new");
  sink.close();
  CHECK(text_of(folder / "a") == "new\n");
  CHECK(text_of(folder / "a.1") == "old\n");
}

TEST_CASE("a file that is moved away is left, and reopened on request [threads]") {
  const TemporaryFolder folder;
  nad::AlertSink sink(nad::file_channel({.path = folder / "a"}));
  sink.write_text("1");
  CHECK(sink.flush());
  std::filesystem::rename(folder / "a", folder / "b");
  sink.write_text("2");
  CHECK(sink.flush());
  sink.reopen();
  sink.write_text("3");
  CHECK(sink.flush());
  CHECK(text_of(folder / "b") == "1\n");
  CHECK(text_of(folder / "a") == "2\n3\n");
}

TEST_CASE("a full device is an error that is shown, and nothing is lost before the end [threads]") {
  if (!std::filesystem::exists("/dev/full")) {
    MESSAGE("skipped: there is no /dev/full here");
    return;
  }
  nad::AlertSink sink(nad::file_channel({.path = "/dev/full"}), quick());
  sink.write_text("x");
  CHECK(comes_true([&] { return sink.stats().retried > 2; }));
  CHECK(contains(sink.stats().last_error, "No space left"));
  CHECK(sink.stats().is_failing);
  sink.close(0.01);
  CHECK(sink.stats().lost_at_close == 1);
}

/// In a process of its own, whose files may not become longer than `most` bytes, as on a full disk.
template <class Work>
int with_small_files(rlim_t most, const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      rlimit limit{};
      getrlimit(RLIMIT_FSIZE, &limit);
      limit.rlim_cur = most;
      setrlimit(RLIMIT_FSIZE, &limit);
      status = work();
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("a disk that is full in the middle of a line keeps whole lines, and gets the rest when there is room") {
  const TemporaryFolder folder;
  const int status = with_small_files(25, [&] {
    nad::AlertSink sink(nad::file_channel({.path = folder / "a"}), quick());
    write_all(sink, {"0123456789", "1123456789", "2123456789", "3123456789"});
    if (!comes_true([&] { return sink.stats().retried > 2; }) || sink.stats().written != 2) {
      return 1;
    }
    if (text_of(folder / "a") != "0123456789\n1123456789\n") {  // not "2123"
      return 2;
    }
    std::filesystem::rename(folder / "a", folder / "b");  // somebody makes room
    if (!comes_true([&] { return sink.stats().written == 4; })) {
      return 3;
    }
    return sink.stats().lost() == 0 ? 0 : 4;
  });
  CHECK(status == 0);
  CHECK(text_of(folder / "a") == "2123456789\n3123456789\n");
}

TEST_CASE("a spool on a full disk holds what fits, and the queue the rest") {
  const TemporaryFolder folder;
  const int status = with_small_files(60, [&] {
    nad::SinkOptions options = quick();
    options.spool = folder / "spool";
    nad::AlertSink sink(nad::unix_channel({.path = folder / "nobody"}), options);
    write_all(sink, {"0123456789", "1123456789", std::string(100, 'x'), "3123456789"});
    if (!comes_true([&] { return sink.stats().spooled == 2 && sink.stats().retried > 3; })) {
      return 1;
    }
    if (!comes_true([&] { return contains(sink.stats().last_error, "File too large"); })) {
      return 2;
    }
    sink.close(0.01);
    const nad::SinkStats stats = sink.stats();
    return stats.lost_at_close == 2 && stats.given == stats.lost() + stats.spooled ? 0 : 3;
  });
  CHECK(status == 0);
  nad::SinkOptions options = quick();
  options.spool = folder / "spool";
  nad::AlertSink sink(nad::file_channel({.path = folder / "a"}), options);
  CHECK(sink.flush());
  CHECK(text_of(folder / "a") == "0123456789\n1123456789\n");
}

TEST_CASE("the standard output is a sink, too") {
  int ends[2] = {-1, -1};
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    int status = 1;
    try {
      dup2(ends[1], 1);
      nad::AlertSink sink(nad::standard_output_channel(), {.format = nad::AlertFormat::text});
      sink.write(tests::upload_alert());
      status = sink.flush() ? 0 : 1;
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(read(ends[0], text.data(), text.size()), 0)));
  close(ends[0]);
  CHECK(text == nad::to_text(tests::upload_alert()) + "\n");
}

// ---- sockets

/// Splits what came over TCP by RFC 6587; nothing may be left.
std::vector<std::string> octet_counted(const std::string& bytes) {
  std::vector<std::string> messages;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t blank = bytes.find(' ', at);
    REQUIRE(blank != std::string::npos);
    const std::size_t size = std::stoul(bytes.substr(at, blank - at));
    REQUIRE(blank + 1 + size <= bytes.size());
    messages.push_back(bytes.substr(blank + 1, size));
    at = blank + 1 + size;
  }
  return messages;
}

StreamServer::Talk collect_into(Collected& collected) {
  return [&](const StreamServer::Read& read, const StreamServer::Write&) {
    for (std::string bytes = read(); !bytes.empty(); bytes = read()) {
      collected.append(bytes);
    }
  };
}

TEST_CASE("a datagram is a message, over UDP and over a Unix socket [threads]") {
  const TemporaryFolder folder;
  const DatagramServer udp;
  const DatagramServer local(folder / "socket");
  nad::AlertSink first(nad::udp_channel({.host = "127.0.0.1", .port = udp.port()}),
                       {.format = nad::AlertFormat::syslog, .syslog = {.host = "sensor-1"}});
  nad::AlertSink second(nad::unix_channel({.path = folder / "socket"}), {.format = nad::AlertFormat::cef});
  for (const nad::Alert& alert : tests::sample_alerts()) {
    first.write(alert);
    second.write(alert);
  }
  CHECK(comes_true([&] { return udp.messages().size() == 4 && local.messages().size() == 4; }));
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(udp.messages()[i] == nad::to_syslog(tests::sample_alerts()[i], {.host = "sensor-1"}));
    CHECK(local.messages()[i] == nad::to_cef(tests::sample_alerts()[i]));
  }
  first.write_text(std::string(70'000, 'x'));
  CHECK(first.flush());
  CHECK(first.stats().lost_refused == 1);
  CHECK(contains(first.stats().last_error, "too long for a datagram"));
}

TEST_CASE("a datagram receiver that goes away and comes back gets everything [threads]") {
  const TemporaryFolder folder;
  nad::AlertSink sink(nad::unix_channel({.path = folder / "socket"}), quick());
  auto server = std::make_unique<DatagramServer>(folder / "socket");
  sink.write_text("1");
  CHECK(comes_true([&] { return server->messages().size() == 1; }));
  server.reset();
  std::filesystem::remove(folder / "socket");
  sink.write_text("2");
  sink.write_text("3");
  CHECK(comes_true([&] { return sink.stats().is_failing; }));
  server = std::make_unique<DatagramServer>(folder / "socket");
  CHECK(comes_true([&] { return server->messages() == std::vector<std::string>{"2", "3"}; }));

  unsigned port = 0;
  {
    const DatagramServer gone;
    port = gone.port();
  }
  nad::AlertSink udp(nad::udp_channel({.host = "127.0.0.1", .port = port}), quick());
  udp.write_text("a");
  CHECK(comes_true([&] { return udp.stats().is_failing; }));  // the machine says that nobody is there
  const DatagramServer back(port);
  CHECK(comes_true([&] { return back.messages() == std::vector<std::string>{"a"}; }));
}

TEST_CASE("streams keep messages apart by their length or by lines [threads]") {
  const TemporaryFolder folder;
  Collected counted;
  Collected lines;
  const StreamServer tcp(collect_into(counted));
  const StreamServer local(collect_into(lines), folder / "socket");
  nad::AlertSink first(nad::tcp_channel({.host = "localhost", .port = tcp.port()}),
                       {.format = nad::AlertFormat::report});
  nad::AlertSink second(nad::unix_channel({.path = folder / "socket", .is_stream = true}),
                        {.format = nad::AlertFormat::report});
  for (const nad::Alert& alert : tests::sample_alerts()) {
    first.write(alert);
    second.write(alert);
  }
  CHECK(first.flush());
  CHECK(second.flush());
  CHECK(comes_true([&] {
    const std::string all = lines.all();
    return std::count(all.begin(), all.end(), '\n') == 4;
  }));
  first.close();
  std::vector<std::string> expected;
  for (const nad::Alert& alert : tests::sample_alerts()) {
    expected.push_back(nad::to_report(alert));
  }
  CHECK(comes_true([&] { return !counted.all().empty() && octet_counted(counted.all()) == expected; }));
  CHECK(tcp.connections() == 1);
}

TEST_CASE("a TCP receiver that breaks off and comes back gets every message at least once [threads]") {
  const unsigned port = tests::free_port();
  nad::AlertSink sink(nad::tcp_channel({.host = "127.0.0.1", .port = port, .timeout_seconds = 1.0}), quick());
  std::vector<std::string> sent;
  std::string all;
  for (int round = 0; round < 4; ++round) {
    Collected collected;
    {
      // leaves after a message or so, without reading the rest
      const StreamServer server(
          [&](const StreamServer::Read& read, const StreamServer::Write&) { collected.append(read()); }, port);
      for (int i = 0; i < 20; ++i) {
        sent.push_back("message " + std::to_string(round) + "." + std::to_string(i));
        sink.write_text(sent.back());
      }
      CHECK(comes_true([&] { return !collected.all().empty(); }));
    }
    all += collected.all() + "\n";
  }
  Collected collected;
  const StreamServer server(collect_into(collected), port);
  sink.write_text("the end");
  CHECK(sink.flush());
  CHECK(comes_true([&] { return contains(collected.all(), "the end"); }));
  all += collected.all();
  for (const std::string& message : sent) {
    INFO(message);
    CHECK(contains(all, message));
  }
  CHECK(sink.stats().lost() == 0);
  CHECK(sink.stats().written == sent.size() + 1);
}

TEST_CASE("a receiver that takes nothing in, or does not exist, does not hold up the end of the program [threads]") {
  const StreamServer silent([](const StreamServer::Read&, const StreamServer::Write&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
  });
  nad::AlertSink sink(nad::tcp_channel({.host = "127.0.0.1", .port = silent.port()}));
  sink.write_text(std::string(8 << 20, 'x'));  // more than the system takes
  const auto begin = std::chrono::steady_clock::now();
  sink.close(0.1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  CHECK(sink.stats().lost_at_close == 1);

  nad::AlertSink unknown(nad::unix_channel({.path = "nobody-is-here"}), quick());
  unknown.write_text("x");
  CHECK(comes_true([&] { return unknown.stats().retried > 1; }));
  CHECK(contains(unknown.stats().last_error, "cannot connect to the socket 'nobody-is-here'"));
  unknown.close(0.01);
}

TEST_CASE("places that make no sense are refused at once") {
  CHECK(contains(message_of([] { nad::udp_channel({}); }), "host is empty"));
  CHECK(contains(message_of([] { nad::tcp_channel({.host = "a", .port = 0}); }), "port is 0"));
  CHECK(contains(message_of([] { nad::tcp_channel({.host = "a", .timeout_seconds = 0.0}); }), "timeout_seconds"));
  CHECK(contains(message_of([] { nad::unix_channel({.path = std::string(200, 'x')}); }), "200"));
  CHECK(contains(message_of([] { nad::file_channel({}); }), "name of a file"));
  CHECK(contains(message_of([] { nad::file_channel({.path = "no/such/folder/a"}); }), "cannot open"));
  CHECK(contains(message_of([] { nad::file_channel({.path = "a", .rotate_bytes = 1, .keep = 0}); }), "keep is 0"));
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
  const auto mail = [](nad::MailOptions options) { return message_of([&] { nad::mail_channel(options); }); };
  CHECK(contains(mail({.host = "a", .from = "a@b"}), "to is empty"));
  CHECK(contains(mail({.host = "a", .from = "a@b>\r\nX", .to = {"a@b"}}), "no mail address"));
  CHECK(contains(mail({.host = "a", .from = "a@b", .to = {"me"}}), "no mail address"));
  CHECK(contains(mail({.host = "a", .from = "a@b", .to = {"a@b"}, .own_name = "a b"}), "own_name"));
}

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
  CHECK_FALSE(sink.flush(0.0));  // collected for a minute, unless somebody is in a hurry
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
  std::vector<std::string> lines = lines_of(out);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == std::vector<std::string>{"1", "2", "3", "3"});
  CHECK(sink.stats().retried == 1);
}

}  // namespace
