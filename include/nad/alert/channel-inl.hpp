#pragma once

#include "nad/alert/channel.hpp"

namespace nad {

NAD_INLINE AlertRefused::AlertRefused(const std::string& message) : Error(ErrorCode::io, message) {}
NAD_INLINE AlertRefused::~AlertRefused() = default;
NAD_INLINE AlertChannel::~AlertChannel() = default;

}  // namespace nad
