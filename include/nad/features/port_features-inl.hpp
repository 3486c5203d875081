#pragma once

#include <algorithm>
#include <cmath>

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
  constexpr double first_registered = 1024.0;
  constexpr double first_ephemeral = 49152.0;
  constexpr double last_port = 65535.0;
  detail::AddedColumns added(table, kind);
  for (const std::string& name : columns) {
    // numbers, too: a data frame keeps whole numbers as such where some are missing
    const std::vector<double> ports = detail::finite_numbers(detail::numeric_column(table, name, kind));
    ColumnBuilder& range = added.add(name + ".class", ColumnType::category);
    ColumnBuilder& service = added.add(name + ".service", ColumnType::category);
    for (const double port : ports) {
      if (detail::is_nan(port) || port < 0.0 || port > last_port || port != std::floor(port)) {
        range.add_missing();
        service.add_missing();
        continue;
      }
      range.add_text(port < first_registered ? "well_known" : port < first_ephemeral ? "registered" : "ephemeral");
      service.add_text(port_service(static_cast<std::int64_t>(port)));
    }
  }
  return added.finish();
}

}  // namespace nad
