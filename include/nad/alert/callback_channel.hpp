#pragma once

/// Alerts to a function of the host.
///
///   nad::AlertSink sink(nad::callback_channel([](const nad::Alert& alert) { notify(nad::to_text(alert)); }));
///
/// The function runs on the thread of the sink, one call at a time. When it throws, the alert is tried again, five
/// times if nothing else is said. It must not close its own sink, and one that never returns
/// keeps `close` waiting.

#include <functional>
#include <memory>

#include "nad/alert/alert.hpp"
#include "nad/alert/channel.hpp"
#include "nad/config.hpp"

namespace nad {

NAD_API std::unique_ptr<AlertChannel> callback_channel(std::function<void(const Alert&)> callback);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/callback_channel-inl.hpp"
#endif
