#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nad/features/address_features.hpp"
#include "nad/features/derived_columns-inl.hpp"

namespace nad {

namespace detail {

/// The first `bits` bits of a number of 32.
constexpr bool in_v4_network(std::uint32_t address, std::uint32_t network, unsigned bits) noexcept {
  return (address ^ network) >> (32U - bits) == 0;
}

inline bool is_private(const Address& address) noexcept {
  if (address.is_v4()) {
    const std::uint32_t value = address.v4_value();
    return in_v4_network(value, 0x0a000000U, 8) || in_v4_network(value, 0xac100000U, 12) ||
           in_v4_network(value, 0xc0a80000U, 16) || in_v4_network(value, 0x64400000U, 10) ||
           in_v4_network(value, 0xa9fe0000U, 16);
  }
  const auto& bytes = address.bytes();
  return (bytes[0] & 0xfeU) == 0xfcU || (bytes[0] == 0xfeU && (bytes[1] & 0xc0U) == 0x80U);
}

inline bool is_multicast(const Address& address) noexcept {
  if (address.is_v4()) {
    return in_v4_network(address.v4_value(), 0xe0000000U, 4) || address.v4_value() == 0xffffffffU;
  }
  return address.bytes()[0] == 0xffU;
}

inline bool is_loopback(const Address& address) noexcept {
  if (address.is_v4()) {
    return in_v4_network(address.v4_value(), 0x7f000000U, 8);
  }
  const auto& bytes = address.bytes();
  return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

inline std::uint64_t first_bytes(const Address& address, std::size_t count) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value << 8U | address.bytes()[i];
  }
  return value;
}

inline double address_value(const Address& address) noexcept {
  return address.is_v4() ? static_cast<double>(address.v4_value()) * 0x1p-32
                         : static_cast<double>(first_bytes(address, 8) >> 11U) * 0x1p-53;
}

inline std::uint64_t address_prefix(const Address& address) noexcept {
  return address.is_v4() ? address.v4_value() >> 8U : first_bytes(address, 6) | 1ULL << 63U;
}

struct PrefixCount {
  std::uint64_t prefix;
  std::uint64_t count;
};

/// How often each network of a column comes, sorted by network.
inline std::vector<PrefixCount> count_prefixes(const Column& column) {
  std::vector<std::uint64_t> prefixes;
  prefixes.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_missing(row)) {
      prefixes.push_back(address_prefix(column.addresses()[row]));
    }
  }
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<PrefixCount> counted;
  for (const std::uint64_t prefix : prefixes) {
    if (counted.empty() || counted.back().prefix != prefix) {
      counted.push_back({prefix, 0});
    }
    ++counted.back().count;
  }
  return counted;
}

/// Leaves the `most` that come most often; gives what one of the others came on average, 0.5 where none was left out.
inline double pool_rarest(std::vector<PrefixCount>& counted, std::size_t most) {
  if (counted.size() <= most) {
    return 0.5;
  }
  std::stable_sort(counted.begin(), counted.end(),
                   [](const PrefixCount& a, const PrefixCount& b) { return a.count > b.count; });
  const auto pooled = counted.begin() + static_cast<std::ptrdiff_t>(most);
  const double rows = std::accumulate(pooled, counted.end(), 0.0, [](double sum, const PrefixCount& one) {
    return sum + static_cast<double>(one.count);
  });
  const double average = rows / static_cast<double>(counted.end() - pooled);
  counted.erase(pooled, counted.end());
  std::sort(counted.begin(), counted.end(),
            [](const PrefixCount& a, const PrefixCount& b) { return a.prefix < b.prefix; });
  return average;
}

