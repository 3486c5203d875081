#pragma once

/// The categories of a column: each distinct text once, numbered in the order of their first appearance.
///
///   nad::Dictionary services;
///   std::int32_t http = services.add("http");     // 0; the same number for every later "http"
///   services.find("ftp");                          // -1: not there
///   services[http];                                // "http"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"

namespace nad {

class Dictionary {
 public:
  static constexpr std::int32_t absent = -1;

  Dictionary() = default;

  std::size_t size() const noexcept { return ends_.size() - 1; }

  std::string_view operator[](std::int32_t code) const noexcept {
    const auto place = static_cast<std::size_t>(code);
    return {text_.data() + ends_[place], static_cast<std::size_t>(ends_[place + 1] - ends_[place])};
  }

  /// The number of a text, or `absent`.
  NAD_API std::int32_t find(std::string_view text) const noexcept;
  /// The number of a text, a new one where it is not there yet.
  NAD_API std::int32_t add(std::string_view text);

  /// Where each text ends in `text()`, with a 0 before: the layout of Arrow's large strings.
  const std::vector<std::int64_t>& offsets() const noexcept { return ends_; }
  const std::string& text() const noexcept { return text_; }

  friend bool operator==(const Dictionary& a, const Dictionary& b) noexcept {
    return a.ends_ == b.ends_ && a.text_ == b.text_;
  }

 private:
  std::size_t slot_of(std::string_view text) const noexcept;
  void grow();

  std::string text_;
  std::vector<std::int64_t> ends_{0};
  std::vector<std::int32_t> slots_;  ///< open addressing; `absent` where free; a power of two, at most half full
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/table/dictionary-inl.hpp"
#endif
