#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "nad/alert/command_channel.hpp"
#include "nad/alert/posix_process-inl.hpp"
#include "nad/alert/socket_channel-inl.hpp"
#include "nad/core/error.hpp"

namespace nad {

namespace detail {

class CommandChannel final : public AlertChannel {
 public:
  explicit CommandChannel(CommandChannelOptions options) : options_(std::move(options)) {
    if (options_.arguments.empty() || options_.arguments.front().empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "arguments name no program; give it and what it is given, each on its own");
    }
    for (const std::string& argument : options_.arguments) {
      if (argument.find('\0') != std::string::npos) {
        throw Error(ErrorCode::invalid_argument, "an argument holds a zero byte, which no program can be given");
      }
    }
    check_timeout(options_.timeout_seconds);
    if (options_.at_once == 0 || options_.at_once > 1000) {
      throw Error(ErrorCode::invalid_argument,
                  "at_once is " + std::to_string(options_.at_once) + "; give 1 program to 1,000");
    }
  }

  void deliver(std::span<const std::string> messages, std::size_t& delivered) override {
    std::deque<ChildProcess> children;
    std::vector<bool> is_done(messages.size(), false);
    std::vector<std::size_t> places;
    places.reserve(messages.size());
    std::string failure;
    for (std::size_t place = 0; place < messages.size(); ++place) {
      const auto known = std::find(ahead_.begin(), ahead_.end(), messages[place]);
      is_done[place] = known != ahead_.end();
      if (is_done[place]) {
        ahead_.erase(known);
        continue;
      }
      try {
        children.emplace_back(options_.arguments, messages[place] + "\n", options_.timeout_seconds);
        places.push_back(place);
      } catch (const Error& error) {
        failure = error.what();
        break;
      }
    }
    while (
        std::any_of(children.begin(), children.end(), [](const ChildProcess& child) { return child.is_running(); })) {
      for (ChildProcess& child : children) {
        if (child.is_running()) {
          child.look_after(stopped());
        }
      }
      static_cast<void>(poll(nullptr, 0, 2));
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
      is_done[places[i]] = children[i].failure().empty();
      failure = children[i].failure().empty() ? failure : children[i].failure();
    }
    const auto first_failed = std::find(is_done.begin(), is_done.end(), false);
    delivered += static_cast<std::size_t>(first_failed - is_done.begin());
    remember_ahead(messages, is_done, static_cast<std::size_t>(first_failed - is_done.begin()));
    if (first_failed != is_done.end()) {
      throw Error(ErrorCode::io, failure);
    }
  }

  std::string describe() const override { return "the command '" + options_.arguments.front() + "'"; }
  std::size_t most_at_once() const override { return options_.at_once; }
  std::size_t usual_attempts() const override { return 5; }

 private:
  /// Those behind one that failed have arrived nevertheless, and come again with it.
  void remember_ahead(std::span<const std::string> messages, const std::vector<bool>& is_done, std::size_t from) {
    ahead_.clear();
    for (std::size_t place = from; place < messages.size(); ++place) {
      if (is_done[place]) {
        ahead_.push_back(messages[place]);
      }
    }
  }

  CommandChannelOptions options_;
  std::vector<std::string> ahead_;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<AlertChannel> command_channel(const CommandChannelOptions& options) {
  return std::make_unique<detail::CommandChannel>(options);
}

}  // namespace nad