inline double prefix_rarity(const AddressFeatures::Learned& learned, std::size_t place, const Address& address) {
  const auto end = learned.prefixes.begin() + static_cast<std::ptrdiff_t>(learned.ends[place]);
  const auto begin = learned.prefixes.begin() + static_cast<std::ptrdiff_t>(place == 0 ? 0 : learned.ends[place - 1]);
  const std::uint64_t prefix = address_prefix(address);
  const auto found = std::lower_bound(begin, end, prefix);
  const double count =
      found != end && *found == prefix
          ? static_cast<double>(learned.counts[static_cast<std::size_t>(found - learned.prefixes.begin())])
          : learned.unseen[place];
  return std::log(static_cast<double>(std::max<std::uint64_t>(learned.rows[place], 1)) / count);
}

}  // namespace detail

NAD_INLINE void AddressFeatures::fit(const Table& table) {
  Learned fitted;
  for (const std::string& name : columns) {
    const Column& column = detail::column_of_type(table, name, ColumnType::address, kind);
    std::vector<detail::PrefixCount> counted = detail::count_prefixes(column);
    fitted.unseen.push_back(detail::pool_rarest(counted, most_prefixes));
    fitted.rows.push_back(column.size() - column.missing_count());
    for (const detail::PrefixCount& one : counted) {
      fitted.prefixes.push_back(one.prefix);
      fitted.counts.push_back(one.count);
    }
    fitted.ends.push_back(fitted.prefixes.size());
  }
  learned = std::move(fitted);
}

NAD_INLINE Table AddressFeatures::apply(const Table& table, StepState* /*state*/) const {
  if (learned.ends.size() != columns.size()) {
    throw Error(ErrorCode::not_fitted, "this address_features step has not learnt its columns; call fit() first");
  }
  detail::AddedColumns added(table, kind);
  for (std::size_t place = 0; place < columns.size(); ++place) {
    const std::string& name = columns[place];
    const Column& column = detail::column_of_type(table, name, ColumnType::address, kind);
    ColumnBuilder& is_private = added.add(name + ".is_private", ColumnType::boolean);
    ColumnBuilder& is_multicast = added.add(name + ".is_multicast", ColumnType::boolean);
    ColumnBuilder& is_loopback = added.add(name + ".is_loopback", ColumnType::boolean);
    ColumnBuilder& is_v6 = added.add(name + ".is_v6", ColumnType::boolean);
    ColumnBuilder& value = added.add(name + ".value", ColumnType::number);
    ColumnBuilder& rarity = added.add(name + ".prefix_rarity", ColumnType::number);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (column.is_missing(row)) {
        for (ColumnBuilder* builder : {&is_private, &is_multicast, &is_loopback, &is_v6, &value, &rarity}) {
          builder->add_missing();
        }
        continue;
      }
      const Address& address = column.addresses()[row];
      is_private.add_boolean(detail::is_private(address));
      is_multicast.add_boolean(detail::is_multicast(address));
      is_loopback.add_boolean(detail::is_loopback(address));
      is_v6.add_boolean(!address.is_v4());
      value.add_number(detail::address_value(address));
      rarity.add_number(detail::prefix_rarity(learned, place, address));
    }
  }
  return added.finish();
}

NAD_INLINE void AddressFeatures::check_learned() const {
  bool sound = learned.rows.size() == columns.size() && learned.unseen.size() == columns.size() &&
               learned.ends.size() == columns.size() && learned.counts.size() == learned.prefixes.size();
  std::uint64_t begin = 0;
  for (std::size_t place = 0; sound && place < columns.size(); ++place) {
    const std::uint64_t end = learned.ends[place];
    const double unseen = learned.unseen[place];
    sound = end >= begin && end <= learned.prefixes.size() && detail::is_finite(unseen) && unseen > 0.0 &&
            std::is_sorted(learned.prefixes.begin() + static_cast<std::ptrdiff_t>(begin),
                           learned.prefixes.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
  }
  sound = sound && begin == learned.prefixes.size() &&
          std::find(learned.counts.begin(), learned.counts.end(), 0U) == learned.counts.end();
  if (!sound) {
    throw Error(ErrorCode::bad_file,
                "what the address_features step learnt does not fit together; the model is damaged");
  }
}

}  // namespace nad
