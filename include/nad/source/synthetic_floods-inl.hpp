#pragma once

// Attacks that exhaust a server or feel for a way in. Every function fills its scene, episode by episode, each with its
// own attacker, victim and manner.

#include <array>

#include "nad/source/synthetic_services-inl.hpp"

namespace nad::detail::synthetic {

/// How many flows an episode has: as many as is usual, more where the table has much room.
inline std::int64_t episode(Scene& scene, double usual) noexcept {
  const double median = std::max(usual, static_cast<double>(scene.sink.room()) / 8.0);
  return 1 + whole(scene.draw.log_normal(median, 0.4));
}

inline const Host& public_server(Scene& scene) noexcept {
  return scene.draw.chance(0.75) ? scene.network.public_web : scene.network.mail;
}

/// A machine of the house that obeys somebody else, or one from far away.
inline Host attacker(Scene& scene, double inside) noexcept {
  return scene.draw.chance(inside) ? scene.network.ordinary_user(scene.draw) : stranger(scene.draw);
}

inline void flood_with_syn(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full()) {
    const Host& victim = public_server(scene);
    const std::int64_t port = victim.v4 == scene.network.mail.v4 ? 25 : draw.chance(0.7) ? 443 : 80;
    std::vector<Host> bots;  // none: a new, forged source each time
    for (std::int64_t i = draw.chance(0.6) ? 0 : draw.between(2, 25); i > 0; --i) {
      bots.push_back(stranger(draw));
    }
    const bool server_answers = draw.chance(0.4);
    const double gap = draw.log_normal(0.15, 1.0);
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 45.0); left > 0; --left) {
      Flow flow = begin_flow(draw, {bots.empty() ? stranger(draw) : draw.pick(bots), victim, now, port});
      const std::int64_t tries = bots.empty() ? 1 : draw.count(1.4);
      scene.sink.add(server_answers && draw.chance(0.7) ? half_open(flow, draw, tries, draw.between(1, 4))
                                                        : unanswered(flow, draw, tries));
      now += microseconds(draw.exponential(gap));
    }
  }
}

inline void scan_ports(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  static constexpr std::array<std::int64_t, 40> favourites = {
      21,   22,   23,   25,   53,   80,   88,   110,  111,  135,  139,   143,  389,  443,
      445,  465,  514,  587,  631,  993,  995,  1433, 1521, 1723, 2049,  3000, 3306, 3389,
      5000, 5432, 5900, 6379, 8000, 8080, 8443, 8888, 9100, 9200, 10000, 27017};
  const std::vector<Host> servers = network.servers();
  while (!scene.sink.full()) {
    const Host from = attacker(scene, 0.6);
    const bool inside = (from.v4.v4_value() >> 24U) == 10;
    const Host& victim = !inside ? public_server(scene) : draw.chance(0.7) ? draw.pick(servers) : network.anybody(draw);
    const bool patient = draw.chance(0.35);
    const bool wall = draw.chance(0.4);          // that lets nothing through that is not wanted
    const bool system_calls = draw.chance(0.4);  // made by connect(), and not with packets of its own
    std::int64_t now = (inside ? scene.calendar.office : scene.calendar.always).draw(draw);
    for (std::int64_t left = episode(scene, 32.0); left > 0; --left) {
      const std::int64_t port = draw.chance(0.7)   ? draw.pick(favourites)
                                : draw.chance(0.5) ? draw.between(1, 1023)
                                                   : draw.between(1024, 65535);
      const Path path = inside ? Network::local(draw) : Network::remote(draw);
      const Flow flow = begin_flow(draw, {from, victim, now, port});
      if (draw.chance(0.12)) {
        scene.sink.add(converse(draw, {flow,
                                       path,
                                       {.request = 0.0,
                                        .response = draw.chance(0.4) ? draw.uniform(0.0, 90.0) : 0.0,
                                        .ending = system_calls ? Ending::closed : Ending::reset}}));
      } else {
        scene.sink.add(wall ? unanswered(flow, draw, system_calls ? draw.between(1, 4) : draw.between(1, 2))
                            : refused(flow, draw, path, system_calls && draw.chance(0.4) ? 3 : 1));
      }
      now += microseconds(patient ? draw.log_normal(40.0, 0.8) : draw.log_normal(0.25, 1.0));
    }
  }
}

