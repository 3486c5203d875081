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

constexpr std::array<std::pair<Clip::By, std::string_view>, 2> names_of(Clip::By) noexcept {
  return {{{Clip::By::quantiles, "quantiles"}, {Clip::By::deviations, "deviations"}}};
}

/// A step, constant or not.
template <class Given, class Step>
concept Is = std::same_as<std::remove_const_t<Given>, Step>;

template <Is<Impute> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("with", step.with);
  visit("constant", step.constant);
  visit("indicator", step.indicator);
}

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

template <Is<OneHot> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("columns", step.columns);
  visit("max_categories", step.max_categories);
  visit("min_count", step.min_count);
  visit("unseen", step.unseen);
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
}

template <Is<UnitLength> Step, class Visit>
void for_each_option(Step&, Visit&&) {}

template <Is<Pca> Step, class Visit>
void for_each_option(Step& step, Visit&& visit) {
  visit("components", step.components);
  visit("variance", step.variance);
  visit("whiten", step.whiten);
}

}  // namespace nad
