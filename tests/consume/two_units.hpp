#pragma once

#include <nad/nad.hpp>

#include <string_view>

/// Defined in a second translation unit that includes all of nad, too.
float score_elsewhere(const nad::Detector& detector, nad::MatrixView rows);
std::string_view active_kernel_elsewhere();