/// The same door at one address after the other.
inline void scan_network(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  static constexpr std::array<std::int64_t, 9> ports = {445, 445, 22, 22, 3389, 80, 443, 5900, 8080};
  while (!scene.sink.full()) {
    const Host from = attacker(scene, 0.75);
    const bool inside = (from.v4.v4_value() >> 24U) == 10;
    const std::uint32_t block = !inside ? public_servers : draw.chance(0.35) ? inside_servers : inside_clients;
    const bool pings = draw.chance(0.2);
    const std::int64_t port = draw.pick(ports);
    const bool patient = draw.chance(0.4);
    auto place = static_cast<std::uint32_t>(draw.between(0, 60));
    std::int64_t now = (inside ? scene.calendar.office : scene.calendar.always).draw(draw);
    for (std::int64_t left = episode(scene, 28.0); left > 0; --left) {
      place = (place + static_cast<std::uint32_t>(draw.between(1, 3))) % 254 + 1;
      const Host to = host_at(block + place);
      const bool there = std::find(network.known.begin(), network.known.end(), to.v4) != network.known.end();
      const Path path = inside ? Network::local(draw) : Network::remote(draw);
      const Flow flow = begin_flow(draw, {from, to, now, port});
      if (pings) {
        scene.sink.add(
            ping(draw, {from, to, now, draw.chance(0.8) ? 1 : 2, path.round_trip, there && draw.chance(0.9)}));
      } else if (!there || draw.chance(0.15)) {
        scene.sink.add(unanswered(flow, draw, draw.between(1, 3)));
      } else if (draw.chance(0.6)) {
        scene.sink.add(refused(flow, draw, path));
      } else {
        scene.sink.add(converse(draw, {flow,
                                       path,
                                       {.request = draw.uniform(0.0, 300.0),
                                        .response = draw.uniform(0.0, 400.0),
                                        .ending = draw.chance(0.5) ? Ending::closed : Ending::reset}}));
      }
      now += microseconds(patient ? draw.log_normal(25.0, 0.8) : draw.log_normal(0.3, 1.0));
    }
  }
}

/// Datagrams without end from a few sources, all of one size, that nobody answers.
inline void flood_with_udp(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full()) {
    const Host& victim = public_server(scene);
    std::vector<Host> bots;
    for (std::int64_t i = draw.between(1, 6); i > 0; --i) {
      bots.push_back(stranger(draw));
    }
    const double size = draw.uniform(60.0, 1100.0);
    const bool one_port = draw.chance(0.4);
    const std::int64_t port = draw.chance(0.5) ? 443 : draw.between(1024, 65535);
    const double packets = draw.log_normal(120.0, 1.3);
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 18.0); left > 0; --left) {
      const std::int64_t count = 1 + whole(packets * draw.uniform(0.4, 1.6));
      const Flow flow =
          begin_flow(draw, {draw.pick(bots), victim, now, one_port ? port : draw.between(1024, 65535), Protocol::udp});
      scene.sink.add(datagrams({flow, count, size * static_cast<double>(count), 0, 0.0,
                                static_cast<double>(count) * draw.uniform(0.002, 0.03)}));
      now += microseconds(draw.exponential(0.8));
    }
  }
}

