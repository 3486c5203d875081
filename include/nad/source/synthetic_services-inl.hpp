#pragma once

// What single connections to common services look like.

#include "nad/source/synthetic_scene-inl.hpp"

namespace nad::detail::synthetic {

/// Who goes where, when, and what the way is like.
struct Contact {
  const Host& from;
  const Host& to;
  std::int64_t time;
  Path path;
};

/// Now and then a connection fails, for no bad reason.
inline bool fails(Draw& draw, Flow& flow, const Path& path, double probability = 0.03) noexcept {
  if (!draw.chance(probability)) {
    return false;
  }
  const double how = draw.uniform();
  if (how < 0.5) {
    flow = unanswered(flow, draw, draw.count(2.0));
  } else if (how < 0.8) {
    flow = refused(flow, draw, path, draw.chance(0.3) ? 3 : 1);
  } else if (how < 0.9) {
    const std::int64_t tries = draw.count(1.3);
    flow = half_open(flow, draw, tries, std::min<std::int64_t>(5, draw.count(1.6)));
  } else {
    flow = converse(draw, {flow, path, {.request = 0, .response = 0, .ending = Ending::reset}});
  }
  return true;
}

inline Ending usual_ending(Draw& draw) noexcept {
  const double how = draw.uniform();
  return how < 0.8 ? Ending::closed : how < 0.94 ? Ending::reset : Ending::abandoned;
}

/// A question to a name server. Most are short; what asks about checksums of files, or keys of mail, is not.
inline Flow name_lookup(Draw& draw, const Host& from, const Host& server, std::int64_t time,
                        bool far = false) noexcept {
  const bool long_name = draw.chance(0.13);
  const double question = long_name ? draw.uniform(70.0, 230.0) : std::min(120.0, draw.log_normal(36.0, 0.25));
  const double answer =
      draw.chance(0.13) ? draw.uniform(180.0, 900.0) : std::min(1232.0, question + draw.log_normal(60.0, 0.8));
  const double seconds = far || draw.chance(0.35) ? draw.log_normal(0.028, 0.9) : draw.log_normal(0.0007, 0.6);
  const Flow flow = begin_flow(draw, {from, server, time, 53, Protocol::udp});
  if (draw.chance(0.015)) {
    const std::int64_t tries = draw.between(1, 3);
    return datagrams(
        {flow, tries, question * static_cast<double>(tries), 0, 0.0, static_cast<double>(tries - 1) * 5.0});
  }
  // both kinds of addresses are often asked for from one port
  const double questions = long_name ? static_cast<double>(draw.count(1.5)) : draw.chance(0.4) ? 2.0 : 1.0;
  return datagrams({flow, whole(questions), questions * question, whole(questions), questions * answer, seconds});
}

/// Asking what time it is.
inline Flow clock_query(Draw& draw, const Host& from, const Host& server, std::int64_t time) noexcept {
  return datagrams({begin_flow(draw, {from, server, time, 123, Protocol::udp}), 1, 48, draw.chance(0.98) ? 1 : 0, 48,
                    draw.log_normal(0.02, 0.5)});
}

/// A page, a picture, an interface, a film, a file sent somewhere: what the web carries.
inline Talk web_talk(Draw& draw, double weight) noexcept {
  Talk talk;
  talk.turns = draw.count(3.0);
  talk.request = static_cast<double>(talk.turns) * draw.log_normal(620.0, 0.6);
  talk.response = weight * draw.log_normal(9000.0, 1.6);
  talk.ending = usual_ending(draw);
  const double what = draw.uniform();
  if (what < 0.06) {
    talk.response = draw.pareto(4e5, 0.9, 2e9);
  } else if (what < 0.10) {
    talk.request += draw.log_normal(8e4, 1.5);
  } else if (what < 0.116) {
    talk.request += draw.pareto(1.5e6, 0.62, 3e9);  // photographs, films, copies of whole folders
  } else if (what < 0.16) {                         // a channel that is kept open for news
    talk.request = draw.log_normal(900.0, 0.6);
    talk.response = draw.log_normal(2500.0, 1.0);
    talk.pause = draw.uniform(40.0, 1200.0);
    talk.signs = whole(talk.pause / draw.uniform(15.0, 60.0));
  } else if (what < 0.30) {  // whether there is something new
    talk.turns = draw.between(1, 2);
    talk.request = draw.log_normal(450.0, 0.4);
    talk.response = draw.log_normal(700.0, 0.8);
  }
  if (talk.pause == 0.0 && draw.chance(0.6)) {
    talk.pause = std::min(300.0, draw.log_normal(8.0, 1.4));
  }
  return talk;
}

/// A web connection, encrypted or not, over TCP or, where both sides can, over QUIC.
inline Flow web_visit(Draw& draw, const Contact& contact, double weight, bool quic) noexcept {
  const Talk talk = web_talk(draw, weight);
  if (quic) {
    const double hello = 1200.0;
    const std::int64_t received = 3 + whole(talk.response / 1210.0) + talk.turns + talk.signs;
    const std::int64_t sent = 2 + whole(talk.request / 1210.0) + talk.turns + talk.signs +
                              whole(static_cast<double>(received) * draw.uniform(0.1, 0.5));
    const double seconds = contact.path.round_trip * (1.0 + static_cast<double>(talk.turns)) +
                           (talk.request + talk.response) / contact.path.rate + talk.pause + 1e-4;
    return datagrams({begin_flow(draw, {contact.from, contact.to, contact.time, 443, Protocol::udp}), sent,
                      hello + talk.request + 30.0 * static_cast<double>(sent), received,
                      2.0 * hello + talk.response + 30.0 * static_cast<double>(received), seconds});
  }
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, draw.chance(0.9) ? 443 : 80});
  Talk over_tcp = talk;
  if (flow.dst_port == 443) {  // certificates and keys
    over_tcp.request += draw.uniform(600.0, 900.0);
    over_tcp.response += draw.chance(0.4) ? draw.uniform(200.0, 400.0) : draw.uniform(2500.0, 4800.0);
    over_tcp.turns += 1;
  }
  return fails(draw, flow, contact.path) ? flow : converse(draw, {flow, contact.path, over_tcp});
}

