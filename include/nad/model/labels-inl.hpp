#pragma once

// Which records are normal, and of which family the others are, by a table's column of labels.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detector/boosted_trees.hpp"
#include "nad/model/model_options.hpp"
#include "nad/table/group_words-inl.hpp"
#include "nad/table/print.hpp"
#include "nad/table/summary.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

inline constexpr std::array<std::string_view, 8> normal_words = {"normal", "benign", "background", "legitimate",
                                                                 "false",  "0",      "-",          "no"};

struct Labels {
  std::vector<std::int32_t> classes;  ///< of each record; 0 is normal
  std::vector<std::string> families;  ///< what the classes are called
};

/// The table with the role of label for the column that was named to hold the labels.
inline Table with_named_label(const Table& table, const ModelOptions& options) {
  if (options.label.empty()) {
    return table;
  }
  const std::size_t place = table.schema().place(options.label);
  return table.schema()[place].role == Role::label ? table : table.with_role(options.label, Role::label);
}

/// Which column holds the labels; nothing where there is none.
inline std::optional<std::size_t> label_column(const Schema& schema, const std::string& wanted) {
  if (!wanted.empty()) {
    return schema.place(wanted);
  }
  if (const auto family = schema.find("attack_family")) {
    return family;
  }
  for (std::size_t place = 0; place < schema.size(); ++place) {
    const ColumnType type = schema[place].type;
    if (schema[place].role == Role::label &&
        (type == ColumnType::category || type == ColumnType::boolean || type == ColumnType::text)) {
      return place;
    }
  }
  return std::nullopt;
}

/// "Normal." and "BENIGN" are normal, too.
inline std::string plain_label(std::string_view label) {
  std::string plain;
  for (const char letter : label) {
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  while (!plain.empty() && (plain.back() == '.' || plain.back() == ' ')) {
    plain.pop_back();
  }
  return plain;
}

/// Whether a label is the one that was named, or one of the usual words.
inline bool is_normal_label(std::string_view label, const std::string& wanted) {
  return wanted.empty() ? std::find(normal_words.begin(), normal_words.end(), plain_label(label)) != normal_words.end()
                        : label == wanted;
}

inline std::string name_of_normal(const std::vector<ValueCount>& values, const std::string& wanted,
                                  const std::string& column) {
  for (const ValueCount& value : values) {
    if (is_normal_label(value.value, wanted)) {
      return value.value;
    }
  }
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(values.size(), 8); ++i) {
    list += (i == 0 ? "'" : ", '") + values[i].value + "'";
  }
  throw Error(ErrorCode::invalid_data, "no label in column '" + column + "' is " +
                                           (wanted.empty() ? "known to mean normal" : "'" + wanted + "'") +
                                           "; it holds " + list + "; say with the option `normal` which one it is");
}

/// Families are in the order in which they are first seen in `known`, then in the table.
inline Labels read_labels(const Table& table, const ModelOptions& options, const std::vector<std::string>& known) {
  const std::optional<std::size_t> place = label_column(table.schema(), options.label);
  if (!place) {
    throw Error(ErrorCode::invalid_data,
                "the table has no column with the role of label; name it with the option `label`, or train 'clean' or "
                "'mixed'");
  }
  const Column& column = table.column(*place);
  const std::string& name = table.schema()[*place].name;
  if (column.missing_count() > 0) {
    std::size_t row = 0;
    while (!column.is_missing(row)) {
      ++row;
    }
    throw Error(ErrorCode::invalid_data, "the label in column '" + name + "' is missing in row " + std::to_string(row) +
                                             "; leave such records out, or train 'mixed'");
  }
  Labels labels{.classes = std::vector<std::int32_t>(column.size()), .families = known};
  if (known.empty()) {
    labels.families.push_back(name_of_normal(value_counts(column), options.normal, name));
  }
  const auto class_of = [&](const std::string& label) {
    const auto found = std::find(labels.families.begin(), labels.families.end(), label);
    if (found == labels.families.end()) {
      labels.families.push_back(label);
      return static_cast<std::int32_t>(labels.families.size() - 1);
    }
    return static_cast<std::int32_t>(found - labels.families.begin());
  };
  if (column.type() == ColumnType::category) {
    std::vector<std::int32_t> of_code(column.categories().size(), -1);
    for (std::size_t row = 0; row < column.size(); ++row) {
      std::int32_t& number = of_code[static_cast<std::size_t>(column.codes()[row])];
      number = number < 0 ? class_of(std::string(column.text(row))) : number;
      labels.classes[row] = number;
    }
  } else {
    for (std::size_t row = 0; row < column.size(); ++row) {
      labels.classes[row] = class_of(column.format(row));
    }
  }
  return labels;
}

/// An error where a name for normal records was given that no label has.
inline void check_name_of_normal(const Table& table, const ModelOptions& options) {
  if (options.normal.empty()) {
    return;
  }
  const std::optional<std::size_t> place = label_column(table.schema(), options.label);
  if (!place) {
    throw Error(ErrorCode::invalid_data, "the option `normal` is '" + options.normal +
                                             "', but the table has no column with the role of label; name it with the "
                                             "option `label`, or leave `normal` out");
  }
  static_cast<void>(name_of_normal(value_counts(table.column(*place)), options.normal, table.schema()[*place].name));
}

/// What a person should know who lets a model believe that labelled records are normal; "" where they are, or where
/// nothing says what the labels mean.
inline std::string labelled_attacks_note(const Table& table, const ModelOptions& options) {
  const std::optional<std::size_t> place = label_column(table.schema(), options.label);
  if (!place) {
    return "";
  }
  const std::vector<ValueCount> values = value_counts(table.column(*place));
  bool has_normal = false;
  std::size_t attacks = 0;
  std::string examples;
  std::size_t shown = 0;
  for (const ValueCount& value : values) {
    if (is_normal_label(value.value, options.normal)) {
      has_normal = true;
      continue;
    }
    attacks += value.count;
    if (++shown <= 3) {
      examples += (shown == 1 ? "'" : ", '") + printable(value.value, 24) + "'";
    }
  }
  if (!has_normal || attacks == 0) {
    return "";
  }
  return with_thousands(std::to_string(attacks)) + " of the records to learn from are labelled " + examples +
         (shown > 3 ? ", ..." : "") + " in column '" + table.schema()[*place].name +
         "', and 'clean' training believes them normal: leave them out, or train 'mixed' or 'labelled'";
}

/// Of each row the family of attacks that is the most likely one, were it an attack: 0 is the normal class.
inline std::vector<std::int32_t> likeliest_attack(const BoostedTrees& trees, MatrixView x, const FitControl& control) {
  const Matrix chances = trees.predict_proba(x, control);
  std::vector<std::int32_t> found(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    float most = -1.0F;
    for (std::size_t place = 0; place < chances.columns(); ++place) {
      if (trees.classes()[place] != 0 && chances(row, place) > most) {
        most = chances(row, place);
        found[row] = trees.classes()[place];
      }
    }
  }
  return found;
}

}  // namespace nad::detail