/// Large answers that nobody asked for: others were asked in the victim's name.
inline void flood_with_answers(Scene& scene) {
  Draw& draw = scene.draw;
  static constexpr std::array<std::int64_t, 6> services = {53, 53, 123, 389, 443, 1900};
  while (!scene.sink.full()) {
    const Host& victim = public_server(scene);
    const std::int64_t service = draw.pick(services);
    const bool one_port = draw.chance(0.5);
    const std::int64_t port = draw.between(1024, 65535);
    const double size = draw.uniform(300.0, 1300.0);
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 25.0); left > 0; --left) {
      Flow flow =
          begin_flow(draw, {stranger(draw), victim, now, one_port ? port : draw.between(1024, 65535), Protocol::udp});
      flow.src_port = service;
      const std::int64_t packets = std::min<std::int64_t>(300, draw.count(6.0));
      scene.sink.add(datagrams({flow, packets, static_cast<double>(packets) * size * draw.uniform(0.9, 1.1), 0, 0.0,
                                draw.log_normal(0.4, 1.2)}));
      now += microseconds(draw.exponential(0.3));
    }
  }
}

/// Many requests that are never finished: each holds a place, and costs nothing.
inline void hold_connections(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full()) {
    std::vector<Host> bots;
    for (std::int64_t i = draw.between(1, 8); i > 0; --i) {
      bots.push_back(stranger(draw));
    }
    const std::int64_t port = draw.chance(0.6) ? 443 : 80;
    const double patience = draw.uniform(90.0, 700.0);
    const double every = draw.uniform(9.0, 30.0);
    const double hello = port == 443 ? draw.uniform(700.0, 1000.0) : draw.uniform(150.0, 400.0);
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 18.0); left > 0; --left) {
      const double seconds = patience * draw.uniform(0.5, 1.4);
      scene.sink.add(converse(draw, {begin_flow(draw, {draw.pick(bots), scene.network.public_web, now, port}),
                                     Network::remote(draw),
                                     {.request = hello + seconds / every * 12.0,
                                      .response = port == 443 ? draw.uniform(2500.0, 4500.0) : draw.uniform(0.0, 500.0),
                                      .turns = 2 + whole(seconds / every),
                                      .pause = seconds,
                                      .ending = draw.chance(0.5) ? Ending::abandoned : Ending::reset}}));
      now += microseconds(draw.log_normal(1.5, 1.0));
    }
  }
}

/// One password after the other; each try is about as long and as large as the last.
inline void guess_passwords(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  struct Door {
    Host host;
    std::int64_t port;
    double request;
    double response;
  };
  const std::array<Door, 4> doors = {{{network.jump, 22, 2300.0, 2500.0},
                                      {network.application, 3389, 3800.0, 5200.0},
                                      {network.mail, 993, 1500.0, 3900.0},
                                      {network.public_web, 443, 2100.0, 5200.0}}};
  while (!scene.sink.full()) {
    const Door& door = draw.pick(doors);
    const bool inside = (door.host.v4.v4_value() >> 24U) == 10 ? draw.chance(0.7) : draw.chance(0.15);
    const Host from = inside ? network.ordinary_user(draw) : stranger(draw);
    const double request = door.request * draw.uniform(0.9, 1.15);
    const double response = door.response * draw.uniform(0.9, 1.15);
    const double thinking = draw.uniform(0.3, 4.0);
    const double gap = draw.chance(0.4) ? draw.uniform(20.0, 90.0) : draw.uniform(0.5, 6.0);
    const Ending ending = draw.chance(0.7) ? Ending::closed : Ending::reset;
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 26.0); left > 0; --left) {
      const Path path = inside ? Network::local(draw) : Network::remote(0.04, draw);
      scene.sink.add(converse(draw, {begin_flow(draw, {from, door.host, now, door.port}),
                                     path,
                                     {.request = request + draw.uniform(0.0, 24.0),
                                      .response = response + draw.uniform(0.0, 60.0),
                                      .turns = 9,
                                      .pause = thinking * draw.uniform(0.9, 1.2),
                                      .ending = ending}}));
      now += microseconds(gap * draw.uniform(0.7, 1.3));
    }
  }
}

}  // namespace nad::detail::synthetic