/// A login over SSH: a person types, a file is copied, a program does its round, or somebody mistypes.
inline Flow shell(Draw& draw, const Contact& contact, bool person) noexcept {
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, 22});
  if (fails(draw, flow, contact.path, 0.05)) {
    return flow;
  }
  Talk talk{.request = draw.uniform(2200.0, 3400.0), .response = draw.uniform(2300.0, 3600.0), .turns = 8};
  const double what = draw.uniform();
  if (!person || what < 0.2) {
    talk.request += draw.log_normal(500.0, 0.8);
    talk.response += draw.log_normal(1200.0, 1.2);
    talk.pause = draw.log_normal(0.6, 0.7);
    talk.turns = draw.between(8, 16);
  } else if (what < 0.3) {  // a wrong password or two
    talk.turns = draw.between(8, 11);
    talk.pause = draw.uniform(1.5, 12.0);
  } else if (what < 0.42) {
    double& copied = draw.chance(0.5) ? talk.request : talk.response;
    copied += draw.pareto(2e5, 0.7, 2e9);
  } else {
    const double keys = draw.log_normal(350.0, 1.1);
    talk.request += keys * 36.0;
    talk.response += keys * draw.log_normal(90.0, 0.6);
    talk.turns = whole(keys);
    talk.pause = keys * draw.log_normal(1.2, 0.6);
    talk.ending = draw.chance(0.75) ? Ending::closed : usual_ending(draw);
  }
  return converse(draw, {flow, contact.path, talk});
}

/// A screen far away: what is typed goes there, what is seen comes back.
inline Flow remote_screen(Draw& draw, const Contact& contact) noexcept {
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, 3389});
  if (fails(draw, flow, contact.path, 0.06)) {
    return flow;
  }
  const double minutes = std::min(400.0, draw.log_normal(12.0, 1.2));
  return converse(draw, {flow,
                         contact.path,
                         {.request = 4000.0 + minutes * draw.log_normal(2.5e4, 0.5),
                          .response = 8000.0 + minutes * draw.log_normal(4e5, 0.8),
                          .turns = 12 + whole(minutes * 20.0),
                          .pause = minutes * 60.0,
                          .ending = usual_ending(draw)}});
}

/// Work on a shared folder.
inline Flow file_share(Draw& draw, const Contact& contact) noexcept {
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, 445});
  if (fails(draw, flow, contact.path, 0.02)) {
    return flow;
  }
  Talk talk{
      .request = draw.log_normal(6000.0, 0.9), .response = draw.log_normal(9000.0, 1.0), .turns = draw.count(12.0)};
  if (draw.chance(0.45)) {
    talk.response += draw.pareto(6e4, 0.55, 8e9);
  }
  if (draw.chance(0.3)) {
    talk.request += draw.pareto(4e4, 0.62, 4e9);
  }
  talk.pause = draw.chance(0.4) ? std::min(900.0, draw.log_normal(30.0, 1.3)) : draw.log_normal(0.3, 1.0);
  talk.ending = usual_ending(draw);
  return converse(draw, {flow, contact.path, talk});
}

/// Looking for new mail.
inline Flow mail_check(Draw& draw, const Contact& contact) noexcept {
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, 993});
  if (fails(draw, flow, contact.path, 0.02)) {
    return flow;
  }
  Talk talk{
      .request = draw.uniform(1300.0, 2100.0), .response = draw.uniform(3200.0, 5200.0), .turns = draw.between(6, 10)};
  talk.response += draw.chance(0.35) ? draw.pareto(4000.0, 0.8, 6e7) : 0.0;
  talk.pause = draw.chance(0.3) ? draw.uniform(60.0, 1700.0) : draw.log_normal(0.5, 0.8);
  talk.ending = usual_ending(draw);
  return converse(draw, {flow, contact.path, talk});
}

/// A letter that is handed over.
inline Flow letter(Draw& draw, const Contact& contact, std::int64_t port) noexcept {
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, port});
  if (fails(draw, flow, contact.path, 0.05)) {
    return flow;
  }
  return converse(draw, {flow,
                         contact.path,
                         {.request = 1800.0 + draw.pareto(3000.0, 0.75, 2.5e7),
                          .response = draw.uniform(3800.0, 5200.0),
                          .turns = draw.between(8, 13),
                          .pause = draw.log_normal(0.8, 1.0),
                          .ending = usual_ending(draw)}});
}

/// Questions to a database over a connection that is kept for a while.
inline Flow database_work(Draw& draw, const Contact& contact) noexcept {
  Flow flow = begin_flow(draw, {contact.from, contact.to, contact.time, 5432});
  if (fails(draw, flow, contact.path, 0.01)) {
    return flow;
  }
  const double questions = static_cast<double>(draw.count(25.0));
  return converse(draw, {flow,
                         contact.path,
                         {.request = 600.0 + questions * draw.log_normal(220.0, 0.5),
                          .response = 700.0 + questions * draw.log_normal(900.0, 1.5),
                          .turns = whole(questions) + 2,
                          .pause = draw.chance(0.5) ? draw.log_normal(45.0, 1.3) : draw.log_normal(0.05, 1.0),
                          .ending = draw.chance(0.9) ? Ending::closed : usual_ending(draw)}});
}

}  // namespace nad::detail::synthetic
