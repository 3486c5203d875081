#pragma once

#include "nad/alert/channel.hpp"

namespace nad {

NAD_INLINE AlertRefused::AlertRefused(const std::string& message, std::size_t messages)
    : Error(ErrorCode::io, message), messages_(messages) {}
NAD_INLINE AlertRefused::~AlertRefused() = default;
NAD_INLINE AlertChannel::~AlertChannel() = default;

}  // namespace nad
