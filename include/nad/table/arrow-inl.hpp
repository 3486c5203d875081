#pragma once

#include "nad/table/arrow.hpp"
#include "nad/table/arrow_export-inl.hpp"
#include "nad/table/arrow_import-inl.hpp"
