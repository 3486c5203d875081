#pragma once

// What people do in a synthetic network, and strangers who come to its public servers. Every function fills its scene
// with flows until there is no room.

#include "nad/source/synthetic_services-inl.hpp"

namespace nad::detail::synthetic {

inline void look_up(Scene& scene, const Host& user, std::int64_t time) {
  const Host& server = scene.draw.chance(0.85) ? scene.network.directory : scene.network.second_directory;
  scene.sink.add(name_lookup(scene.draw, user, server, time));
}

/// Pages are asked for in sittings: names are looked up, a few connections opened, a page is read, and on.
inline void browse(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const bool phone = !network.phones.empty() && draw.chance(0.15);
    const Host& user = phone ? draw.pick(network.phones) : network.anybody(draw);
    std::int64_t now = (phone && draw.chance(0.4) ? scene.calendar.internet : scene.calendar.office).draw(draw);
    for (std::int64_t pages = draw.count(3.0); pages > 0; --pages) {
      Site site = network.site_for(user, draw);
      if (draw.chance(0.12)) {  // where nobody went before
        site = {stranger(draw), draw.log_normal(0.06, 0.6), draw.log_normal(1.0, 0.6)};
      }
      if (draw.chance(0.55)) {
        look_up(scene, user, now);
        now += microseconds(draw.log_normal(0.03, 0.6));
      }
      for (std::int64_t connections = draw.count(2.2); connections > 0; --connections) {
        const bool quic = draw.chance(0.15);
        const Flow visit =
            web_visit(draw, {user, site.host, now, Network::remote(site.round_trip, draw)}, site.weight, quic);
        scene.sink.add(visit);
        const bool failed = visit.packets_received <= 1 && visit.protocol == Protocol::tcp;
        now +=
            failed ? visit.duration + microseconds(draw.uniform(0.2, 3.0)) : microseconds(draw.log_normal(0.15, 1.2));
        connections += failed && draw.chance(0.6) ? 1 : 0;
      }
      now += microseconds(draw.log_normal(25.0, 1.1));
    }
  }
}

/// Work on things inside: the intranet, folders, a test server of one's own on some port, remote screens.
inline void work_inside(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const Host& user = network.anybody(draw);
    const Path path = Network::local(draw);
    std::int64_t now = scene.calendar.office.draw(draw);
    const double what = draw.uniform();
    if (what < 0.42) {
      const Host& server = draw.chance(0.8) ? network.files : network.archive_files;
      for (std::int64_t times = draw.count(1.8); times > 0; --times) {
        scene.sink.add(file_share(draw, {user, server, now, path}));
        now += microseconds(draw.log_normal(90.0, 1.4));
      }
    } else if (what < 0.72) {
      for (std::int64_t times = draw.count(2.5); times > 0; --times) {
        scene.sink.add(web_visit(draw, {user, network.intranet, now, path}, 0.8, false));
        now += microseconds(draw.log_normal(6.0, 1.4));
      }
    } else if (what < 0.86) {  // calls of services at ports that were agreed on a moment before
      const Host& server = draw.chance(0.7) ? network.directory : network.application;
      Flow flow = begin_flow(draw, {user, server, now, draw.between(49664, 49999)});
      if (!fails(draw, flow, path, 0.05)) {
        flow = converse(draw, {flow,
                               path,
                               {.request = draw.log_normal(1500.0, 0.9),
                                .response = draw.log_normal(2500.0, 1.3),
                                .turns = draw.count(6.0),
                                .pause = draw.log_normal(2.0, 1.5),
                                .ending = usual_ending(draw)}});
      }
      scene.sink.add(flow);
    } else {  // a developer tries something, on whatever port it listens
      static constexpr std::int64_t common[] = {8080, 8443, 3000, 5000, 8000, 9200, 6379, 8888, 9090, 27017};
      const Host& other = draw.chance(0.5) ? network.application : network.anybody(draw);
      const std::int64_t port = draw.chance(0.35) ? draw.between(1024, 49151) : draw.pick(common);
      for (std::int64_t times = draw.count(2.0); times > 0; --times) {
        Flow flow = begin_flow(draw, {user, other, now, port});
        if (!fails(draw, flow, path, 0.3)) {
          flow = converse(draw, {flow, path, web_talk(draw, 0.5)});
        }
        scene.sink.add(flow);
        now += microseconds(draw.log_normal(4.0, 1.3));
      }
    }
  }
}

