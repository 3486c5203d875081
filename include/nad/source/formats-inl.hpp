#pragma once

// All formats, in the order in which they are tried. A new one is a file and a line here.

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "nad/source/argus_format-inl.hpp"
#include "nad/source/aws_vpc_format-inl.hpp"
#include "nad/source/batch_source-inl.hpp"
#include "nad/source/capture_format-inl.hpp"
#include "nad/source/csv_format-inl.hpp"
#include "nad/source/delimited-inl.hpp"
#include "nad/source/flow_csv_format-inl.hpp"
#include "nad/source/format-inl.hpp"
#include "nad/source/kdd99_format-inl.hpp"
#include "nad/source/netflow_format-inl.hpp"
#include "nad/source/slashed_times-inl.hpp"
#include "nad/source/suricata_format-inl.hpp"
#include "nad/source/wireshark_format-inl.hpp"
#include "nad/source/zeek_format-inl.hpp"

namespace nad::detail {

struct Format {
  std::string_view name;
  std::string_view description;
  /// Null where the text is of another format. Takes the window only when it is its own.
  std::unique_ptr<BatchSource> (*open)(const Head& head, LineWindow& window, ReadContext& context);
};

/// For formats that are separated fields and nothing else.
template <std::optional<DelimitedPlan> (*recognise)(const Head&)>
std::unique_ptr<BatchSource> open_delimited(const Head& head, LineWindow& window, ReadContext& context) {
  std::optional<DelimitedPlan> plan = recognise(head);
  if (!plan) {
    return nullptr;
  }
  read_slashed_times(*plan, head, context);
  return std::make_unique<DelimitedSource>(std::move(window), std::move(*plan), context);
}

/// Captures are no text and are known before this list is asked.
inline std::unique_ptr<BatchSource> open_no_capture(const Head& /*head*/, LineWindow& /*window*/,
                                                    ReadContext& /*context*/) {
  return nullptr;
}

inline constexpr std::array known_formats = {
    Format{capture_format_name, "captures of packets, pcap and pcapng, as flows", &open_no_capture},
    Format{"kdd99", "KDD Cup 99 and NSL-KDD, with or without labels", &open_delimited<recognise_kdd99>},
    Format{"zeek_conn", "Zeek conn.log, as lines or JSON", &open_zeek_conn},
    Format{"suricata_eve", "Suricata EVE JSON lines: flow and netflow events", &open_suricata_eve},
    Format{"argus", "Argus bidirectional flows (binetflow)", &open_delimited<recognise_argus>},
    Format{"netflow", "NetFlow as nfdump writes it with -o csv", &open_netflow},
    Format{"aws_vpc", "flow logs of Amazon VPCs", &open_delimited<recognise_aws_vpc>},
    Format{"wireshark_csv", "packet lists of Wireshark and tshark, joined into flows", &open_wireshark_csv},
    Format{"flow_csv", "tables of flows with a line of names, also CICFlowMeter's and UNSW-NB15's",
           &open_delimited<recognise_flow_csv>},
    // knows any text: must be the last
    Format{"csv", "any table of separated fields; separator, names and types are found out", &open_csv},
};

}  // namespace nad::detail
