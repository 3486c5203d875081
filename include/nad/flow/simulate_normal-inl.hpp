#pragma once

// What happens in a network where nothing is wrong.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/detail/synthetic_rhythm.hpp"
#include "nad/flow/simulate_talks-inl.hpp"

namespace nad::detail::simulate {

inline Story normal_story(std::string_view scenario) noexcept { return {"normal", scenario}; }

/// Begins ordinary connections; some of them fail.
class Beginner {
 public:
  Beginner(Engine& engine, Draw& draw, double failures) : engine_(engine), draw_(draw), failures_(failures) {}

  Engine& engine() noexcept { return engine_; }
  Draw& draw() noexcept { return draw_; }

  void tcp(std::string_view scenario, Ticks time, TcpPlan plan, std::unique_ptr<Talk> talk,
           std::unique_ptr<Host> guest = {}) {
    plan.ending = ending();
    plan.messages = 2 + draw_.below(6);
    engine_.start(time,
                  std::make_unique<TcpFlow>(engine_, normal_story(scenario), plan, std::move(talk), std::move(guest)));
  }

  void udp(std::string_view scenario, Ticks time, const UdpPlan& plan, std::unique_ptr<DatagramTalk> talk) {
    engine_.start(time, std::make_unique<UdpFlow>(engine_, normal_story(scenario), plan, std::move(talk)));
  }

  /// `user` asks the network's own server for a name.
  void look_up(Host& user, std::size_t site, Ticks time) {
    Network& network = engine_.network();
    UdpPlan plan{.client = &user, .server = &network.names, .server_port = 53};
    plan.v6 = user.has_v6() && draw_.chance(0.3);
    plan.path = network.local(draw_);
    const DnsType type = user.has_v6() && draw_.chance(0.4) ? DnsType::aaaa : DnsType::a;
    const bool exists = draw_.chance(0.96);
    const bool heard = draw_.chance(0.995);
    const bool at_once = draw_.chance(0.99);
    std::vector<std::string> answers;
    const std::size_t count = exists ? 1 + draw_.below(3) : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Host& place = network.sites[(site + i * 131) % network.sites.size()];
      const auto v6 = place.address(true).bytes();
      answers.push_back(type == DnsType::a ? v4_content(place) : std::string(v6.begin(), v6.end()));
    }
    // from memory, or asked for elsewhere
    const Ticks thinking =
        draw_.chance(0.6) ? ticks(draw_.log_normal(0.0004, 0.5)) : ticks(draw_.log_normal(0.03, 0.8));
    const std::string name = exists ? site_name(site) : random_letters(12, draw_, "abcdefghijklmnop") + ".example";
    udp("dns", time, plan,
        std::make_unique<DnsTalk>(name, type, std::move(answers), thinking, heard && at_once ? 1 : 2, heard));
  }

 private:
  Ending ending() {
    if (!draw_.chance(failures_)) {
      return draw_.chance(0.6) ? Ending::closed_by_client : Ending::closed_by_server;
    }
    struct Failure {
      double until;
      Ending ending;
    };
    static constexpr std::array<Failure, 8> ways = {{{0.24, Ending::refused},
                                                     {0.5, Ending::unanswered},
                                                     {0.7, Ending::reset_by_client},
                                                     {0.88, Ending::reset_by_server},
                                                     {0.92, Ending::left_open},
                                                     {0.95, Ending::half_closed_by_client},
                                                     {0.98, Ending::half_closed_by_server},
                                                     {1.0, Ending::given_up}}};
    const double at = draw_.uniform();
    return std::find_if(ways.begin(), ways.end(), [&](const Failure& way) { return at < way.until; })->ending;
  }

  Engine& engine_;
  Draw& draw_;
  double failures_;
};

