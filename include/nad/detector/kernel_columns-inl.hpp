#pragma once

// Columns of a kernel matrix, the ones used last kept within bounds of memory.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/core/parallel.hpp"

namespace nad::detail {

/// `Expansion` computes the values: in floats or in doubles.
template <class Expansion>
class KernelColumns {
 public:
  using Value = typename Expansion::Value;
  static constexpr std::size_t together = 64;  ///< columns that are computed at once

  /// Of all rows that `all` was made of.
  KernelColumns(const Expansion& all, MatrixView rows, double mebibytes, int n_jobs)
      : all_(all), rows_(rows), n_jobs_(n_jobs), place_(rows.rows(), nowhere) {
    const double bytes = static_cast<double>(all.stride() * sizeof(Value));
    const double fit = std::max(0.0, mebibytes) * 1048576.0 / bytes;
    room_ = static_cast<std::size_t>(std::clamp(fit, 2.0, static_cast<double>(std::max<std::size_t>(2, rows.rows()))));
  }

  /// The columns that fit.
  std::size_t room() const noexcept { return room_; }

  /// The column of a row; it stays where it is until another but the last one is asked for.
  const Value* column(std::uint32_t row) {
    if (place_[row] == nowhere) {
      compute({&row, 1});
    }
    slots_[place_[row]].used = ++clock_;
    return slots_[place_[row]].values.data();
  }

  /// Calls use(i, column) for each of these rows; what is missing is computed many at a time.
  template <class Use>
  void for_each(std::span<const std::uint32_t> rows, const Use& use) {
    const std::size_t most = std::min(together, room_);
    for (std::size_t first = 0; first < rows.size(); first += most) {
      const auto some = rows.subspan(first, std::min(most, rows.size() - first));
      std::vector<std::uint32_t> missing;
      for (const std::uint32_t row : some) {
        if (place_[row] == nowhere) {
          missing.push_back(row);
        } else {
          slots_[place_[row]].used = ++clock_;  // so that it is not thrown out for the others
        }
      }
      compute(missing);
      for (std::size_t i = 0; i < some.size(); ++i) {
        use(first + i, column(some[i]));
      }
    }
  }

 private:
  static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

  struct Slot {
    std::uint32_t row = nowhere;
    std::uint64_t used = 0;
    std::vector<Value> values;
  };

  /// At most as many rows as there is room for.
  void compute(std::span<const std::uint32_t> wanted) {
    if (wanted.empty()) {
      return;
    }
    make_room(wanted);
    std::vector<const float*> rows;
    for (const std::uint32_t row : wanted) {
      rows.push_back(rows_.row(row));
    }
    constexpr std::size_t grain = 16;
    parallel_for(rows.size(), {.n_jobs = n_jobs_}, {.grain = n_jobs_ == 1 ? together : grain},
                 [&](std::size_t begin, std::size_t end) {
                   typename Expansion::Scratch scratch(rows_.columns());
                   const auto values = std::make_unique_for_overwrite<Value[]>((end - begin) * all_.stride());
                   all_.values(std::span<const float* const>(rows).subspan(begin, end - begin), scratch, values.get());
                   for (std::size_t i = begin; i < end; ++i) {
                     std::copy_n(values.get() + (i - begin) * all_.stride(), all_.stride(),
                                 slots_[place_[wanted[i]]].values.data());
                   }
                 });
  }

  void make_room(std::span<const std::uint32_t> wanted) {
    std::vector<std::uint32_t> free;
    while (free.size() < wanted.size() && slots_.size() < room_) {
      free.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back().values.resize(all_.stride());
    }
    if (free.size() < wanted.size()) {
      std::vector<std::uint32_t> order;
      for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (slots_[slot].row != nowhere) {
          order.push_back(slot);
        }
      }
      const auto missing = static_cast<std::ptrdiff_t>(wanted.size() - free.size());
      std::partial_sort(order.begin(), order.begin() + missing, order.end(),
                        [&](std::uint32_t a, std::uint32_t b) { return slots_[a].used < slots_[b].used; });
      free.insert(free.end(), order.begin(), order.begin() + missing);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Slot& slot = slots_[free[i]];
      if (slot.row != nowhere) {
        place_[slot.row] = nowhere;
      }
      slot.row = wanted[i];
      slot.used = ++clock_;
      place_[wanted[i]] = free[i];
    }
  }

  const Expansion& all_;
  MatrixView rows_;
  int n_jobs_;
  std::size_t room_ = 0;
  std::vector<std::uint32_t> place_;  ///< row -> slot
  std::vector<Slot> slots_;
  std::uint64_t clock_ = 0;
};

}  // namespace nad::detail