/// The first thing in the morning, and again whenever a folder is opened: tickets and the directory.
inline void log_on(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full()) {
    const Host& user = scene.network.anybody(draw);
    const Host& server = draw.chance(0.75) ? scene.network.directory : scene.network.second_directory;
    std::int64_t now = scene.calendar.office.draw(draw);
    for (std::int64_t tickets = draw.count(1.7); tickets > 0; --tickets) {
      const bool ticket = draw.chance(0.6);
      Flow flow = begin_flow(draw, {user, server, now, ticket ? 88 : 389});
      const Path path = Network::local(draw);
      if (!fails(draw, flow, path, 0.015)) {
        flow = converse(draw, {flow,
                               path,
                               {.request = ticket ? draw.uniform(250.0, 1900.0) : draw.log_normal(1800.0, 0.6),
                                .response = ticket ? draw.uniform(220.0, 2000.0) : draw.log_normal(3800.0, 1.0),
                                .turns = ticket ? 1 : draw.between(3, 8),
                                .pause = ticket || draw.chance(0.7) ? 0.0 : draw.uniform(10.0, 120.0)}});
      }
      scene.sink.add(flow);
      now += microseconds(draw.log_normal(0.02, 1.0));
    }
  }
}

/// Programs look for mail every few minutes while somebody is there; letters come and go.
inline void exchange_mail(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const double what = draw.uniform();
    if (what < 0.62) {
      const Host& user = network.anybody(draw);
      const auto every = static_cast<double>(draw.between(1, 3)) * 300.0;
      std::int64_t now = scene.calendar.office.draw(draw);
      for (std::int64_t times = draw.count(6.0); times > 0; --times) {
        scene.sink.add(mail_check(draw, {user, network.mail, now, Network::local(draw)}));
        now += microseconds(every + draw.normal() * 2.0);
      }
    } else if (what < 0.7) {
      scene.sink.add(letter(
          draw, {network.anybody(draw), network.mail, scene.calendar.office.draw(draw), Network::local(draw)}, 587));
    } else {
      const bool in = draw.chance(0.7);
      const Host other = draw.chance(0.6) ? draw.pick(network.sites).host : stranger(draw);
      const std::int64_t now = (in ? scene.calendar.internet : scene.calendar.office).draw(draw);
      scene.sink.add(name_lookup(draw, network.mail, network.directory, now, true));
      scene.sink.add(letter(
          draw, {in ? other : network.mail, in ? network.mail : other, now + 40'000, Network::remote(draw)}, 25));
    }
  }
}

/// Voices and faces: many equal packets both ways, for long, at ports that were agreed on.
inline void meet(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const Host& user = network.anybody(draw);
    const std::int64_t now = scene.calendar.office.draw(draw);
    scene.sink.add(web_visit(draw, {user, network.meetings, now, Network::remote(0.018, draw)}, 1.0, false));
    const double seconds = std::min(9000.0, draw.log_normal(1100.0, 1.1));
    for (std::int64_t streams = draw.between(1, 3); streams > 0; --streams) {
      const bool direct = draw.chance(0.3);  // from one to the other, no server between
      const Host other = direct ? (draw.chance(0.5) ? network.anybody(draw) : stranger(draw)) : network.meetings;
      const double out = draw.chance(0.25) ? 0.0 : draw.log_normal(40.0, 0.7);  // packets a second
      const double in = draw.chance(0.2) ? 0.0 : draw.log_normal(60.0, 0.7);
      const double size = draw.uniform(120.0, 1080.0);
      const double kept = seconds * draw.uniform(0.05, 1.0);
      const Flow flow =
          begin_flow(draw, {user, other, now + draw.between(1, 30) * second,
                            direct ? draw.between(16384, 65535) : draw.between(3478, 3481), Protocol::udp});
      const auto packets = [&](double rate) { return whole(rate * kept); };
      scene.sink.add(datagrams({flow, packets(out) + 1, static_cast<double>(packets(out) + 1) * size, packets(in),
                                static_cast<double>(packets(in)) * size * draw.uniform(0.6, 1.1), kept}));
    }
  }
}

/// Those who look after the servers, at times from home and at night; others have a screen at work open from home.
inline void administer(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  const std::vector<Host> servers = network.servers();
  while (!scene.sink.full()) {
    const double what = draw.uniform();
    const bool late = draw.chance(0.13);  // something broke
    const std::int64_t now = (late ? scene.calendar.always : scene.calendar.office).draw(draw);
    if (what < 0.55) {
      scene.sink.add(shell(draw, {network.administrator(draw), draw.pick(servers), now, Network::local(draw)}, true));
    } else if (what < 0.7) {
      scene.sink.add(shell(draw, {network.anybody(draw), network.jump, now, Network::local(draw)}, true));
    } else if (what < 0.85) {
      scene.sink.add(remote_screen(draw, {network.anybody(draw), draw.chance(0.7) ? network.application : network.jump,
                                          now, Network::local(draw)}));
    } else {  // from home, at all hours of the Internet
      const Host home = draw.pick(network.sites).host;
      const double seconds = std::min(30000.0, draw.log_normal(2400.0, 1.2));
      const double packets = seconds * draw.log_normal(1.5, 1.2);
      scene.sink.add(
          datagrams({begin_flow(draw, {home, network.vpn, scene.calendar.internet.draw(draw), 1194, Protocol::udp}),
                     whole(packets) + 2, packets * draw.uniform(90.0, 400.0), whole(packets * 1.1) + 2,
                     packets * draw.uniform(120.0, 1100.0), seconds}));
    }
  }
}

inline void print_pages(Scene& scene) {
  Draw& draw = scene.draw;
  while (!scene.sink.full() && !scene.network.printers.empty()) {
    const Host& user = scene.network.anybody(draw);
    const Path path = Network::local(draw);
    Flow flow = begin_flow(draw, {user, draw.pick(scene.network.printers), scene.calendar.office.draw(draw),
                                  draw.chance(0.7) ? 9100 : 631});
    if (!fails(draw, flow, path, 0.08)) {
      flow = converse(draw, {flow,
                             path,
                             {.request = draw.pareto(2e4, 0.8, 3e8),
                              .response = draw.uniform(0.0, 900.0),
                              .turns = draw.between(1, 4),
                              .pause = draw.log_normal(4.0, 1.0),
                              .ending = usual_ending(draw)}});
    }
    scene.sink.add(flow);
  }
}

/// Visitors of the public web server: from everywhere, mostly once, some with a bad line; and robots with much to read.
inline void visit_from_outside(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const bool regular = draw.chance(0.45);
    const Host visitor = regular ? draw.pick(network.sites).host : stranger(draw);
    const Path path = Network::remote(draw);
    const bool robot = draw.chance(0.03);
    std::int64_t now = (robot ? scene.calendar.always : scene.calendar.internet).draw(draw);
    for (std::int64_t times = robot ? draw.between(10, 40) : draw.count(2.4); times > 0; --times) {
      Flow flow = begin_flow(draw, {visitor, network.public_web, now, draw.chance(0.85) ? 443 : 80});
      if (!fails(draw, flow, path, 0.05)) {
        Talk talk = web_talk(draw, 1.3);
        if (draw.chance(0.05)) {  // over a line that barely works
          talk.pause = draw.uniform(60.0, 900.0);
          talk.turns += draw.between(2, 20);
          talk.response = draw.log_normal(1500.0, 1.0);
          talk.ending = draw.chance(0.5) ? Ending::abandoned : Ending::reset;
        }
        flow = converse(draw, {flow, path, talk});
      }
      scene.sink.add(flow);
      now += microseconds(robot ? draw.exponential(3.0) : draw.log_normal(2.0, 1.8));
    }
  }
}

}  // namespace nad::detail::synthetic
