#pragma once

/// One call of each kernel, with the bytes and operations that it takes.
///
///   for (Work& work : all_work(/*quick=*/false)) work.call(nad::simd::active_kernels());

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nad/core/random.hpp"
#include "nad/detail/packed_matrix.hpp"
#include "nad/simd/active_kernels.hpp"
#include "roofline.hpp"

namespace benchmark {

using nad::simd::KernelTable;
template <class Value>
using Aligned = std::vector<Value, nad::detail::KernelAllocator<Value>>;
using Floats = Aligned<float>;

/// One kernel on one size.
struct Work {
  std::string what;
  double bytes = 0.0;          ///< read and written at least, each array once
  double operations = 0.0;     ///< of floats, as the text has them; a multiply-add is two
  double memory = 0.0;         ///< different bytes among them; 0: all
  double share_of_peak = 1.0;  ///< 0.5 where numbers are doubles
  std::function<void(const KernelTable&)> call = {};
};

inline Floats some_floats(std::size_t count, std::uint64_t seed) {
  nad::Random random(seed);
  Floats values(count);
  for (float& value : values) {
    value = static_cast<float>(2.0 * random.uniform() - 1.0);
  }
  return values;
}

// ---- rows and text

inline Work all_finite(std::size_t count) {
  return {.what = "all_finite " + std::to_string(count * sizeof(float) / 1024) + " KiB",
          .bytes = static_cast<double>(count * sizeof(float)),
          .operations = static_cast<double>(count),
          .call = [values = some_floats(count, 1)](const KernelTable& kernels) {
            roof::sink = kernels.all_finite(values.data(), values.size()) ? 1.0F : 0.0F;
          }};
}

inline Work transpose(std::size_t columns) {
  const std::size_t rows = nad::simd::block_rows;
  return {.what = "transpose 256 x " + std::to_string(columns),
          .bytes = static_cast<double>(2 * rows * columns * sizeof(float)),
          .call = [=, from = some_floats(rows * columns, 2),
                   to = Floats(columns * nad::simd::block_stride)](const KernelTable& kernels) mutable {
            kernels.transpose(from.data(), columns, rows, columns, to.data(), nad::simd::block_stride);
            roof::sink = to[0];
          }};
}

/// Text like KDD Cup 99's: fields of one to five characters, a line of 42 fields.
inline std::string records_of(std::size_t size, bool quoted) {
  nad::Random random(3);
  std::string text;
  for (std::size_t field = 1; text.size() < size; ++field) {
    const std::string value(1 + random.below(5), '7');
    text += quoted && field % 5 == 0 ? '"' + value + '"' : value;
    text += field % 42 == 0 ? '\n' : ',';
  }
  text.resize(size);
  return text;
}

inline Work find_bytes(std::size_t size) {
  const std::string text = records_of(size, false);
  const auto found = static_cast<double>(std::count(text.begin(), text.end(), ',')) +
                     static_cast<double>(std::count(text.begin(), text.end(), '\n'));
  return {.what = "find_bytes " + std::to_string(size / 1024) + " KiB",
          .bytes = static_cast<double>(size) + 4.0 * found,
          .call = [text, places = std::vector<std::uint32_t>(size + 8)](const KernelTable& kernels) mutable {
            const auto counts = kernels.find_bytes(text.data(), text.size(), ',', '\n', places.data());
            roof::sink = static_cast<float>(counts.both);
          }};
}

inline Work find_unquoted(std::size_t size) {
  const std::string text = records_of(size, true);
  const auto found = static_cast<double>(std::count(text.begin(), text.end(), ',')) +
                     static_cast<double>(std::count(text.begin(), text.end(), '\n'));
  return {.what = "find_unquoted " + std::to_string(size / 1024) + " KiB",
          .bytes = static_cast<double>(size) + 4.0 * found,
          .call = [text, places = std::vector<std::uint32_t>(size + 8)](const KernelTable& kernels) mutable {
            const auto counts = kernels.find_unquoted(text.data(), text.size(), ',', '\n', '"', places.data());
            roof::sink = static_cast<float>(counts.both);
          }};
}

// ---- forests

/// Full trees of random cuts, node after node as nad::ForestNodes holds them.
struct Forest {
  std::vector<std::uint32_t> root = {};
  std::vector<std::int32_t> feature = {};
  std::vector<float> value = {};
  std::vector<std::uint32_t> right = {};
  const std::uint32_t plane_begin = 0;

  Forest(std::size_t trees, std::size_t depth, std::size_t columns) {
    nad::Random random(4);
    for (std::size_t tree = 0; tree < trees; ++tree) {
      root.push_back(static_cast<std::uint32_t>(feature.size()));
      grow(depth, columns, -1.0, 1.0, random);
    }
  }