/// A person opens a page: names are looked up, then several connections begin.
inline void visit_web(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  Host& user = network.anybody(draw);
  const std::size_t places = 1 + draw.below(3);
  Ticks time = begin.engine().now();
  for (std::size_t i = 0; i < places; ++i) {
    const std::size_t site = network.site_for(user, draw);
    if (draw.chance(0.7)) {
      begin.look_up(user, site, time);
    }
    const std::size_t connections = 1 + draw.below(i == 0 ? 3 : 2);
    for (std::size_t c = 0; c < connections; ++c) {
      const bool encrypted = draw.chance(0.87);
      TcpPlan plan{.client = &user, .server = &network.sites[site]};
      plan.server_port = encrypted ? 443 : 80;
      plan.v6 = user.has_v6() && plan.server->has_v6();
      plan.path = network.remote(server, network.site_round_trips[site], draw);
      auto talk = web_talk(encrypted, site, draw);
      begin.tcp("web", time + ticks(0.04 + draw.exponential(0.05)), plan, std::move(talk));
    }
    time += ticks(draw.exponential(0.3));
  }
}

inline void look_up_names(Beginner& begin) {
  Draw& draw = begin.draw();
  Host& user = begin.engine().network().anybody(draw);
  begin.look_up(user, draw.ranked(400), begin.engine().now());
}

inline void use_intranet(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  TcpPlan plan{.client = &network.anybody(draw), .server = &network.intranet, .server_port = 443};
  plan.v6 = plan.client->has_v6() && draw.chance(0.5);
  plan.path = network.local(draw);
  begin.tcp("web", begin.engine().now(), plan, web_talk(true, 1000, draw));
}

inline void send_mail(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  TcpPlan plan{.client = &network.anybody(draw), .server = &network.mail, .server_port = 25};
  plan.path = network.local(draw);
  begin.tcp("mail", begin.engine().now(), plan, smtp_talk(draw));
}

inline void read_mail(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  const bool encrypted = draw.chance(0.8);
  TcpPlan plan{.client = &network.anybody(draw), .server = &network.mail};
  plan.server_port = encrypted ? 993 : 143;
  plan.v6 = plan.client->has_v6();
  plan.path = network.local(draw);
  begin.tcp("mail", begin.engine().now(), plan, imap_talk(encrypted, draw));
}

inline void work_in_shell(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  static constexpr std::array<Host Network::*, 3> places = {&Network::jump, &Network::database, &Network::intranet};
  TcpPlan plan{.client = &network.anybody(draw), .server = &(network.*draw.pick(places)), .server_port = 22};
  plan.path = network.local(draw);
  const Ticks until = begin.engine().now() + ticks(std::min(5400.0, draw.log_normal(300.0, 1.0)));
  begin.tcp("ssh", begin.engine().now(), plan, std::make_unique<ShellTalk>(until, draw));
}

inline void set_clock(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  UdpPlan plan{.client = &network.anybody(draw), .server = &network.clock, .server_port = 123};
  plan.v6 = plan.client->has_v6();
  plan.path = network.local(draw);
  begin.udp("ntp", begin.engine().now(), plan, std::make_unique<NtpTalk>());
}

