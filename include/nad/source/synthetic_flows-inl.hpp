#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/nearest_name.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detail/plain_number.hpp"
#include "nad/source/synthetic_flows.hpp"
#include "nad/source/synthetic_intruders-inl.hpp"
#include "nad/source/synthetic_machines-inl.hpp"
#include "nad/source/synthetic_people-inl.hpp"
#include "nad/table/column_builder.hpp"

namespace nad {

namespace detail::synthetic {

struct Activity {
  double share;
  void (*run)(Scene&);
};

/// What ordinary traffic is made of; the rest is browsing.
inline constexpr std::array normal_activities = {
    Activity{0.13, &chatter},      Activity{0.03, &set_clocks},
    Activity{0.08, &poll},         Activity{0.055, &report},
    Activity{0.05, &serve},        Activity{0.03, &update},
    Activity{0.02, &save},         Activity{0.05, &go_wrong},
    Activity{0.012, &take_stock},  Activity{0.1, &work_inside},
    Activity{0.035, &log_on},      Activity{0.07, &exchange_mail},
    Activity{0.025, &meet},        Activity{0.022, &administer},
    Activity{0.012, &print_pages}, Activity{0.09, &visit_from_outside},
};

inline constexpr std::array<SyntheticAnomaly, 13> anomaly_kinds = {{
    {"syn_flood", "connections to a public server that are begun and never finished, from forged or many sources"},
    {"udp_flood", "datagrams of one size from a few sources, which nobody answers"},
    {"amplification", "large answers of many servers that the victim asked nothing"},
    {"slow_http", "requests to the web server that are kept unfinished for minutes"},
    {"port_scan", "one host tries many ports of another"},
    {"horizontal_scan", "one host tries one port, or a ping, at many addresses"},
    {"brute_force", "logins at one service, again and again, each about as large and long as the last"},
    {"exfiltration", "large uploads from a workstation to a place of its own"},
    {"dns_tunnel", "many long questions to a name server, with long answers"},
    {"beaconing", "a small exchange with one place outside, at a steady beat"},
    {"data_staging", "one workstation reads much from the file and database servers in a short time"},
    {"unusual_service", "an ordinary service between hosts whose roles do not call for it"},
    {"night_login", "interactive logins at night from machines whose users never log in there"},
}};

/// In the order of the kinds: how much of the anomalous flows is theirs, and how they are made.
inline constexpr std::array<Activity, 13> attacks = {{
    {0.15, &flood_with_syn},
    {0.07, &flood_with_udp},
    {0.08, &flood_with_answers},
    {0.07, &hold_connections},
    {0.12, &scan_ports},
    {0.10, &scan_network},
    {0.09, &guess_passwords},
    {0.05, &carry_out},
    {0.08, &tunnel_through_names},
    {0.08, &call_home},
    {0.05, &gather},
    {0.03, &act_out_of_role},
    {0.03, &log_in_at_night},
}};

/// `total` in parts in proportion to their weights, each at least 1 where the total allows, largest remainders first.
inline std::vector<std::size_t> apportion(std::size_t total, const std::vector<double>& weights) {
  const std::size_t reserved = total >= weights.size() ? 1 : 0;
  const auto rest = static_cast<double>(total - reserved * weights.size());
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::size_t> parts;
  std::vector<std::pair<double, std::size_t>> remainders;
  std::size_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double exact = rest * weights[i] / sum;
    parts.push_back(reserved + static_cast<std::size_t>(exact));
    given += parts.back();
    remainders.emplace_back(std::floor(exact) - exact, i);
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; given < total; ++i, ++given) {
    ++parts[remainders[i % remainders.size()].second];
  }
  return parts;
}

/// The places of the wanted kinds, in the order of all kinds.
inline std::vector<std::size_t> wanted_kinds(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  std::string list;
  for (const SyntheticAnomaly& kind : anomaly_kinds) {
    known.emplace_back(kind.name);
    list.append(list.empty() ? "'" : ", '").append(kind.name).append("'");
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string nearest = nearest_name(name, known);
      std::string message = "there is no anomaly '";
      message.append(name).append(nearest.empty() ? "'." : "'; do you mean '" + nearest + "'?");
      throw Error(ErrorCode::invalid_argument, message.append(" There are: ").append(list));
    }
  }
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < known.size(); ++place) {
    if (names.empty() || std::find(names.begin(), names.end(), known[place]) != names.end()) {
      places.push_back(place);
    }
  }
  return places;
}

inline void check(const SyntheticFlows& options) {
  const auto refuse = [](const std::string& what) { throw Error(ErrorCode::invalid_argument, what); };
  if (!is_finite(options.anomaly_ratio) || options.anomaly_ratio < 0.0 || options.anomaly_ratio > 1.0) {
    refuse("anomaly_ratio is " + plain_number(options.anomaly_ratio) + "; it must lie between 0 and 1");
  }
  if (!is_finite(options.days) || options.days < 1e-3 || options.days > 3660.0) {
    refuse("days is " + plain_number(options.days) + "; it must lie between 0.001 and 3660");
  }
  if (options.hosts < 1 || options.hosts > 60'000) {
    refuse("hosts is " + std::to_string(options.hosts) + "; it must lie between 1 and 60000");
  }
  constexpr std::int64_t century = 36'525 * (day * 1000);
  if (options.begin > std::numeric_limits<std::int64_t>::max() - century || options.begin < -century) {
    refuse("begin is " + format_time(options.begin) + "; it must lie between 1870 and 2162");
  }
  if (options.n_samples > std::size_t{1} << 31U) {
    refuse("n_samples is " + std::to_string(options.n_samples) + "; it must be at most 2147483648");
  }
}

