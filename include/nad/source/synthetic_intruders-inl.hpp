#pragma once

// What somebody does who is inside already: calls home, looks around, gathers, and carries out. Every function fills
// its scene, episode by episode.

#include "nad/source/synthetic_floods-inl.hpp"

namespace nad::detail::synthetic {

/// Large uploads from somebody's machine to a place that nobody else knows; at once, or in portions over hours.
inline void carry_out(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full()) {
    const Host& from = scene.network.ordinary_user(draw);
    const Host to = draw.chance(0.6) ? stranger(draw) : draw.pick(scene.network.sites).host;
    const bool portions = draw.chance(0.6);
    const double size = portions ? draw.log_normal(1.5e6, 0.8) : draw.log_normal(6e7, 1.0);
    std::int64_t now = (draw.chance(0.7) ? scene.calendar.office : scene.calendar.always).draw(draw);
    for (std::int64_t left = episode(scene, portions ? 12.0 : 3.0); left > 0; --left) {
      const Path path = Network::remote(0.05, draw);
      scene.sink.add(converse(draw, {begin_flow(draw, {from, to, now, draw.chance(0.9) ? 443 : 22}),
                                     path,
                                     {.request = size * draw.log_normal(1.0, portions ? 0.15 : 0.7),
                                      .response = draw.log_normal(6000.0, 0.7),
                                      .turns = draw.count(3.0),
                                      .pause = draw.log_normal(2.0, 1.0),
                                      .ending = usual_ending(draw)}}));
      now += microseconds(portions ? draw.log_normal(400.0, 0.6) : draw.log_normal(1800.0, 0.9));
    }
  }
}

/// A small word to one place far away, at a steady beat, whether somebody sits there or not.
inline void call_home(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full()) {
    const Host& from = scene.network.ordinary_user(draw);
    const Host to = draw.chance(0.6) ? stranger(draw) : draw.pick(scene.network.sites).host;
    const std::int64_t port = draw.chance(0.75) ? 443 : draw.chance(0.7) ? 80 : 8080;
    const double period = draw.log_normal(600.0, 0.9);
    const double jitter = draw.chance(0.3) ? 0.0 : draw.uniform(0.02, 0.3);
    const double request = draw.uniform(250.0, 1600.0);
    const double response = draw.uniform(150.0, 4500.0);
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 28.0); left > 0; --left) {
      const Path path = Network::remote(0.06, draw);
      Flow flow = begin_flow(draw, {from, to, now, port});
      if (!fails(draw, flow, path, 0.04)) {
        const bool order = draw.chance(0.04);  // now and then there is something to do
        const double asked = order ? draw.log_normal(8000.0, 1.0) : 0.0;
        const double told = order ? draw.log_normal(4000.0, 1.2) : 0.0;

        flow = converse(draw, {flow,
                               path,
                               {.request = request + draw.uniform(0.0, 30.0) + asked,
                                .response = response + draw.uniform(0.0, 30.0) + told,
                                .turns = 2,
                                .pause = draw.chance(0.2) ? draw.uniform(0.1, 20.0) : 0.0}});
      }
      scene.sink.add(flow);
      now += std::max(second, microseconds(period * (1.0 + jitter * draw.uniform(-1.0, 1.0))));
    }
  }
}

/// Data as names that are asked for: long ones, one after the other, with answers that are long as well.
inline void tunnel_through_names(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const Host& from = network.ordinary_user(draw);
    const Host& server = draw.chance(0.7)   ? network.directory
                         : draw.chance(0.6) ? network.second_directory
                                            : network.resolver;
    const double question = draw.uniform(80.0, 190.0);
    const double answer = draw.uniform(20.0, 320.0);
    const double gap = draw.log_normal(3.0, 1.1);
    std::int64_t now = (draw.chance(0.6) ? scene.calendar.office : scene.calendar.always).draw(draw);
    for (std::int64_t left = episode(scene, 30.0); left > 0; --left) {
      const std::int64_t packets = draw.count(1.5);
      const auto times = static_cast<double>(packets);
      const double asked = question * draw.uniform(0.75, 1.2);
      scene.sink.add(
          datagrams({begin_flow(draw, {from, server, now, 53, Protocol::udp}), packets, times * asked, packets,
                     times * (asked + answer * draw.uniform(0.3, 1.6)), draw.log_normal(0.04, 0.6)}));
      now += microseconds(draw.exponential(gap));
    }
  }
}

