#pragma once

// Attacks by many packets, or by packets that should not be.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/flow/simulate_scene-inl.hpp"

namespace nad::detail::simulate {

/// Connections that are begun and never finished. The server answers the first of them; then its queue is full.
class SynFlood final : public Assault {
 public:
  SynFlood(Engine& engine, const Scene& scene)
      : Assault(engine, scene, 2000.0), sources_(static_cast<std::size_t>(scene.option("sources"))) {
    if (sources_ != 0) {
      check_rate(scene, rate(), sources_);
    }
    for (std::size_t i = 0; i < sources_; ++i) {
      attackers_.push_back(&engine.network().keep(Host(scene.helper_address(i), false, true)));
    }
  }

 private:
  static constexpr std::size_t backlog = 128;
  static constexpr std::size_t ports = 64'512;

  bool strike(Engine& engine) override {
    Host& target = engine.network().web;
    const std::size_t i = count_++;
    // no address and port come again before all others have been there
    const std::size_t round = sources_ == 0 ? i / 512 : i / sources_;
    const auto port = static_cast<std::uint16_t>(1024 + (round * 631 + scene().number * 97) % ports);
    if (i < backlog) {
      answer(engine, target, i, port);
      return true;
    }
    FlowRecord record(scene().story, 6);
    const Address source =
        sources_ == 0 ? Address::v4(scene().forged_address(i * 145)) : attackers_[i % sources_]->address(false);
    record.between(source, port, target.address(false), scene().port("port"));
    TcpFields fields{.source_port = port, .destination_port = scene().port("port"), .flags = tcp_syn};
    fields.sequence = any_number(draw());
    fields.window = 512;
    engine.send(record, client, engine.packets().tcp(forged_ip(source, target, draw()), fields), 0);
    record.state("S0");
    record.note(client, 'S');
    engine.tell(record);
    return true;
  }

  void answer(Engine& engine, Host& target, std::size_t i, std::uint16_t port) {
    std::unique_ptr<Host> guest;
    TcpPlan plan{.server = &target, .client_port = port, .server_port = scene().port("port")};
    if (sources_ == 0) {
      guest = std::make_unique<Host>(scene().forged_address(i * 145), false, true);
      plan.client = guest.get();
      plan.ending = Ending::half_open;
    } else {
      plan.client = attackers_[i % sources_];  // whose system knows nothing of the connection
      plan.ending = Ending::probed;
    }
    plan.path = engine.network().remote(client, draw());
    engine.start(engine.now(), std::make_unique<TcpFlow>(engine, scene().story, plan, nullptr, std::move(guest)));
  }

