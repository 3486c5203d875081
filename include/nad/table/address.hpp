#pragma once

/// An IPv4 or IPv6 address.
///
///   nad::Address a = nad::Address::parse("192.0.2.7").value();
///   a.is_v4();                                       // true
///   nad::Address::parse("2001:db8::1")->to_string(); // "2001:db8::1"
///   nad::Address::parse("eth0").has_value();         // false
///
/// Held as sixteen bytes in network order; an IPv4 address is the IPv4-mapped one, ::ffff:a.b.c.d.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nad/config.hpp"

namespace nad {

class Address {
 public:
  /// The address "::".
  constexpr Address() = default;
  constexpr explicit Address(const std::array<std::uint8_t, 16>& bytes) noexcept : bytes_(bytes) {}
  /// `value` as one number: 0xc0000207 is 192.0.2.7.
  static constexpr Address v4(std::uint32_t value) noexcept {
    Address address;
    address.bytes_[10] = 0xff;
    address.bytes_[11] = 0xff;
    for (std::size_t i = 0; i < 4; ++i) {
      address.bytes_[12 + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    }
    return address;
  }
  /// Dotted IPv4, or IPv6 in any of its spellings, also with a zone ("fe80::1%eth0"), which is dropped.
  NAD_API static std::optional<Address> parse(std::string_view text) noexcept;

  constexpr bool is_v4() const noexcept {
    for (std::size_t i = 0; i < 10; ++i) {
      if (bytes_[i] != 0) {
        return false;
      }
    }
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
  }
  /// The IPv4 address as one number; of an IPv6 address the last four bytes.
  constexpr std::uint32_t v4_value() const noexcept {
    return static_cast<std::uint32_t>(bytes_[12]) << 24U | static_cast<std::uint32_t>(bytes_[13]) << 16U |
           static_cast<std::uint32_t>(bytes_[14]) << 8U | bytes_[15];
  }
  constexpr const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

  /// As RFC 5952 writes it: lower case, the longest run of zeros left out.
  NAD_API std::string to_string() const;

  friend constexpr bool operator==(const Address&, const Address&) noexcept = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the default for a 0
  friend constexpr auto operator<=>(const Address&, const Address&) noexcept = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/address-inl.hpp"
#endif