inline std::vector<Flow> simulate(const SyntheticFlows& options) {
  const Network network(options.hosts, Draw(options.random_state, 0));
  const Calendar calendar(options.begin, microseconds(options.days * 86400.0), options.rhythm);
  const std::vector<std::size_t> kinds = wanted_kinds(options.anomalies);
  const auto anomalous =
      static_cast<std::size_t>(std::floor(options.anomaly_ratio * static_cast<double>(options.n_samples) + 0.5));
  std::vector<Flow> flows;
  flows.reserve(options.n_samples);
  const auto run = [&](void (*activity)(Scene&), std::size_t room, std::uint64_t stream, std::int32_t label) {
    if (room != 0) {
      Scene scene{network, calendar, Draw(options.random_state, stream), Sink(flows, room, calendar.length, label)};
      activity(scene);
    }
  };
  const std::size_t normal = options.n_samples - anomalous;
  for (std::size_t i = 0; i < normal_activities.size(); ++i) {
    const auto room = static_cast<std::size_t>(normal_activities[i].share * static_cast<double>(normal));
    run(normal_activities[i].run, room, 1 + i, 0);
  }
  run(&browse, normal - flows.size(), 100, 0);
  std::vector<double> shares;
  shares.reserve(kinds.size());
  for (const std::size_t kind : kinds) {
    shares.push_back(attacks[kind].share);
  }
  const std::vector<std::size_t> rooms = apportion(anomalous, shares);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    run(attacks[kinds[i]].run, rooms[i], 200 + kinds[i], static_cast<std::int32_t>(kinds[i]) + 1);
  }
  std::stable_sort(flows.begin(), flows.end(), [](const Flow& a, const Flow& b) { return a.time < b.time; });
  return flows;
}

inline constexpr std::array<std::string_view, 3> protocol_names = {"tcp", "udp", "icmp"};

inline Table tabulate(const std::vector<Flow>& flows, std::int64_t begin) {
  std::vector<Field> fields;
  std::vector<Column> columns;
  const auto add = [&](const char* name, ColumnType type, Role role, const auto& put) {
    ColumnBuilder builder(type);
    builder.reserve(flows.size());
    for (const Flow& flow : flows) {
      put(builder, flow);
    }
    fields.push_back({name, type, role});
    columns.push_back(builder.finish());
  };
  const auto add_integer = [&](const char* name, Role role, std::int64_t Flow::*member) {
    add(name, ColumnType::integer, role, [&](ColumnBuilder& to, const Flow& flow) { to.add_integer(flow.*member); });
  };
  const auto identifier = Role::identifier;
  const auto feature = Role::feature;
  add("timestamp", ColumnType::time, Role::moment,
      [&](ColumnBuilder& to, const Flow& flow) { to.add_time(begin + flow.time * 1000); });
  add("src_ip", ColumnType::address, identifier, [](ColumnBuilder& to, const Flow& flow) { to.add_address(flow.src); });
  add("dst_ip", ColumnType::address, identifier, [](ColumnBuilder& to, const Flow& flow) { to.add_address(flow.dst); });
  add_integer("src_port", identifier, &Flow::src_port);
  add_integer("dst_port", feature, &Flow::dst_port);
  add("protocol", ColumnType::category, feature, [](ColumnBuilder& to, const Flow& flow) {
    to.add_text(protocol_names.at(static_cast<std::size_t>(flow.protocol)));
  });
  add("packet_size", ColumnType::number, feature, [](ColumnBuilder& to, const Flow& flow) {
    const std::int64_t packets = flow.packets_sent + flow.packets_received;
    const std::int64_t size = (flow.bytes_sent + flow.bytes_received + packets / 2) / packets;
    to.add_number(static_cast<double>(size));
  });
  add("duration", ColumnType::number, feature,
      [](ColumnBuilder& to, const Flow& flow) { to.add_number(static_cast<double>(flow.duration) / 1e6); });
  add("flags", ColumnType::category, feature, [](ColumnBuilder& to, const Flow& flow) {
    if (flow.protocol == Protocol::tcp) {
      to.add_text(flag_letters(flow.flags));
    } else {
      to.add_missing();
    }
  });
  add_integer("bytes_sent", feature, &Flow::bytes_sent);
  add_integer("bytes_received", feature, &Flow::bytes_received);
  add_integer("packets_sent", feature, &Flow::packets_sent);
  add_integer("packets_received", feature, &Flow::packets_received);
  add("is_anomaly", ColumnType::boolean, Role::label,
      [](ColumnBuilder& to, const Flow& flow) { to.add_boolean(flow.label != 0); });
  add("label", ColumnType::category, Role::label, [](ColumnBuilder& to, const Flow& flow) {
    to.add_text(flow.label == 0 ? "normal" : anomaly_kinds.at(static_cast<std::size_t>(flow.label) - 1).name);
  });
  return {Schema(std::move(fields), "synthetic_flows"), std::move(columns)};
}

}  // namespace detail::synthetic

NAD_INLINE std::span<const SyntheticAnomaly> synthetic_anomalies() noexcept { return detail::synthetic::anomaly_kinds; }

NAD_INLINE Table synthetic_flows(const SyntheticFlows& options) {
  detail::synthetic::check(options);
  return detail::synthetic::tabulate(detail::synthetic::simulate(options), options.begin);
}

}  // namespace nad