  void grow(std::size_t depth, std::size_t columns, double low, double high, nad::Random& random) {
    const std::size_t here = feature.size();
    const bool is_leaf = depth == 0;
    feature.push_back(is_leaf ? -1 : static_cast<std::int32_t>(random.below(columns)));
    value.push_back(static_cast<float>(low + (high - low) * random.uniform()));
    right.push_back(static_cast<std::uint32_t>(here));
    if (is_leaf) {
      return;
    }
    grow(depth - 1, columns, low, high, random);
    right[here] = static_cast<std::uint32_t>(feature.size());
    grow(depth - 1, columns, low, high, random);
  }

  nad::simd::ForestArrays arrays() const {
    return {root.data(), root.size(), feature.data(), value.data(), right.data(), &plane_begin, nullptr, nullptr};
  }
};

inline Work forest_block(std::size_t depth) {
  constexpr std::size_t trees = 100;
  constexpr std::size_t columns = 41;
  const std::size_t rows = nad::simd::block_rows;
  // each row visits a node of every level of each tree, and reads its column there; a set of rows goes along
  const double visits = static_cast<double>(rows * trees * depth);
  Floats block = some_floats(columns * nad::simd::block_stride, 5);
  return {.what = "forest_block 256 rows, 100 trees of depth " + std::to_string(depth),
          .bytes = visits * sizeof(float) + static_cast<double>(trees * (std::size_t{2} << depth) * 12),
          .operations = visits,
          .memory = static_cast<double>(columns * nad::simd::block_stride * 4 + trees * (std::size_t{2} << depth) * 12),
          .call = [=, forest = Forest(trees, depth, columns), block = std::move(block),
                   sums = Floats(rows)](const KernelTable& kernels) mutable {
            kernels.forest_block(forest.arrays(), block.data(), nullptr, rows, sums.data());
            roof::sink = sums[0];
          }};
}

inline Work add_to_bins(std::size_t rows, std::size_t columns) {
  constexpr std::size_t bins_a_column = 64;
  nad::Random random(6);
  std::vector<std::uint16_t> bins(rows * columns);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    bins[i] = static_cast<std::uint16_t>(i % columns * bins_a_column + random.below(bins_a_column));
  }
  std::vector<std::uint32_t> picked(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    picked[row] = static_cast<std::uint32_t>(row);
  }
  const double pairs = static_cast<double>(rows * columns);
  return {.what = "add_to_bins " + std::to_string(rows) + " x " + std::to_string(columns),
          .bytes = pairs * (2.0 + 32.0) + static_cast<double>(rows) * 20.0,
          .operations = 2.0 * pairs,
          .memory = pairs * 2.0 + static_cast<double>(rows * 20 + columns * bins_a_column * 16),
          .call = [=, bins = std::move(bins), picked = std::move(picked), values = Aligned<std::int64_t>(2 * rows, 3),
                   sums = Aligned<std::int64_t>(2 * columns * bins_a_column)](const KernelTable& kernels) mutable {
            kernels.add_to_bins({.rows = picked.data(),
                                 .count = rows,
                                 .begin = nullptr,
                                 .width = columns,
                                 .bins = bins.data(),
                                 .values = values.data(),
                                 .sums = sums.data()});
            roof::sink = static_cast<float>(sums[0]);
          }};
}

// ---- products and distances

inline Work product(std::size_t rows, std::size_t columns, std::size_t depth) {
  return {.what = "product " + std::to_string(rows) + " x " + std::to_string(columns) + " x " + std::to_string(depth),
          .bytes = static_cast<double>((rows * depth + columns * depth + rows * columns) * sizeof(float)),
          .operations = 2.0 * static_cast<double>(rows * columns * depth),
          .call = [=, a = some_floats(rows * depth, 7), panels = some_floats(columns * depth, 8),
                   out = Floats(rows * columns)](const KernelTable& kernels) mutable {
            kernels.product(a.data(), depth, rows, panels.data(), columns, depth, out.data(), columns, false);
            roof::sink = out[0];
          }};
}

