#pragma once

// Flows become rows of a table, many at a time: each column is written in one go.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/community_id-inl.hpp"
#include "nad/flow/flow_record-inl.hpp"
#include "nad/flow/shared_columns-inl.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"

namespace nad::detail {

class FlowRows {
 public:
  FlowRows() = default;
  FlowRows(const FlowRows&) = delete;
  FlowRows& operator=(const FlowRows&) = delete;
  virtual ~FlowRows() = default;

  virtual void add(FlowSpan flows) = 0;

  const Schema& schema() const noexcept { return schema_; }
  /// How many were added.
  std::size_t size() const noexcept { return builders_.front().size(); }
  /// Makes room for so many in all.
  void reserve(std::size_t size) {
    for (ColumnBuilder& builder : builders_) {
      builder.reserve(size);
    }
  }
  /// What was added so far, which begins anew.
  Table finish() {
    std::vector<Column> columns;
    columns.reserve(builders_.size());
    for (ColumnBuilder& builder : builders_) {
      columns.push_back(builder.finish());
    }
    for (std::vector<std::int32_t>& codes : codes_) {
      codes.clear();
    }
    return {schema_, std::move(columns)};
  }

 protected:
  void set_fields(std::vector<Field> fields, const std::string& source) {
    builders_.reserve(fields.size());
    for (const Field& field : fields) {
      builders_.emplace_back(field.type);
    }
    codes_.resize(fields.size());
    schema_ = Schema(std::move(fields), source);
  }

  // Each writes the column after the last that was written; all columns are written for the same flows.

  template <class Value>
  void numbers(FlowSpan flows, const Value& value) {
    ColumnBuilder& builder = next();
    double* out = builder.raw_numbers().append_raw(flows.size());
    for (const FlowRecord* flow : flows) {
      *out++ = static_cast<double>(value(*flow));
    }
    builder.added(flows.size());
  }

  /// Whole numbers, and times.
  template <class Value>
  void integers(FlowSpan flows, const Value& value) {
    write_integers(next(), flows, value);
  }

  /// Whole numbers that are missing where `is_there(flow)` is false.
  template <class Value, class IsThere>
  void integers(FlowSpan flows, const Value& value, const IsThere& is_there) {
    ColumnBuilder& builder = next();
    std::size_t row = builder.size();
    write_integers(builder, flows, value);
    for (const FlowRecord* flow : flows) {
      if (!is_there(*flow)) {
        builder.mark_missing(row);
      }
      ++row;
    }
  }

  template <class Value>
  void booleans(FlowSpan flows, const Value& value) {
    ColumnBuilder& builder = next();
    for (const FlowRecord* flow : flows) {
      builder.add_boolean(value(*flow));
    }
  }

  template <class Value>
  void addresses(FlowSpan flows, const Value& value) {
    ColumnBuilder& builder = next();
    for (const FlowRecord* flow : flows) {
      builder.add_address(value(*flow));
    }
  }

  /// Texts; an empty one is missing.
  template <class Value>
  void texts(FlowSpan flows, const Value& value) {
    ColumnBuilder& builder = next();
    for (const FlowRecord* flow : flows) {
      const std::string_view text = value(*flow);
      text.empty() ? builder.add_missing() : builder.add_text(text);
    }
  }

  /// A category of few words: `number(flow)` says which, `word(number)` is asked once for each. Below 0: missing.
  template <class Number, class Word>
  void words(FlowSpan flows, const Number& number, const Word& word) {
    std::vector<std::int32_t>& codes = codes_[place_];
    ColumnBuilder& builder = next();
    for (const FlowRecord* flow : flows) {
      const int which = number(*flow);
      if (which < 0) {
        builder.add_missing();
        continue;
      }
      const auto place = static_cast<std::size_t>(which);
      if (place >= codes.size()) {
        codes.resize(place + 1, Dictionary::absent);
      }
      if (codes[place] == Dictionary::absent) {
        codes[place] = builder.raw_categories().add(word(which));
      }
      builder.raw_codes().push_back(codes[place]);
      builder.added(1);
    }
  }

  void community_ids(FlowSpan flows, std::uint16_t seed) {
    ColumnBuilder& builder = next();
    for (const FlowRecord* flow : flows) {
      const std::array<char, community_id_size> id = write_community_id(flow->ends, seed);
      builder.add_text({id.data(), id.size()});
    }
  }

  static bool is_land(const FlowRecord& flow) noexcept {
    return flow.ends.source == flow.ends.destination && flow.ends.source_port == flow.ends.destination_port;
  }

 private:
  ColumnBuilder& next() noexcept {
    ColumnBuilder& builder = builders_[place_];
    place_ = place_ + 1 == builders_.size() ? 0 : place_ + 1;
    return builder;
  }

  template <class Value>
  static void write_integers(ColumnBuilder& builder, FlowSpan flows, const Value& value) {
    std::int64_t* out = builder.raw_integers().append_raw(flows.size());
    for (const FlowRecord* flow : flows) {
      *out++ = static_cast<std::int64_t>(value(*flow));
    }
    builder.added(flows.size());
  }

  Schema schema_;
  std::vector<ColumnBuilder> builders_;
  std::vector<std::vector<std::int32_t>> codes_;  ///< of each category, the codes of its words
  std::size_t place_ = 0;
};

}  // namespace nad::detail
