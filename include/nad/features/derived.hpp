#pragma once

/// Steps that add columns to the table, each following from columns that are there.
///
/// A step is a value: its options, what it learnt, and
///
///   static constexpr std::string_view kind;                // its name in configurations and files
///   void fit(const Table& table);                          // only where there is something to learn
///   Table apply(const Table& table, StepState* state) const;   // the table with columns more; every row on its own
///   std::vector<std::string> inputs() const;               // the columns that it reads
///   std::unique_ptr<StepState> begin() const;              // only where rows depend on those before them
///
/// `apply` on a whole table, on its pieces one after the other with one state, and row by row gives the same columns.

namespace nad {

/// What a step remembers of the rows that it has seen.
class StepState {
 public:
  StepState() = default;
  StepState(const StepState&) = delete;
  StepState& operator=(const StepState&) = delete;
  virtual ~StepState() = default;
};

}  // namespace nad
