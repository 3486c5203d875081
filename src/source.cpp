// The compiled build of source/.
#include "nad/source/follow-inl.hpp"
#include "nad/source/kdd99-inl.hpp"
#include "nad/source/read-inl.hpp"
#include "nad/source/record_source-inl.hpp"
#include "nad/source/record_source_captures-inl.hpp"
#include "nad/source/record_source_folder-inl.hpp"
#include "nad/source/synthetic_flows-inl.hpp"
#include "nad/source/write_csv-inl.hpp"
