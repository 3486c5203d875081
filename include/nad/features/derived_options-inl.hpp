#pragma once

// The options of the steps that add columns, and what they learnt, each with its name and in the order in which they
// are stored: `visit("columns", step.columns)`. For configurations and for the model file; names no library of either.

#include <concepts>
#include <type_traits>

#include "nad/features/address_features.hpp"
#include "nad/features/host_windows.hpp"
#include "nad/features/port_features.hpp"
#include "nad/features/rolling_windows.hpp"
#include "nad/features/time_parts.hpp"
#include "nad/features/traffic_features.hpp"

namespace nad {

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, AddressFeatures>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("most_prefixes", step.most_prefixes);
}

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, AddressFeatures>
void for_each_learned(Step& step, Visit&& visit) {
  visit("rows", step.learned.rows);
  visit("unseen", step.learned.unseen);
  visit("ends", step.learned.ends);
  visit("prefixes", step.learned.prefixes);
  visit("counts", step.learned.counts);
}

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, PortFeatures>
void for_each_option(Step& step, Visit&& visit) { visit("columns", step.columns); }

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, TimeParts>
void for_each_option(Step& step, Visit&& visit) {
  visit("column", step.column);
  visit("utc_offset", step.utc_offset);
  visit("business_begin", step.business_begin);
  visit("business_end", step.business_end);
  visit("gap", step.gap);
}

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, TrafficFeatures>
void for_each_option(Step& step, Visit&& visit) { visit("shortest_duration", step.shortest_duration); }

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, TrafficFeatures>
void for_each_learned(Step& step, Visit&& visit) {
  visit("fitted", step.learned.fitted);
  visit("columns", step.learned.columns);
  visit("flags_from", step.learned.flags_from);
}

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, HostWindows>
void for_each_option(Step& step, Visit&& visit) {
  visit("seconds", step.seconds);
  visit("most", step.most);
  visit("host_records", step.host_records);
  visit("most_hosts", step.most_hosts);
  visit("rounded", step.rounded);
  visit("time", step.time);
  visit("dst", step.dst);
  visit("dst_port", step.dst_port);
  visit("src_port", step.src_port);
  visit("protocol", step.protocol);
  visit("state", step.state);
}

template <class Step, class Visit>
requires std::same_as<std::remove_const_t<Step>, RollingWindows>
void for_each_option(Step& step, Visit&& visit) {
  visit("keys", step.keys);
  visit("columns", step.columns);
  visit("functions", step.functions);
  visit("distinct", step.distinct);
  visit("seconds", step.seconds);
  visit("rows", step.rows);
  visit("most_rows", step.most_rows);
  visit("time", step.time);
  visit("state", step.state);
}

}  // namespace nad
