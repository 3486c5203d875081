#pragma once

/// Detectors that nad does not have, in model files: alone, in an ensemble, in a model.
///
///   class MedianDistance final : public nad::Detector {
///    public:
///     static constexpr std::string_view kind_name = "acme.median_distance";   // a dot marks it as not nad's
///     std::string_view kind() const noexcept override { return kind_name; }
///     void keep(nad::KeptValues& kept) {                                      // options and what was learnt
///       kept("centre", centre_);
///       kept("scale", scale_);
///       if (scale_.size() != centre_.size()) throw nad::Error(nad::ErrorCode::invalid_data, "not a scale a column");
///     }
///     ...
///   };
///   nad::register_detector<MedianDistance>();    // in each program that saves or loads it
///   model.save("office.nad");
///
/// The threshold is kept by nad. What `keep` accepts when a file is loaded must be sound: scoring reads it as it is.

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/core/kept_values.hpp"
#include "nad/detail/own_kinds.hpp"
#include "nad/detector/detector.hpp"

namespace nad {

template <class D>
concept KeptDetector = std::derived_from<D, Detector> && requires(D& detector, KeptValues& kept) {
  { D::kind_name } -> std::convertible_to<std::string_view>;
  detector.keep(kept);
} && std::default_initializable<D>;

namespace detail {

/// What files need of such a detector.
struct OwnDetector {
  std::unique_ptr<Detector> (*make)() = nullptr;
  /// False when the detector is of another type.
  bool (*keep)(Detector& detector, KeptValues& kept) = nullptr;
};

NAD_API void register_own_detector(std::string_view kind, OwnDetector own);
/// Nothing where no such kind was registered.
NAD_API std::optional<OwnDetector> find_own_detector(std::string_view kind);

}  // namespace detail

/// Makes a kind of detector known to this program, so that it can be saved and loaded. From any thread, once for each
/// kind.
template <KeptDetector D>
void register_detector() {
  static_assert(detail::is_own_kind(D::kind_name),
                "the kind of one's own detector has small letters, digits, '_' and a dot within, as acme.distance");
  detail::register_own_detector(D::kind_name,
                                {.make = []() -> std::unique_ptr<Detector> { return std::make_unique<D>(); },
                                 .keep =
                                     [](Detector& detector, KeptValues& kept) {
                                       auto* const typed = dynamic_cast<D*>(&detector);
                                       if (typed != nullptr) {
                                         typed->keep(kept);
                                       }
                                       return typed != nullptr;
                                     }});
}

/// The kinds that were registered, in alphabetical order.
NAD_API std::vector<std::string> registered_detectors();

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/detector/own_detector-inl.hpp"
#endif
