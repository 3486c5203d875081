#pragma once

// How a pipeline learns: every feature on its own, from the training values that the steps before leave it.

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nad/core/parallel.hpp"
#include "nad/features/apply_plan-inl.hpp"
#include "nad/features/encoded_columns-inl.hpp"
#include "nad/features/learn_scaling-inl.hpp"
#include "nad/features/pca-inl.hpp"
#include "nad/features/view_steps-inl.hpp"

namespace nad::detail {

template <class Step>
inline constexpr bool is_scaler = requires(const Step& step, const Sample& sample) {
  { learn(step, sample) } -> std::same_as<ScalarMaps>;
};
template <class Step>
inline constexpr bool is_matrix_step = std::is_same_v<Step, UnitLength> || std::is_same_v<Step, Pca>;

class PlanFitter {
 public:
  PlanFitter(const std::vector<FeatureStep>& steps, const Table& table, const FitControl& control)
      : steps_(steps), table_(table), control_(control), views_(views_of(steps)), columns_(steps, table, *plan_) {}

  std::shared_ptr<FeaturePlan> fit() {
    std::size_t begin = 0;
    for (std::size_t step = 0; step <= steps_.size(); ++step) {
      if (step == steps_.size() || is_layer(step)) {
        fit_segment(begin, step);
        if (step < steps_.size()) {
          fit_layer(step);
        }
        begin = step + 1;
      }
    }
    plan_->features.clear();
    for (const Draft& draft : drafts_) {
      plan_->features.push_back(draft.info);
    }
    if (plan_->features.empty()) {
      throw Error(ErrorCode::invalid_data, "no column of the table is left to learn from" + why_left_out());
    }
    plan_->views = find_views(steps_, plan_->features);
    return std::move(plan_);
  }

 private:
  bool is_layer(std::size_t step) const {
    return std::visit([](const auto& s) { return is_matrix_step<std::decay_t<decltype(s)>>; }, steps_[step]);
  }

  std::string why_left_out() const {
    std::string text;
    for (const LeftOut& column : plan_->left_out) {
      text += (text.empty() ? ": '" : ", '") + column.column + "' (" + column.reason + ")";
    }
    return text;
  }

  /// Steps [begin, end), none of which looks at several features.
  void fit_segment(std::size_t begin, std::size_t end) {
    for (std::size_t step = begin; step < end; ++step) {
      columns_.encode(step);
    }
    if (begin == 0) {
      drafts_ = columns_.drafts();
    }
    check_names(begin, end);
    if (views_.empty()) {
      drafts_ = scaled(std::move(drafts_), begin, end);
    } else {
      split_into_views();
    }
    if (plan_->layers.empty()) {
      assemble();
    } else {
      for (const Draft& draft : drafts_) {
        plan_->layers.back().maps.push_back(draft.maps);
      }
    }
  }

  /// The drafts as steps [begin, end) leave them.
  std::vector<Draft> scaled(std::vector<Draft> drafts, std::size_t begin, std::size_t end) const {
    parallel_for(drafts.size(), control_, {.grain = 8, .stage = "learning features"},
                 [&](std::size_t first, std::size_t last) {
                   Numbers values;
                   for (std::size_t draft = first; draft < last; ++draft) {
                     scale(drafts[draft], std::max(begin, drafts[draft].from), end, values);
                   }
                 });
    add_indicators(drafts, end);
    std::erase_if(drafts, [](const Draft& draft) { return draft.dropped; });
    return drafts;
  }

  /// What the steps before the first view leave, once for each view and scaled by its steps.
  void split_into_views() {
    const std::vector<Draft> common = scaled(std::move(drafts_), 0, views_.front().begin - 1);
    drafts_.clear();
    for (std::size_t view = 0; view < views_.size(); ++view) {
      for (Draft& draft : scaled(common, views_[view].begin, views_[view].end)) {
        draft.view = view;
        draft.info.name.insert(0, views_[view].name + std::string(after_view_name));
        drafts_.push_back(std::move(draft));
      }
    }
  }

  /// A step that names a column which is not there is a mistake.
  void check_names(std::size_t begin, std::size_t end) const {
    for (std::size_t step = begin; step < end; ++step) {
      std::visit(
          [&](const auto& s) {
            using Step = std::decay_t<decltype(s)>;
            if constexpr (is_encoder<Step> || is_scaler<Step>) {
              for (const auto* list : {&s.columns.names, &s.columns.except}) {
                for (const std::string& wanted : *list) {
                  check_name(wanted, s.kind);
                }
              }
            }
          },
          steps_[step]);
    }
  }

