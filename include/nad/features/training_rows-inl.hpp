#pragma once

// The table as a pipeline learns from it: without the records that row steps leave out, and with the texts of data
// frames turned into what they say.

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/features/learn_encoding-inl.hpp"
#include "nad/features/step.hpp"
#include "nad/table/converting.hpp"
#include "nad/table/distinct.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"

namespace nad::detail {

/// The columns of a table that a step chooses; all: its features.
inline std::vector<std::string> chosen_columns(const ColumnChoice& choice, const Table& table) {
  for (const std::string& name : choice.names) {
    static_cast<void>(table.schema().place(name));  // an error that names the nearest
  }
  std::vector<std::string> names;
  for (const Field& field : table.schema()) {
    if (choice.takes(field.name) && (!choice.is_all() || field.role == Role::feature)) {
      names.push_back(field.name);
    }
  }
  return names;
}

inline Table rows_to_learn_from(const std::vector<FeatureStep>& steps, Table table) {
  const std::size_t given = table.rows();
  for (const FeatureStep& step : steps) {
    try {
      if (const auto* missing = std::get_if<DropMissing>(&step)) {
        const std::vector<std::string> names = chosen_columns(missing->columns, table);
        table = names.empty() ? table : drop_missing(table, names);
      } else if (const auto* twice = std::get_if<DropDuplicates>(&step)) {
        const std::vector<std::string> names = chosen_columns(twice->columns, table);
        table = names.empty() ? table : drop_duplicates(table, names);
      }
    } catch (const Error& error) {
      throw Error(error.code(), "step " + std::string(kind(step)) + ": " + error.what());
    }
  }
  if (table.rows() == 0 && given != 0) {
    throw Error(ErrorCode::invalid_data,
                "in each of the " + std::to_string(given) +
                    " records a value is missing, so drop_missing leaves none to learn from; name the columns that "
                    "matter, or use impute");
  }
  return table;
}

/// Whether all texts that are there are such values; `parse` says so of one.
template <class Parse>
bool all_texts(const Column& texts, const Parse& parse) {
  bool some = false;
  for (std::size_t row = 0; row < texts.size(); ++row) {
    if (!texts.is_missing(row)) {
      some = true;
      if (!parse(texts.text(row))) {
        return false;
      }
    }
  }
  return some;
}

/// A column of texts as the readers of files would have it: addresses, times, or, where texts repeat, categories; and
/// categories where a step encodes it by name.
inline Column understood_texts(const Column& texts, const std::string& name, bool encoded) {
  if (encoded) {
    return convert(texts, ColumnType::category, name);
  }
  if (all_texts(texts, [](std::string_view text) { return Address::parse(text).has_value(); })) {
    return convert(texts, ColumnType::address, name);
  }
  if (all_texts(texts, [](std::string_view text) { return parse_time(text).has_value(); })) {
    return convert(texts, ColumnType::time, name);
  }
  const Column categories = convert(texts, ColumnType::category, name);
  const std::size_t distinct = categories.categories().size();
  const bool repeat = 4 * distinct <= texts.size() - texts.missing_count() || distinct <= 100;
  return repeat ? categories : texts;
}

/// Whether a step that encodes categories names this column.
inline bool is_named_by_encoder(const std::vector<FeatureStep>& steps, const std::string& name) {
  return std::any_of(steps.begin(), steps.end(), [&](const FeatureStep& step) {
    return std::visit(
        [&](const auto& s) {
          if constexpr (is_encoder<std::decay_t<decltype(s)>>) {
            return std::find(s.columns.names.begin(), s.columns.names.end(), name) != s.columns.names.end();
          }
          return false;
        },
        step);
  });
}

/// Frames have texts where the readers of files give addresses, times and categories.
inline Table with_understood_texts(const std::vector<FeatureStep>& steps, Table table) {
  for (std::size_t place = 0; place < table.columns(); ++place) {
    const Field& field = table.schema()[place];
    if (field.type != ColumnType::text || (field.role != Role::feature && field.role != Role::label)) {
      continue;
    }
    Field understood = field;
    const Column column = understood_texts(table.column(place), field.name, is_named_by_encoder(steps, field.name));
    understood.type = column.type();
    if (understood.role == Role::feature) {
      understood.role = guess_role(field.name, column.type());
    }
    table = table.with(understood, column);
  }
  return table;
}

}  // namespace nad::detail
