#pragma once

// What the alerts of a source, a destination and a port were so far, for those who would rather not ask of each.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "nad/core/error.hpp"
#include "nad/detail/json_numbers.hpp"
#include "nad/detail/json_writer.hpp"
#include "nad/detail/kept_bytes.hpp"
#include "nad/detail/kept_json.hpp"
#include "nad/flow/window_clock-inl.hpp"

namespace nad::detail {

/// The class of alerts by a key that leaves their class out. It is known when so many in a row had the same, and then
/// only for alerts that are no more anomalous than any of the key before: a flood has one class, and what is worse than
/// the flood is looked at.
class KnownClasses {
 public:
  KnownClasses(std::uint64_t enough, std::int64_t quiet_after, std::size_t most)
      : enough_(enough), quiet_after_(quiet_after), most_(std::max<std::size_t>(1, most)) {}

  /// Null where it must be found out.
  const std::string* find(const std::string& key, float score, std::int64_t now) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || is_over(*found->second, now) || found->second->alike < enough_ ||
        !(score <= found->second->highest)) {
      return nullptr;
    }
    found->second->last = std::max(found->second->last, now);
    known_.splice(known_.end(), known_, found->second);
    return &found->second->of_class;
  }

  /// What was found out of one alert.
  void learn(const std::string& key, const std::string& of_class, float score, std::int64_t now) {
    const auto found = by_key_.find(key);
    const Place place = found != by_key_.end() ? found->second : add(key);
    if (place->alike == 0 || is_over(*place, now)) {
      place->of_class = of_class;
      place->alike = 0;
      place->highest = score;
      place->last = now;
    } else if (place->of_class != of_class) {
      place->of_class = of_class;
      place->alike = 0;
    }
    ++place->alike;
    place->highest = std::max(place->highest, score);
    place->last = std::max(place->last, now);
    known_.splice(known_.end(), known_, place);
  }

  std::size_t size() const noexcept { return known_.size(); }

  /// All that it knows, as JSON, for a program that stops and starts again.
  std::string save_state() const {
    JsonWriter json;
    json.begin('{').key("version").integer(1).key("known").begin('[');
    for (const Known& one : known_) {
      json.begin('[').text(text_of_bytes(one.key)).text(text_of_bytes(one.of_class)).integer(one.alike);
      json.value(static_cast<double>(one.highest)).integer(one.last).end(']');
    }
    return json.end(']').end('}').take();
  }

  /// On an error nothing changes.
  void restore_state(std::string_view text) {
    std::list<Known> known;
    std::unordered_map<std::string_view, Place> by_key;
    try {
      const KeptJson<nlohmann::json> kept(text);
      const nlohmann::json& state = *kept;
      if (kept_number<int>(state.at("version")) != 1) {
        throw Error(ErrorCode::bad_file, "the state of the known classes was written by a newer version of nad");
      }
      for (const auto& saved : state.at("known")) {
        known.push_back({bytes_of_text(saved.at(0).get<std::string>()), bytes_of_text(saved.at(1).get<std::string>()),
                         kept_number<std::uint64_t>(saved.at(2)), saved.at(3).get<float>(),
                         kept_number<std::int64_t>(saved.at(4))});
        const Place place = std::prev(known.end());
        if (!by_key.emplace(place->key, place).second) {
          throw Error(ErrorCode::bad_file, "the state of the known classes is damaged: one is there twice");
        }
      }
    } catch (const nlohmann::json::exception&) {
      throw Error(ErrorCode::bad_file, "the state of the known classes is damaged: it is not what save_state wrote");
    }
    by_key_ = std::move(by_key);
    known_ = std::move(known);
  }

 private:
  struct Known {
    std::string key;
    std::string of_class;
    std::uint64_t alike = 0;  ///< so many in a row had this class
    float highest = 0.0F;     ///< score of all of them
    std::int64_t last = 0;
  };
  using Place = std::list<Known>::iterator;

  bool is_over(const Known& one, std::int64_t now) const noexcept {
    return now > add_saturated(one.last, quiet_after_);
  }

  Place add(const std::string& key) {
    while (known_.size() >= most_) {
      by_key_.erase(known_.front().key);
      known_.pop_front();
    }
    const Place place = known_.insert(known_.end(), Known{key, {}, 0, 0.0F, 0});
    by_key_.emplace(place->key, place);
    return place;
  }

  std::uint64_t enough_;
  std::int64_t quiet_after_;
  std::size_t most_;
  std::list<Known> known_;  ///< the one that has been quiet longest first
  std::unordered_map<std::string_view, Place> by_key_;
};

}  // namespace nad::detail
