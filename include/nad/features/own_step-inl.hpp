#pragma once

#include <algorithm>
#include <exception>

#include "nad/core/error.hpp"
#include "nad/features/own_step.hpp"
#include "nad/table/comparing.hpp"

namespace nad {

namespace detail {

/// Runs what the program wrote: its exceptions become errors that name the step.
template <class Run>
auto run_own_step(std::string_view kind, Run&& run) {
  try {
    return run();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::invalid_data, "the step " + std::string(kind) + " failed: " + error.what());
  }
}

inline OwnKinds<MakeOwnStep>& own_steps() {
  static OwnKinds<MakeOwnStep> steps;  // not before it is used: no order of static objects matters
  return steps;
}

/// A table with the columns that a step derived from it.
inline Table joined_own_columns(const Table& table, const Table& derived, const std::string& kind) {
  if (derived.columns() == 0 || derived.rows() != table.rows()) {
    throw Error(ErrorCode::invalid_argument, "the step " + kind + " gave " + std::to_string(derived.columns()) +
                                                 " columns of " + std::to_string(derived.rows()) + " rows for " +
                                                 std::to_string(table.rows()) +
                                                 " rows; derive at least one column, with a value for each row");
  }
  std::vector<Field> fields(table.schema().begin(), table.schema().end());
  std::vector<Column> columns;
  columns.reserve(table.columns() + derived.columns());
  for (std::size_t place = 0; place < table.columns(); ++place) {
    columns.push_back(table.column(place));
  }
  for (std::size_t place = 0; place < derived.columns(); ++place) {
    const Field& field = derived.schema()[place];
    if (table.has(field.name)) {
      throw Error(ErrorCode::invalid_argument, "the step " + kind + " adds a column '" + field.name +
                                                   "', but the table has one already; rename one of them");
    }
    fields.push_back(field);
    columns.push_back(derived.column(place));
  }
  return {Schema(std::move(fields), table.schema().source()), std::move(columns)};
}

NAD_INLINE void register_own_step(std::string_view kind, MakeOwnStep make) { own_steps().add(kind, make, "step"); }

NAD_INLINE std::optional<OwnStep> make_own_step(std::string_view kind) {
  const std::optional<MakeOwnStep> make = own_steps().find(kind);
  return make ? std::optional<OwnStep>((*make)()) : std::nullopt;
}

NAD_INLINE OwnStep load_own_step(const std::string& kind, std::vector<KeptValues::Named> values) {
  std::optional<OwnStep> step = make_own_step(kind);
  if (!step) {
    throw Error(ErrorCode::bad_file,
                "the feature pipeline in this file has the step '" + kind +
                    "', which is no step of nad's but one of the program that saved it; load it in "
                    "a program that has this step and calls nad::register_step for it first");
  }
  try {
    step->set_values(std::move(values));
  } catch (const Error& error) {
    throw Error(ErrorCode::bad_file, "what the step '" + kind +
                                         "' keeps in this file is damaged, or is of another "
                                         "version of the step: " +
                                         error.what());
  }
  return std::move(*step);
}

}  // namespace detail

NAD_INLINE std::vector<std::string> registered_steps() { return detail::own_steps().kinds(); }

NAD_INLINE std::vector<std::string> OwnStep::inputs() const {
  std::vector<std::string> names = detail::run_own_step(kind(), [&] { return step_->inputs(); });
  if (names.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "the step " + std::string(kind()) + " reads no columns; name at least one in inputs()");
  }
  return names;
}

NAD_INLINE void OwnStep::fit(const Table& table) {
  const std::shared_ptr<detail::HeldStep> learner = step_->copy();
  detail::run_own_step(kind(), [&] { learner->fit(table); });
  step_ = learner;
}

NAD_INLINE std::unique_ptr<StepState> OwnStep::begin() const {
  return detail::run_own_step(kind(), [&] { return step_->begin(); });
}

NAD_INLINE Table OwnStep::apply(const Table& table, StepState* state) const {
  const Table read = table.select(inputs());
  const std::unique_ptr<StepState> fresh = state == nullptr ? begin() : nullptr;
  const Table derived =
      detail::run_own_step(kind(), [&] { return step_->derive(read, state == nullptr ? fresh.get() : state); });
  return detail::joined_own_columns(table, derived, std::string(kind()));
}

NAD_INLINE void OwnStep::require_rows_alone(const Table& table, const Table& applied) const {
  constexpr std::size_t looked_at = 32;
  const std::unique_ptr<StepState> state = begin();
  for (std::size_t row = 0; row < std::min(looked_at, table.rows()); ++row) {
    const Table alone = apply(table.slice(row, 1), state.get());
    const Table together = applied.slice(row, 1);
    bool is_same = alone.schema() == applied.schema();
    std::string name;
    for (std::size_t place = table.columns(); place < alone.columns() && is_same; ++place) {
      is_same = equal(alone.column(place), together.column(place));
      name = " in '" + alone.schema()[place].name + "'";
    }
    if (!is_same) {
      throw Error(ErrorCode::invalid_argument,
                  "the step " + std::string(kind()) + " derives for row " + std::to_string(row) +
                      " alone something else" + name + " than in a table of " + std::to_string(table.rows()) +
                      " rows; let a row depend on itself, what fit() learnt, and a State that goes from row to row");
    }
  }
}

NAD_INLINE std::vector<KeptValues::Named> OwnStep::values() const {
  KeptValues kept;
  detail::run_own_step(kind(), [&] { step_->copy()->keep(kept); });
  return kept.values();
}

NAD_INLINE std::vector<KeptValues::Named> OwnStep::default_values() const {
  KeptValues kept;
  detail::run_own_step(kind(), [&] { step_->fresh()->keep(kept); });
  return kept.values();
}

NAD_INLINE void OwnStep::set_values(std::vector<KeptValues::Named> values) {
  KeptValues kept(std::move(values));
  const std::shared_ptr<detail::HeldStep> loaded = step_->copy();
  detail::run_own_step(kind(), [&] { loaded->keep(kept); });
  kept.require_all_given();
  step_ = loaded;
}

}  // namespace nad
