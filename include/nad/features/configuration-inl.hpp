#pragma once

#include <limits>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "nad/core/error.hpp"
#include "nad/detail/nearest_name.hpp"
#include "nad/features/configuration.hpp"
#include "nad/features/step_options.hpp"

namespace nad {

namespace detail {

using Json = nlohmann::ordered_json;

template <class Step, class Visit>
void visit_default(Visit& visit) {
  if constexpr (!std::is_same_v<Step, OwnStep>) {
    visit(Step());
  }
}

/// Calls `visit` with a default step of each kind that is nad's.
template <class Visit, std::size_t... place>
void for_each_kind(Visit&& visit, std::index_sequence<place...>) {
  (visit_default<std::variant_alternative_t<place, FeatureStep>>(visit), ...);
}
template <class Visit>
void for_each_kind(Visit&& visit) {
  for_each_kind(std::forward<Visit>(visit), std::make_index_sequence<std::variant_size_v<FeatureStep>>());
}

template <class Value>
Json option_to_json(const Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    for (const auto& [meaning, name] : names_of(value)) {
      if (meaning == value) {
        return std::string(name);
      }
    }
    return nullptr;
  } else if constexpr (std::is_same_v<Value, std::vector<Rolling>>) {
    Json list = Json::array();
    for (const Rolling function : value) {
      list.push_back(option_to_json(function));
    }
    return list;
  } else if constexpr (std::is_same_v<Value, ColumnChoice>) {
    return value.except.empty() ? Json(value.names) : Json{{"except", value.except}};
  } else {
    return value;
  }
}

/// Takes options out of a JSON object, each of its type.
class OptionReader {
 public:
  OptionReader(const Json& object, std::string step) : object_(object), step_(std::move(step)) {}

  template <class Value>
  void read(const char* name, Value& value) {
    names_.emplace_back(name);
    const auto found = object_.find(name);
    if (found == object_.end()) {
      return;
    }
    const Json& given = *found;
    if constexpr (std::is_same_v<Value, bool>) {
      require(given.is_boolean(), name, given, "true or false");
      value = given.get<bool>();
    } else if constexpr (std::is_enum_v<Value>) {
      read_choice(name, given, value);
    } else if constexpr (std::is_same_v<Value, std::int64_t>) {
      require(is_whole(given), name, given, "a whole number");
      value = given.get<Value>();
    } else if constexpr (std::is_integral_v<Value>) {
      require(given.is_number_unsigned() && given.get<std::uint64_t>() <= std::numeric_limits<Value>::max(), name,
              given, "a whole number, not negative");
      value = given.get<Value>();
    } else if constexpr (std::is_floating_point_v<Value>) {
      require(given.is_number(), name, given, "a number");
      value = given.get<Value>();
    } else if constexpr (std::is_same_v<Value, std::string>) {
      require(given.is_string(), name, given, "a text");
      value = given.get<std::string>();
    } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
      require(is_list(given), name, given, "a list of names");
      value = given.get<std::vector<std::string>>();
    } else if constexpr (std::is_same_v<Value, std::vector<std::int64_t>>) {
      require(given.is_array() && std::all_of(given.begin(), given.end(), is_whole), name, given,
              "a list of whole numbers");
      value = given.get<Value>();
    } else if constexpr (std::is_same_v<Value, std::vector<std::uint8_t>>) {
      require(given.is_array() && std::all_of(given.begin(), given.end(), is_byte), name, given,
              "a list of whole numbers from 0 to 255");
      value = given.get<Value>();
    } else if constexpr (std::is_same_v<Value, std::vector<double>> || std::is_same_v<Value, std::vector<float>>) {
      require(given.is_array() &&
                  std::all_of(given.begin(), given.end(), [](const Json& number) { return number.is_number(); }),
              name, given, "a list of numbers");
      value = given.get<Value>();
    } else if constexpr (std::is_same_v<Value, std::vector<Rolling>>) {
      require(given.is_array(), name, given, "a list");
      value.assign(given.size(), Rolling::mean);
      for (std::size_t i = 0; i < value.size(); ++i) {
        read_choice(name, given[i], value[i]);
      }
    } else {
      read_columns(name, given, value);
    }
  }

  /// What was given and is no option.
  void refuse_others() const {
    for (const auto& [name, value] : object_.items()) {
      if (name != "kind" && std::find(names_.begin(), names_.end(), name) == names_.end()) {
        const std::string nearest = nearest_name(name, names_);
        throw Error(ErrorCode::invalid_argument, "step " + step_ + " has no option '" + name + "'" +
                                                     (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
      }
    }
  }

 private:
  void require(bool sound, const std::string& name, const Json& given, const std::string& wish) const {
    if (!sound) {
      throw Error(ErrorCode::invalid_argument,
                  "step " + step_ + ": " + name + " is " + given.dump() + "; give " + wish);
    }
  }

  static bool is_list(const Json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_string(); });
  }

