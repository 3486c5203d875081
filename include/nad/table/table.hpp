#pragma once

/// Named columns of equal length.
///
///   nad::Table flows = nad::read("conn.log");
///   const nad::Column& duration = flows["duration"];
///   nad::Table tcp = flows.filter([&](std::size_t row) { return flows["protocol"].text(row) == "tcp"; });
///   nad::Table few = tcp.select({"src_ip", "dst_port"}).head(10);
///   std::cout << few;
///
/// A table is a value. Columns are never changed, only shared: copying, selecting and slicing copy no records.

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/table/column.hpp"
#include "nad/table/schema.hpp"

namespace nad {

class NAD_API Table {
 public:
  Table() = default;
  /// One column a field, all of the same length and of the field's type.
  Table(Schema schema, std::vector<Column> columns);

  std::size_t rows() const noexcept { return columns_.empty() ? 0 : columns_.front().size(); }
  std::size_t columns() const noexcept { return columns_.size(); }
  const Schema& schema() const noexcept { return schema_; }

  const Column& column(std::size_t place) const noexcept { return columns_[place]; }
  /// An error, with the nearest name, where there is no such column.
  const Column& operator[](std::string_view name) const { return columns_[schema_.place(name)]; }
  bool has(std::string_view name) const noexcept { return schema_.find(name).has_value(); }

  /// With a column more, or with this one in the place of the one of the same name.
  Table with(Field field, Column column) const;
  Table with_role(std::string_view name, Role role) const;
  Table with_source(std::string source) const;
  Table rename(std::string_view from, std::string to) const;
  Table select(const std::vector<std::string>& names) const;
  Table drop(const std::vector<std::string>& names) const;

  Table slice(std::size_t first, std::size_t count) const;
  Table head(std::size_t count) const { return slice(0, count < rows() ? count : rows()); }
  /// The rows at these places, in this order; a place may come more than once.
  Table take(std::span<const std::size_t> rows) const;
  Table filter(const std::function<bool(std::size_t row)>& keep) const;

 private:
  Schema schema_;
  std::vector<Column> columns_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/table-inl.hpp"
#endif
