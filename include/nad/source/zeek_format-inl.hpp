#pragma once

// Zeek's conn.log, in both of its forms.

#include <memory>

#include "nad/source/zeek_json-inl.hpp"
#include "nad/source/zeek_tsv-inl.hpp"

namespace nad::detail {

inline std::unique_ptr<BatchSource> open_zeek_conn(const Head& head, LineWindow& window, ReadContext& context) {
  if (std::optional<DelimitedPlan> plan = recognise_zeek_tsv(head, context.name)) {
    return std::make_unique<DelimitedSource>(std::move(window), std::move(*plan), context);
  }
  if (std::optional<JsonPlan> plan = recognise_zeek_json(head, context.name)) {
    return std::make_unique<ZeekJsonSource>(std::move(window), *plan, context);
  }
  return nullptr;
}

}  // namespace nad::detail
