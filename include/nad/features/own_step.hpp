#pragma once

/// A step that nad does not have: a type of the program's own derives columns, as a part of pipelines, models and their
/// files.
///
///   struct UploadRatio {
///     static constexpr std::string_view kind = "acme.upload_ratio";   // its name in files; the dot marks it as yours
///     double most = 20.0;
///
///     std::vector<std::string> inputs() const { return {"bytes_sent", "bytes_received"}; }
///     nad::Table derive(const nad::Table& flows) const;               // those columns come in, new ones go out
///     void keep(nad::KeptValues& kept) { kept("most", most); }        // for files
///   };
///   nad::FeaturePipeline pipeline({UploadRatio{.most = 10.0}, nad::Log1p{}, nad::Standardise{}});
///
///   nad::register_step<UploadRatio>();             // in a program that loads what has such a step
///   nad::Model model = nad::Model::load("office.nad");
///
/// Beside these a step may have
///
///   void fit(const nad::Table& training);          // where there is something to learn; all columns come in
///   struct State { ... };                          // what it remembers of the rows before, where that matters
///   nad::Table derive(const nad::Table& flows, State& state) const;   // in the place of the other `derive`
///
/// `derive` gives a row for each row, whatever their number (none, too), in columns of the same names and types each
/// time; it is called by several threads at once. Numbers may come in as number, integer or boolean. It must give the
/// same whether rows come alone or together: nad fits by tables and judges by records. `fit` looks at that and says
/// where it is not so. A State lives as long as the stream of records; no file keeps it, and a program that begins anew
/// fills it from the records that it reads again.
///
/// A derived column that is called "x.y" speaks for the column x in reasons, any other for itself.

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/kept_values.hpp"
#include "nad/detail/own_kinds.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

template <class S>
concept DerivesRowsAlone = requires(const S& step, const Table& table) {
  { step.derive(table) } -> std::same_as<Table>;
};

template <class S>
concept DerivesRowsInOrder = requires(const S& step, const Table& table, typename S::State& state) {
  { step.derive(table, state) } -> std::same_as<Table>;
};

template <class S>
concept DerivingStep = requires(const S& step) {
  { S::kind } -> std::convertible_to<std::string_view>;
  { step.inputs() } -> std::convertible_to<std::vector<std::string>>;
}
&&(DerivesRowsAlone<S> || DerivesRowsInOrder<S>)&&std::copyable<S>&& std::default_initializable<S>;

namespace detail {

/// A step of any type.
class HeldStep {
 public:
  HeldStep() = default;
  HeldStep(const HeldStep&) = delete;
  HeldStep& operator=(const HeldStep&) = delete;
  virtual ~HeldStep() = default;

  virtual std::string_view kind() const noexcept = 0;
  virtual std::shared_ptr<HeldStep> copy() const = 0;
  virtual std::shared_ptr<HeldStep> fresh() const = 0;
  virtual std::vector<std::string> inputs() const = 0;
  virtual void fit(const Table& table) = 0;
  virtual std::unique_ptr<StepState> begin() const = 0;
  virtual Table derive(const Table& table, StepState* state) const = 0;
  virtual void keep(KeptValues& kept) = 0;
};

template <DerivingStep S>
class HeldStepOf final : public HeldStep {
 public:
  explicit HeldStepOf(S step) : step_(std::move(step)) {}

  std::string_view kind() const noexcept override { return S::kind; }
  std::shared_ptr<HeldStep> copy() const override { return std::make_shared<HeldStepOf>(step_); }
  std::shared_ptr<HeldStep> fresh() const override { return std::make_shared<HeldStepOf>(S{}); }
  std::vector<std::string> inputs() const override { return step_.inputs(); }

  void fit(const Table& table) override {
    if constexpr (requires { step_.fit(table); }) {
      step_.fit(table);
    }
  }

  std::unique_ptr<StepState> begin() const override {
    if constexpr (DerivesRowsInOrder<S>) {
      return std::make_unique<StateOf<typename S::State>>();
    } else {
      return nullptr;
    }
  }

  Table derive(const Table& table, StepState* state) const override {
    if constexpr (DerivesRowsInOrder<S>) {
      return step_.derive(table, dynamic_cast<StateOf<typename S::State>&>(*state).value);
    } else {
      return step_.derive(table);
    }
  }

  void keep(KeptValues& kept) override {
    if constexpr (requires { step_.keep(kept); }) {
      step_.keep(kept);
    } else {
      static_assert(std::is_empty_v<S>, "a step with members needs `void keep(nad::KeptValues&)`, which names them");
    }
  }

 private:
  template <class State>
  struct StateOf final : StepState {
    State value = {};
  };

  S step_;
};

}  // namespace detail

/// Holds such a step, as a value. Pipelines take the step itself.
class NAD_API OwnStep {
 public:
  template <class S>
  requires(!std::same_as<S, OwnStep>) &&
      DerivingStep<S> OwnStep(S step)  // NOLINT(google-explicit-constructor): a step of one's own stands where nad's do
      : step_(std::make_shared<detail::HeldStepOf<S>>(std::move(step))) {
    static_assert(detail::is_own_kind(S::kind),
                  "the kind of one's own step has small letters, digits, '_' and a dot within, as acme.upload_ratio");
  }

  std::string_view kind() const noexcept { return step_->kind(); }
  std::vector<std::string> inputs() const;
  void fit(const Table& table);
  /// The table with the derived columns; an error where they do not fit it.
  Table apply(const Table& table, StepState* state) const;
  /// Nothing where each row stands alone.
  std::unique_ptr<StepState> begin() const;
  /// An error where the first rows, one by one, give other values than in `applied`, which `apply` gave for the table.
  void require_rows_alone(const Table& table, const Table& applied) const;

  /// What it keeps, and what a default one does.
  std::vector<KeptValues::Named> values() const;
  std::vector<KeptValues::Named> default_values() const;
  /// An error, and no change, where they are not what it keeps.
  void set_values(std::vector<KeptValues::Named> values);

  /// Of one kind, with the same values.
  friend bool operator==(const OwnStep& a, const OwnStep& b) {
    return a.step_ == b.step_ || (a.kind() == b.kind() && a.values() == b.values());
  }

 private:
  std::shared_ptr<const detail::HeldStep> step_;  ///< never changed, so copies share it
};

namespace detail {

using MakeOwnStep = OwnStep (*)();
NAD_API void register_own_step(std::string_view kind, MakeOwnStep make);
/// A default one; nothing where no such kind was registered.
NAD_API std::optional<OwnStep> make_own_step(std::string_view kind);
/// With these values, out of a file; an error that names the kind where that is not possible.
NAD_API OwnStep load_own_step(const std::string& kind, std::vector<KeptValues::Named> values);

}  // namespace detail

/// Makes a kind of step known to this program, so that files and configurations with it can be loaded. From any thread,
/// once for each kind.
template <DerivingStep S>
void register_step() {
  static_cast<void>(OwnStep(S{}));  // says what is wrong with its kind
  detail::register_own_step(S::kind, [] { return OwnStep(S{}); });
}

/// The kinds that were registered, in alphabetical order.
NAD_API std::vector<std::string> registered_steps();

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/own_step-inl.hpp"
#endif
