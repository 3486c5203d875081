// The input is a capture of packets, behind two bytes that choose how it is read: as a file, or as frames alone.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "nad/nad.hpp"
#include "use_table.hpp"

namespace {

nad::FlowOptions options_of(std::uint8_t first) {
  nad::FlowOptions options;
  options.schema = (first & 1U) != 0 ? nad::FlowSchema::kdd28 : nad::FlowSchema::flow;
  options.tunnels = (first & 2U) != 0;
  options.turn_answers = (first & 4U) == 0;
  options.active = (first & 8U) != 0 ? 0.5 : 0.0;
  options.max_flows = (first & 16U) != 0 ? 3 : 100;
  return options;
}

/// Nothing that was counted is lost, and every number is one.
void check(const nad::Table& flows, const nad::FlowStats& stats) {
  use_table(flows);
  require(flows.rows() == stats.flows + stats.interim);
  for (std::size_t column = 0; column < flows.columns(); ++column) {
    if (flows.column(column).type() == nad::ColumnType::number) {
      for (const double value : flows.column(column).numbers()) {
        require(std::isfinite(value));
      }
    }
  }
  if (stats.interim == 0 && flows.has("packets_sent")) {
    std::int64_t packets = 0;
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      packets += flows["packets_sent"].integers()[row] + flows["packets_received"].integers()[row];
    }
    require(static_cast<std::uint64_t>(packets) == stats.packets);
  }
}

/// Each frame behind a byte for its length, with a time that follows from its place.
void meter_frames(const std::uint8_t* data, std::size_t size, std::uint8_t link, nad::FlowMeter& meter) {
  constexpr std::array<nad::LinkType, 8> links = {nad::LinkType::ethernet, nad::LinkType::raw,
                                                  nad::LinkType::null,     nad::LinkType::linux_cooked,
                                                  nad::LinkType::loop,     nad::LinkType::linux_cooked_v2,
                                                  nad::LinkType::ipv4,     nad::LinkType::ipv6};
  std::int64_t time = 0;
  while (size > 1) {
    const std::size_t length = data[0] < size - 1 ? data[0] : size - 1;
    const std::string copy(data + 1, data + 1 + length);  // memory of its own: reading beyond it is seen
    meter.add(nad::Frame{time,
                         {reinterpret_cast<const std::uint8_t*>(copy.data()), length},
                         static_cast<std::uint32_t>(length + (link >> 4U)),
                         links[link & 7U]});
    time += std::int64_t{data[0]} * 100'000'000 - 1'000'000'000;
    data += 1 + length;
    size -= 1 + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  nad::FlowMeter meter(options_of(data[0]));
  if ((data[0] & 128U) != 0) {
    meter_frames(data + 2, size - 2, data[1], meter);
    check(meter.flush(), meter.stats());
    return 0;
  }
  try {
    std::istringstream stream(std::string(data + 2, data + size));
    nad::Capture capture(stream);
    for (nad::Frame frame; capture.next(frame);) {
      meter.add(frame);
    }
    require(capture.report().packets == meter.stats().frames);
    for (const std::string& note : capture.report().notes) {
      require(!note.empty());
    }
  } catch (const nad::Error& error) {
    require(error.code() == nad::ErrorCode::bad_file);
  }
  check(meter.flush(), meter.stats());
  return 0;
}
