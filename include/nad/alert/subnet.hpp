#pragma once

/// A network: an address and how many of its leading bits count.
///
///   nad::Subnet office = nad::Subnet::parse("10.0.0.0/8").value();
///   office.contains(nad::Address::parse("10.1.2.3").value());   // true
///   nad::Subnet::parse("192.0.2.7")->to_string();               // "192.0.2.7": an address alone is a network of one

#include <optional>
#include <string>
#include <string_view>

#include "nad/config.hpp"
#include "nad/table/address.hpp"

namespace nad {

class NAD_API Subnet {
 public:
  /// The network of `prefix` bits around an address; `prefix` is at most 32 for IPv4 and 128 for IPv6.
  Subnet(const Address& around, unsigned prefix);
  /// "10.0.0.0/8", "2001:db8::/32" or an address. Bits behind the prefix are dropped: "10.0.0.1/8" is "10.0.0.0/8".
  static std::optional<Subnet> parse(std::string_view text) noexcept;

  const Address& address() const noexcept { return address_; }
  unsigned prefix() const noexcept { return prefix_; }
  /// No IPv6 network contains an IPv4 address, nor the other way round.
  bool contains(const Address& address) const noexcept;
  /// Without the prefix where it is a single address.
  std::string to_string() const;

  friend bool operator==(const Subnet&, const Subnet&) noexcept = default;

 private:
  Address address_;
  unsigned prefix_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/subnet-inl.hpp"
#endif