inline Work transposed_product(std::size_t rows, std::size_t a_columns, std::size_t b_columns) {
  return {.what = "transposed_product " + std::to_string(rows) + " x " + std::to_string(a_columns) + " x " +
                  std::to_string(b_columns),
          .bytes = static_cast<double>((rows * (a_columns + b_columns) + a_columns * b_columns) * sizeof(float)),
          .operations = 2.0 * static_cast<double>(rows * a_columns * b_columns),
          .call = [=, a = some_floats(rows * a_columns, 9), b = some_floats(rows * b_columns, 10),
                   panels = Floats(a_columns * b_columns)](const KernelTable& kernels) mutable {
            kernels.transposed_product(a.data(), a_columns, a_columns, b.data(), b_columns, b_columns, rows,
                                       panels.data(), false);
            roof::sink = panels[0];
          }};
}

inline Work wide_product(std::size_t rows, std::size_t columns, std::size_t depth) {
  return {.what = "wide_product " + std::to_string(rows) + " x " + std::to_string(columns) + " x " +
                  std::to_string(depth) + " in doubles",
          .bytes = static_cast<double>(rows * depth * sizeof(float) + (columns * depth + rows * columns) * 8),
          .operations = 2.0 * static_cast<double>(rows * columns * depth),
          .share_of_peak = 0.5,
          .call = [=, a = some_floats(rows * depth, 11), panels = Aligned<double>(columns * depth, 0.5),
                   out = Aligned<double>(rows * columns)](const KernelTable& kernels) mutable {
            kernels.wide_product(a.data(), depth, rows, panels.data(), columns, depth, out.data(), columns);
            roof::sink = static_cast<float>(out[0]);
          }};
}

inline Work squared_distance(std::size_t count) {
  return {.what = "squared_distance " + std::to_string(count),
          .bytes = static_cast<double>(2 * count * sizeof(float)),
          .operations = 3.0 * static_cast<double>(count),
          .call = [a = some_floats(count, 12), b = some_floats(count, 13)](const KernelTable& kernels) {
            roof::sink = kernels.squared_distance(a.data(), b.data(), a.size());
          }};
}

inline Work sum_of_squares(std::size_t count) {
  return {.what = "sum_of_squares " + std::to_string(count),
          .bytes = static_cast<double>(count * sizeof(float)),
          .operations = 2.0 * static_cast<double>(count),
          .call = [a = some_floats(count, 14)](const KernelTable& kernels) {
            roof::sink = kernels.sum_of_squares(a.data(), a.size());
          }};
}

inline Work least_two(std::size_t rows, std::size_t places) {
  return {.what = "least_two " + std::to_string(rows) + " x " + std::to_string(places),
          .bytes = static_cast<double>((rows * places + places) * sizeof(float) + rows * sizeof(nad::simd::LeastTwo)),
          .operations = 4.0 * static_cast<double>(rows * places),  // multiply, add, two comparisons
          .call = [=, products = some_floats(rows * places, 15), lengths = some_floats(places, 16),
                   found = std::vector<nad::simd::LeastTwo>(rows)](const KernelTable& kernels) mutable {
            kernels.least_two(products.data(), places, rows, lengths.data(), places, found.data());
            roof::sink = found[0].least;
          }};
}

// ---- networks and support vectors

inline Work activate(nad::Activation activation, const std::string& name, double operations) {
  constexpr std::size_t rows = 256;
  constexpr std::size_t columns = 64;
  return {.what = "activate " + name + " 256 x 64",
          .bytes = 2.0 * rows * columns * sizeof(float),
          .operations = operations * rows * columns,
          .call = [=, sums = some_floats(rows * columns, 17),
                   out = Floats(rows * columns)](const KernelTable& kernels) mutable {
            kernels.activate(activation, sums.data(), out.data(), columns, rows, columns);
            roof::sink = out[0];
          }};
}

inline Work times_slope() {
  constexpr std::size_t rows = 256;
  constexpr std::size_t columns = 64;
  return {.what = "times_slope tanh 256 x 64",
          .bytes = 3.0 * rows * columns * sizeof(float),
          .operations = 3.0 * rows * columns,
          .memory = 2.0 * rows * columns * sizeof(float),
          .call = [=, values = some_floats(rows * columns, 18),
                   deltas = Floats(rows * columns, 1.0F)](const KernelTable& kernels) mutable {
            kernels.times_slope(nad::Activation::tanh, values.data(), values.data(), deltas.data(), columns, rows,
                                columns);
            roof::sink = deltas[0];
            deltas[0] = 1.0F;
          }};
}

inline Work loss(std::size_t count) {
  return {.what = "loss " + std::to_string(count),
          .bytes = 3.0 * static_cast<double>(count * sizeof(float)),
          .operations = 4.0 * static_cast<double>(count),
          .call = [a = some_floats(count, 19), b = some_floats(count, 20),
                   deltas = Floats(count)](const KernelTable& kernels) mutable {
            roof::sink = kernels.loss(a.data(), b.data(), a.size(), nad::simd::most_of_all, 0.5F, deltas.data());
          }};
}

