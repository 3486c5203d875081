#pragma once

// How the members of an ensemble were calibrated, for those that write ensembles in another form.

#include <type_traits>
#include <utility>
#include <vector>

#include "nad/detector/ensemble.hpp"
#include "nad/detector/tail_scale.hpp"

namespace nad::detail {

/// Takes the members' calibrations out of what an ensemble stores.
class TailScaleCollector {
 public:
  using is_loading = std::false_type;  // NOLINT(readability-identifier-naming): as archives name it
  using is_saving = std::true_type;    // NOLINT(readability-identifier-naming)

  template <class... Values>
  void operator()(const Values&... values) {
    (look_at(values), ...);
  }

  std::vector<TailScale> take() { return std::move(found_); }

 private:
  template <class Value>
  void look_at(const Value& value) {
    if constexpr (std::is_same_v<Value, TailScale>) {
      found_.push_back(value);
    }
  }

  std::vector<TailScale> found_;
};

inline std::vector<TailScale> member_scales(const Ensemble& ensemble) {
  TailScaleCollector collector;
  const_cast<Ensemble&>(ensemble).serialize(
      collector);  // NOLINT(cppcoreguidelines-pro-type-const-cast): archives take it so
  return collector.take();
}

}  // namespace nad::detail