  void check_name(const std::string& wanted, std::string_view step) const {
    for (const Draft& draft : drafts_) {
      if (draft.info.name == wanted ||
          std::find(draft.info.sources.begin(), draft.info.sources.end(), wanted) != draft.info.sources.end()) {
        return;
      }
    }
    try {
      static_cast<void>(plan_->columns.place(wanted));
    } catch (const Error& error) {
      throw Error(ErrorCode::invalid_argument, "step " + std::string(step) + ": " + error.what());
    }
  }

  // ---- numbers

  /// The training values of a feature; a category's are the values of its slots. They lie in `values`, or in the table.
  Sample sample_of(const Draft& draft, Numbers& values) const {
    if (draft.kind == Draft::Kind::category) {
      const CategoryCode& code = columns_.codes()[draft.part].second;
      values.resize(code.map.size());
      for (std::size_t slot = 0; slot < values.size(); ++slot) {
        values[slot] = code.values[slot * code.width + draft.place];
      }
      return Sample(values, code.weights);
    }
    if (draft.kind == Draft::Kind::layer) {
      values.resize(layered_.rows());
      for (std::size_t row = 0; row < values.size(); ++row) {
        values[row] = layered_(row, draft.part);
      }
      return Sample(values);
    }
    return {columns_.column(draft.part), values};
  }

  void scale(Draft& draft, std::size_t begin, std::size_t end, Numbers& values) const {
    if (draft.kind == Draft::Kind::novelty || begin >= end) {
      return;
    }
    scale_by_steps(draft, begin, end, sample_of(draft, values));
  }

  /// The draft's maps were not applied to the sample yet.
  void scale_by_steps(Draft& draft, std::size_t begin, std::size_t end, Sample sample) const {
    std::size_t applied = 0;
    const auto catch_up = [&] {  // only when a step looks: the last one's result is for nobody
      for (; applied < draft.maps.size(); ++applied) {
        sample.apply(draft.maps[applied]);
      }
    };
    for (std::size_t step = begin; step < end; ++step) {
      std::visit([&](const auto& s) { scale_by(s, step, draft, sample, catch_up); }, steps_[step]);
    }
  }

  template <class Step, class CatchUp>
  void scale_by(const Step& step, std::size_t number, Draft& draft, const Sample& sample,
                const CatchUp& catch_up) const {
    if constexpr (std::is_same_v<Step, DropConstant>) {
      if (concerns(step.columns, draft)) {
        catch_up();
        draft.dropped = draft.dropped || moments_of(sample).is_constant();
      }
    } else if constexpr (is_scaler<Step>) {
      check_step(step);
      if (!concerns(step.columns, draft)) {
        return;
      }
      if constexpr (std::is_same_v<Step, Impute>) {
        const bool filled = std::any_of(draft.maps.begin(), draft.maps.end(), [](const ScalarMap& map) {
          return map.kind == ScalarKind::fill || map.kind == ScalarKind::missing_flag;
        });
        if (step.indicator && !filled && draft.kind == Draft::Kind::number &&
            columns_.column(draft.part).missing_count() != 0) {
          draft.indicator = number;
        }
      }
      catch_up();
      for (ScalarMap& map : learn(step, sample)) {
        draft.maps.push_back(std::move(map));
      }
    }
  }

