#pragma once

// What is said about the columns of a text table, and what reading it teaches about them.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nad/source/batch_source-inl.hpp"
#include "nad/source/csv_values-inl.hpp"
#include "nad/source/delimited-inl.hpp"

namespace nad::detail {

/// "columns of this kind: 'a', 'b' and 7 more"
inline void note_columns(ReadContext& context, const std::vector<std::string>& names, const std::string& kind) {
  if (names.empty()) {
    return;
  }
  constexpr std::size_t most = 5;
  std::string text = "columns " + kind + ": ";
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  context.note(text + (names.size() > most ? " and " + std::to_string(names.size() - most) + " more" : ""));
}

inline void note_guesses(ReadContext& context, const std::vector<std::string>& names,
                         const std::vector<ColumnGuess>& guesses, const std::map<std::string, ColumnType>& told) {
  std::map<std::string, std::vector<std::string>> notes;
  for (std::size_t place = 0; place < guesses.size(); ++place) {
    const ColumnGuess& guess = guesses[place];
    const std::string& name = names[place];
    const auto learnt = context.second.columns.find(name);
    if (learnt != context.second.columns.end() && !learnt->second.why.empty()) {
      context.note("column '" + name + "' is of type " + std::string(nad::name(guess.type)) + ": " +
                   learnt->second.why);
    }
    if (guess.epoch) {
      notes["that count " + std::string(guess.epoch->name) + " since 1970, read as time"].push_back(name);
    }
    if (guess.dates) {
      notes[*guess.dates == DateOrder::day_first ? "of dates, the day first" : "of dates, the month first"].push_back(
          name);
    }
    if (guess.decimal_comma && guess.type == ColumnType::number) {
      notes["of numbers with a decimal comma"].push_back(name);
    }
    if (guess.inexact && guess.type == ColumnType::number) {
      notes["of numbers that have whole numbers beyond 64 bits, of which the last digits are lost"].push_back(name);
    }
    if (guess.undecided) {
      notes["of dates that do not show whether the day or the month comes first, left as they are (day_first says it)"]
          .push_back(name);
    }
    if (!guess.seen && !told.contains(name) && learnt == context.second.columns.end()) {
      notes["without a value in the first rows"].push_back(name);
    }
  }
  for (const auto& [kind, those] : notes) {
    note_columns(context, those, kind);
  }
}

/// Learns from a field that does not fit what was guessed: where the file can be read again, with another type.
inline bool learn_from(ReadContext& context, const ColumnGuess& guess, const ColumnPlan& column, std::string_view text,
                       std::uint64_t line, const std::vector<std::string>& missing) {
  const std::string& name = column.field.name;
  if (!guess.strict || !is_readable(text)) {
    return false;
  }
  const std::string_view bare = without_blanks(text);
  const auto known = context.second.columns.find(name);
  LearntColumn learnt{guess.type};
  if (known != context.second.columns.end()) {
    learnt = known->second;
  }
  if (!guess.padded && bare.size() != text.size() && (is_among(bare, missing) || fits(guess, bare))) {
    learnt.padded = true;
  } else {
    ColumnGuess wider = guess;
    wider.type = ColumnType::number;
    const bool number = guess.type == ColumnType::integer && !names_identifier(name) && fits(wider, bare);
    if (!number && context.options.on_error == OnError::skip) {
      context.note("column '" + name + "' was taken for " + std::string(nad::name(guess.type)) +
                   " from the first rows; rows with anything else are left out (types={\"" + name +
                   "\": \"text\"} keeps them)");
      return false;
    }
    learnt.padded = learnt.padded || bare.size() != text.size();
    learnt.type = number && learnt.type != ColumnType::text ? ColumnType::number : ColumnType::text;
    if (learnt.why.empty() || (!number && known->second.type == ColumnType::number)) {
      learnt.why = "it begins like " + std::string(nad::name(guess.type)) + ", but line " + std::to_string(line) +
                   " has '" + shown(text) + "'";
    }
  }
  if (!context.second.possible) {
    return false;
  }
  context.second.columns[name] = std::move(learnt);
  context.second.wanted = true;
  return true;
}

/// Columns that had no value in the first rows, but have some now: these may be numbers or times after all.
inline void learn_unseen(ReadContext& context, const std::vector<ColumnGuess>& guesses, const Table& table) {
  for (std::size_t place = 0; place < guesses.size(); ++place) {
    const ColumnGuess& guess = guesses[place];
    if (guess.seen || !guess.strict || guess.type != ColumnType::category ||
        table.column(place).categories().size() == 0) {
      continue;
    }
    ColumnSample sample;
    const Dictionary& values = table.column(place).categories();
    for (std::size_t code = 0; code < values.size(); ++code) {
      sample.add(values[static_cast<std::int32_t>(code)]);
    }
    const std::string& name = table.schema()[place].name;
    const ColumnGuess now = sample.guess(name, false, context.options.day_first);
    if (now.type == ColumnType::number || now.type == ColumnType::integer || now.type == ColumnType::address ||
        now.type == ColumnType::boolean || (now.type == ColumnType::time && !now.epoch && !now.dates)) {
      context.second.columns[name] = {now.type, now.padded, "its first value comes late"};
      context.second.wanted = true;
    }
  }
}

}  // namespace nad::detail
