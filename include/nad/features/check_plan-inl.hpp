#pragma once

// Whether a plan that came out of a file fits together: nothing may index beyond what is there.

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/features/apply_plan-inl.hpp"
#include "nad/features/derive-inl.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/features/pipeline_serialize.hpp"
#include "nad/features/view_steps-inl.hpp"
#include "nad/table/column_builder.hpp"

namespace nad::detail {

class PlanCheck {
 public:
  explicit PlanCheck(const FeaturePlan& plan) : plan_(plan) {}

  void run() const {
    check_derived();
    check_outputs();
    for (const NumberPart& part : plan_.numbers) {
      require(is_number(type_of(part.input)), "a number is made of a column that holds none");
      check_maps(part.maps);
    }
    for (const CategoryPart& part : plan_.categories) {
      check_categories(part.map, part.input);
      require(part.values.size() / part.map.size() == part.width && part.values.size() % part.map.size() == 0,
              "a category has too few or too many numbers");
      require_finite(part.values);
    }
    for (const NoveltyPart& part : plan_.novelties) {
      require(
          part.inputs.size() == part.known.size() && part.inputs.size() == part.weights.size() && is_finite(part.most),
          "its novelty makes no sense");
      require_finite(part.weights);
      for (std::size_t place = 0; place < part.inputs.size(); ++place) {
        check_categories(part.known[place], part.inputs[place]);
      }
    }
    check_layers();
    require(plan_.features.size() == plan_.width(), "its features have too few or too many names");
  }

 private:
  static void require(bool sound, const char* why) {
    if (!sound) {
      throw damaged_pipeline(why);
    }
  }

  template <class Numbers>
  static void require_finite(const Numbers& numbers) {
    require(
        std::all_of(numbers.begin(), numbers.end(), [](auto number) { return is_finite(static_cast<double>(number)); }),
        "a number is not finite");
  }

  static bool is_number(ColumnType type) {
    return type == ColumnType::number || type == ColumnType::integer || type == ColumnType::boolean;
  }

  ColumnType type_of(std::size_t input) const {
    require(input < plan_.columns.size(), "a feature is made of a column that is not there");
    return plan_.columns[input].type;
  }

  /// Lets the steps work on a table without rows, and compares what comes out with what the features are made of.
  void check_derived() const {
    std::vector<Column> empty;
    for (const Field& field : plan_.inputs) {
      empty.push_back(ColumnBuilder(field.type).finish());
    }
    for (const FeatureStep& given : plan_.derived) {
      std::visit(
          [](const auto& step) {
            require(is_deriver<std::decay_t<decltype(step)>>, "a step derives columns that cannot");
            if constexpr (requires { step.check_learned(); }) {
              step.check_learned();
            }
          },
          given);
    }
    const Table columns = derive(plan_, Table(plan_.inputs, std::move(empty)), begin_states(plan_));
    for (std::size_t place = 0; place < plan_.columns.size(); ++place) {
      require(columns.column(place).type() == plan_.columns[place].type, "a column is of another type than it says");
    }
  }

  /// Every place of the matrix is written, and none twice.
  void check_outputs() const {
    std::size_t total = plan_.numbers.size() + plan_.novelties.size();
    for (const CategoryPart& part : plan_.categories) {
      require(part.width > 0 && part.width <= part.values.size(), "a category makes no feature");
      total += part.width;
    }
    require(total == plan_.first_width && total > 0, "its parts make too few or too many features");
    std::vector<bool> written(total);
    const auto write = [&](std::size_t output, std::size_t width) {
      require(output <= total && width <= total - output, "a feature has a place beyond the last");
      for (std::size_t place = output; place < output + width; ++place) {
        require(!written[place], "two features have the same place");
        written[place] = true;
      }
    };
    for (const NumberPart& part : plan_.numbers) {
      write(part.output, 1);
    }
    for (const CategoryPart& part : plan_.categories) {
      write(part.output, part.width);
    }
    for (const NoveltyPart& part : plan_.novelties) {
      write(part.output, 1);
    }
  }

  void check_categories(const CategoryMap& map, std::size_t input) const {
    require(type_of(input) == ColumnType::category, "categories are asked of a column that has none");
    const bool known = map.buckets == 0 ? map.slots.size() == map.known.size()
                                        : map.slots.empty() && std::uint64_t{map.buckets} * 2 <= map.missing;
    require(known && map.unseen <= map.missing &&
                std::all_of(map.slots.begin(), map.slots.end(), [&](auto slot) { return slot <= map.missing; }),
            "a category has a place beyond the last");
  }

  static void check_maps(const ScalarMaps& maps) {
    for (const ScalarMap& map : maps) {
      const bool has_knots = map.kind >= ScalarKind::quantile;
      require(!is_nan(map.a) && !is_nan(map.b) && (has_knots ? map.knots.size() >= 2 : map.knots.empty()),
              "a scaling makes no sense");
      require_finite(map.knots);
      require(std::is_sorted(map.knots.begin(), map.knots.end()), "quantiles are not in order");
      require(map.kind != ScalarKind::rank || (map.a >= 0.0 && is_finite(map.a) && map.b > 0.0 && is_finite(map.b)),
              "a scaling makes no sense");
    }
  }

  void check_layers() const {
    std::size_t width = plan_.first_width;
    for (const MatrixLayer& layer : plan_.layers) {
      if (layer.mean.empty()) {
        require(layer.width == width && layer.components.empty(), "a unit length makes no sense");
      } else {
        require(layer.mean.size() == width && layer.width > 0 && layer.components.size() % width == 0 &&
                    layer.components.size() / width == layer.width && layer.variances.size() == layer.width,
                "principal components do not fit together");
        require_finite(layer.mean);
        require_finite(layer.components);
        require_finite(layer.variances);
      }
      require(layer.maps.empty() || layer.maps.size() == layer.width, "scalings do not fit their features");
      for (const ScalarMaps& maps : layer.maps) {
        check_maps(maps);
      }
      width = layer.width;
    }
  }

  const FeaturePlan& plan_;
};

NAD_INLINE void check_plan(const FeaturePlan& plan) { PlanCheck(plan).run(); }

NAD_INLINE void restore_views(const std::vector<FeatureStep>& steps, FeaturePlan& plan) {
  plan.views = find_views(steps, plan.features);
}

}  // namespace nad::detail
