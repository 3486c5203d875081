#pragma once

/// KDD Cup 99 and its cleaned child NSL-KDD: 41 columns, a label, and for NSL-KDD how many of 21 learners got the
/// record right.
///
///   nad::Table kdd = nad::read("kddcup.data_10_percent.gz");     // recognised by its content
///   kdd["label"];                                                // "smurf", without the dot of the file
///   kdd["attack_family"];                                        // "dos"
///   nad::kdd99_family("smurf");                                  // "dos", for any label of the training and test sets

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "nad/config.hpp"

namespace nad {

/// The 41 columns, in the order of the files.
NAD_API std::span<const std::string_view> kdd99_columns() noexcept;

/// "normal", "dos", "probe", "r2l" or "u2r"; "" for a label that is in none of the sets.
NAD_API std::string_view kdd99_family(std::string_view label) noexcept;

/// All labels of the training and test sets with their families.
NAD_API std::span<const std::pair<std::string_view, std::string_view>> kdd99_families() noexcept;

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/kdd99-inl.hpp"
#endif
