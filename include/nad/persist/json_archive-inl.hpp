#pragma once

// What is stored, as JSON that people can read: an archive that is given names, and has no way back.

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/core/matrix.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detail/not_a_number.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/local_gaussian.hpp"
#include "nad/persist/header-inl.hpp"
#include "nad/persist/member_scales-inl.hpp"
#include "nad/persist/model_file.hpp"

namespace nad::detail {

class JsonArchive;
template <class Value>
Json json_of(const Value& value);

/// With the digits that a float needs, and not with those that its double would show.
inline Json json_float(float value) {
  if (!is_finite(static_cast<double>(value))) {
    return as_json(static_cast<double>(value));
  }
  std::array<char, 32> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return Json::parse(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()))).get<double>();
}

/// "the samples" are called "samples".
inline std::string json_key(std::string_view name) {
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (name.starts_with(article)) {
      name.remove_prefix(article.size());
      break;
    }
  }
  std::string key(name);
  std::replace(key.begin(), key.end(), ' ', '_');
  return key;
}

class JsonArchive {
 public:
  using is_loading = std::false_type;  // NOLINT(readability-identifier-naming): as archives name it
  using is_saving = std::true_type;    // NOLINT(readability-identifier-naming)

  template <class Value>
  void field(const char* name, const Value& value) {
    fields_[json_key(name)] = json_of(value);
  }

  template <class... Values>
  void operator()(const Values&...) {
    static_assert(sizeof...(Values) == 0, "what is kept needs a name: use archive_named or archive_field");
  }

  Json take() { return std::move(fields_); }

 private:
  Json fields_ = Json::object();
};

template <class Value>
concept JsonRange = requires(const Value& value) {
  value.begin();
  value.end();
  typename Value::value_type;
}
&&!std::same_as<Value, std::string>;

template <class Value>
concept NamedValue = std::is_enum_v<Value> && requires(Value value) {
  { name(value) } -> std::convertible_to<std::string_view>;
};

inline Json json_matrix(MatrixView matrix) {
  Json rows = Json::array();
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    Json& values = rows.emplace_back(Json::array());
    std::transform(matrix.row(row), matrix.row(row) + matrix.columns(), std::back_inserter(values), &json_float);
  }
  return rows;
}

template <class Value>
Json json_of(const Value& value) {
  if constexpr (std::is_same_v<Value, float>) {
    return json_float(value);
  } else if constexpr (std::is_same_v<Value, Matrix> || std::is_same_v<Value, MatrixView>) {
    return json_matrix(value);
  } else if constexpr (NamedValue<Value>) {
    return std::string(name(value));
  } else if constexpr (std::is_same_v<Value, std::string> || std::is_integral_v<Value>) {
    return value;
  } else if constexpr (requires { value.has_value(); }) {
    return value ? json_of(*value) : Json(nullptr);
  } else if constexpr (JsonRange<Value>) {
    Json list = Json::array();
    for (const auto& one : value) {
      list.push_back(json_of(one));
    }
    return list;
  } else if constexpr (std::is_same_v<Value, double> || std::is_same_v<Value, Amount> ||
                       std::is_same_v<Value, KernelGamma>) {
    return as_json(value);
  } else {
    JsonArchive archive;
    const_cast<Value&>(value).serialize(archive);  // NOLINT(cppcoreguidelines-pro-type-const-cast): archives take it so
    return archive.take();
  }
}

// ---- detectors

/// Whatever kind, header and all.
NAD_API Json json_of_detector(const Detector& detector, const SaveOptions& options);

/// All that a detector stores.
template <class D>
Json stored_json(const D& detector) {
  return json_of(detector);
}

inline Json stored_json(const LocalGaussian& local) {
  Json fields;
  fields["shares"] = std::vector<double>(local.shares().begin(), local.shares().end());
  fields["shapes"] = Json::array();
  for (const auto& shape : local.shapes()) {
    fields["shapes"].push_back(json_of(*shape));
  }
  return fields;
}

inline Json stored_json(const Ensemble& ensemble) {
  Json fields;
  Json& members = fields["members"] = Json::array();
  const std::vector<TailScale> scales = member_scales(ensemble);
  for (std::size_t i = 0; i < ensemble.n_members(); ++i) {
    Json member;
    member["name"] = ensemble.member_name(i);
    member["weight"] = ensemble.member_weight(i);
    if (const ColumnRange& columns = ensemble.member_columns(i); columns != ColumnRange()) {
      member["columns"] = {{"first", columns.first}, {"count", columns.count}};
    }
    member["calibration"] = json_of(scales[i]);
    member["detector"] = json_of_detector(ensemble.member(i), {});
    members.push_back(std::move(member));
  }
  if (ensemble.options().crowds > 0.0) {
    const detail::Crowds& crowds = ensemble.crowds();
    fields["crowds"] = {{"keys", std::vector<std::uint64_t>(crowds.keys().begin(), crowds.keys().end())},
                        {"evidence", std::vector<float>(crowds.evidence().begin(), crowds.evidence().end())}};
  }
  return fields;
}

// ---- text

inline std::string plain_json(const Json& value) {  // bytes that are not UTF-8 become U+FFFD
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// One member of an object a line, but a few plain ones together; a list of plain values is a line, and so is each row
/// of a matrix.
inline void append_json(const Json& value, std::size_t depth, std::string& text) {
  constexpr std::size_t few = 4;
  const auto is_plain = [](const Json& one) { return !one.is_structured(); };
  const bool all_plain = value.is_structured() && std::all_of(value.begin(), value.end(), is_plain);
  if (!value.is_structured() || value.empty() || (value.is_array() && all_plain)) {
    text += plain_json(value);
    return;
  }
  const bool one_line = all_plain && value.size() <= few;
  const std::string indent = one_line ? "" : "\n" + std::string(depth + 1, ' ');
  text += value.is_object() ? '{' : '[';
  bool is_first = true;
  for (const auto& item : value.items()) {
    text.append(is_first ? "" : one_line ? ", " : ",").append(indent);
    is_first = false;
    if (value.is_object()) {
      text += plain_json(item.key()) + ": ";
    }
    append_json(item.value(), depth + 1, text);
  }
  if (!one_line) {
    text.append("\n").append(depth, ' ');
  }
  text += value.is_object() ? '}' : ']';
}

inline std::string readable_json(const Json& value) {
  std::string text;
  append_json(value, 0, text);
  return text + "\n";
}

}  // namespace nad::detail
