#pragma once

// Exchanges of UDP datagrams, and echoes of ICMP.

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "nad/flow/simulate_engine-inl.hpp"
#include "nad/flow/simulate_words-inl.hpp"

namespace nad::detail::simulate {

struct Datagram {
  Side from = client;
  Ticks pause = 0;  ///< before it, beside the time on the way
  Bytes bytes;
};

class DatagramTalk {
 public:
  DatagramTalk() = default;
  DatagramTalk(const DatagramTalk&) = delete;
  DatagramTalk& operator=(const DatagramTalk&) = delete;
  virtual ~DatagramTalk() = default;
  virtual bool next(Datagram& datagram, Draw& draw, Ticks now) = 0;
};

struct UdpPlan {
  Host* client = nullptr;
  Host* server = nullptr;
  std::uint16_t client_port = 0;  ///< 0: one of the client's own
  std::uint16_t server_port = 0;
  bool v6 = false;
  Path path = {};
};

class UdpFlow final : public Actor {
 public:
  UdpFlow(Engine& engine, const Story& story, const UdpPlan& plan, std::unique_ptr<DatagramTalk> talk)
      : plan_(plan), talk_(std::move(talk)), draw_(engine.draw()), record_(story, 17) {
    own_port_ = plan.client_port == 0;
  }

  Ticks act(Engine& engine) override {
    if (!begun_) {
      begun_ = true;
      if (own_port_) {
        plan_.client_port = plan_.client->take_port(engine.now());
      }
      record_.between(plan_.client->address(plan_.v6), plan_.client_port, plan_.server->address(plan_.v6),
                      plan_.server_port);
      if (!talk_->next(datagram_, draw_, engine.now())) {
        return never;
      }
    }
    send(engine);
    const Side last = datagram_.from;
    if (!talk_->next(datagram_, draw_, engine.now())) {
      return never;
    }
    const Ticks way = datagram_.from == last ? 0 : plan_.path.round_trip[datagram_.from];
    return engine.now() + way + datagram_.pause;
  }

  void end(Engine& engine) override {
    if (own_port_ && begun_) {
      plan_.client->release_port(plan_.client_port);
    }
    engine.tell(record_);
  }

 private:
  void send(Engine& engine) {
    const Side from = datagram_.from;
    const bool forth = from == client;
    Host& sender = forth ? *plan_.client : *plan_.server;
    const Host& receiver = forth ? *plan_.server : *plan_.client;
    const UdpFields fields{.source_port = forth ? plan_.client_port : plan_.server_port,
                           .destination_port = forth ? plan_.server_port : plan_.client_port};
    const IpFields ip = ip_between(sender, receiver, plan_.v6);
    engine.send(record_, from, engine.packets().udp(ip, fields, datagram_.bytes), datagram_.bytes.size());
    record_.state(!forth || record_.state() == "SF" ? "SF" : "S0");
    record_.note_once(from, 'D');
  }

  UdpPlan plan_;
  std::unique_ptr<DatagramTalk> talk_;
  Draw draw_;
  FlowRecord record_;
  Datagram datagram_;
  bool begun_ = false;
  bool own_port_ = false;
};

/// Echo requests, and answers where there is somebody. The ports of the truth are the types.
class PingFlow final : public Actor {
 public:
  struct Plan {
    Host* client = nullptr;
    Host* server = nullptr;
    bool v6 = false;
    Path path = {};
    std::uint16_t requests = 1;  ///< one a second
    std::size_t bytes = 56;
    bool answered = true;
  };

  PingFlow(Engine& engine, const Story& story, const Plan& plan, std::unique_ptr<Host> guest = {})
      : plan_(plan), guest_(std::move(guest)), draw_(engine.draw()), record_(story, plan.v6 ? 58 : 1) {
    record_.between(plan.client->address(plan.v6), request_type(), plan.server->address(plan.v6), reply_type());
    record_.state("OTH");
    identifier_ = static_cast<std::uint16_t>(draw_.below(65'536));
  }

  Ticks act(Engine& engine) override {
    const bool forth = !replies_next_;
    Host& sender = forth ? *plan_.client : *plan_.server;
    const Host& receiver = forth ? *plan_.server : *plan_.client;
    const IcmpFields fields{.type = static_cast<std::uint8_t>(forth ? request_type() : reply_type()),
                            .identifier = identifier_,
                            .sequence = sequence_};
    const std::span<std::uint8_t> payload = engine.room(plan_.bytes);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<std::uint8_t>(i);
    }
    const IpFields ip = ip_between(sender, receiver, plan_.v6);
    engine.send(record_, forth ? client : server, engine.packets().icmp(ip, fields, payload), payload.size());
    if (forth) {
      asked_ = engine.now();
      if (plan_.answered) {
        replies_next_ = true;
        return engine.now() + plan_.path.round_trip[server];
      }
    }
    replies_next_ = false;
    ++sequence_;
    return sequence_ < plan_.requests ? std::max(engine.now(), asked_ + second) : never;
  }

  void end(Engine& engine) override { engine.tell(record_); }

 private:
  std::uint16_t request_type() const noexcept { return plan_.v6 ? 128 : 8; }
  std::uint16_t reply_type() const noexcept { return plan_.v6 ? 129 : 0; }

  Plan plan_;
  std::unique_ptr<Host> guest_;
  Draw draw_;
  FlowRecord record_;
  Ticks asked_ = 0;
  std::uint16_t identifier_ = 0;
  std::uint16_t sequence_ = 0;
  bool replies_next_ = false;
};

}  // namespace nad::detail::simulate