  /// A whole number of 64 bits with a sign.
  static bool is_whole(const Json& given) {
    return given.is_number_integer() &&
           (!given.is_number_unsigned() ||
            given.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  }

  static bool is_byte(const Json& given) {
    return given.is_number_unsigned() && given.get<std::uint64_t>() <= std::numeric_limits<std::uint8_t>::max();
  }

  template <class Choice>
  void read_choice(const char* name, const Json& given, Choice& value) const {
    std::string wish;
    for (const auto& [meaning, word] : names_of(value)) {
      if (given.is_string() && given.get<std::string>() == word) {
        value = meaning;
        return;
      }
      wish += (wish.empty() ? "\"" : ", \"") + std::string(word) + "\"";
    }
    require(false, name, given, "one of " + wish);
  }

  void read_columns(const char* name, const Json& given, ColumnChoice& value) const {
    const bool others = given.is_object() && given.size() == 1 && given.contains("except") && is_list(given["except"]);
    require(is_list(given) || others, name, given, "a list of names, or {\"except\": [names]}");
    value = others ? ColumnChoice::all_but(given["except"].get<std::vector<std::string>>())
                   : ColumnChoice(given.get<std::vector<std::string>>());
  }

  const Json& object_;
  std::string step_;
  std::vector<std::string> names_;
};

/// What a step of one's own keeps, where a default one keeps something else.
inline void own_step_to_json(const OwnStep& step, Json& object) {
  const std::vector<KeptValues::Named> usual = step.default_values();
  for (const KeptValues::Named& value : step.values()) {
    if (std::find(usual.begin(), usual.end(), value) == usual.end()) {
      object[value.name] = std::visit([](const auto& plain) { return option_to_json(plain); }, value.value);
    }
  }
}

inline FeatureStep own_step_from_json(const Json& object, const std::string& kind, const std::string& place) {
  std::optional<OwnStep> step = make_own_step(kind);
  if (!step) {
    throw Error(ErrorCode::invalid_argument, place + ": the step '" + kind +
                                                 "' is none of nad's, and the program has not registered it; call "
                                                 "nad::register_step for it first");
  }
  std::vector<KeptValues::Named> values = step->values();
  OptionReader reader(object, place.substr(place.find(' ') + 1) + " (" + kind + ")");
  for (KeptValues::Named& value : values) {
    std::visit([&](auto& plain) { reader.read(value.name.c_str(), plain); }, value.value);
  }
  reader.refuse_others();
  try {
    step->set_values(std::move(values));
  } catch (const Error& error) {
    throw Error(error.code(), place + " (" + kind + "): " + error.what());
  }
  return std::move(*step);
}

inline FeatureStep step_from_json(const Json& object, std::size_t number) {
  const std::string place = "step " + std::to_string(number + 1);
  if (!object.is_object() || !object.contains("kind") || !object["kind"].is_string()) {
    throw Error(ErrorCode::invalid_argument, place + R"( is no object with a "kind", as {"kind": "standardise"})");
  }
  const auto wanted = object["kind"].get<std::string>();
  if (is_own_kind(wanted)) {
    return own_step_from_json(object, wanted, place);
  }
  std::optional<FeatureStep> found;
  std::vector<std::string> kinds;
  for_each_kind([&](auto step) {
    kinds.emplace_back(step.kind);
    if (step.kind == wanted) {
      OptionReader reader(object, std::to_string(number + 1) + " (" + wanted + ")");
      for_each_option(step, [&](const char* name, auto& value) { reader.read(name, value); });
      reader.refuse_others();
      found = step;
    }
  });
  if (!found) {
    const std::string nearest = nearest_name(wanted, kinds);
    throw Error(ErrorCode::invalid_argument, place + ": there is no step '" + wanted + "'" +
                                                 (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
  }
  return std::move(*found);
}

}  // namespace detail

NAD_INLINE std::string to_json(const std::vector<FeatureStep>& steps) {
  std::string text;
  for (const FeatureStep& step : steps) {
    detail::Json object = {{"kind", kind(step)}};
    std::visit(
        [&](const auto& s) {
          if constexpr (std::is_same_v<std::decay_t<decltype(s)>, OwnStep>) {
            detail::own_step_to_json(s, object);
          } else {
            const std::decay_t<decltype(s)> defaults;
            detail::Json usual;
            for_each_option(defaults,
                            [&](const char* name, const auto& value) { usual[name] = detail::option_to_json(value); });
            for_each_option(s, [&](const char* name, const auto& value) {
              if (detail::Json written = detail::option_to_json(value); written != usual[name]) {
                object[name] = std::move(written);
              }
            });
          }
        },
        step);
    text += text.empty() ? "[\n  " : ",\n  ";
    text += object.dump();
  }
  return text.empty() ? "[]" : text + "\n]";
}

NAD_INLINE std::vector<FeatureStep> steps_from_json(std::string_view text) {
  const detail::Json list = detail::Json::parse(text, nullptr, false);
  if (list.is_discarded() || !list.is_array()) {
    throw Error(
        ErrorCode::invalid_argument,
        R"(the steps of a feature pipeline are a JSON list, as [{"kind": "one_hot"}, {"kind": "standardise"}])");
  }
  std::vector<FeatureStep> steps;
  for (std::size_t number = 0; number < list.size(); ++number) {
    steps.push_back(detail::step_from_json(list[number], number));
  }
  return steps;
}

NAD_INLINE std::vector<std::string_view> step_kinds() {
  std::vector<std::string_view> kinds;
  detail::for_each_kind([&](const auto& step) { kinds.push_back(step.kind); });
  return kinds;
}

}  // namespace nad
