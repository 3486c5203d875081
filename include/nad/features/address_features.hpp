#pragma once

/// What addresses tell: how far they reach, and how rare their network is.
///
///   nad::AddressFeatures step{.columns = {"src_ip", "dst_ip"}};
///   step.fit(training);
///   nad::Table more = step.apply(flows, nullptr);
///   more["src_ip.is_private"];       // boolean
///   more["dst_ip.prefix_rarity"];    // a number: 0 where every training row was of this network
///
/// A column "x" gives x.is_private (RFC 1918, RFC 4193, carrier-grade 100.64.0.0/10, link-local), x.is_multicast (to
/// many: 255.255.255.255, too), x.is_loopback, x.is_v6, x.value (the address as a number in [0, 1), of its own family)
/// and x.prefix_rarity: -log of the share of training rows with an address of the same /24, for IPv6 of the same /48.
/// A network that training never showed counts as half a row.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/features/derived.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct NAD_API AddressFeatures {
  static constexpr std::string_view kind = "address_features";

  std::vector<std::string> columns = {"src_ip", "dst_ip"};
  /// Networks remembered a column. Of more, the rarest share one place, which unseen ones then belong to, too: each
  /// counts as often as these did on average.
  std::size_t most_prefixes = 65536;

  /// What `fit` learns; `prefixes` and `counts` hold the networks of all columns one after the other, sorted.
  struct Learned {
    std::vector<std::uint64_t> rows = {};      ///< a column: training rows with an address
    std::vector<double> unseen = {};           ///< a column: what a network that is not remembered counts as
    std::vector<std::uint64_t> ends = {};      ///< a column: where its networks end
    std::vector<std::uint64_t> prefixes = {};  ///< 24 bits, or 48 under the highest bit for IPv6
    std::vector<std::uint64_t> counts = {};

    friend bool operator==(const Learned&, const Learned&) = default;
  };
  Learned learned = {};

  void fit(const Table& table);
  Table apply(const Table& table, StepState* state) const;
  std::vector<std::string> inputs() const { return columns; }
  /// An error where what was learnt does not fit together, as a damaged file may have it.
  void check_learned() const;

  friend bool operator==(const AddressFeatures&, const AddressFeatures&) = default;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/address_features-inl.hpp"
#endif
