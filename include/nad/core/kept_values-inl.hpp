#pragma once

#include <algorithm>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/core/kept_values.hpp"

namespace nad {

NAD_INLINE KeptValues::KeptValues(std::vector<Named> values)
    : values_(std::move(values)), asked_(values_.size()), gives_(true) {}

NAD_INLINE void KeptValues::refuse(std::string_view name, const char* why) {
  throw Error(ErrorCode::invalid_argument, "the value '" + std::string(name) + "' " + why);
}

NAD_INLINE void KeptValues::take(std::string_view name, Value value) {
  const auto is_same = [name](const Named& other) { return other.name == name; };
  if (name.empty() || name == "kind") {
    refuse(name, "needs another name: one that is not empty and not 'kind'");
  }
  if (std::any_of(values_.begin(), values_.end(), is_same)) {
    refuse(name, "is kept twice; give each a name of its own");
  }
  values_.push_back({std::string(name), std::move(value)});
}

NAD_INLINE const KeptValues::Value& KeptValues::given(std::string_view name) {
  for (std::size_t place = 0; place < values_.size(); ++place) {
    if (values_[place].name == name && !asked_[place]) {
      asked_[place] = true;
      return values_[place].value;
    }
  }
  refuse(name, "is missing");
}

NAD_INLINE void KeptValues::require_all_given() const {
  for (std::size_t place = 0; place < values_.size(); ++place) {
    if (!asked_[place]) {
      refuse(values_[place].name.substr(0, 40), "means nothing here");
    }
  }
}

}  // namespace nad
