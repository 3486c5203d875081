#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "nad/flow/decoder-inl.hpp"
#include "nad/flow/flow_engine-inl.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/flow/flow_options-inl.hpp"
#include "nad/flow/flow_rows-inl.hpp"
#include "nad/flow/kdd_rows-inl.hpp"
#include "nad/flow/shared_rows-inl.hpp"

namespace nad {

namespace detail {

class FlowMeterState {
 public:
  explicit FlowMeterState(const FlowOptions& chosen)
      : options(chosen), decoder({.tunnels = chosen.tunnels}), engine(chosen) {
    if (options.schema == FlowSchema::kdd28) {
      rows = std::make_unique<KddRows>(options.community_seed);
    } else {
      rows = std::make_unique<SharedFlowRows>(options.community_seed);
    }
  }

  std::size_t prepared() const noexcept { return rows->size(); }

  FlowOptions options;
  Decoder decoder;
  FlowEngine engine;
  std::unique_ptr<FlowRows> rows;
  Packet packet;
  std::uint64_t given_decoded = 0;  ///< packets that did not come as frames
};

inline FlowOptions checked(const FlowOptions& options) {
  check(options);
  return options;
}

}  // namespace detail

NAD_INLINE FlowMeter::FlowMeter(const FlowOptions& options)
    : state_(std::make_unique<detail::FlowMeterState>(detail::checked(options))) {}
NAD_INLINE FlowMeter::FlowMeter(FlowMeter&& other) noexcept = default;
NAD_INLINE FlowMeter& FlowMeter::operator=(FlowMeter&& other) noexcept = default;
NAD_INLINE FlowMeter::~FlowMeter() = default;

NAD_INLINE void FlowMeter::add(const Frame& frame) {
  if (state_->decoder.decode(frame, state_->packet) == Decoded::packet) {
    state_->engine.add(state_->packet);
  }
}

NAD_INLINE void FlowMeter::add(const Packet& packet) {
  ++state_->given_decoded;
  state_->engine.add(packet);
}

NAD_INLINE void FlowMeter::advance(std::int64_t time) { state_->engine.pass_time(time); }

NAD_INLINE std::size_t FlowMeter::ended() const noexcept { return state_->prepared() + state_->engine.ended(); }

NAD_INLINE void FlowMeter::prepare(std::size_t most) {
  const std::size_t left = most - std::min(most, state_->prepared());
  state_->engine.take(left, [this](detail::FlowSpan flows) { state_->rows->add(flows); });
}

NAD_INLINE Table FlowMeter::take(std::size_t most) {
  state_->rows->reserve(std::min(most, ended()));
  prepare(most);
  return state_->rows->finish();
}

NAD_INLINE void FlowMeter::end_all() { state_->engine.end_all(); }

NAD_INLINE Table FlowMeter::flush() {
  end_all();
  return take();
}

NAD_INLINE std::optional<std::int64_t> FlowMeter::oldest_open() const { return state_->engine.oldest_open(); }

NAD_INLINE const Schema& FlowMeter::schema() const noexcept { return state_->rows->schema(); }
NAD_INLINE const FlowOptions& FlowMeter::options() const noexcept { return state_->options; }

NAD_INLINE FlowStats FlowMeter::stats() const {
  const Decoder& decoder = state_->decoder;
  const detail::FlowEngine& engine = state_->engine;
  FlowStats stats;
  stats.frames = decoder.frames();
  stats.packets = decoder.count(Decoded::packet) + state_->given_decoded;
  stats.not_ip = decoder.count(Decoded::not_ip);
  for (std::size_t kind = 0; kind < decoded_kinds; ++kind) {
    const auto decoded = static_cast<Decoded>(kind);
    if (is_malformed(decoded) && decoder.count(decoded) != 0) {
      stats.malformed[decoded] = decoder.count(decoded);
    }
  }
  stats.lone_fragments = decoder.lone_fragments();
  stats.late = engine.counts().late;
  stats.flows = engine.counts().flows;
  stats.interim = engine.counts().interim;
  stats.evicted = engine.counts().evicted;
  stats.evicted_half_open = engine.counts().evicted_half_open;
  stats.open = engine.open();
  stats.bytes = engine.bytes();
  return stats;
}

}  // namespace nad
