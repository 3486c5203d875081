#pragma once

// What all attacks are given: a name, a time, hosts of their own, and options.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "nad/core/error.hpp"
#include "nad/flow/simulate_engine-inl.hpp"
#include "nad/flow/simulate_talks-inl.hpp"

namespace nad::detail::simulate {

inline constexpr std::size_t most_attacks = 128;

struct Scene {
  Story story;
  std::size_t number;  ///< of the attack
  Ticks until;
  double intensity;
  Attack::Options options;  ///< all that its kind has
  Host* outsider;           ///< who attacks from outside
  Host* insider;            ///< a person's machine that somebody else has taken over
  Host* collector;          ///< outside, where it reports to

  double option(std::string_view name) const { return options.find(name)->second; }
  std::uint16_t port(std::string_view name) const { return static_cast<std::uint16_t>(option(name)); }

  /// One of 512 addresses that nobody else forges.
  std::uint32_t forged_address(std::size_t i) const noexcept {
    return forged + static_cast<std::uint32_t>(number * 512 + i % 512);
  }
  /// One of 256 hosts that only this attack uses.
  std::uint32_t helper_address(std::size_t i) const noexcept {
    return amplifiers + static_cast<std::uint32_t>(number * 256 + i % 256);
  }
};

/// An attack that does something again and again, at random moments, until its time is over.
class Assault : public Actor {
 public:
  Assault(Engine& engine, const Scene& scene, double usual_rate)
      : scene_(scene), draw_(engine.draw()), rate_(usual_rate * scene.intensity) {}

  Ticks act(Engine& engine) final {
    if (engine.now() >= scene_.until || !strike(engine)) {
      return never;
    }
    return engine.now() + ticks(draw_.exponential(1.0 / rate_));
  }

 protected:
  /// False when it is over before its time.
  virtual bool strike(Engine& engine) = 0;

  const Scene& scene() const noexcept { return scene_; }
  Draw& draw() noexcept { return draw_; }
  double rate() const noexcept { return rate_; }

 private:
  Scene scene_;
  Draw draw_;
  double rate_;
};

/// Of kinds that have about 64,000 keys: none may come again before a meter has forgotten it, after some six seconds.
inline void check_rate(const Scene& scene, double rate, std::size_t sources) {
  constexpr double fastest = 10'000.0;
  if (rate > fastest * static_cast<double>(sources)) {
    throw Error(ErrorCode::invalid_argument,
                std::string(scene.story.scenario) + " would send " + std::to_string(std::llround(rate)) +
                    " SYNs a second from " + std::to_string(sources) +
                    (sources == 1 ? " host, which has" : " hosts, which have") +
                    " no ports for more than 10000 a second each; lower the intensity" +
                    (scene.options.contains("sources") ? ", or give more sources, or 0" : ""));
  }
}

/// A packet of its own making, not of a host's system.
inline IpFields forged_ip(Address source, const Host& target, Draw& draw) noexcept {
  IpFields ip{.source = source, .destination = target.address(false)};
  ip.source_hardware = {2, 0, 0, 0, 0, 1};
  ip.destination_hardware = target.hardware();
  ip.time_to_live = 50;
  ip.identification = static_cast<std::uint16_t>(draw.below(65'536));
  return ip;
}

}  // namespace nad::detail::simulate
