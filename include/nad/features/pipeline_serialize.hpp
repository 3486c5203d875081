#pragma once

// What a feature pipeline keeps when it is saved, for any cereal archive: nad's own model file or one of a host's.
// A host that uses cereal's archives includes <cereal/types/string.hpp> and <cereal/types/vector.hpp>.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/archive_kept_values.hpp"
#include "nad/detail/utf8.hpp"
#include "nad/features/feature_plan.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/features/step_options.hpp"

namespace nad {

namespace detail {

inline Error damaged_pipeline(const std::string& why) {
  return {ErrorCode::bad_file, "the feature pipeline in this file is damaged: " + why};
}

/// An error where what was loaded does not fit together; after it, nothing reads beyond what is there.
NAD_API void check_plan(const FeaturePlan& plan);
/// Computes what a file does not tell of the views that the steps ask for.
NAD_API void restore_views(const std::vector<FeatureStep>& steps, FeaturePlan& plan);

template <class Archive>
void archive_texts(Archive& archive, std::vector<std::string>& texts) {
  archive(texts);
  if constexpr (Archive::is_loading::value) {
    if (!std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return is_utf8(text); })) {
      throw damaged_pipeline("a name is not UTF-8");
    }
  }
}

template <class Archive>
void archive_text(Archive& archive, std::string& text) {
  archive(text);
  if (Archive::is_loading::value && !is_utf8(text)) {
    throw damaged_pipeline("a name is not UTF-8");
  }
}

/// An enumeration whose last value is `last`.
template <class Archive, class Choice>
void archive_choice(Archive& archive, const char* name, Choice& choice, Choice last) {
  archive_field(archive, name, choice);
  if (choice > last) {
    throw damaged_pipeline(std::string(name) + " is " + std::to_string(static_cast<unsigned>(choice)) +
                           ", which means nothing");
  }
}

/// Whole numbers as 64 bits on every machine.
template <class Archive>
void archive_places(Archive& archive, std::vector<std::size_t>& places) {
  std::vector<std::uint64_t> stored(places.begin(), places.end());
  archive(stored);
  places.clear();
  for (const std::uint64_t place : stored) {
    if (place > std::numeric_limits<std::size_t>::max()) {
      throw damaged_pipeline("a number is too large for this machine");
    }
    places.push_back(static_cast<std::size_t>(place));
  }
}

/// An option of a step, or what a step learnt.
template <class Archive, class Value>
void archive_option(Archive& archive, const char* name, Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    archive_choice(archive, name, value, names_of(Value()).back().first);
  } else if constexpr (std::is_same_v<Value, std::string>) {
    archive_text(archive, value);
  } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    archive_texts(archive, value);
  } else if constexpr (std::is_same_v<Value, ColumnChoice>) {
    archive_texts(archive, value.names);
    archive_texts(archive, value.except);
  } else if constexpr (std::is_same_v<Value, std::vector<Rolling>>) {
    std::vector<std::uint8_t> stored;
    stored.reserve(value.size());
    for (const Rolling function : value) {
      stored.push_back(static_cast<std::uint8_t>(function));
    }
    archive(stored);
    value.clear();
    for (const std::uint8_t function : stored) {
      if (function > static_cast<std::uint8_t>(Rolling::failures)) {
        throw damaged_pipeline(std::string(name) + " has a function that means nothing");
      }
      value.push_back(static_cast<Rolling>(function));
    }
  } else {
    archive_field(archive, name, value);
  }
}

/// A step by its name, its options and what it learnt.
struct StoredStep {
  FeatureStep step;

  template <class Archive>
  void serialize(Archive& archive) {
    std::string wanted(kind(step));
    archive_text(archive, wanted);
    if (is_own_kind(wanted)) {
      archive_own(archive, wanted);
      return;
    }
    if constexpr (Archive::is_loading::value) {
      choose(wanted, std::make_index_sequence<std::variant_size_v<FeatureStep>>());
    }
    std::visit(
        [&archive](auto& s) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(s)>, OwnStep>) {
            const auto keep = [&archive](const char* name, auto& value) { archive_option(archive, name, value); };
            for_each_option(s, keep);
            if constexpr (requires { for_each_learned(s, keep); }) {
              for_each_learned(s, keep);
            }
          }
        },
        step);
  }

 private:
  /// Of a kind that is not nad's.
  template <class Archive>
  void archive_own(Archive& archive, const std::string& wanted) {
    std::vector<KeptValues::Named> values;
    if constexpr (!Archive::is_loading::value) {
      values = std::get<OwnStep>(step).values();
    }
    archive_kept_values(archive, values);
    if constexpr (Archive::is_loading::value) {
      step = load_own_step(wanted, std::move(values));
    }
  }

  template <std::size_t... place>
  void choose(const std::string& wanted, std::index_sequence<place...> /*all*/) {
    if (!(is_wanted<std::variant_alternative_t<place, FeatureStep>>(wanted) || ...)) {
      throw damaged_pipeline("it has a step that this nad does not know; a newer one may");
    }
  }

  template <class Candidate>
  bool is_wanted(const std::string& wanted) {
    if constexpr (!std::is_same_v<Candidate, OwnStep>) {
      if (Candidate::kind == wanted) {
        step = Candidate();
        return true;
      }
    }
    return false;
  }
};