  std::size_t sources_;
  std::vector<Host*> attackers_;
  std::size_t count_ = 0;
};

/// Large answers of many servers to questions that the victim never asked.
class Amplification : public Assault {
 public:
  Amplification(Engine& engine, const Scene& scene, std::uint8_t protocol, std::uint16_t port)
      : Assault(engine, scene, 2000.0), port_(port) {
    // none of them may be silent so long that its flow would be two
    const auto most = static_cast<std::size_t>(std::max(1.0, rate() * 10.0));
    const std::size_t count = std::min(static_cast<std::size_t>(scene.option("sources")), most);
    const Host& target = engine.network().web;
    for (std::size_t i = 0; i < count; ++i) {
      FlowRecord& record = records_.emplace_back(scene.story, protocol);
      sources_.emplace_back(scene.helper_address(i), false, draw().chance(0.7));
      const bool echo = protocol == 1;
      ports_.push_back(static_cast<std::uint16_t>(echo ? 8 : 1024 + draw().below(64'000)));
      record.between(sources_.back().address(false), port, target.address(false), ports_.back());
      record.state(echo ? "OTH" : "S0");
    }
  }

  void end(Engine& engine) final {
    for (FlowRecord& record : records_) {
      engine.tell(record);
    }
  }

 protected:
  virtual std::size_t put(Engine& engine, const IpFields& ip, const UdpFields& fields) = 0;

  std::span<const std::uint8_t> made() const noexcept { return packet_; }
  void made(std::span<const std::uint8_t> packet) noexcept { packet_ = packet; }

 private:
  bool strike(Engine& engine) final {
    const std::size_t i = turn_++ % records_.size();
    const IpFields ip = ip_between(sources_[i], engine.network().web, false);
    const std::size_t payload = put(engine, ip, {.source_port = port_, .destination_port = ports_[i]});
    engine.send(records_[i], client, packet_, payload);
    if (records_[i].state() == "S0") {
      records_[i].note_once(client, 'D');
    }
    return true;
  }

  std::uint16_t port_;
  std::size_t turn_ = 0;
  std::vector<FlowRecord> records_;
  std::vector<Host> sources_;
  std::vector<std::uint16_t> ports_;
  std::span<const std::uint8_t> packet_;
};

class DatagramAmplification final : public Amplification {
 public:
  DatagramAmplification(Engine& engine, const Scene& scene, std::uint16_t port)
      : Amplification(engine, scene, 17, port), service_(port) {
    if (port == 53) {
      std::vector<std::string> contents;
      contents.reserve(9);
      for (int i = 0; i < 9; ++i) {
        contents.push_back(dns_text(random_letters(130, draw(), "abcdefghijklmnopqrstuvwxyz0123456789=")));
      }
      payload_ = dns_answer(0, "all.example", DnsType::txt, contents);
    } else if (port == 123) {
      payload_ = ntp_monlist_reply(0, draw());
    } else {
      payload_.resize(1024);  // chargen
      fill_repeated(payload_, filler_blocks().text, 0);
    }
  }

 private:
  std::size_t put(Engine& engine, const IpFields& ip, const UdpFields& fields) override {
    if (service_ == 53) {
      payload_[0] = static_cast<std::uint8_t>(draw().below(256));
    } else if (service_ == 123) {
      payload_[1] = static_cast<std::uint8_t>(draw().below(128));
    }
    made(engine.packets().udp(ip, fields, payload_));
    return payload_.size();
  }

  std::uint16_t service_;
  Bytes payload_;
};

/// Answers of a whole network to an echo request that the victim never sent.
class Smurf final : public Amplification {
 public:
  Smurf(Engine& engine, const Scene& scene) : Amplification(engine, scene, 1, 0) {}

 private:
  std::size_t put(Engine& engine, const IpFields& ip, const UdpFields& /*fields*/) override {
    const std::span<std::uint8_t> payload = engine.room(1024);
    std::fill(payload.begin(), payload.end(), std::uint8_t{0x41});
    made(engine.packets().icmp(ip, {.type = 0, .identifier = 1, .sequence = ++sequence_}, payload));
    return payload.size();
  }

  std::uint16_t sequence_ = 0;
};

/// SYNs whose source is their target.
class Land final : public Assault {
 public:
  Land(Engine& engine, const Scene& scene) : Assault(engine, scene, 5.0) { check_rate(scene, rate(), 1); }

 private:
  bool strike(Engine& engine) override {
    const Host& target = engine.network().web;
    const auto port = static_cast<std::uint16_t>(1 + (138 + count_++) % 65'000);
    FlowRecord record(scene().story, 6);
    record.between(target.address(false), port, target.address(false), port);
    TcpFields fields{.source_port = port, .destination_port = port, .flags = tcp_syn, .window = 2048};
    fields.sequence = any_number(draw());
    const IpFields ip = forged_ip(target.address(false), target, draw());
    engine.send(record, client, engine.packets().tcp(ip, fields), 0);
    record.state("S0");
    record.note(client, 'S');
    engine.tell(record);
    return true;
  }

  std::size_t count_ = 0;
};

/// Datagrams whose second fragment lies within the first.
class Teardrop final : public Assault {
 public:
  Teardrop(Engine& engine, const Scene& scene) : Assault(engine, scene, 5.0) {}

 private:
  class Pair final : public Actor {
   public:
    Pair(const Story& story, const IpFields& ip, std::uint16_t port) : ip_(ip), record_(story, 17) {
      ip_.dont_fragment = false;
      ip_.more_fragments = true;
      record_.between(ip.source, port, ip.destination, 53'000);
      record_.state("S0");
      const std::array<std::uint8_t, 28> payload = {};
      datagram_ = udp_datagram(ip_, {.source_port = port, .destination_port = 53'000}, payload);
    }
    Ticks act(Engine& engine) override {
      if (ip_.more_fragments) {
        engine.send(record_, client, engine.packets().ip(ip_, 17, datagram_), 28);
        record_.note_once(client, 'D');
        ip_.more_fragments = false;
        ip_.fragment_offset = 24;
        return engine.now() + 20'000;
      }
      engine.send(record_, client, engine.packets().ip(ip_, 17, std::span(datagram_).last(4)), 4);
      return never;
    }
    void end(Engine& engine) override { engine.tell(record_); }

   private:
    IpFields ip_;
    FlowRecord record_;
    Bytes datagram_;
  };

  bool strike(Engine& engine) override {
    const std::size_t i = count_++;
    IpFields ip = forged_ip(Address::v4(scene().forged_address(i)), engine.network().web, draw());
    ip.identification = static_cast<std::uint16_t>(i);
    const auto port = static_cast<std::uint16_t>(1024 + i / 512 % 60'000);
    engine.start(engine.now(), std::make_unique<Pair>(scene().story, ip, port));
    return true;
  }

  std::size_t count_ = 0;
};

}  // namespace nad::detail::simulate