  static bool concerns(const ColumnChoice& columns, const Draft& draft) {
    const auto in = [&](const std::vector<std::string>& list) {
      return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
        return name == draft.info.name ||
               std::find(draft.info.sources.begin(), draft.info.sources.end(), name) != draft.info.sources.end();
      });
    };
    return (columns.is_all() || in(columns.names)) && !in(columns.except);
  }

  /// "x is missing" behind x, scaled by the steps that follow the one which asked for it. Columns that are missing in
  /// the same training records share one, lest one gap counts as many.
  void add_indicators(std::vector<Draft>& drafts, std::size_t end) const {
    std::vector<std::size_t> flags;  // their places among the drafts
    for (std::size_t place = 0; place < drafts.size(); ++place) {
      if (!drafts[place].indicator) {
        continue;
      }
      const Draft& of = drafts[place];
      const std::size_t from = *of.indicator + 1;
      const auto same = std::find_if(flags.begin(), flags.end(), [&](std::size_t flag) {
        return drafts[flag].from == from && same_gaps(columns_.column(drafts[flag].part), columns_.column(of.part));
      });
      drafts[place].indicator.reset();
      if (same != flags.end()) {
        std::vector<std::string>& sources = drafts[*same].info.sources;
        for (const std::string& source : of.info.sources) {
          if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
            sources.push_back(source);
          }
        }
        continue;
      }
      Draft flag{{of.info.name + " is missing", of.info.sources}, Draft::Kind::number, of.part};
      flag.from = from;
      flag.maps = {{.kind = ScalarKind::missing_flag}};
      Numbers values;
      scale_by_steps(flag, from, end, sample_of(flag, values));
      flags.push_back(place + 1);
      drafts.insert(drafts.begin() + static_cast<std::ptrdiff_t>(place) + 1, std::move(flag));
    }
  }

  static bool same_gaps(const Column& a, const Column& b) {
    bool same = a.missing_count() == b.missing_count();
    for (std::size_t row = 0; same && row < a.size(); ++row) {
      same = a.is_missing(row) == b.is_missing(row);
    }
    return same;
  }

  // ---- the plan

  /// Puts the features into their places in the matrix.
  void assemble() {
    std::vector<bool> placed(columns_.codes().size());
    std::size_t output = 0;
    for (const Draft& draft : drafts_) {
      if (output > 0 && draft.view != drafts_[output - 1].view) {
        placed.assign(placed.size(), false);
      }
      if (draft.kind == Draft::Kind::number) {
        plan_->numbers.push_back({draft.part, output, draft.maps});
      } else if (draft.kind == Draft::Kind::novelty) {
        plan_->novelties.push_back(columns_.novelties()[draft.part]);
        plan_->novelties.back().output = output;
      } else if (!placed[draft.part]) {
        placed[draft.part] = true;
        plan_->categories.push_back(finished_code(draft, output));
      }
      ++output;
    }
    plan_->first_width = output;
  }

  /// The values of those features that were kept of the code that a draft is the first of, with their scaling.
  CategoryPart finished_code(const Draft& of, std::size_t output) const {
    const auto& [input, code] = columns_.codes()[of.part];
    CategoryPart part{.input = input, .output = output, .map = code.map};
    std::vector<Numbers> columns;
    for (const Draft& draft : drafts_) {
      if (draft.kind == Draft::Kind::category && draft.part == of.part && draft.view == of.view) {
        Numbers& values = columns.emplace_back();
        static_cast<void>(sample_of(draft, values));
        for (const ScalarMap& map : draft.maps) {
          map.apply(values);
        }
      }
    }
    part.width = columns.size();
    part.values.resize(code.map.size() * part.width);
    for (std::size_t slot = 0; slot < code.map.size(); ++slot) {
      for (std::size_t place = 0; place < part.width; ++place) {
        part.values[slot * part.width + place] = static_cast<float>(columns[place][slot]);
      }
    }
    return part;
  }

  void fit_layer(std::size_t step) {
    std::vector<std::string> sources;
    for (const Draft& draft : drafts_) {
      for (const std::string& source : draft.info.sources) {
        if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
          sources.push_back(source);
        }
      }
    }
    MatrixLayer layer;
    if (const auto* pca = std::get_if<Pca>(&steps_[step])) {
      layer = learn_pca(*pca, training_matrix());
      drafts_.clear();
      for (std::size_t component = 0; component < layer.width; ++component) {
        drafts_.push_back({{"pca_" + std::to_string(component), sources}, Draft::Kind::layer, component, 0, step + 1});
      }
    } else {
      layer.width = plan_->width();
      for (std::size_t place = 0; place < drafts_.size(); ++place) {
        drafts_[place] = {drafts_[place].info, Draft::Kind::layer, place, 0, step + 1};
      }
    }
    plan_->layers.push_back(std::move(layer));
    if (step + 1 < steps_.size()) {  // the steps after it learn from what it gives
      layered_ = training_matrix();
    }
  }

  /// The features as far as the plan goes.
  Matrix training_matrix() const {
    Matrix x = Matrix::for_overwrite(table_.rows(), plan_->width());
    const Table inputs = selected();
    const BoundPlan bound(*plan_, inputs);
    parallel_for(table_.rows(), control_, {.grain = 4096, .stage = "computing features"},
                 [&](std::size_t begin, std::size_t end) { bound.apply(begin, end - begin, x.row(begin).data()); });
    return x;
  }

  Table selected() const {
    std::vector<Column> columns;
    for (std::size_t input = 0; input < plan_->columns.size(); ++input) {
      columns.push_back(columns_.column(input));
    }
    return {plan_->columns, std::move(columns)};
  }

  const std::vector<FeatureStep>& steps_;
  const Table& table_;
  const FitControl& control_;
  std::vector<ViewSteps> views_;
  std::shared_ptr<FeaturePlan> plan_ = std::make_shared<FeaturePlan>();
  EncodedColumns columns_;
  std::vector<Draft> drafts_;
  Matrix layered_;
};

}  // namespace nad::detail
