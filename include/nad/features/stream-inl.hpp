#pragma once

#include "nad/features/one_record-inl.hpp"
#include "nad/features/stream.hpp"

namespace nad {

NAD_INLINE FeatureStream::FeatureStream(const FeaturePipeline& pipeline) {
  static_cast<void>(pipeline.inputs());  // an error where nothing was learnt
  record_ = std::make_unique<detail::OneRecord>(pipeline.plan());
}
NAD_INLINE FeatureStream::~FeatureStream() = default;
NAD_INLINE FeatureStream::FeatureStream(FeatureStream&&) noexcept = default;
NAD_INLINE FeatureStream& FeatureStream::operator=(FeatureStream&&) noexcept = default;

NAD_INLINE std::size_t FeatureStream::place(std::string_view name) const { return inputs().place(name); }

NAD_INLINE const Schema& FeatureStream::inputs() const noexcept { return record_->inputs(); }

NAD_INLINE void FeatureStream::set(std::size_t place, double value) { record_->set(place, value); }
NAD_INLINE void FeatureStream::set(std::size_t place, std::string_view text) { record_->set(place, text); }
NAD_INLINE void FeatureStream::set(std::size_t place, const Address& address) { record_->set(place, address); }
NAD_INLINE void FeatureStream::set_time(std::size_t place, std::int64_t nanoseconds) {
  record_->set_time(place, nanoseconds);
}
NAD_INLINE void FeatureStream::set_missing(std::size_t place) { record_->set_missing(place); }

NAD_INLINE std::span<const float> FeatureStream::next() { return record_->next(); }

NAD_INLINE Matrix FeatureStream::push(const Table& records) { return record_->push(records); }

}  // namespace nad
