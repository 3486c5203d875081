#pragma once

// A TCP connection: what both sides say to each other becomes packets, with acknowledgements, losses and an end.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/detail/tcp_flags.hpp"
#include "nad/flow/simulate_engine-inl.hpp"
#include "nad/flow/simulate_filler-inl.hpp"
#include "nad/flow/simulate_plan-inl.hpp"

namespace nad::detail::simulate {

inline constexpr unsigned ack_alone = tcp_ack;
inline constexpr unsigned push_ack = tcp_psh | tcp_ack;
inline constexpr unsigned rst_alone = tcp_rst;
inline constexpr unsigned rst_ack = tcp_rst | tcp_ack;

class TcpFlow final : public Actor {
 public:
  TcpFlow(Engine& engine, const Story& story, const TcpPlan& plan, std::unique_ptr<Talk> talk,
          std::unique_ptr<Host> guest = {})
      : plan_(plan), talk_(std::move(talk)), guest_(std::move(guest)), draw_(engine.draw()), record_(story, 6) {
    own_port_ = plan_.client_port == 0;
    for (const Side side : {client, server}) {
      next_[side] = any_number(draw_);
    }
    timestamps_ = plan_.client->is_linux() && plan_.server->is_linux();
    segment_ = (plan_.v6 ? 1440U : 1460U) - (timestamps_ ? 12U : 0U);
  }

  Ticks act(Engine& engine) override { return (this->*step_)(engine); }

  void end(Engine& engine) override {
    if (own_port_ && plan_.client_port != 0) {
      plan_.client->release_port(plan_.client_port);
    }
    engine.tell(record_);
  }

 private:
  using Step = Ticks (TcpFlow::*)(Engine&);

  Ticks then(Step step, Ticks time) noexcept {
    step_ = step;
    return time;
  }
  Ticks round_trip(Side side) const noexcept { return plan_.path.round_trip[side]; }
  Ticks soon() noexcept { return static_cast<Ticks>(draw_.uniform(20e3, 400e3)); }

  void send(Engine& engine, Side from, unsigned flags, std::span<const std::uint8_t> payload = {}) {
    send_at(engine, from, flags, next_[from], acknowledged_[from], payload);
    next_[from] += static_cast<std::uint32_t>(payload.size()) + ((flags & (tcp_syn | tcp_fin)) != 0 ? 1U : 0U);
  }

