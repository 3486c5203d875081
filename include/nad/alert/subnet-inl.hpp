#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "nad/alert/subnet.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

inline unsigned most_prefix(const Address& address) noexcept { return address.is_v4() ? 32 : 128; }

/// The leading bits of an address; all others are 0.
inline Address leading_bits(const Address& address, unsigned prefix) noexcept {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  const unsigned kept = address.is_v4() ? prefix + 96 : prefix;
  for (unsigned at = 0; at < bytes.size(); ++at) {
    const unsigned begin = 8 * at;
    const unsigned bits = kept <= begin ? 0 : kept - begin >= 8 ? 8 : kept - begin;
    bytes[at] = static_cast<std::uint8_t>(bytes[at] & (0xff00U >> bits));
  }
  return Address(bytes);
}

}  // namespace detail

NAD_INLINE Subnet::Subnet(const Address& around, unsigned prefix) : address_(around), prefix_(prefix) {
  if (prefix > detail::most_prefix(around)) {
    throw Error(ErrorCode::invalid_argument, "a network around " + around.to_string() + " has a prefix of at most " +
                                                 std::to_string(detail::most_prefix(around)) + " bits, not " +
                                                 std::to_string(prefix));
  }
  address_ = detail::leading_bits(around, prefix);
}

NAD_INLINE std::optional<Subnet> Subnet::parse(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const std::optional<Address> around = Address::parse(text.substr(0, slash));
  if (!around) {
    return std::nullopt;
  }
  unsigned prefix = detail::most_prefix(*around);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > detail::most_prefix(*around)) {
      return std::nullopt;
    }
  }
  return Subnet(*around, prefix);
}

NAD_INLINE bool Subnet::contains(const Address& address) const noexcept {
  return address.is_v4() == address_.is_v4() && detail::leading_bits(address, prefix_) == address_;
}

NAD_INLINE std::string Subnet::to_string() const {
  const std::string text = address_.to_string();
  return prefix_ == detail::most_prefix(address_) ? text : text + "/" + std::to_string(prefix_);
}

}  // namespace nad
