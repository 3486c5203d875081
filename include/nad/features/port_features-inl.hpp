#pragma once

#include <algorithm>

#include "nad/features/derived_columns-inl.hpp"
#include "nad/features/port_features.hpp"
#include "nad/features/port_names-inl.hpp"

namespace nad {

NAD_INLINE std::string_view port_service(std::int64_t port) noexcept {
  const auto found =
      std::lower_bound(detail::port_names.begin(), detail::port_names.end(), port,
                       [](const detail::PortName& name, std::int64_t value) { return name.port < value; });
  return found != detail::port_names.end() && found->port == port ? found->service : std::string_view("other");
}

NAD_INLINE Table PortFeatures::apply(const Table& table, StepState* /*state*/) const {
  constexpr std::int64_t first_registered = 1024;
  constexpr std::int64_t first_ephemeral = 49152;
  constexpr std::int64_t last_port = 65535;
  detail::AddedColumns added(table, kind);
  for (const std::string& name : columns) {
    const Column& column = detail::column_of_type(table, name, ColumnType::integer, kind);
    ColumnBuilder& range = added.add(name + ".class", ColumnType::category);
    ColumnBuilder& service = added.add(name + ".service", ColumnType::category);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::int64_t port = column.integers()[row];
      if (column.is_missing(row) || port < 0 || port > last_port) {
        range.add_missing();
        service.add_missing();
        continue;
      }
      range.add_text(port < first_registered ? "well_known" : port < first_ephemeral ? "registered" : "ephemeral");
      service.add_text(port_service(port));
    }
  }
  return added.finish();
}

}  // namespace nad
