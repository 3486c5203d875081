#pragma once

// Attacks that look like ordinary connections: what gives them away is how many there are, when, and how large.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "nad/flow/simulate_scene-inl.hpp"

namespace nad::detail::simulate {

/// A request that never ends: a line of it every now and then, for as long as the server waits.
class SlowTalk final : public Talk {
 public:
  SlowTalk(Ticks until, double period) : until_(until), period_(period) {}

  bool next(Message& message, Draw& draw, Ticks now) override {
    if (now >= until_) {
      return false;
    }
    const std::string line = begun_ ? "X-a: " + std::to_string(1000 + draw.below(9000)) + "\r\n"
                                    : "GET /?" + std::to_string(draw.below(10'000)) +
                                          " HTTP/1.1\r\nHost: www.inside.example\r\n" +
                                          "User-Agent: Mozilla/4.0\r\nContent-Length: 42\r\n";
    message = {.from = client, .bytes = line.size(), .head = line};
    message.pause = begun_ ? ticks(period_ * draw.uniform(0.9, 1.1)) : 0;
    begun_ = true;
    return true;
  }

 private:
  Ticks until_;
  double period_;
  bool begun_ = false;
};

/// As many connections to the web server as it has room for, all of them kept open.
class SlowHttp final : public Assault {
 public:
  SlowHttp(Engine& engine, const Scene& scene) : Assault(engine, scene, 20.0) {}

 private:
  bool strike(Engine& engine) override {
    if (static_cast<double>(count_++) >= scene().option("connections") * scene().intensity) {
      return false;
    }
    TcpPlan plan{.client = scene().outsider, .server = &engine.network().web, .server_port = 80};
    plan.path = engine.network().remote(client, draw());
    plan.ending = Ending::reset_by_client;
    engine.start(engine.now(),
                 std::make_unique<TcpFlow>(engine, scene().story, plan,
                                           std::make_unique<SlowTalk>(scene().until, scene().option("period"))));
    return true;
  }

  std::size_t count_ = 0;
};

inline std::unique_ptr<Talk> failed_ssh_login(Draw& draw) {
  auto talk = std::make_unique<ScriptTalk>();
  greet_over_ssh(*talk, draw);
  talk->say({.from = client, .bytes = 44}).say({.from = server, .bytes = 44});
  talk->say({.from = client, .bytes = 60}).say({.from = server, .bytes = 52, .pause = 3 * millisecond});
  for (int attempt = 0; attempt < 2; ++attempt) {
    talk->say({.from = client, .bytes = 148, .pause = 20 * millisecond});
    talk->say({.from = server, .bytes = 52, .pause = ticks(draw.uniform(1.4, 2.2))});
  }
  return talk;
}

inline std::unique_ptr<Talk> failed_ftp_login(Draw& draw) {
  auto talk = std::make_unique<ScriptTalk>();
  talk->say(server, "220 FTP server ready\r\n", 4 * millisecond);
  talk->say(client, "USER admin\r\n").say(server, "331 Password required for admin\r\n", 2 * millisecond);
  talk->say(client, "PASS " + random_letters(8, draw, "abcdefghijklmnopqrstuvwxyz0123456789") + "\r\n");
  talk->say(server, "530 Login incorrect\r\n", ticks(draw.uniform(0.9, 1.3)));
  talk->say(client, "QUIT\r\n").say(server, "221 Goodbye\r\n", 1 * millisecond);
  return talk;
}

/// Logins that fail, one like the other.
class BruteForce final : public Assault {
 public:
  BruteForce(Engine& engine, const Scene& scene, std::uint16_t port) : Assault(engine, scene, 3.0), port_(port) {}

 private:
  bool strike(Engine& engine) override {
    TcpPlan plan{.client = scene().outsider, .server = &engine.network().web, .server_port = port_};
    plan.path = engine.network().remote(client, 60 * millisecond, draw());
    plan.ending = draw().chance(0.85) ? Ending::closed_by_server : Ending::reset_by_client;
    auto talk = port_ == 22 ? failed_ssh_login(draw()) : failed_ftp_login(draw());
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene().story, plan, std::move(talk)));
    return true;
  }

  std::uint16_t port_;
};

/// One large upload in pieces, at a pace.
class UploadTalk final : public LongTalk {
 public:
  UploadTalk(std::uint64_t bytes, Ticks duration, Draw& draw) : left_(bytes) {
    constexpr std::uint64_t piece = 256 * 1024;
    piece_ = std::min(bytes, piece);
    pause_ = std::min(duration / static_cast<Ticks>(bytes / piece_ + 1), 60 * second);
    greet_over_tls(greeting(), "storage.collect.example", draw);
  }

 private:
  bool go_on(Message& message, Draw& draw, Ticks /*now*/) override {
    if (answering_) {
      answering_ = false;
      message = tls_message(server, 40.0, 2 * millisecond);
      return true;
    }
    if (left_ == 0) {
      return false;
    }
    const std::uint64_t bytes = std::min(piece_, left_);
    left_ -= bytes;
    answering_ = true;
    const Ticks pause = static_cast<Ticks>(static_cast<double>(pause_) * draw.uniform(0.7, 1.3));
    message = tls_message(client, static_cast<double>(bytes), pause);
    return true;
  }

  std::uint64_t left_;
  std::uint64_t piece_ = 0;
  Ticks pause_ = 0;
  bool answering_ = false;
};

class Exfiltration final : public Actor {
 public:
  Exfiltration(Engine& engine, Scene scene) : scene_(std::move(scene)), draw_(engine.draw()) {}

