#pragma once

/// Alerts as HTTP requests.
///
///   nad::AlertSink hook(nad::webhook_channel({.url = "http://127.0.0.1:8080/alerts",
///                                             .headers = {{"Authorization", "Bearer 1234"}}}));
///
/// Each message is the body of a POST, or several are, one a line. An answer from 200 to 299 means it has arrived; 408,
/// 425, 429 and those from 500 mean it is tried again; any other is a refusal, and the message is counted as such.
/// Plain HTTP only: for https let a proxy on this machine speak TLS, or use a command such as curl.

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nad/alert/channel.hpp"
#include "nad/config.hpp"

namespace nad {

struct WebhookChannelOptions {
  std::string url = {};  ///< "http://host:port/path"
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::size_t batch = 1;          ///< messages in a request, one a line
  std::string content_type = {};  ///< empty: application/json, or application/x-ndjson for batches
  double timeout_seconds = 10.0;  ///< for a request and its answer
};

NAD_API std::unique_ptr<AlertChannel> webhook_channel(const WebhookChannelOptions& options);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/webhook_channel-inl.hpp"
#endif
