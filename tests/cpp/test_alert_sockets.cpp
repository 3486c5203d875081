// Alerts over sockets, each kind against a receiver that may go away and come back.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "alert_samples.hpp"
#include "loopback.hpp"
#include "messages.hpp"
#include "nad/alert/sink.hpp"
#include "nad/alert/socket_channel.hpp"
#include "sink_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::Collected;
using tests::comes_true;
using tests::contains;
using tests::DatagramServer;
using tests::message_of;
using tests::quick;
using tests::StreamServer;

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
}

}  // namespace
