#pragma once

/// Alerts to a program that is started for each, on its standard input.
///
///   nad::AlertSink sink(nad::command_channel({.arguments = {"curl", "--fail", "--data-binary", "@-",
///   "https://..."}}));
///
/// No shell reads the arguments. The message and a line feed are the input, its outputs go nowhere. Status 0 means that
/// it has arrived, any other that it is tried again, five times if nothing else is said. A program that takes too long
/// is ended with its children.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "nad/alert/channel.hpp"
#include "nad/config.hpp"

namespace nad {

struct CommandChannelOptions {
  std::vector<std::string> arguments = {};  ///< the program, looked for as the shell does, and what it is given
  double timeout_seconds = 30.0;
  std::size_t at_once = 1;  ///< programs that run at the same time; with more than one, alerts may overtake each other
};

NAD_API std::unique_ptr<AlertChannel> command_channel(const CommandChannelOptions& options);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/command_channel-inl.hpp"
#endif
