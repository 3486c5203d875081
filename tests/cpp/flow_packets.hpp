#pragma once

// Packets as the decoder gives them, for tests of what becomes of them.

#include <cstdint>
#include <string>
#include <utility>

#include "nad/flow/flow_meter.hpp"
#include "nad/table/table.hpp"

namespace tests {

struct Sent {
  double seconds = 0.0;
  std::uint32_t from = 1;  ///< last bytes of 10.0.0.0
  std::uint32_t to = 2;
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 80;
  std::uint8_t protocol = 6;
  std::uint8_t flags = 0;
  std::uint32_t payload = 0;
  std::uint32_t sequence = 0;
};

inline nad::Packet packet_of(const Sent& sent) {
  nad::Packet packet;
  packet.time = static_cast<std::int64_t>(sent.seconds * 1e9);
  packet.source = nad::Address::v4(0x0a000000U + sent.from);
  packet.destination = nad::Address::v4(0x0a000000U + sent.to);
  packet.source_port = sent.source_port;
  packet.destination_port = sent.destination_port;
  packet.protocol = sent.protocol;
  packet.tcp_flags = sent.flags;
  packet.payload_bytes = sent.payload;
  packet.sequence = sent.sequence;
  packet.ip_bytes = sent.payload + (sent.protocol == 6 ? 40 : 28);
  packet.wire_bytes = packet.ip_bytes + 14;
  packet.captured_bytes = packet.wire_bytes;
  packet.window = 1000;
  return packet;
}

/// The packet that answers: ends and ports the other way round.
inline Sent answer_to(Sent sent) {
  std::swap(sent.from, sent.to);
  std::swap(sent.source_port, sent.destination_port);
  return sent;
}

inline std::int64_t total(const nad::Table& table, const std::string& column) {
  std::int64_t sum = 0;
  for (const std::int64_t value : table[column].integers()) {
    sum += value;
  }
  return sum;
}

inline std::size_t rows_with(const nad::Table& table, const std::string& column, const std::string& value) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    count += table[column].format(row) == value ? 1U : 0U;
  }
  return count;
}

/// Text of all values: two tables are the same where it is.
inline std::string text_of(const nad::Table& table) {
  std::string text;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      text += table.column(column).format(row) + ',';
    }
    text += '\n';
  }
  return text;
}

}  // namespace tests
