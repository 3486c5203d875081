#pragma once

// What an ensemble keeps when it is saved, for any cereal archive: nad's own model file or one of a host's. A member is
// stored as the bytes of its own model file, whatever its kind.
// A host that uses cereal's archives includes <cereal/types/vector.hpp> and <cereal/types/string.hpp>.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nad/core/error.hpp"
#include "nad/detail/archive_field.hpp"
#include "nad/detector/ensemble.hpp"
#include "nad/detector/options_archive.hpp"

namespace nad {

namespace detail {

inline constexpr std::size_t max_members = 64;
inline constexpr std::uint64_t with_columns = std::uint64_t{1}
                                              << 32U;  ///< beside the number of members: some see a range
inline constexpr std::size_t deepest_nesting = 8;      ///< of ensembles: a hostile file must not take all of the stack

/// The model file of a detector as bytes, and back; `nad/persist/` brings them, which knows all kinds.
NAD_API std::vector<std::uint8_t> member_to_bytes(const Detector& member);
NAD_API std::unique_ptr<Detector> member_from_bytes(const std::vector<std::uint8_t>& bytes);

}  // namespace detail

/// Every option with its name, in the order in which they are stored.
template <class Options, class Visit>
requires std::same_as<std::remove_const_t<Options>, EnsembleOptions>
void for_each_option(Options& options, Visit&& visit) {
  visit("combination", options.combination);
  visit("min_votes", options.min_votes);
  visit("calibration", options.calibration);
  visit("refit", options.refit);
  visit("unique_rows", options.unique_rows);
  visit("contamination", options.contamination);
  visit("crowds", options.crowds);
  visit("surprises", options.surprises);
  visit("extremes", options.extremes);
  visit("random_state", options.random_state);
}

/// What the header of a model file tells people about the training.
template <class Show>
void describe(const Ensemble& ensemble, Show&& show) {
  std::vector<std::string> members;
  members.reserve(ensemble.n_members());
  for (std::size_t i = 0; i < ensemble.n_members(); ++i) {
    std::string text = ensemble.member_name(i);
    const std::string_view kind = ensemble.member(i).kind();
    if (text != kind) {
      text.append(" (").append(kind).append(")");
    }
    members.push_back(std::move(text));
  }
  show("members", members);
}

template <class Archive>
void EnsembleOptions::serialize(Archive& archive) {
  detail::archive_options(archive, *this);
}

template <class Archive>
void Ensemble::serialize(Archive& archive) {
  if constexpr (Archive::is_loading::value) {
    Ensemble loaded;  // an error half way must not leave half a model behind
    std::uint64_t count = 0;
    archive(loaded.options_, loaded.threshold_, count);
    std::uint64_t columns = 0;
    const bool ranges = (count & detail::with_columns) != 0;
    if (ranges) {
      count &= ~detail::with_columns;
      archive(columns);
    }
    if (count < 1 || count > detail::max_members) {
      throw Error(ErrorCode::bad_file, "the ensemble has " + std::to_string(count) + " members; the model is damaged");
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      Member& member = loaded.members_.emplace_back();
      std::vector<std::uint8_t> bytes;
      archive(member.name, member.weight, bytes, member.scale);
      if (ranges) {
        detail::archive_field(archive, "the first column of a member", member.columns.first);
        detail::archive_field(archive, "the columns of a member", member.columns.count);
      }
      member.detector = detail::member_from_bytes(bytes);
    }
    archive(loaded.crowds_);
    if (!loaded.options_.extremes.empty()) {
      archive(loaded.extremes_);
    }
    if (loaded.may_surprise()) {
      archive(loaded.combined_scale_);
    }
    loaded.n_features_ = ranges ? static_cast<std::size_t>(columns) : loaded.members_.front().detector->n_features();
    loaded.restore();
    *this = std::move(loaded);
  } else {
    if (!is_fitted()) {
      throw Error(ErrorCode::not_fitted, "this ensemble has not learnt anything yet; call fit() before saving it");
    }
    const bool ranges = some_see_a_range();
    std::uint64_t count = members_.size() | (ranges ? detail::with_columns : 0U);
    archive(options_, threshold_, count);
    if (ranges) {
      std::uint64_t columns = n_features_;
      archive(columns);
    }
    for (Member& member : members_) {
      std::vector<std::uint8_t> bytes = detail::member_to_bytes(*member.detector);
      archive(member.name, member.weight, bytes, member.scale);
      if (ranges) {
        detail::archive_field(archive, "the first column of a member", member.columns.first);
        detail::archive_field(archive, "the columns of a member", member.columns.count);
      }
    }
    archive(crowds_);
    if (!options_.extremes.empty()) {
      archive(extremes_);
    }
    if (may_surprise()) {
      archive(combined_scale_);
    }
  }
}

}  // namespace nad
