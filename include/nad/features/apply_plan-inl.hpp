#pragma once

// A plan, applied to rows of a table, a block at a time.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "nad/features/feature_plan.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

inline constexpr std::size_t feature_block = 256;  ///< rows at once: their numbers stay in the nearest cache

/// A plan together with the dictionaries of one table: which slot each of the table's own codes means.
class BoundPlan {
 public:
  BoundPlan(const FeaturePlan& plan, const Table& table) : plan_(plan), table_(table) {
    for (const CategoryPart& part : plan.categories) {
      slots_.push_back(slots_of(part.map, table.column(part.input)));
    }
    for (const NoveltyPart& part : plan.novelties) {
      auto& slots = novelty_slots_.emplace_back();
      for (std::size_t i = 0; i < part.inputs.size(); ++i) {
        slots.push_back(slots_of(part.known[i], table.column(part.inputs[i])));
      }
    }
  }

  /// Rows [first, first + count) of the table become rows of `out`, whose width is the plan's.
  void apply(std::size_t first, std::size_t count, float* out) const {
    if (plan_.layers.empty()) {
      apply_blocks(first, count, out, plan_.width());
      return;
    }
    std::size_t widest = plan_.first_width;
    for (const MatrixLayer& layer : plan_.layers) {
      widest = std::max(widest, layer.width);
    }
    std::vector<float> before(feature_block * widest);
    std::vector<float> after(feature_block * widest);
    for (std::size_t done = 0; done < count; done += feature_block) {
      const std::size_t rows = std::min(feature_block, count - done);
      apply_block(first + done, rows, before.data(), plan_.first_width);
      std::size_t width = plan_.first_width;
      for (const MatrixLayer& layer : plan_.layers) {
        apply_layer(layer, rows, before.data(), width, after.data());
        std::swap(before, after);
        width = layer.width;
      }
      std::copy_n(before.data(), rows * width, out + done * width);
    }
  }

 private:
  static std::vector<std::uint32_t> slots_of(const CategoryMap& map, const Column& column) {
    const Dictionary& categories = column.categories();
    std::vector<std::uint32_t> slots(categories.size());
    for (std::size_t code = 0; code < slots.size(); ++code) {
      slots[code] = map.slot_of(categories[static_cast<std::int32_t>(code)]);
    }
    return slots;
  }

  static constexpr double most = std::numeric_limits<float>::max();

  /// An infinity lies far beyond everything.
  static void without_infinities(std::span<double> values) noexcept {
    for (double& x : values) {
      x = std::isinf(x) ? std::copysign(most, x) : x;
    }
  }

  static void within_floats(std::span<double> values) noexcept {
    for (double& x : values) {
      x = x > most ? most : x < -most ? -most : x;  // NaN is neither
    }
  }

  void apply_blocks(std::size_t first, std::size_t count, float* out, std::size_t stride) const {
    for (std::size_t done = 0; done < count; done += feature_block) {
      apply_block(first + done, std::min(feature_block, count - done), out + done * stride, stride);
    }
  }

  void apply_block(std::size_t first, std::size_t count, float* out, std::size_t stride) const {
    std::array<double, feature_block> numbers;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before read
    const std::span<double> values(numbers.data(), count);
    for (const NumberPart& part : plan_.numbers) {
      table_.column(part.input).copy_numbers(first, values);
      without_infinities(values);  // one of them must not stop all others
      for (const ScalarMap& map : part.maps) {
        map.apply(values);
      }
      within_floats(values);
      float* target = out + part.output;
      for (std::size_t row = 0; row < count; ++row, target += stride) {
        *target = static_cast<float>(values[row]);
      }
    }
    for (std::size_t i = 0; i < plan_.categories.size(); ++i) {
      apply_categories(plan_.categories[i], slots_[i], first, count, out + plan_.categories[i].output, stride);
    }
    for (std::size_t i = 0; i < plan_.novelties.size(); ++i) {
      apply_novelty(plan_.novelties[i], novelty_slots_[i], first, count, out + plan_.novelties[i].output, stride);
    }
  }

  void apply_categories(const CategoryPart& part, const std::vector<std::uint32_t>& slots, std::size_t first,
                        std::size_t count, float* out, std::size_t stride) const {
    const Column& column = table_.column(part.input);
    const std::int32_t* codes = column.codes().data() + first;
    const bool gaps = !column.parts().valid.empty();
    for (std::size_t row = 0; row < count; ++row, out += stride) {
      const std::uint32_t slot =
          gaps && column.is_missing(first + row) ? part.map.missing : slots[static_cast<std::size_t>(codes[row])];
      std::copy_n(part.values.data() + std::size_t{slot} * part.width, part.width, out);
    }
  }

  void apply_novelty(const NoveltyPart& part, const std::vector<std::vector<std::uint32_t>>& slots, std::size_t first,
                     std::size_t count, float* out, std::size_t stride) const {
    for (std::size_t row = 0; row < count; ++row) {
      double unseen = 0.0;
      for (std::size_t i = 0; i < part.inputs.size(); ++i) {
        const Column& column = table_.column(part.inputs[i]);
        if (!column.is_missing(first + row)) {
          const auto code = static_cast<std::size_t>(column.codes()[first + row]);
          unseen += slots[i][code] == part.known[i].unseen ? part.weights[i] : 0.0;
        }
      }
      out[row * stride] = static_cast<float>(std::min(unseen, part.most));
    }
  }

  static void apply_layer(const MatrixLayer& layer, std::size_t rows, const float* in, std::size_t width, float* out) {
    for (std::size_t row = 0; row < rows; ++row) {
      const float* values = in + row * width;
      float* results = out + row * layer.width;
      if (layer.mean.empty()) {
        double squares = 0.0;
        for (std::size_t i = 0; i < width; ++i) {
          squares += static_cast<double>(values[i]) * static_cast<double>(values[i]);
        }
        const double scale = squares > 0.0 ? 1.0 / std::sqrt(squares) : 1.0;
        for (std::size_t i = 0; i < width; ++i) {
          results[i] = static_cast<float>(static_cast<double>(values[i]) * scale);
        }
      } else {
        for (std::size_t component = 0; component < layer.width; ++component) {
          const double* weights = layer.components.data() + component * width;
          double sum = 0.0;
          for (std::size_t i = 0; i < width; ++i) {
            sum += (static_cast<double>(values[i]) - layer.mean[i]) * weights[i];
          }
          results[component] = static_cast<float>(sum);
        }
      }
      for (std::size_t i = 0; i < layer.maps.size(); ++i) {
        double value = results[i];
        for (const ScalarMap& map : layer.maps[i]) {
          map.apply({&value, 1});
        }
        results[i] = static_cast<float>(value);
      }
    }
  }

  const FeaturePlan& plan_;
  const Table& table_;
  std::vector<std::vector<std::uint32_t>> slots_;
  std::vector<std::vector<std::vector<std::uint32_t>>> novelty_slots_;
};

}  // namespace nad::detail
