#pragma once

/// Records that come one after the other: the same features as the pipeline gives for a table of them.
///
///   nad::FeatureStream stream(pipeline);
///   const std::size_t bytes = stream.place("src_bytes");
///   const std::size_t service = stream.place("service");
///   for (;;) {
///     stream.set(bytes, 1032.0);
///     stream.set(service, "ecr_i");                        // and so on; what is not set keeps its last value
///     float score = forest.anomaly_score(stream.next());   // the features of this record
///   }
///   nad::Matrix x = stream.push(batch);                    // or many at once
///
/// A stream belongs to one thread. It remembers what steps that look back need, and nothing else of the records.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "nad/config.hpp"
#include "nad/core/matrix.hpp"
#include "nad/features/pipeline.hpp"
#include "nad/table/address.hpp"

namespace nad {

namespace detail {
class OneRecord;
}

class NAD_API FeatureStream {
 public:
  explicit FeatureStream(const FeaturePipeline& pipeline);
  ~FeatureStream();
  FeatureStream(FeatureStream&&) noexcept;
  FeatureStream& operator=(FeatureStream&&) noexcept;

  /// The place of an input by its name; an error with the nearest name where there is none.
  std::size_t place(std::string_view name) const;
  /// What the places hold.
  const Schema& inputs() const noexcept;

  // An error where the value is not of the input's type; numbers go into number, integer and boolean inputs.
  void set(std::size_t place, double value);
  void set(std::size_t place, std::string_view text);
  void set(std::size_t place, const Address& address);
  void set_time(std::size_t place, std::int64_t nanoseconds);
  void set_missing(std::size_t place);

  /// The features of the record that was set; good until the next call. Everything is missing at first.
  std::span<const float> next();
  /// The features of many records, as if they had come one by one.
  Matrix push(const Table& records);

 private:
  std::unique_ptr<detail::OneRecord> record_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/features/stream-inl.hpp"
#endif
