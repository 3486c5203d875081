#pragma once

// Packets of a list, joined into flows: both directions of the same ends, ports and protocol, until nothing came for
// 60 seconds or TCP closed. Memory is bounded: of too many flows at a time the longest silent one ends early.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "nad/source/packet_info-inl.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// The transport of a packet whose protocol is not known: what its ends last used, where that is known.
inline constexpr std::string_view unknown_transport = "unknown";

struct ListedPacket {
  std::int64_t time = 0;
  std::string_view source;  ///< an address, a hardware address or a name, as written
  std::string_view target;
  std::int64_t source_port = -1;  ///< -1: not known
  std::int64_t target_port = -1;
  std::string protocol;
  std::string service;
  std::int64_t length = 0;
  unsigned flags = 0;
  bool flags_known = false;
  bool has_ports = false;         ///< the protocol has them
  std::int64_t server_port = -1;  ///< a guess, where ports are not known
  bool answer = false;            ///< the guessed port is the sender's

  bool ports_known() const noexcept { return source_port >= 0 && target_port >= 0; }
};

struct ListedFlow {
  std::string key;
  std::string pair;
  std::string source;
  std::string target;
  std::string protocol;
  std::string service;
  std::int64_t source_port = -1;
  std::int64_t target_port = -1;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t packets_sent = 0;
  std::int64_t packets_received = 0;
  std::int64_t bytes_sent = 0;
  std::int64_t bytes_received = 0;
  unsigned flags = 0;
  bool flags_known = false;
  bool fin_sent = false;
  bool fin_received = false;
  bool closed = false;
  bool degraded = false;  ///< ports or flags of a packet were guessed or not there
};

class PacketFlows {
 public:
  static constexpr std::int64_t idle = 60 * nanoseconds_per_second;
  static constexpr std::size_t most_flows = 65536;

  void add(ListedPacket packet) {
    if (packet.protocol == unknown_transport) {
      guess_transport(packet);
    }
    now_ = std::max(now_, packet.time);
    while (!flows_.empty() && flows_.front().last < now_ - idle) {
      end(flows_.begin());
    }
    Place flow = find(packet);
    if (flow != flows_.end() && flow->closed && (packet.flags & (tcp_syn | tcp_ack)) == tcp_syn) {
      end(flow);
      flow = flows_.end();
    }
    if (flow == flows_.end()) {
      flow = begin(packet);
    }
    count(*flow, packet);
    flows_.splice(flows_.end(), flows_, flow);
    latest_[flow->pair] = flow;
  }

  void end_all() {
    while (!flows_.empty()) {
      end(flows_.begin());
    }
  }

  /// Flows that ended and were not taken yet.
  std::deque<ListedFlow>& ended() noexcept { return ended_; }
  /// Whether flows had to end early.
  bool crowded() const noexcept { return crowded_; }

 private:
  using Place = std::list<ListedFlow>::iterator;

  /// The same for both directions.
  static std::string pair_key(const ListedPacket& packet) {
    const auto [low, high] = std::minmax(packet.source, packet.target);
    return packet.protocol + '\n' + std::string(low) + '\n' + std::string(high);
  }

  static std::string flow_key(const ListedPacket& packet, const std::string& pair) {
    const bool in_order = std::pair(packet.source, packet.source_port) <= std::pair(packet.target, packet.target_port);
    const std::int64_t first = in_order ? packet.source_port : packet.target_port;
    const std::int64_t second = in_order ? packet.target_port : packet.source_port;
    std::string key = pair + '\n' + std::to_string(first) + '\n' + std::to_string(second);
    if (packet.has_ports && !packet.ports_known()) {
      key += '\n' + std::to_string(packet.server_port) + packet.service;
    }
    return key;
  }

