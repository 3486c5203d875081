#pragma once

// Logs of one JSON object a line, once a format has said which keys are columns.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/source/grid_source-inl.hpp"
#include "nad/source/json_lines-inl.hpp"
#include "nad/table/dictionary.hpp"

namespace nad::detail {

struct JsonPlan : GridPlan {
  /// Which place of a row the value of a key takes; keys of inner objects have dots.
  std::vector<std::pair<std::string, std::size_t>> keys;
  std::size_t places = 0;

  /// A column with a place of its own.
  void add(std::string_view key, Field field) {
    keys.emplace_back(key, places);
    columns.push_back({std::move(field), places});
    ++places;
  }
};

/// Finds keys. Records of one kind have them in one order, so the one that followed last time is tried first.
class JsonKeys {
 public:
  static constexpr std::int32_t nowhere = -1;

  explicit JsonKeys(const JsonPlan& plan) {
    names_.add("");  // before the first key
    places_.push_back(nowhere);
    for (const auto& [key, place] : plan.keys) {
      names_.add(key);
      places_.push_back(static_cast<std::int32_t>(place));
    }
    followers_.resize(places_.size());
    noted_.resize(places_.size());
  }

  void begin_record() noexcept {
    last_ = 0;
    unknown_.clear();
  }

  /// The place of a key, or `nowhere`.
  std::int32_t place(std::string_view key) {
    std::int32_t code = followers_[static_cast<std::size_t>(last_)];
    if (names_[code] != key) {
      code = names_.find(key);
      if (code == Dictionary::absent) {
        if (places_.size() > most_names) {
          return nowhere;
        }
        code = names_.add(key);
        places_.push_back(nowhere);
        followers_.push_back(0);
        noted_.push_back(false);
      }
      followers_[static_cast<std::size_t>(last_)] = code;
    }
    last_ = code;
    if (places_[static_cast<std::size_t>(code)] == nowhere && !noted_[static_cast<std::size_t>(code)]) {
      unknown_.push_back(code);
    }
    return places_[static_cast<std::size_t>(code)];
  }

  /// Calls `body(key)` once for each key that has no place and came in a record that counts: in this one.
  template <class Body>
  void note_unknown(const Body& body) {
    for (const std::int32_t code : unknown_) {
      noted_[static_cast<std::size_t>(code)] = true;
      body(names_[code]);
    }
  }

 private:
  static constexpr std::size_t most_names = 10000;  ///< a hostile file may have any number

  Dictionary names_;
  std::vector<std::int32_t> places_;
  std::vector<std::int32_t> followers_;
  std::vector<bool> noted_;
  std::vector<std::int32_t> unknown_;
  std::int32_t last_ = 0;
};

class JsonLinesSource : public GridSource {
 public:
  using Record = std::vector<std::string_view>;  ///< a text for each place, "" where the key is absent

  JsonLinesSource(LineWindow window, const JsonPlan& plan, ReadContext& context)
      : GridSource(static_cast<const GridPlan&>(plan), std::move(window), Dialect{}, plan.places, context),
        keys_(plan),
        record_(plan.places) {
    whole_.resize(plan.places);
    lists_.resize(plan.places);
    for (const ColumnPlan& column : plan.columns) {
      whole_[column.place] = column.field.type == ColumnType::integer;
      lists_[column.place] = column.field.type == ColumnType::category || column.field.type == ColumnType::text;
    }
  }

 protected:
  /// What becomes of a record: `keep` it, hold it back, or count it as left out and answer false.
  virtual bool take_record(std::uint64_t line, const Record& record) = 0;
  /// Keeps what was held back.
  virtual void at_end() {}

  void keep(std::uint64_t line, const Record& record) { grid_.add_row(line, record); }

 private:
  static constexpr std::size_t most_noted = 20;

  bool next_grid() override {
    grid_.clear();
    while (grid_.rows() == 0) {
      window_.consume(cut_bytes_, cut_lines_);
      cut_bytes_ = 0;
      cut_lines_ = 0;
      const std::string_view lines = window_.next_lines();
      if (lines.empty()) {
        if (!ended_) {
          ended_ = true;
          at_end();
        }
        return grid_.rows() != 0;
      }
      for (; cut_bytes_ < lines.size(); ++cut_lines_) {
        const std::size_t end = lines.find('\n', cut_bytes_);
        take_line(lines.substr(cut_bytes_, end - cut_bytes_), window_.line() + cut_lines_);
        cut_bytes_ = end + 1;
      }
      context_.progress(window_.input());
    }
    return true;
  }

