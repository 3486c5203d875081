#pragma once

// UTF-8 as errors know it, too, which stand to the left of this folder; not for users.

#include "nad/core/utf8.hpp"