inline void watch_video(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  Host& user = network.anybody(draw);
  const std::size_t site = draw.below(8);
  const Ticks now = begin.engine().now();
  const Ticks until = now + ticks(std::min(7200.0, draw.log_normal(240.0, 0.9)));
  if (draw.chance(0.3)) {
    UdpPlan plan{.client = &user, .server = &network.sites[site], .server_port = 40'000};
    plan.path = network.remote(server, network.site_round_trips[site], draw);
    begin.udp("video", now, plan, std::make_unique<MeetingTalk>(until));
    return;
  }
  begin.look_up(user, site, now);
  TcpPlan plan{.client = &user, .server = &network.sites[site], .server_port = 443};
  plan.v6 = user.has_v6() && plan.server->has_v6();
  plan.path = network.remote(server, network.site_round_trips[site], draw);
  begin.tcp("video", now + 50 * millisecond, plan, std::make_unique<VideoTalk>(until, site, draw));
}

/// Somebody from outside looks at the public pages.
inline void visit_from_outside(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  auto guest = std::make_unique<Host>(network.stranger(draw));
  const bool encrypted = draw.chance(0.8);
  TcpPlan plan{.client = guest.get(), .server = &network.web};
  plan.server_port = encrypted ? 443 : 80;
  plan.v6 = guest->has_v6();
  plan.path = network.remote(client, draw);
  begin.tcp("web", begin.engine().now(), plan, web_talk(encrypted, 2000, draw), std::move(guest));
}

inline void deliver_mail(Beginner& begin) {
  Draw& draw = begin.draw();
  Network& network = begin.engine().network();
  auto guest = std::make_unique<Host>(network.stranger(draw));
  TcpPlan plan{.client = guest.get(), .server = &network.mail_gate, .server_port = 25};
  plan.path = network.remote(client, draw);
  begin.tcp("mail", begin.engine().now(), plan, smtp_talk(draw), std::move(guest));
}

/// Begins one of its activities at random moments, more often in the busier hours.
class Crowd final : public Actor {
 public:
  struct Activity {
    double share;  ///< of all that is begun
    double flows;  ///< that one of them has, on average
    void (*begin)(Beginner&);
  };

  /// `rate`: flows a second in the busiest hour.
  Crowd(Engine& engine, std::span<const Activity> activities, double rate, const synthetic::HourWeights* hours,
        double failures)
      : activities_(activities), hours_(hours), draw_(engine.draw()), failures_(failures) {
    double flows = 0.0;
    double sum = 0.0;
    for (const Activity& activity : activities) {
      sum += activity.share;
      flows += activity.share * activity.flows;
      sums_.push_back(sum);
    }
    wait_ = flows / sum / rate;
  }

  Ticks first(const Engine& engine) { return engine.now() + ticks(draw_.exponential(wait_)); }

  Ticks act(Engine& engine) override {
    const std::int64_t quarter = engine.now() / second / 900;
    if (hours_ == nullptr || draw_.chance(synthetic::weight_of_quarter(*hours_, quarter))) {
      Beginner begin(engine, draw_, failures_);
      activities_[draw_.weighted(sums_)].begin(begin);
    }
    return engine.now() + ticks(draw_.exponential(wait_));
  }

 private:
  std::span<const Activity> activities_;
  const synthetic::HourWeights* hours_;
  Draw draw_;
  double failures_;
  double wait_ = 0.0;
  std::vector<double> sums_;
};

inline constexpr std::array<Crowd::Activity, 8> inside_activities = {{
    {0.42, 4.9, &visit_web},
    {0.24, 1.0, &look_up_names},
    {0.08, 1.0, &use_intranet},
    {0.05, 1.0, &send_mail},
    {0.1, 1.0, &read_mail},
    {0.02, 1.0, &work_in_shell},
    {0.07, 1.0, &set_clock},
    {0.008, 1.7, &watch_video},
}};

inline constexpr std::array<Crowd::Activity, 2> outside_activities = {{
    {0.9, 1.0, &visit_from_outside},
    {0.1, 1.0, &deliver_mail},
}};

/// Asks the servers one after the other whether they are there; each so seldom that every time is a flow of its own.
class Monitor final : public Actor {
 public:
  explicit Monitor(Engine& engine) : draw_(engine.draw()) {}

  Ticks act(Engine& engine) override {
    Network& network = engine.network();
    static constexpr std::array<Host Network::*, 8> servers = {&Network::names,    &Network::mail,    &Network::jump,
                                                               &Network::files,    &Network::web,     &Network::clock,
                                                               &Network::intranet, &Network::database};
    PingFlow::Plan plan{.client = &network.monitor, .server = &(network.*servers.at(turn_++ % servers.size()))};
    plan.path = network.local(draw_);
    plan.requests = static_cast<std::uint16_t>(1 + draw_.below(3));
    plan.v6 = draw_.chance(0.2);
    engine.start(engine.now(), std::make_unique<PingFlow>(engine, normal_story("ping"), plan));
    return engine.now() + 12 * second;
  }

 private:
  Draw draw_;
  std::size_t turn_ = 0;
};

inline void start_normal(Engine& engine, const SimulatorOptions& options) {
  if (options.rate <= 0.0) {
    return;
  }
  const auto add = [&](std::span<const Crowd::Activity> activities, double rate, const synthetic::HourWeights& hours) {
    auto crowd = std::make_unique<Crowd>(engine, activities, rate, options.rhythm ? &hours : nullptr, options.failures);
    const Ticks first = crowd->first(engine);
    engine.start(first, std::move(crowd));
  };
  add(inside_activities, 0.85 * options.rate, synthetic::office_hours);
  add(outside_activities, 0.15 * options.rate, synthetic::internet_hours);
  engine.start(engine.now() + second, std::make_unique<Monitor>(engine));
}

}  // namespace nad::detail::simulate
