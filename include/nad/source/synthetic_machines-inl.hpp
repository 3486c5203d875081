#pragma once

// What machines do by themselves in a synthetic network: names, clocks, polls, reports, updates, copies, and errors.

#include <array>

#include "nad/source/synthetic_services-inl.hpp"

namespace nad::detail::synthetic {

/// Names that programs and servers look up without anybody asking.
inline void chatter(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  const std::vector<Host> servers = network.servers();
  while (!scene.sink.full()) {
    const double what = draw.uniform();
    if (what < 0.3) {  // what the name server does not know it asks outside
      const Host& asking = draw.chance(0.8) ? network.directory : network.second_directory;
      scene.sink.add(name_lookup(draw, asking, network.resolver, scene.calendar.internet.draw(draw), true));
    } else {
      const double who = draw.uniform();
      const bool user = who < 0.5;
      const Host& asking = user                                     ? network.anybody(draw)
                           : who < 0.65 && !network.phones.empty()  ? draw.pick(network.phones)
                           : who < 0.75 && !network.devices.empty() ? draw.pick(network.devices)
                                                                    : draw.pick(servers);
      std::int64_t now = (user ? scene.calendar.office : scene.calendar.always).draw(draw);
      // a program that starts, or checks many files, asks many times
      for (std::int64_t times = draw.chance(0.06) ? draw.between(5, 25) : draw.count(1.5); times > 0; --times) {
        scene.sink.add(
            name_lookup(draw, asking, draw.chance(0.85) ? network.directory : network.second_directory, now));
        now += microseconds(draw.log_normal(0.4, 1.4));
      }
    }
  }
}

inline void set_clocks(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  std::vector<Host> asking = {network.directory, network.second_directory, network.mail, network.public_web};
  asking.insert(asking.end(), network.devices.begin(), network.devices.end());
  const std::int64_t period =
      usual_period(scene.calendar.length, static_cast<double>(scene.sink.room()) / static_cast<double>(asking.size()));
  for (const Host& host : asking) {
    for (std::int64_t now = draw.between(0, period - 1); now < scene.calendar.length;
         now += period + draw.between(-2, 2) * second / 10) {
      scene.sink.add(clock_query(draw, host, network.time_server, now));
    }
  }
}

/// Is everything there? One thing after the other, at a steady beat, day and night.
inline void poll(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  struct Check {
    Host host;
    std::int64_t port;
    Protocol protocol;
  };
  std::vector<Check> checks;
  for (const Host& server : network.servers()) {
    if (server.v4 != network.monitor.v4) {
      checks.push_back({server, 0, Protocol::icmp});
      checks.push_back({server, 161, Protocol::udp});
    }
  }
  for (const Host& printer : network.printers) {
    checks.push_back({printer, 161, Protocol::udp});
  }
  for (const auto& [host, port] :
       {std::pair{network.public_web, 443}, std::pair{network.intranet, 443}, std::pair{network.mail, 25},
        std::pair{network.database, 5432}, std::pair{network.jump, 22}, std::pair{network.files, 445},
        std::pair{network.directory, 389}}) {
    checks.push_back({host, port, Protocol::tcp});
    checks.push_back({host, port, Protocol::tcp});
  }
  // the order is shuffled once, as in a list that grew over the years
  for (std::size_t i = checks.size() - 1; i > 0; --i) {
    std::swap(checks[i], checks[draw.below(i + 1)]);
  }
  const std::int64_t period = usual_period(scene.calendar.length, static_cast<double>(scene.sink.room()));
  std::size_t next = 0;
  for (std::int64_t now = draw.between(0, period - 1); now < scene.calendar.length && !scene.sink.full();
       now += period) {
    const Check& check = checks[next++ % checks.size()];
    const std::int64_t at = now + draw.between(0, 40'000);
    const Path path = Network::local(draw);
    if (check.protocol == Protocol::icmp) {
      scene.sink.add(
          ping(draw, {network.monitor, check.host, at, draw.chance(0.9) ? 1 : 3, path.round_trip, draw.chance(0.99)}));
    } else if (check.protocol == Protocol::udp) {
      const double values = static_cast<double>(draw.between(4, 40));
      const std::int64_t packets = draw.between(1, 4);
      scene.sink.add(datagrams({begin_flow(draw, {network.monitor, check.host, at, 161, Protocol::udp}), packets,
                                40.0 + values * 18.0, packets, 44.0 + values * 26.0,
                                path.round_trip * static_cast<double>(packets) * 4.0}));
    } else {  // that it opens is enough
      Flow flow = begin_flow(draw, {network.monitor, check.host, at, check.port});
      if (!fails(draw, flow, path, 0.03)) {
        const bool speaks = draw.chance(0.5);
        flow = converse(draw, {flow,
                               path,
                               {.request = speaks ? draw.uniform(80.0, 400.0) : 0.0,
                                .response = check.port == 22 || speaks ? draw.uniform(20.0, 900.0) : 0.0,
                                .ending = draw.chance(0.7) ? Ending::closed : Ending::reset}});
      }
      scene.sink.add(flow);
    }
  }
}

/// A small exchange, again and again.
struct Beat {
  const Host& from;
  const Host& to;
  std::int64_t port;
  std::int64_t begin;
  std::int64_t end;
  std::int64_t period;
  double jitter;  ///< deviation, as a share of the period
};

inline void keep_beat(Scene& scene, const Beat& beat) {
  Draw& draw = scene.draw;
  const double request = draw.uniform(180.0, 1400.0);
  const double response = draw.uniform(120.0, 2600.0);
  for (std::int64_t now = beat.begin; now < beat.end && !scene.sink.full();) {
    Flow flow = begin_flow(draw, {beat.from, beat.to, now, beat.port});
    const Path path = Network::remote(0.02, draw);
    if (!fails(draw, flow, path, 0.02)) {
      flow = converse(draw, {flow,
                             path,
                             {.request = request + draw.uniform(0.0, 60.0),
                              .response = response + draw.uniform(0.0, 40.0),
                              .turns = 2,
                              .pause = draw.chance(0.3) ? draw.uniform(0.1, 20.0) : 0.0,
                              .ending = draw.chance(0.9) ? Ending::closed : usual_ending(draw)}});
    }
    scene.sink.add(flow);
    const double late = draw.normal() * beat.jitter * static_cast<double>(beat.period);
    now += std::max(second, beat.period + whole(late));
  }
}

/// Thermostats, cameras and doors say at a steady beat that they live; phones and programs of people do so, too.
inline void report(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  if (!network.devices.empty()) {
    const double share = static_cast<double>(scene.sink.room()) * 0.6 / static_cast<double>(network.devices.size());
    const std::int64_t period = usual_period(scene.calendar.length, share);
    for (const Host& device : network.devices) {
      const std::int64_t port = draw.chance(0.6) ? 8883 : 443;
      keep_beat(scene, {device, network.device_cloud, port, draw.between(0, period - 1), scene.calendar.length, period,
                        draw.uniform(0.0, 0.06)});
    }
  }
  while (!scene.sink.full()) {  // a program that is open for some hours and looks whether there is something new
    const std::int64_t begin = scene.calendar.office.draw(draw);
    const std::int64_t end = begin + draw.between(1, 9) * hour;
    keep_beat(scene, {network.anybody(draw), draw.pick(network.sites).host, 443, begin, end,
                      draw.between(2, 30) * minute, draw.uniform(0.0, 0.1)});
  }
}

/// The application asks its databases, and both keep copies of each other.
inline void serve(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  while (!scene.sink.full()) {
    const Path path = Network::local(draw);
    const std::int64_t now = (draw.chance(0.75) ? scene.calendar.internet : scene.calendar.always).draw(draw);
    const double what = draw.uniform();
    const Host& from = what < 0.45   ? network.application
                       : what < 0.75 ? network.public_web
                       : what < 0.9  ? network.intranet
                                     : network.second_database;
    scene.sink.add(database_work(
        draw, {from, draw.chance(0.85) || what >= 0.9 ? network.database : network.second_database, now, path}));
  }
}

/// New versions, large ones; programs look for them at odd hours, servers at night.
inline void update(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  const std::vector<Host> servers = network.servers();
  while (!scene.sink.full()) {
    const bool server = draw.chance(0.35);
    const Host& host = server ? draw.pick(servers) : network.anybody(draw);
    std::int64_t now = (server ? scene.calendar.night : scene.calendar.office).draw(draw);
    for (std::int64_t files = draw.count(2.0); files > 0; --files) {
      Flow flow = begin_flow(draw, {host, network.updates, now, draw.chance(0.6) ? 443 : 80});
      const Path path = Network::remote(0.012, draw);
      if (!fails(draw, flow, path, 0.02)) {
        flow = converse(draw, {flow,
                               path,
                               {.request = draw.log_normal(900.0, 0.5),
                                .response = draw.pareto(3e4, 0.45, 3e9),
                                .turns = draw.count(3.0),
                                .pause = draw.log_normal(0.4, 1.0),
                                .ending = usual_ending(draw)}});
      }
      scene.sink.add(flow);
      now += microseconds(draw.log_normal(3.0, 1.5));
    }
  }
}

/// At night everything is saved, and what was saved is carried out of the house; scripts make their rounds.
inline void save(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  const std::vector<Host> servers = network.servers();
  while (!scene.sink.full()) {
    const double what = draw.uniform();
    const std::int64_t now = scene.calendar.night.draw(draw);
    Path path = Network::local(draw);
    Talk talk{.request = draw.pareto(2e6, 0.42, 6e10),
              .response = draw.log_normal(4e4, 1.2),
              .turns = draw.count(20.0),
              .pause = draw.log_normal(5.0, 1.2)};
    if (what < 0.4) {
      scene.sink.add(converse(draw, {begin_flow(draw, {draw.pick(servers), network.backup, now, 10'000}), path, talk}));
    } else if (what < 0.6) {  // folders of people, as soon as their machine is there
      const Host& user = network.anybody(draw);
      talk.request = draw.pareto(1e5, 0.5, 2e10);
      const std::int64_t when = draw.chance(0.8) ? scene.calendar.office.draw(draw) : now;
      scene.sink.add(converse(draw, {begin_flow(draw, {user, network.backup, when, 10'000}), path, talk}));
    } else if (what < 0.75) {
      path = Network::remote(0.015, draw);
      path.rate = draw.log_normal(9e6, 0.3);
      scene.sink.add(converse(draw, {begin_flow(draw, {network.backup, network.storage, now, 443}), path, talk}));
    } else {
      scene.sink.add(shell(draw, {network.monitor, draw.pick(servers), now, path}, false));
    }
  }
}

/// Programs that look for what is gone, doors that are shut, answers that come too late: every network has them.
inline void go_wrong(Scene& scene) {
  Draw& draw = scene.draw;
  const Network& network = scene.network;
  const std::vector<Host> servers = network.servers();
  static constexpr std::array<std::int64_t, 14> ports = {21,  22,  23,  80,   110,  135,  139,
                                                         143, 443, 445, 3306, 3389, 8080, 5900};
  while (!scene.sink.full()) {
    const double what = draw.uniform();
    const Path path = Network::local(draw);
    std::int64_t now = (draw.chance(0.6) ? scene.calendar.office : scene.calendar.always).draw(draw);
    if (what < 0.3) {  // a server that was switched off last year
      const Host gone = host_at(inside_servers + static_cast<std::uint32_t>(draw.between(200, 230)));
      const std::int64_t port = draw.pick(ports);
      const Host& user = network.anybody(draw);
      for (std::int64_t times = draw.count(3.5); times > 0; --times) {
        Flow flow = begin_flow(draw, {user, gone, now, port});
        flow = unanswered(flow, draw, draw.count(2.5));
        scene.sink.add(flow);
        now = flow.end() + microseconds(draw.log_normal(30.0, 1.2));
      }
    } else if (what < 0.5) {  // the house knows no such service
      const Host& other = draw.chance(0.5) ? draw.pick(servers) : network.anybody(draw);
      const std::int64_t port = draw.chance(0.5) ? draw.pick(ports) : draw.between(1, 65535);
      const Flow flow = begin_flow(draw, {network.anybody(draw), other, now, port});
      scene.sink.add(refused(flow, draw, path, draw.chance(0.4) ? 3 : 1));
    } else if (what < 0.66) {  // knocks from outside that mean nobody in particular
      const Host& door = draw.chance(0.5) ? network.public_web : draw.chance(0.5) ? network.mail : network.vpn;
      const std::int64_t port = draw.chance(0.6) ? draw.pick(ports) : draw.between(1, 65535);
      const Flow flow = begin_flow(draw, {stranger(draw), door, now, port});
      scene.sink.add(draw.chance(0.8) ? unanswered(flow, draw, draw.count(1.3))
                                      : refused(flow, draw, Network::remote(draw)));
    } else if (what < 0.8) {  // answers that come when the question is forgotten, or are all that is seen of it
      Flow flow = begin_flow(draw, {draw.pick(network.sites).host, network.anybody(draw), now, 0, Protocol::udp});
      flow.src_port = draw.chance(0.5) ? 443 : 53;
      flow.dst_port = draw.between(1024, 65535);
      const std::int64_t packets = draw.count(2.5);
      scene.sink.add(datagrams({flow, packets, static_cast<double>(packets) * draw.uniform(40.0, 1252.0), 0, 0.0,
                                draw.log_normal(0.3, 1.4)}));
    } else if (what < 0.9) {
      const Host& other = draw.chance(0.5) ? draw.pick(servers) : network.anybody(draw);
      scene.sink.add(
          ping(draw, {network.anybody(draw), other, now, draw.count(4.0), path.round_trip, draw.chance(0.8)}));
    } else {  // the end of a connection that began before the meter did
      Flow flow = begin_flow(draw, {network.anybody(draw), draw.pick(network.sites).host, now, 443});
      const std::int64_t packets = draw.count(2.0);
      flow.flags = draw.chance(0.5) ? ack | fin : ack | rst;
      flow.packets_sent = packets;
      flow.packets_received = draw.between(0, 1) * packets;
      flow.bytes_sent = packets * (ip_header(flow) + 32);
      flow.bytes_received = flow.packets_received * (ip_header(flow) + 32);
      flow.duration = packets > 1 ? microseconds(draw.log_normal(0.5, 1.5)) : 0;
      scene.sink.add(flow);
    }
  }
}

/// Once in a while the monitor takes stock: it knocks at all common doors of all servers, and nobody minds.
inline void take_stock(Scene& scene) {
  Draw& draw = scene.draw;
  static constexpr std::array<std::int64_t, 18> ports = {21,  22,  23,  25,  53,   80,   110,  135,  139,
                                                         143, 443, 445, 993, 3306, 3389, 5432, 8080, 9100};
  while (!scene.sink.full()) {
    std::int64_t now = scene.calendar.night.draw(draw);
    for (const Host& server : scene.network.servers()) {
      for (const std::int64_t port : ports) {
        const Path path = Network::local(draw);
        const Flow flow = begin_flow(draw, {scene.network.monitor, server, now, port});
        const double how = draw.uniform();
        scene.sink.add(
            how < 0.6 ? refused(flow, draw, path)
            : how < 0.8
                ? unanswered(flow, draw, 2)
                : converse(
                      draw,
                      {flow, path, {.request = 0.0, .response = draw.uniform(0.0, 80.0), .ending = Ending::reset}}));
        now += draw.between(1, 40) * second / 10;
      }
    }
  }
}

}  // namespace nad::detail::synthetic
