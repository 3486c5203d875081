#pragma once

// What sources of records share: counts that any thread may ask for, types that a model expects, positions.

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "nad/core/error.hpp"
#include "nad/detail/json_writer.hpp"
#include "nad/detail/kept_bytes.hpp"
#include "nad/detail/kept_json.hpp"
#include "nad/source/batch_source-inl.hpp"
#include "nad/source/record_source.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/converting.hpp"

namespace nad::detail {

class SharedSourceStats {
 public:
  SourceStats get() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  void came(std::uint64_t records) {
    const std::lock_guard lock(mutex_);
    stats_.records += records;
  }

  void note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    add_note(text);
  }

  /// What reading a piece of text told.
  void add(const ReadReport& report) {
    const std::lock_guard lock(mutex_);
    for (const auto& [reason, count] : report.skipped) {
      skip(reason, count);
    }
    for (const std::string& text : report.notes) {
      add_note(text);
    }
  }

  void skip_records(const std::string& reason, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    skip(reason, count);
  }

  void packets(std::uint64_t more, std::uint64_t lost) {
    const std::lock_guard lock(mutex_);
    stats_.packets += more;
    stats_.packets_lost += lost;
  }

  /// In the place of all that was there.
  void set(SourceStats stats) {
    const std::lock_guard lock(mutex_);
    stats_ = std::move(stats);
  }

 private:
  void skip(const std::string& reason, std::uint64_t count) {
    constexpr std::size_t most_reasons = 200;
    const bool room = stats_.skipped.size() < most_reasons || stats_.skipped.contains(reason);
    stats_.skipped[room ? reason : "other reasons"] += count;
  }

  void add_note(const std::string& text) {
    constexpr std::size_t most_notes = 100;
    if (stats_.notes.size() < most_notes &&
        std::find(stats_.notes.begin(), stats_.notes.end(), text) == stats_.notes.end()) {
      stats_.notes.push_back(text);
    }
  }

  mutable std::mutex mutex_;
  SourceStats stats_;
};

/// The options for a table of separated fields whose types are those that the model learnt from. Of other columns only
/// times and addresses mean something to an alert; as texts they cannot be malformed.
inline ReadOptions with_expected_types(ReadOptions options, const Schema& found, const Schema& expected) {
  if (found.source() != "csv" || expected.size() == 0) {
    return options;
  }
  for (const Field& field : found) {
    const auto place = expected.find(field.name);
    const bool speaks = field.type == ColumnType::time || field.type == ColumnType::address;
    const ColumnType type = place ? expected[*place].type : speaks ? field.type : ColumnType::text;
    options.types.emplace(field.name, type);  // what the caller says counts
  }
  return options;
}

/// Logs of JSON leave out what a record does not have, so a batch may lack columns: they are there, and empty. Other
/// types that hold the same values become those that are expected.
inline Table conforming(Table table, const Schema& expected, bool may_lack) {
  for (const Field& field : expected) {
    const auto place = table.schema().find(field.name);
    if (!place) {
      if (may_lack) {
        ColumnBuilder missing(field.type);
        for (std::size_t row = 0; row < table.rows(); ++row) {
          missing.add_missing();
        }
        table = table.with(field, missing.finish());
      }
    } else if (table.schema()[*place].type != field.type) {
      table = with_type(table, field.name, field.type);
    }
  }
  return table;
}

[[noreturn]] inline void refuse_position(const std::string& source) {
  throw Error(ErrorCode::invalid_argument,
              "the position to go on from is not one of " + source +
                  "; give the source that it was stored for, or begin anew without the checkpoint");
}

/// Fills values from a position; `fill` gets the JSON object, or null where there is none.
template <class Fill>
void read_position(std::string_view text, const std::string& source, const Fill& fill) {
  try {
    const KeptJson<nlohmann::json> saved(text);
    fill(*saved);
  } catch (const nlohmann::json::exception&) {
    refuse_position(source);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::bad_file) {
      refuse_position(source);
    }
    throw;
  }
}

}  // namespace nad::detail
