#pragma once

// The steps of a pipeline in a header: what `to_json` of them gives, without a tree of JSON (header_text-inl.hpp says
// why).

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "nad/core/kept_values.hpp"
#include "nad/features/step.hpp"
#include "nad/features/step_options.hpp"
#include "nad/persist/header_text-inl.hpp"

namespace nad::detail {

template <class Value>
void write_step_option(HeaderText& header, const Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    for (const auto& [meaning, word] : names_of(value)) {
      if (meaning == value) {
        header.value(word);
      }
    }
  } else if constexpr (std::is_same_v<Value, ColumnChoice>) {
    if (value.except.empty()) {
      header.value(value.names);
    } else {
      header.begin('{').key("except").value(value.except).end('}');
    }
  } else if constexpr (std::is_same_v<Value, std::string> || std::is_arithmetic_v<Value>) {
    header.scalar(Json(value));
  } else {
    header.begin('[');
    for (const auto& one : value) {
      write_step_option(header, one);
    }
    header.end(']');
  }
}

template <class Value>
std::string step_option_text(const Value& value) {
  HeaderText text;
  write_step_option(text, value);
  return text.take();
}

/// Options that are as they would be without being given are left out.
template <class Step>
void write_step_options(HeaderText& header, const Step& step) {
  std::vector<std::string> usual;
  const Step defaults;
  for_each_option(defaults, [&](const char*, const auto& value) { usual.push_back(step_option_text(value)); });
  std::size_t place = 0;
  for_each_option(step, [&](const char* name, const auto& value) {
    if (step_option_text(value) != usual[place++]) {
      header.key(name);
      write_step_option(header, value);
    }
  });
}

inline void write_step_options(HeaderText& header, const OwnStep& step) {
  const std::vector<KeptValues::Named> usual = step.default_values();
  for (const KeptValues::Named& value : step.values()) {
    if (std::find(usual.begin(), usual.end(), value) == usual.end()) {
      header.key(value.name);
      std::visit([&](const auto& plain) { write_step_option(header, plain); }, value.value);
    }
  }
}

inline void write_steps(HeaderText& header, const std::vector<FeatureStep>& steps) {
  header.begin('[');
  for (const FeatureStep& step : steps) {
    header.begin('{').key("kind").value(kind(step));
    std::visit([&](const auto& one) { write_step_options(header, one); }, step);
    header.end('}');
  }
  header.end(']');
}

}  // namespace nad::detail