struct StoredField {
  Field field;

  template <class Archive>
  void serialize(Archive& archive) {
    archive_text(archive, field.name);
    archive_choice(archive, "the type of a column", field.type, ColumnType::boolean);
    archive_choice(archive, "the role of a column", field.role, Role::moment);
    archive_text(archive, field.origin);
  }
};

/// Stores `values` as their counterparts that know how.
template <class Stored, class Archive, class Value>
void archive_as(Archive& archive, std::vector<Value>& values) {
  std::vector<Stored> stored;
  stored.reserve(values.size());
  for (const Value& value : values) {
    stored.push_back({value});
  }
  archive(stored);
  values.clear();
  for (Stored& value : stored) {
    auto& [loaded] = value;
    values.push_back(std::move(loaded));
  }
}

template <class Archive>
void archive_schema(Archive& archive, Schema& schema) {
  std::vector<Field> fields(schema.begin(), schema.end());
  std::string source = schema.source();
  archive_as<StoredField>(archive, fields);
  archive_text(archive, source);
  if constexpr (Archive::is_loading::value) {
    schema = Schema(std::move(fields), std::move(source));
  }
}

template <class Archive>
void archive_dictionary(Archive& archive, Dictionary& dictionary) {
  std::string text = dictionary.text();
  std::vector<std::int64_t> ends(dictionary.offsets().begin() + 1, dictionary.offsets().end());
  archive(text, ends);
  if constexpr (Archive::is_loading::value) {
    Dictionary loaded;
    std::int64_t begin = 0;
    for (const std::int64_t end : ends) {
      if (end < begin || end > static_cast<std::int64_t>(text.size()) ||
          loaded.add(
              std::string_view(text).substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))) +
                  1 !=
              static_cast<std::int64_t>(loaded.size())) {
        throw damaged_pipeline("its categories overlap, or one stands there twice");
      }
      begin = end;
    }
    dictionary = std::move(loaded);
  }
}

// cereal finds these beside the types.

template <class Archive>
void serialize(Archive& archive, ScalarMap& map) {
  archive_choice(archive, "a scaling", map.kind, ScalarKind::rank);
  archive(map.a, map.b, map.knots);
  if constexpr (Archive::is_loading::value) {
    map.derive();
  }
}

template <class Archive>
void serialize(Archive& archive, CategoryMap& map) {
  archive_dictionary(archive, map.known);
  archive(map.slots, map.buckets, map.unseen, map.missing);
}

template <class Archive>
void serialize(Archive& archive, NumberPart& part) {
  archive_field(archive, "an input", part.input);
  archive_field(archive, "an output", part.output);
  archive(part.maps);
}

template <class Archive>
void serialize(Archive& archive, CategoryPart& part) {
  archive_field(archive, "an input", part.input);
  archive_field(archive, "an output", part.output);
  archive_field(archive, "a width", part.width);
  archive(part.map, part.values);
}

template <class Archive>
void serialize(Archive& archive, NoveltyPart& part) {
  archive_places(archive, part.inputs);
  archive(part.known, part.weights);
  archive_field(archive, "an output", part.output);
  archive(part.most);
}

template <class Archive>
void serialize(Archive& archive, MatrixLayer& layer) {
  archive_field(archive, "a width", layer.width);
  archive(layer.mean, layer.components, layer.variances, layer.total_variance, layer.maps);
}

struct StoredInfo {
  FeatureInfo info;

  template <class Archive>
  void serialize(Archive& archive) {
    archive_text(archive, info.name);
    archive_texts(archive, info.sources);
  }
};

struct StoredReason {
  LeftOut left_out;

  template <class Archive>
  void serialize(Archive& archive) {
    archive_text(archive, left_out.column);
    archive_text(archive, left_out.reason);
  }
};

template <class Archive>
void serialize(Archive& archive, FeaturePlan& plan) {
  archive_schema(archive, plan.inputs);
  archive_as<StoredStep>(archive, plan.derived);
  archive_schema(archive, plan.columns);
  archive(plan.numbers, plan.categories, plan.novelties);
  archive_field(archive, "a width", plan.first_width);
  archive(plan.layers);
  archive_as<StoredInfo>(archive, plan.features);
  archive_as<StoredReason>(archive, plan.left_out);
}

}  // namespace detail

template <class Archive>
void FeaturePipeline::serialize(Archive& archive) {
  if constexpr (Archive::is_loading::value) {
    std::vector<FeatureStep> steps;
    const auto plan = std::make_shared<detail::FeaturePlan>();
    try {
      detail::archive_as<detail::StoredStep>(archive, steps);
      archive(*plan);
      detail::check_plan(*plan);
      detail::restore_views(steps, *plan);
    } catch (const Error& error) {  // of tables and steps, which do not know that a file is what is wrong
      throw error.code() == ErrorCode::bad_file ? error : detail::damaged_pipeline(error.what());
    }
    steps_ = std::move(steps);  // an error half way leaves the pipeline as it was
    plan_ = plan;
  } else {
    detail::FeaturePlan plan = fitted();
    std::vector<FeatureStep> steps = steps_;
    detail::archive_as<detail::StoredStep>(archive, steps);
    archive(plan);
  }
}

}  // namespace nad