inline Work scaled_difference(std::size_t count) {
  return {.what = "scaled_difference " + std::to_string(count),
          .bytes = 5.0 * static_cast<double>(count * sizeof(float)),
          .operations = 3.0 * static_cast<double>(count),
          .memory = 3.0 * static_cast<double>(count * sizeof(float)),
          .call = [a = some_floats(count, 21), b = some_floats(count, 22),
                   out = Floats(count)](const KernelTable& kernels) mutable {
            kernels.scaled_difference(a.data(), b.data(), b.data(), a.data(), a.size(), out.data());
            roof::sink = out[0];
          }};
}

inline Work adam(std::size_t count) {
  return {.what = "adam " + std::to_string(count),
          .bytes = 7.0 * static_cast<double>(count * sizeof(float)),
          .operations = 13.0 * static_cast<double>(count),  // a root and a division among them
          .memory = 4.0 * static_cast<double>(count * sizeof(float)),
          .call = [gradients = some_floats(count, 23), first = Floats(count), second = Floats(count, 1.0F),
                   weights = Floats(count, 1.0F)](const KernelTable& kernels) mutable {
            kernels.adam({0.9F, 0.999F, 1e-9F, 1.0F, 1e-7F}, gradients.data(), first.data(), second.data(),
                         weights.data(), weights.size());
            roof::sink = weights[0];
          }};
}

inline Work descend(std::size_t count) {
  return {.what = "descend " + std::to_string(count),
          .bytes = 5.0 * static_cast<double>(count * sizeof(float)),
          .operations = 4.0 * static_cast<double>(count),
          .memory = 3.0 * static_cast<double>(count * sizeof(float)),
          .call = [gradients = some_floats(count, 24), velocity = Floats(count),
                   weights = Floats(count, 1.0F)](const KernelTable& kernels) mutable {
            kernels.descend(0.9F, 1e-9F, gradients.data(), velocity.data(), weights.data(), weights.size());
            roof::sink = weights[0];
          }};
}

inline Work kernel_values(std::size_t count) {
  const nad::simd::KernelFunction function{nad::simd::KernelCurve::rbf, 0.1F, 0.0F, 0};
  return {.what = "kernel_values rbf " + std::to_string(count),
          .bytes = 3.0 * static_cast<double>(count * sizeof(float)),
          .operations = 24.0 * static_cast<double>(count),
          .call = [=, products = some_floats(count, 25), beside = Floats(count, 3.0F),
                   values = Floats(count)](const KernelTable& kernels) mutable {
            std::copy(products.begin(), products.end(), values.begin());  // they are changed in place
            kernels.kernel_values(function, 3.0F, beside.data(), count, values.data());
            roof::sink = values[0];
          }};
}

inline Work weighted_sum(std::size_t count) {
  return {.what = "weighted_sum " + std::to_string(count),
          .bytes = 2.0 * static_cast<double>(count * sizeof(float)),
          .operations = 2.0 * static_cast<double>(count),
          .call = [a = some_floats(count, 26), b = some_floats(count, 27)](const KernelTable& kernels) {
            roof::sink = static_cast<float>(kernels.weighted_sum(a.data(), b.data(), a.size()));
          }};
}

inline std::vector<Work> all_work(bool quick) {
  std::vector<Work> all;
  all.push_back(all_finite(1U << 14U));
  all.push_back(all_finite(quick ? 1U << 19U : 20'000'000));
  all.push_back(transpose(41));
  all.push_back(find_bytes(1U << 16U));
  all.push_back(find_unquoted(1U << 16U));
  all.push_back(forest_block(8));
  all.push_back(forest_block(12));
  all.push_back(add_to_bins(4096, 41));
  all.push_back(product(256, 64, 118));
  all.push_back(product(1, 64, 118));
  all.push_back(transposed_product(32, 118, 64));
  all.push_back(wide_product(64, 64, 118));
  all.push_back(squared_distance(118));
  all.push_back(sum_of_squares(4096));
  all.push_back(least_two(256, 128));
  all.push_back(activate(nad::Activation::relu, "relu", 1.0));
  all.push_back(activate(nad::Activation::tanh, "tanh", 34.0));
  all.push_back(times_slope());
  all.push_back(loss(256 * 118));
  all.push_back(scaled_difference(118));
  all.push_back(adam(64 * 118));
  all.push_back(descend(64 * 118));
  all.push_back(kernel_values(4096));
  all.push_back(weighted_sum(4096));
  return all;
}

}  // namespace benchmark
