// The compiled build of table/.
#include "nad/table/address-inl.hpp"
#include "nad/table/arrow-inl.hpp"
#include "nad/table/column-inl.hpp"
#include "nad/table/column_builder-inl.hpp"
#include "nad/table/dictionary-inl.hpp"
#include "nad/table/schema-inl.hpp"
#include "nad/table/table-inl.hpp"
#include "nad/table/time-inl.hpp"
