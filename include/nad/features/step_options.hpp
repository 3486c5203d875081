#pragma once

// Every option of every step by name, in the order in which they are stored, for configurations and files:
// `visit("max_categories", step.max_categories)`.

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nad/features/step.hpp"

namespace nad {

constexpr std::array<std::pair<Impute::With, std::string_view>, 3> names_of(Impute::With) noexcept {
  return {{{Impute::With::median, "median"}, {Impute::With::mean, "mean"}, {Impute::With::constant, "constant"}}};
}

constexpr std::array<std::pair<Rolling, std::string_view>, 7> names_of(Rolling) noexcept {
  return {{{Rolling::mean, "mean"},
           {Rolling::deviation, "deviation"},
           {Rolling::minimum, "minimum"},
           {Rolling::maximum, "maximum"},
           {Rolling::sum, "sum"},
           {Rolling::count, "count"},
           {Rolling::failures, "failures"}}};
}

constexpr std::array<std::pair<Clip::By, std::string_view>, 2> names_of(Clip::By) noexcept {
  return {{{Clip::By::quantiles, "quantiles"}, {Clip::By::deviations, "deviations"}}};
}

/// A step, constant or not.
template <class Given, class Step>
concept Is = std::same_as<std::remove_const_t<Given>, Step>;

template <Is<LeaveOut> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("reason", step.reason);
}

template <Is<AddressFeatures> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("most_prefixes", step.most_prefixes);
}

template <Is<PortFeatures> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
}

template <Is<TimeParts> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("column", step.column);
  visit("utc_offset", step.utc_offset);
  visit("business_begin", step.business_begin);
  visit("business_end", step.business_end);
  visit("gap", step.gap);
}

template <Is<TrafficFeatures> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("shortest_duration", step.shortest_duration);
}

template <Is<HostWindows> Step, class Visit>
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

template <Is<RollingWindows> Step, class Visit>
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

template <Is<Impute> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("with", step.with);
  visit("constant", step.constant);
  visit("indicator", step.indicator);
}

template <class Step, class Visit>
requires Is<Step, DropMissing> || Is<Step, DropDuplicates>
void for_each_option(Step& step, Visit&& visit) { visit("columns", step.columns); }

template <Is<DropConstant> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
}

template <Is<Clip> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("by", step.by);
  visit("low", step.low);
  visit("high", step.high);
  visit("deviations", step.deviations);
}

template <Is<Log1p> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("min_skewness", step.min_skewness);
  visit("unit", step.unit);
}

template <class Step, class Visit>
requires Is<Step, Standardise> || Is<Step, RobustScale>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("clip", step.clip);
  visit("novelty", step.novelty);
}

template <Is<MinMax> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("low", step.low);
  visit("high", step.high);
  visit("clip", step.clip);
  visit("novelty", step.novelty);
}

template <Is<QuantileScale> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("quantiles", step.quantiles);
  visit("normal", step.normal);
}

template <Is<RankScale> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("quantiles", step.quantiles);
  visit("novelty", step.novelty);
}

template <Is<OneHot> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("max_categories", step.max_categories);
  visit("min_count", step.min_count);
  visit("unseen", step.unseen);
  visit("unseen_as_most_frequent", step.unseen_as_most_frequent);
}

template <class Step, class Visit>
requires Is<Step, Ordinal> || Is<Step, Frequency>
void for_each_option(Step& step, Visit&& visit) { visit("columns", step.columns); }

template <Is<Hashing> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("features", step.features);
}

template <Is<Novelty> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("weight", step.weight);
  visit("most", step.most);
  visit("by_chance", step.by_chance);
}

template <Is<View> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("name", step.name);
}

template <Is<UnitLength> Step, class Visit>
void for_each_option(Step&, Visit&&) {}

template <Is<Pca> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("components", step.components);
  visit("variance", step.variance);
  visit("whiten", step.whiten);
}

// What a step that derives columns learnt, in the order in which it is stored.

template <Is<AddressFeatures> Step, class Visit>
void for_each_learned(Step& step, Visit&& visit) {
  visit("rows", step.learned.rows);
  visit("unseen", step.learned.unseen);
  visit("ends", step.learned.ends);
  visit("prefixes", step.learned.prefixes);
  visit("counts", step.learned.counts);
}

template <Is<TrafficFeatures> Step, class Visit>
void for_each_learned(Step& step, Visit&& visit) {
  visit("fitted", step.learned.fitted);
  visit("columns", step.learned.columns);
  visit("flags_from", step.learned.flags_from);
}

}  // namespace nad