  void take_line(std::string_view line, std::uint64_t number) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      return;
    }
    std::fill(record_.begin(), record_.end(), std::string_view());
    keys_.begin_record();
    joined_.clear();
    const std::optional<JsonFault>& fault =
        visit_line(json_, line, path_, [this](std::string_view key, const JsonValue& value) { put(key, value); });
    if (fault) {
      context_.bad_record("damaged JSON", number, {},
                          "damaged JSON at byte " + std::to_string(fault->at + 1) + ": " + fault->what);
      return;
    }
    if (take_record(number, record_)) {
      keys_.note_unknown([&](std::string_view key) { note_left_out(key, number); });
    }
  }

  void put(std::string_view key, const JsonValue& value) {
    const std::int32_t place = keys_.place(key);
    if (place == JsonKeys::nowhere) {
      return;
    }
    std::string_view& text = record_[static_cast<std::size_t>(place)];
    if (value.kind == JsonKind::null) {
      text = {};
    } else if (value.kind == JsonKind::array && lists_[static_cast<std::size_t>(place)]) {
      text = joined_.emplace_back(joined_elements(value.text));
    } else if (value.kind == JsonKind::number && whole_[static_cast<std::size_t>(place)]) {
      text = without_zero_fraction(value.text);
    } else {
      text = value.text;
    }
  }

  /// "443" for "443.0": some writers know no whole numbers.
  static std::string_view without_zero_fraction(std::string_view number) noexcept {
    const std::size_t point = number.find('.');
    return point != std::string_view::npos && number.find_first_not_of('0', point + 1) == std::string_view::npos
               ? number.substr(0, point)
               : number;
  }

  void note_left_out(std::string_view key, std::uint64_t line) {
    if (++left_out_ <= most_noted) {
      context_.note("the values of '" + std::string(key.substr(0, 100)) +
                    "' are left out: it is no column that nad knows, and comes first in line " + std::to_string(line) +
                    ", after the columns were settled");
    } else {
      context_.note("more such keys are left out");
    }
  }

  JsonKeys keys_;
  JsonScanner json_;
  std::string path_;
  Record record_;
  std::vector<bool> whole_;
  std::vector<bool> lists_;  ///< an array is no number, though it may hold one
  std::deque<std::string> joined_;
  std::uint64_t cut_lines_ = 0;
  std::size_t left_out_ = 0;
  bool ended_ = false;
};

/// What the first lines say about a key.
struct JsonKeySample {
  std::string key;
  bool numbers = true;
  bool truths = true;
  bool exact = true;  ///< every number is held by a double
};

/// Calls `body(members)` for each sound line of the head; `members` are pairs of key and value.
template <class Body>
void visit_head(const Head& head, const Body& body) {
  JsonScanner json;
  std::string path;
  std::vector<std::pair<std::string, JsonValue>> members;
  for (std::size_t index = 0; index < head.lines() && head.line(0).starts_with('{'); ++index) {
    members.clear();
    if (!visit_line(json, head.line(index), path,
                    [&](std::string_view key, const JsonValue& value) { members.emplace_back(key, value); })) {
      body(members);
    }
  }
}

/// Number, boolean or category, by what came in the first lines.
inline ColumnType likely_type(const JsonKeySample& sample) noexcept {
  return sample.truths                    ? ColumnType::boolean
         : sample.numbers && sample.exact ? ColumnType::number
                                          : ColumnType::category;
}

inline void look_at(JsonKeySample& sample, const JsonValue& value) {
  double number = 0.0;
  sample.truths = sample.truths && value.kind == JsonKind::truth;
  sample.numbers = sample.numbers && value.kind == JsonKind::number && parse_number(value.text, number);
  sample.exact = sample.exact && number <= 0x1p53 && number >= -0x1p53;
}

}  // namespace nad::detail