  void send_at(Engine& engine, Side from, unsigned flags, std::uint32_t sequence, std::uint32_t acknowledgement,
               std::span<const std::uint8_t> payload) {
    Host& sender = from == client ? *plan_.client : *plan_.server;
    const Host& receiver = from == client ? *plan_.server : *plan_.client;
    const bool syn = (flags & tcp_syn) != 0;
    const bool rst = (flags & tcp_rst) != 0;
    TcpFields fields;
    fields.source_port = from == client ? plan_.client_port : plan_.server_port;
    fields.destination_port = from == client ? plan_.server_port : plan_.client_port;
    fields.sequence = sequence;
    fields.acknowledgement = (flags & tcp_ack) != 0 ? acknowledgement : 0;
    fields.flags = static_cast<std::uint8_t>(flags);
    fields.window = static_cast<std::uint16_t>(rst ? 0 : syn ? 64'240 : timestamps_ ? 502 : 1026);
    if (syn) {
      fields.options = {.maximum_segment = static_cast<std::uint16_t>(plan_.v6 ? 1440 : 1460),
                        .window_scale = sender.is_linux() ? 7 : 8,
                        .selective_acknowledgements = true};
    }
    if (timestamps_ && !rst) {
      const std::uint32_t clock = sender.clock(engine.now());
      fields.options.timestamps = TcpOptions::Timestamps{clock, last_clock_[other(from)]};
      last_clock_[from] = clock;
    }
    const IpFields ip = ip_between(sender, receiver, plan_.v6);
    engine.send(record_, from, engine.packets().tcp(ip, fields, payload), payload.size());
  }

  Ticks syn(Engine& engine) {
    if (plan_.client_port == 0) {
      plan_.client_port = plan_.client->take_port(engine.now());
    }
    record_.between(plan_.client->address(plan_.v6), plan_.client_port, plan_.server->address(plan_.v6),
                    plan_.server_port);
    send_at(engine, client, tcp_syn, next_[client], 0, {});
    record_.state("S0");
    record_.note_once(client, 'S');
    const Ticks now = engine.now();
    switch (plan_.ending) {
      case Ending::refused:
        return then(&TcpFlow::refuse, now + round_trip(server));
      case Ending::unanswered:
        return ++tries_ < plan_.attempts ? now + tries_ * second : never;
      case Ending::given_up:
        ++next_[client];
        return then(&TcpFlow::give_up, now + static_cast<Ticks>(draw_.uniform(0.05e9, 1.5e9)));
      default:
        ++next_[client];
        return then(&TcpFlow::syn_ack, now + round_trip(server));
    }
  }

  Ticks refuse(Engine& engine) {
    send_at(engine, server, tcp_rst | tcp_ack, 0, next_[client] + 1, {});
    record_.state("REJ");
    record_.note(server, 'R');
    return never;
  }

  Ticks give_up(Engine& engine) {
    send(engine, client, tcp_rst);
    record_.state("RSTOS0");
    record_.note(client, 'R');
    return never;
  }

  Ticks syn_ack(Engine& engine) {
    acknowledged_[server] = next_[client];
    send_at(engine, server, tcp_syn | tcp_ack, next_[server], acknowledged_[server], {});
    record_.state("S1");
    record_.note_once(server, 'H');
    const Ticks now = engine.now();
    if (plan_.ending == Ending::half_open) {
      static constexpr std::array<Ticks, 3> waits = {1 * second, 2 * second, 4 * second};
      const auto wait = static_cast<std::size_t>(tries_++);
      return wait < waits.size() ? now + waits[wait] : then(&TcpFlow::leave, now);
    }
    ++next_[server];
    return then(plan_.ending == Ending::probed ? &TcpFlow::reset : &TcpFlow::handshake_ack, now + round_trip(client));
  }

  Ticks handshake_ack(Engine& engine) {
    acknowledge(engine, client);
    last_from_ = client;
    return advance(engine);
  }

  void acknowledge(Engine& engine, Side from) {
    acknowledged_[from] = next_[other(from)];
    send(engine, from, tcp_ack);
    record_.note_once(from, 'A');
  }

  /// To the next message, or to the end.
  Ticks advance(Engine& engine) {
    const bool cut = plan_.ending >= Ending::reset_by_client && said_ >= plan_.messages;
    if (cut || !talk_ || !talk_->next(message_, draw_, engine.now())) {
      return finish(engine);
    }
    ++said_;
    begin_message(engine);
    return begins_;
  }

  void begin_message(Engine& engine) {
    const Ticks way = message_.from == last_from_ ? soon() : round_trip(message_.from) + soon();
    begins_ = engine.now() + std::max(message_.pause, Ticks{0}) + way;
    offset_ = 0;
    in_burst_ = 0;
    step_ = &TcpFlow::data;
  }

  Ticks data(Engine& engine) {
    const Side from = message_.from;
    if (in_burst_ == 0) {
      acknowledged_[from] = next_[other(from)];
      burst_begin_ = next_[from];
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(segment_, message_.bytes - offset_));
    const bool last = offset_ + size == message_.bytes;
    const std::span<const std::uint8_t> payload = fill(engine, size, offset_);
    if (!lost_any_ && plan_.path.loss > 0.0 && draw_.chance(plan_.path.loss)) {
      lost_any_ = true;
      lost_ = {next_[from], offset_, size, last};
    }
    send(engine, from, last ? push_ack : ack_alone, payload);
    record_.note_once(from, 'D');
    last_from_ = from;
    offset_ += size;
    ++in_burst_;
    if (!last && in_burst_ < window_[from]) {
      return engine.now() + plan_.path.gap;
    }
    return received(engine, last);
  }

  /// The burst is over: the other side acknowledges it, with its own next message where that comes at once.
  Ticks received(Engine& engine, bool last) {
    const Side to = other(message_.from);
    acknowledgements_ = (in_burst_ + 1) / 2;
    segments_acknowledged_ = 0;
    if (lost_any_ && in_burst_ == 1) {
      return then(&TcpFlow::repeat, engine.now() + round_trip(to) + round_trip(message_.from) + 200 * millisecond);
    }
    if (last && !lost_any_ && in_burst_ <= 2) {
      Message following;
      const bool cut = plan_.ending >= Ending::reset_by_client && said_ >= plan_.messages;
      if (!cut && talk_->next(following, draw_, engine.now())) {
        const bool answered_at_once = following.from == to && following.pause < 40 * millisecond;
        ++said_;
        following_ = std::move(following);
        has_following_ = true;
        if (answered_at_once) {
          return take_following(engine);
        }
        return then(&TcpFlow::acknowledge_burst, engine.now() + round_trip(to) + 40 * millisecond);
      }
    }
    return then(&TcpFlow::acknowledge_burst, engine.now() + round_trip(to));
  }

  Ticks take_following(Engine& engine) {
    message_ = std::move(following_);
    has_following_ = false;
    begin_message(engine);
    return begins_;
  }

  Ticks acknowledge_burst(Engine& engine) {
    const Side from = message_.from;
    const Side to = other(from);
    ++segments_acknowledged_;
    --acknowledgements_;
    const std::uint32_t whole = next_[from] - burst_begin_;
    std::uint32_t got = acknowledgements_ == 0
                            ? whole
                            : std::min(whole, static_cast<std::uint32_t>(2 * segments_acknowledged_ * segment_));
    if (lost_any_) {  // nothing behind the hole can be acknowledged
      got = std::min(got, lost_.sequence - burst_begin_);
    }
    acknowledged_[to] = burst_begin_ + got;
    send(engine, to, tcp_ack);
    record_.note_once(to, 'A');
    if (acknowledgements_ > 0) {
      return engine.now() + plan_.path.gap;
    }
    last_from_ = to;
    if (lost_any_) {
      const Ticks wait = lost_.last ? 200 * millisecond : 0;  // nobody misses the last one before a timeout
      return then(&TcpFlow::repeat, engine.now() + round_trip(from) + wait);
    }
    return after_burst(engine);
  }

  Ticks repeat(Engine& engine) {
    const Side from = message_.from;
    const std::span<const std::uint8_t> payload = fill(engine, lost_.size, lost_.offset);
    send_at(engine, from, lost_.last ? push_ack : ack_alone, lost_.sequence, acknowledged_[from], payload);
    record_.note_again(from, lost_.size);
    lost_any_ = false;
    window_[from] = std::max(4U, window_[from] / 2);
    return then(&TcpFlow::acknowledge_repeated, engine.now() + round_trip(other(from)));
  }

  Ticks acknowledge_repeated(Engine& engine) {
    acknowledge(engine, other(message_.from));
    last_from_ = other(message_.from);
    return after_burst(engine);
  }

  Ticks after_burst(Engine& engine) {
    const Side from = message_.from;
    in_burst_ = 0;
    if (offset_ < message_.bytes) {
      window_[from] = std::min(64U, window_[from] * 2);
      return then(&TcpFlow::data, engine.now() + round_trip(from));
    }
    return has_following_ ? take_following(engine) : advance(engine);
  }

  Ticks finish(Engine& engine) {
    const Ticks now = engine.now();
    switch (plan_.ending) {
      case Ending::left_open:
        return then(&TcpFlow::leave, now);
      case Ending::reset_by_client:
      case Ending::reset_by_server: {
        const Side from = plan_.ending == Ending::reset_by_client ? client : server;
        return then(&TcpFlow::reset, now + round_trip(from) + soon());
      }
      default: {
        const Side from = closer();
        return then(&TcpFlow::first_fin, now + (last_from_ == from ? 0 : round_trip(from)) + soon());
      }
    }
  }

  Side closer() const noexcept {
    return plan_.ending == Ending::closed_by_client || plan_.ending == Ending::half_closed_by_client ? client : server;
  }

  Ticks reset(Engine& engine) {
    const Side from = plan_.ending == Ending::reset_by_server ? server : client;
    acknowledged_[from] = next_[other(from)];
    send(engine, from, plan_.ending == Ending::probed ? rst_alone : rst_ack);
    record_.state(from == client ? "RSTO" : "RSTR");
    record_.note(from, 'R');
    return never;
  }

  Ticks first_fin(Engine& engine) {
    const Side from = closer();
    acknowledged_[from] = next_[other(from)];
    send(engine, from, tcp_fin | tcp_ack);
    record_.state(from == client ? "S2" : "S3");
    record_.note_once(from, 'F');
    const Ticks there = engine.now() + round_trip(other(from)) + soon();
    const bool half = plan_.ending == Ending::half_closed_by_client || plan_.ending == Ending::half_closed_by_server;
    return then(half || draw_.chance(0.3) ? &TcpFlow::acknowledge_fin : &TcpFlow::second_fin, there);
  }

  Ticks acknowledge_fin(Engine& engine) {
    acknowledge(engine, other(closer()));
    if (plan_.ending == Ending::half_closed_by_client || plan_.ending == Ending::half_closed_by_server) {
      return then(&TcpFlow::leave, engine.now());
    }
    return then(&TcpFlow::second_fin, engine.now() + static_cast<Ticks>(draw_.uniform(0.1e6, 400e6)));
  }

  Ticks second_fin(Engine& engine) {
    const Side from = other(closer());
    acknowledged_[from] = next_[closer()];
    send(engine, from, tcp_fin | tcp_ack);
    record_.state("SF");
    record_.note_once(from, 'F');
    return then(&TcpFlow::last_ack, engine.now() + round_trip(closer()));
  }

  Ticks last_ack(Engine& engine) {
    acknowledge(engine, closer());
    return never;
  }

  /// Nothing follows, but a meter still waits: the port stays taken until it no longer does.
  Ticks leave(Engine& engine) { return own_port_ ? then(&TcpFlow::forget, engine.now() + 330 * second) : never; }
  Ticks forget(Engine& /*engine*/) { return never; }

  std::span<const std::uint8_t> fill(Engine& engine, std::size_t size, std::uint64_t offset) const {
    const std::span<std::uint8_t> room = engine.room(size);
    fill_message(room, offset, message_.bytes, message_.head, message_.tail, message_.filler);
    return room;
  }

  struct Lost {
    std::uint32_t sequence = 0;
    std::uint64_t offset = 0;
    std::size_t size = 0;
    bool last = false;
  };

  TcpPlan plan_;
  std::unique_ptr<Talk> talk_;
  std::unique_ptr<Host> guest_;  ///< who is one of the ends and nobody else keeps
  Draw draw_;
  FlowRecord record_;
  Step step_ = &TcpFlow::syn;
  std::array<std::uint32_t, 2> next_ = {};          ///< the sequence number that each side sends next
  std::array<std::uint32_t, 2> acknowledged_ = {};  ///< the number that each side acknowledges
  std::array<std::uint32_t, 2> last_clock_ = {};
  std::array<std::uint32_t, 2> window_ = {10, 10};  ///< packets in a burst
  Message message_;
  Message following_;
  std::uint64_t offset_ = 0;  ///< so much of the message is sent
  Lost lost_;
  Ticks begins_ = 0;
  std::size_t said_ = 0;
  std::size_t segments_acknowledged_ = 0;
  std::size_t acknowledgements_ = 0;
  std::size_t segment_ = 1460;
  std::uint32_t burst_begin_ = 0;
  std::uint32_t in_burst_ = 0;
  int tries_ = 0;
  Side last_from_ = client;
  bool lost_any_ = false;
  bool has_following_ = false;
  bool timestamps_ = false;
  bool own_port_ = false;
};

}  // namespace nad::detail::simulate
