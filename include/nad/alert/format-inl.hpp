#pragma once

#include "nad/alert/cef-inl.hpp"
#include "nad/alert/ecs-inl.hpp"
#include "nad/alert/eve-inl.hpp"
#include "nad/alert/eve_reader-inl.hpp"
#include "nad/alert/format.hpp"
#include "nad/alert/syslog-inl.hpp"
#include "nad/alert/text_formats-inl.hpp"
#include "nad/core/error.hpp"

namespace nad {

NAD_INLINE std::string format_alert(const Alert& alert, AlertFormat format) {
  switch (format) {
    case AlertFormat::eve:
      return to_eve(alert);
    case AlertFormat::ecs:
      return to_ecs(alert);
    case AlertFormat::cef:
      return to_cef(alert);
    case AlertFormat::syslog:
      return to_syslog(alert);
    case AlertFormat::text:
      return to_text(alert);
    case AlertFormat::report:
      return to_report(alert);
  }
  throw Error(ErrorCode::invalid_argument,
              "there is no such format of alerts; there are " + detail::quoted_words(AlertFormat{}));
}

}  // namespace nad