  Place find(const ListedPacket& packet) {
    const std::string pair = pair_key(packet);
    if (packet.has_ports && !packet.ports_known()) {
      const auto latest = latest_.find(pair);
      if (latest != latest_.end() && can_be_of(packet, *latest->second)) {
        return latest->second;
      }
    }
    const auto found = by_key_.find(flow_key(packet, pair));
    return found == by_key_.end() ? flows_.end() : found->second;
  }

  void guess_transport(ListedPacket& packet) const {
    for (const std::string_view transport : {std::string_view("tcp"), std::string_view("udp"), unknown_transport}) {
      packet.protocol = transport;
      if (latest_.contains(pair_key(packet))) {
        return;
      }
    }
  }

  /// Whether a packet without ports may belong to what its two ends last spoke of.
  static bool can_be_of(const ListedPacket& packet, const ListedFlow& flow) {
    return packet.server_port < 0 || flow.source_port == packet.server_port || flow.target_port == packet.server_port ||
           flow.service == packet.service || (flow.service.empty() && packet.protocol == "tcp");
  }

  Place begin(const ListedPacket& packet) {
    if (flows_.size() >= most_flows) {
      crowded_ = true;
      end(flows_.begin());
    }
    ListedFlow flow;
    flow.pair = pair_key(packet);
    flow.key = flow_key(packet, flow.pair);
    // who answers did not begin: a SYN with ACK, or an answer whose question is not in the list
    const bool turned = packet.answer || (packet.flags & (tcp_syn | tcp_ack)) == (tcp_syn | tcp_ack);
    flow.source = turned ? packet.target : packet.source;
    flow.target = turned ? packet.source : packet.target;
    flow.source_port = turned ? packet.target_port : packet.source_port;
    flow.target_port = turned ? packet.source_port : packet.target_port;
    if (packet.has_ports && !packet.ports_known()) {
      flow.target_port = packet.server_port;
    }
    flow.protocol = packet.protocol;
    flow.first = packet.time;
    flow.last = packet.time;
    if (const auto same = by_key_.find(flow.key); same != by_key_.end()) {
      end(same->second);
    }
    flows_.push_back(std::move(flow));
    const Place place = std::prev(flows_.end());
    by_key_[place->key] = place;
    return place;
  }

  static void count(ListedFlow& flow, const ListedPacket& packet) {
    const bool back = packet.source != flow.source || (packet.source == packet.target && packet.ports_known() &&
                                                       packet.source_port != flow.source_port);
    (back ? flow.packets_received : flow.packets_sent) += 1;
    (back ? flow.bytes_received : flow.bytes_sent) += packet.length;
    flow.first = std::min(flow.first, packet.time);
    flow.last = std::max(flow.last, packet.time);
    flow.flags |= packet.flags;
    flow.flags_known = flow.flags_known || packet.flags_known;
    flow.fin_sent = flow.fin_sent || (!back && (packet.flags & tcp_fin) != 0);
    flow.fin_received = flow.fin_received || (back && (packet.flags & tcp_fin) != 0);
    flow.closed = flow.closed || (packet.flags & tcp_rst) != 0 || (flow.fin_sent && flow.fin_received);
    flow.degraded = flow.degraded || (packet.has_ports && !packet.ports_known()) ||
                    (packet.protocol == "tcp" && !packet.flags_known);
    if (flow.service.empty()) {
      flow.service = packet.service;
    }
  }

  void end(Place flow) {
    by_key_.erase(flow->key);
    if (const auto latest = latest_.find(flow->pair); latest != latest_.end() && latest->second == flow) {
      latest_.erase(latest);
    }
    ended_.push_back(std::move(*flow));
    flows_.erase(flow);
  }

  std::list<ListedFlow> flows_;  ///< the longest silent first
  std::unordered_map<std::string, Place> by_key_;
  std::unordered_map<std::string, Place> latest_;  ///< of each pair of ends
  std::deque<ListedFlow> ended_;
  std::int64_t now_ = INT64_MIN;
  bool crowded_ = false;
};

}  // namespace nad::detail
