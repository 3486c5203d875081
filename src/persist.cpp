// The compiled build of persist/.
#include "nad/persist/json-inl.hpp"
#include "nad/persist/model_file-inl.hpp"
#include "nad/persist/model_parts-inl.hpp"
#include "nad/persist/onnx-inl.hpp"
#include "nad/persist/parts_file-inl.hpp"
#include "nad/persist/pipeline_file-inl.hpp"
