#pragma once

// Attacks that look for what there is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "nad/flow/simulate_scene-inl.hpp"

namespace nad::detail::simulate {

inline bool is_open_port(std::size_t port) noexcept { return port == 22 || port == 25 || port == 80 || port == 443; }

/// The ports 1 to `count`, each once, in an order in which neighbours stand apart.
inline std::uint16_t scan_order(std::size_t i, std::size_t count) noexcept {
  constexpr std::size_t step = 7919;  // a prime
  return static_cast<std::uint16_t>(count % step == 0 ? i % count + 1 : i % count * step % count + 1);
}

/// Many ports of one host, then of the next: SYN, and RST to what is open.
class PortScan final : public Assault {
 public:
  PortScan(Engine& engine, const Scene& scene)
      : Assault(engine, scene, 60.0), port_(static_cast<std::uint16_t>(33'000 + draw().below(20'000))) {}

 private:
  bool strike(Engine& engine) override {
    static constexpr std::array<Host Network::*, 2> targets = {&Network::web, &Network::mail_gate};
    const auto ports = static_cast<std::size_t>(scene().option("ports"));
    const std::size_t place = count_ / ports;
    if (place == targets.size()) {
      return false;
    }
    TcpPlan plan{.client = scene().outsider, .server = &(engine.network().*targets.at(place)), .client_port = port_};
    plan.server_port = scan_order(count_++, ports);
    plan.path = engine.network().remote(client, draw());
    plan.attempts = 1;
    plan.ending = is_open_port(plan.server_port)              ? Ending::probed
                  : draw().chance(scene().option("filtered")) ? Ending::unanswered
                                                              : Ending::refused;
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene().story, plan, nullptr));
    if (plan.ending == Ending::unanswered) {  // once more, from the next port
      plan.client_port = static_cast<std::uint16_t>(port_ + 1);
      engine.start(engine.now() + second, std::make_unique<TcpFlow>(engine, scene().story, plan, nullptr));
    }
    return true;
  }

  std::uint16_t port_;
  std::size_t count_ = 0;
};

/// One port of all addresses of the people's network.
class HorizontalScan final : public Assault {
 public:
  HorizontalScan(Engine& engine, const Scene& scene) : Assault(engine, scene, 40.0) {}

 private:
  bool strike(Engine& engine) override {
    std::deque<Host>& people = engine.network().people;
    port_ = port_ == 0 ? scene().insider->take_port(engine.now()) : port_;
    TcpPlan plan{.client = scene().insider, .client_port = port_, .server_port = scene().port("port")};
    plan.path = engine.network().local(draw());
    plan.attempts = 1;
    if (place_ < people.size() && &people[place_] == scene().insider) {
      ++place_;
    }
    std::unique_ptr<Host> nobody;
    if (place_ < people.size()) {
      plan.server = &people[place_];
      const double chance = draw().uniform();
      plan.ending = chance < 0.2 ? Ending::probed : chance < 0.7 ? Ending::refused : Ending::unanswered;
    } else {
      nobody = std::make_unique<Host>(Network::person_address(place_), false, true);
      plan.server = nobody.get();
      plan.ending = Ending::unanswered;
    }
    if (++place_ > 60'000) {
      return false;
    }
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene().story, plan, nullptr, std::move(nobody)));
    return true;
  }

  std::uint16_t port_ = 0;  ///< one for all, never given back
  std::size_t place_ = 0;
};

/// Echo requests to all addresses of the people's network.
class PingSweep final : public Assault {
 public:
  PingSweep(Engine& engine, const Scene& scene) : Assault(engine, scene, 30.0) {}

 private:
  bool strike(Engine& engine) override {
    std::deque<Host>& people = engine.network().people;
    PingFlow::Plan plan{.client = scene().insider, .bytes = 0};
    plan.path = engine.network().local(draw());
    if (place_ < people.size() && &people[place_] == scene().insider) {
      ++place_;
    }
    std::unique_ptr<Host> nobody;
    if (place_ < people.size()) {
      plan.server = &people[place_];
    } else {
      nobody = std::make_unique<Host>(Network::person_address(place_), false, true);
      plan.server = nobody.get();
      plan.answered = false;
    }
    if (++place_ > 60'000) {
      return false;
    }
    engine.start(engine.now(), std::make_unique<PingFlow>(engine, scene().story, plan, std::move(nobody)));
    return true;
  }

  std::size_t place_ = 0;
};

/// Packets with flags that no system sends first: what is closed answers with RST, the rest is silent.
class FlagScan final : public Assault {
 public:
  FlagScan(Engine& engine, const Scene& scene, unsigned flags)
      : Assault(engine, scene, 60.0), flags_(flags), port_(static_cast<std::uint16_t>(33'000 + draw().below(20'000))) {}

 private:
  class Probe final : public Actor {
   public:
    Probe(const Scene& scene, Host& target, unsigned flags, std::uint16_t from, std::uint16_t to, bool closed,
          std::uint32_t sequence, Ticks round_trip)
        : record_(scene.story, 6),
          attacker_(*scene.outsider),
          target_(target),
          flags_(flags),
          from_(from),
          to_(to),
          sequence_(sequence),
          round_trip_(round_trip),
          closed_(closed) {
      record_.between(attacker_.address(false), from, target.address(false), to);
    }

    Ticks act(Engine& engine) override {
      if (record_.empty()) {
        TcpFields fields{.source_port = from_, .destination_port = to_, .sequence = sequence_};
        fields.flags = static_cast<std::uint8_t>(flags_);
        fields.window = 1024;
        const IpFields ip = ip_between(attacker_, target_, false);
        engine.send(record_, client, engine.packets().tcp(ip, fields), 0);
        const bool syn = (flags_ & tcp_syn) != 0;
        record_.state(flags_ == 0 ? "OTH" : "SH");
        if (flags_ != 0) {
          record_.note(client, syn ? 'Q' : 'F');
        }
        return closed_ ? engine.now() + round_trip_ : never;
      }
      const std::uint32_t taken = ((flags_ & tcp_syn) != 0 ? 1U : 0U) + ((flags_ & tcp_fin) != 0 ? 1U : 0U);
      TcpFields fields{.source_port = to_, .destination_port = from_, .acknowledgement = sequence_ + taken};
      fields.flags = static_cast<std::uint8_t>(rst_ack);
      fields.window = 0;
      engine.send(record_, server, engine.packets().tcp(ip_between(target_, attacker_, false), fields), 0);
      record_.state(flags_ == 0 ? "RSTRH" : "RSTR");
      record_.note(server, 'R');
      return never;
    }
    void end(Engine& engine) override { engine.tell(record_); }

   private:
    FlowRecord record_;
    Host& attacker_;
    Host& target_;
    unsigned flags_;
    std::uint16_t from_;
    std::uint16_t to_;
    std::uint32_t sequence_;
    Ticks round_trip_;
    bool closed_;
  };

  bool strike(Engine& engine) override {
    const auto ports = static_cast<std::size_t>(scene().option("ports"));
    if (count_ == ports) {
      return false;
    }
    const std::uint16_t port = scan_order(count_++, ports);
    const bool closed = !is_open_port(port) && !draw().chance(scene().option("filtered"));
    const std::uint32_t sequence = any_number(draw());
    const Ticks round_trip = engine.network().local(draw()).round_trip[server];
    engine.start(engine.now(), std::make_unique<Probe>(scene(), engine.network().web, flags_, port_, port, closed,
                                                       sequence, round_trip));
    return true;
  }

  unsigned flags_;
  std::uint16_t port_;
  std::size_t count_ = 0;
};

}  // namespace nad::detail::simulate