/// Everything of worth is read and put together in one place, by one who reads little on other days.
inline void gather(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const Host& from = network.ordinary_user(draw);
    std::int64_t now = (draw.chance(0.6) ? scene.calendar.office : scene.calendar.always).draw(draw);
    for (std::int64_t left = episode(scene, 12.0); left > 0; --left) {
      const double where = draw.uniform();
      const Host& to = where < 0.5    ? network.files
                       : where < 0.75 ? network.archive_files
                       : where < 0.9  ? network.database
                                      : network.intranet;
      const std::int64_t port = where < 0.75 ? 445 : where < 0.9 ? 5432 : 443;
      const double amount = draw.log_normal(where < 0.75 ? 4e6 : 5e5, 1.4);
      scene.sink.add(converse(draw, {begin_flow(draw, {from, to, now, port}),
                                     Network::local(draw),
                                     {.request = draw.log_normal(6000.0, 0.8),
                                      .response = amount,
                                      .turns = draw.count(15.0),
                                      .pause = draw.log_normal(2.0, 1.3),
                                      .ending = usual_ending(draw)}}));
      now += microseconds(draw.log_normal(60.0, 1.0));
    }
  }
}

/// Ordinary services where they do not belong: a printer that browses, a camera that opens folders, a database that
/// logs in elsewhere, a workstation that others connect to.
inline void act_out_of_role(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const double who = draw.uniform();
    const Host from = who < 0.3 && !network.printers.empty()   ? draw.pick(network.printers)
                      : who < 0.55 && !network.devices.empty() ? draw.pick(network.devices)
                      : who < 0.75                             ? (draw.chance(0.5) ? network.database : network.files)
                                                               : network.ordinary_user(draw);
    const bool ordinary = who >= 0.75;  // then it is the other end that is odd
    const double what = draw.uniform();
    const bool outside = !ordinary && what < 0.5;
    const Host peer = ordinary || what >= 0.75 ? network.anybody(draw)
                      : what < 0.5             ? draw.pick(network.sites).host
                                               : network.files;
    std::int64_t now = scene.calendar.always.draw(draw);
    for (std::int64_t left = episode(scene, 6.0); left > 0; --left) {
      const Path path = outside ? Network::remote(draw) : Network::local(draw);
      scene.sink.add(outside && what < 0.3 ? web_visit(draw, {from, peer, now, path}, 1.0, false)
                     : outside             ? shell(draw, {from, peer, now, path}, true)
                     : what < 0.75         ? file_share(draw, {from, peer, now, path})
                     : what < 0.87         ? remote_screen(draw, {from, peer, now, path})
                                           : shell(draw, {from, peer, now, path}, true));
      now += microseconds(draw.log_normal(240.0, 1.2));
    }
  }
}

/// Logins that would surprise nobody by day, from machines whose people are asleep and never log in there.
inline void log_in_at_night(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  const std::vector<Host> servers = network.servers();
  while (!scene.sink.full()) {
    const Host& from = network.ordinary_user(draw);
    std::int64_t now = scene.calendar.night.draw(draw);
    for (std::int64_t left = episode(scene, 4.0); left > 0; --left) {
      const Path path = Network::local(draw);
      scene.sink.add(
          draw.chance(0.65)
              ? shell(draw, {from, draw.pick(servers), now, path}, true)
              : remote_screen(draw, {from, draw.chance(0.6) ? network.application : network.jump, now, path}));
      now += microseconds(draw.log_normal(500.0, 1.0));
    }
  }
}

}  // namespace nad::detail::synthetic