  Ticks act(Engine& engine) override {
    TcpPlan plan{.client = scene_.insider, .server = scene_.collector, .server_port = 443};
    plan.path = engine.network().remote(server, 35 * millisecond, draw_);
    const auto bytes = static_cast<std::uint64_t>(scene_.option("megabytes") * scene_.intensity * 1e6);
    auto talk = std::make_unique<UploadTalk>(std::max<std::uint64_t>(bytes, 1), scene_.until - engine.now(), draw_);
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene_.story, plan, std::move(talk)));
    return never;
  }

 private:
  Scene scene_;
  Draw draw_;
};

/// A file goes out in the names of questions, and orders come in with the answers.
class DnsTunnel final : public Assault {
 public:
  DnsTunnel(Engine& engine, const Scene& scene) : Assault(engine, scene, 5.0) {}

 private:
  bool strike(Engine& engine) override {
    static constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";
    std::string name;
    for (const std::size_t size : {std::size_t{60}, std::size_t{60}, 20 + draw().below(35)}) {
      name += random_letters(size, draw(), digits) + '.';
    }
    name += "t" + std::to_string(scene().number) + ".example";
    UdpPlan plan{.client = scene().insider, .server = scene().collector, .server_port = 53};
    plan.path = engine.network().remote(server, 40 * millisecond, draw());
    std::vector<std::string> answers = {dns_text(random_letters(60 + draw().below(140), draw(), digits))};
    engine.start(engine.now(),
                 std::make_unique<UdpFlow>(
                     engine, scene().story, plan,
                     std::make_unique<DnsTalk>(name, DnsType::txt, std::move(answers), 3 * millisecond, 1, true)));
    return true;
  }
};

/// A small exchange with the collector at a steady beat.
class Beaconing final : public Actor {
 public:
  Beaconing(Engine& engine, Scene scene) : scene_(std::move(scene)), draw_(engine.draw()) {}

  Ticks act(Engine& engine) override {
    if (engine.now() >= scene_.until) {
      return never;
    }
    beat_ = beat_ == 0 ? engine.now() : beat_;
    TcpPlan plan{.client = scene_.insider, .server = scene_.collector, .server_port = 443};
    plan.path = engine.network().remote(server, 45 * millisecond, draw_);
    plan.path.loss = 0.0;
    auto talk = std::make_unique<ScriptTalk>();
    Draw same(scene_.number, 97);  // sizes are those of the last time
    greet_over_tls(*talk, "updates.collect.example", same);
    talk->say(tls_message(client, 310.0)).say(tls_message(server, 190.0, 8 * millisecond));
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene_.story, plan, std::move(talk)));
    const double period = scene_.option("period") / scene_.intensity;
    beat_ += ticks(period);
    const double shift = scene_.option("jitter") * period * draw_.uniform(-1.0, 1.0);
    return std::max(beat_ + ticks(shift), engine.now() + 1);
  }

 private:
  Scene scene_;
  Draw draw_;
  Ticks beat_ = 0;
};

/// What is inside an encrypted connection of a file server, with the headers that it has.
inline Message smb_message(Side from, std::size_t bytes, Ticks pause = 0) {
  ByteWriter to;
  to.u32(52 + bytes).text("\xfdSMB");  // length, transform header
  for (int i = 0; i < 8; ++i) {
    to.u32(0x5a5a5a5a);
  }
  const auto low = static_cast<std::uint8_t>(bytes);
  to.u8(low).u8(bytes >> 8U).u8(0).u8(0).u16(0).u16(0x0100).u32(0x11).u32(0);
  Message message{.from = from, .bytes = 56 + bytes, .pause = pause};
  message.head = to.take_text();
  return message;
}

/// The machine that was taken over tries others from inside.
class LateralMovement final : public Assault {
 public:
  LateralMovement(Engine& engine, const Scene& scene) : Assault(engine, scene, 0.4) {}

 private:
  bool strike(Engine& engine) override {
    Network& network = engine.network();
    static constexpr std::array<std::uint16_t, 3> services = {445, 22, 5986};
    static constexpr std::array<Host Network::*, 5> servers = {&Network::files, &Network::database, &Network::intranet,
                                                               &Network::mail, &Network::jump};
    TcpPlan plan{.client = scene().insider, .server_port = draw().pick(services)};
    do {
      plan.server =
          draw().chance(0.4) ? &(network.*draw().pick(servers)) : &network.people[draw().below(network.people.size())];
    } while (plan.server == plan.client);
    plan.path = network.local(draw());
    const double chance = draw().uniform();
    plan.ending = chance < 0.3    ? Ending::refused
                  : chance < 0.45 ? Ending::unanswered
                  : chance < 0.9  ? Ending::closed_by_client
                                  : Ending::reset_by_server;
    plan.messages = 5;
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene().story, plan, talk(plan.server_port)));
    return true;
  }

  std::unique_ptr<Talk> talk(std::uint16_t port) {
    if (port == 22) {
      return failed_ssh_login(draw());
    }
    auto talk = std::make_unique<ScriptTalk>();
    if (port == 5986) {
      greet_over_tls(*talk, "host.inside.example", draw());
    }
    for (int i = 0; i < 4; ++i) {
      const std::size_t question = 90 + draw().below(400);
      const std::size_t answer = 120 + draw().below(6000);
      if (port == 445) {
        talk->say(smb_message(client, question, 3 * millisecond)).say(smb_message(server, answer, millisecond));
      } else {
        talk->say(tls_message(client, static_cast<double>(question), 3 * millisecond));
        talk->say(tls_message(server, static_cast<double>(answer), 30 * millisecond));
      }
    }
    return talk;
  }
};

}  // namespace nad::detail::simulate
