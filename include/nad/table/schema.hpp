#pragma once

/// What the columns of a table are called, hold and are for.
///
///   nad::Schema schema = table.schema();
///   schema.find("duration");                        // its place, or nothing
///   schema.place("durration");                      // an error that names "duration"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/column.hpp"

namespace nad {

/// What a column is for. Only features are learnt from unless somebody says otherwise.
enum class Role : std::uint8_t {
  feature,
  label,       ///< the answer, or what gives it away
  identifier,  ///< names one record, or one end of it
  moment,      ///< when the record happened
};

NAD_API std::string_view name(Role role) noexcept;
/// The other way; an error that lists the names for anything else.
NAD_API Role parse_role(std::string_view name);

/// What a column is probably for, by its name ("is_anomaly", "flow_id") and its type.
NAD_API Role guess_role(std::string_view name, ColumnType type);

struct Field {
  std::string name;
  ColumnType type = ColumnType::number;
  Role role = Role::feature;
  std::string origin = {};  ///< what the source calls it, where that is another name

  friend bool operator==(const Field&, const Field&) = default;
};

class NAD_API Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields, std::string source = "");

  std::size_t size() const noexcept { return fields_.size(); }
  const Field& operator[](std::size_t place) const noexcept { return fields_[place]; }
  std::vector<Field>::const_iterator begin() const noexcept { return fields_.begin(); }
  std::vector<Field>::const_iterator end() const noexcept { return fields_.end(); }
  /// The format that the records came from ("kdd99", "zeek_conn", ...), or "".
  const std::string& source() const noexcept { return source_; }

  std::optional<std::size_t> find(std::string_view name) const noexcept;
  /// As `find`; where there is none, an error that names the nearest.
  std::size_t place(std::string_view name) const;

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<Field> fields_;
  std::string source_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/schema-inl.hpp"
#endif
