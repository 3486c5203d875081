#pragma once

/// Alerts by e-mail, several in one.
///
///   nad::AlertSink sink(nad::mail_channel({.host = "mail.example.org", .from = "nad@example.org",
///                                          .to = {"soc@example.org"}}));
///
/// A mail goes out a minute after its first alert, or when a hundred have come together (SinkOptions::collect_seconds
/// chooses another time). The host is a relay that takes mail from this machine as it is: SMTP without encryption and
/// without a password, such as the mail server of the own network or one on this machine. A mail whose text
/// it refuses for good is lost and counted; everything else is tried again.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "nad/alert/channel.hpp"
#include "nad/config.hpp"

namespace nad {

struct MailChannelOptions {
  std::string host = {};
  unsigned port = 25;
  std::string from = {};
  std::vector<std::string> to = {};
  std::string subject = "[nad]";       ///< what subjects begin with; the number of alerts or the first line follows
  std::string own_name = "localhost";  ///< by which the relay is greeted
  std::size_t digest = 100;            ///< messages in a mail at most
  double timeout_seconds = 30.0;
};

NAD_API std::unique_ptr<AlertChannel> mail_channel(const MailChannelOptions& options);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/alert/mail_channel-inl.hpp"
#endif
