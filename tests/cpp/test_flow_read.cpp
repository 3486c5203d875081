#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "flow_packets.hpp"
#include "nad/core/error.hpp"
#include "nad/flow/capture.hpp"
#include "nad/flow/flow_meter.hpp"
#include "nad/source/read.hpp"
#include "nad/table/combining.hpp"
#include "packet_builder.hpp"
#include "shared_data.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::Bytes;
using tests::CaptureBytes;
using tests::text_of;

enum : unsigned { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16 };

Bytes segment(bool forth, unsigned port, unsigned flags, std::uint32_t sequence, std::size_t payload = 0) {
  const tests::Ipv4 ip = forth ? tests::Ipv4{} : tests::Ipv4{.source = 0xc6336402, .destination = 0xc0000201};
  return tests::ethernet(
      0x0800,
      tests::ipv4(ip,
                  tests::tcp({.from = forth ? port : 80, .to = forth ? 80 : port, .flags = flags, .sequence = sequence},
                             tests::filler(payload))));
}

/// A lone SYN, a refusal, a whole session of 100 and 200 bytes, one that its originator gives up, and a SYN with FIN.
std::string five_cases() {
  CaptureBytes file;
  file.pcap_header(false);
  std::uint32_t when = 0;
  const auto put = [&](const Bytes& frame) { file.pcap_packet(1'600'000'000, 1000 * when++, frame); };
  put(segment(true, 1001, syn, 1));
  put(segment(true, 1002, syn, 1));
  put(segment(false, 1002, rst | ack, 0));
  put(segment(true, 1003, syn, 1));
  put(segment(false, 1003, syn | ack, 1));
  put(segment(true, 1003, ack, 2));
  put(segment(true, 1003, psh | ack, 2, 100));
  put(segment(false, 1003, psh | ack, 2, 200));
  put(segment(true, 1003, fin | ack, 102));
  put(segment(false, 1003, fin | ack, 202));
  put(segment(true, 1003, ack, 103));
  put(segment(true, 1004, syn, 1));
  put(segment(true, 1004, rst, 2));
  put(segment(true, 1005, syn | fin, 1));
  return file.text();
}

nad::Table read_text(const std::string& text, const nad::ReadOptions& options = {}, nad::ReadReport* report = nullptr) {
  std::istringstream stream(text);
  return nad::read(stream, options, report);
}

std::string message_of(const std::string& text, const nad::ReadOptions& options) {
  try {
    read_text(text, options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

/// Rows of a reader, joined.
std::string in_batches(const std::string& text, std::size_t rows) {
  std::istringstream stream(text);
  nad::ReadOptions options;
  options.batch_rows = rows;
  nad::Reader reader(stream, options);
  std::vector<nad::Table> parts;
  while (const std::optional<nad::Table> batch = reader.next()) {
    CHECK(batch->rows() <= rows);
    CHECK(batch->schema() == reader.schema());
    parts.push_back(*batch);
  }
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    CHECK(parts[i].rows() == rows);
  }
  return text_of(nad::concatenate(parts));
}

}  // namespace

TEST_CASE("The five cases that other extractors get wrong") {
  nad::ReadReport report;
  const nad::Table flows = read_text(five_cases(), {}, &report);
  CHECK(report.format == "pcap");
  CHECK(report.rows == 5);
  CHECK(report.skipped.empty());
  CHECK(report.notes.empty());
  REQUIRE(flows.rows() == 5);
  std::vector<std::string> rows;
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    std::string text;
    for (const char* name : {"src_port", "state", "bytes_sent", "bytes_received", "packets_sent", "packets_received"}) {
      text += flows[name].format(row) + " ";
    }
    rows.push_back(text);
  }
  CHECK(rows == std::vector<std::string>{"1001 S0 0 0 1 0 ", "1002 REJ 0 0 1 1 ", "1003 SF 100 200 5 3 ",
                                         "1004 RSTOS0 0 0 2 0 ", "1005 SH 0 0 1 0 "});
  nad::ReadOptions kdd;
  kdd.flow.schema = nad::FlowSchema::kdd28;
  const nad::Table records = read_text(five_cases(), kdd);
  CHECK(records["rerror_rate"].numbers()[1] == 0.5);
  CHECK(records["serror_rate"].numbers()[4] == 0.4);
  CHECK(records["count"].integers()[4] == 5);
}

TEST_CASE("A capture read at once, in batches, and packet by packet gives the same rows") {
  const std::string text = five_cases();
  const std::string whole = text_of(read_text(text));
  for (const std::size_t rows : {1U, 2U, 3U, 100U}) {
    CHECK((in_batches(text, rows) == whole));
  }
  for (const char* name : {"pcap/normal_http_espn.pcapng", "pcap/scan_tcp_syn_nmap.pcapng"}) {
    const auto path = shared_data(name);
    if (!path) {
      return;
    }
    const std::vector<std::byte> bytes = read_file(*path);
    const std::string shared(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string expected = text_of(nad::read(*path));
    CHECK((in_batches(shared, 7) == expected));
    nad::Capture capture(*path);
    nad::FlowMeter meter;
    for (nad::Frame frame; capture.next(frame);) {
      meter.add(frame);
    }
    CHECK((text_of(meter.flush()) == expected));
  }
}

TEST_CASE("One capture in several files that are merged gives the rows of the whole") {
  const auto path = shared_data("pcap/normal_http_bro_org.pcap");
  if (!path) {
    return;
  }
  const TemporaryFolder folder;
  std::vector<CaptureBytes> parts(3);
  for (CaptureBytes& part : parts) {
    part.pcap_header(true);
  }
  nad::Capture capture(*path);
  std::size_t turn = 0;
  std::int64_t last = 0;
  for (nad::Frame frame; capture.next(frame);) {
    turn += frame.time != last ? 1U : 0U;  // packets of the same time keep their order within a file only
    last = frame.time;
    parts[turn % 3].pcap_packet(static_cast<std::uint32_t>(frame.time / tests::second),
                                static_cast<std::uint32_t>(frame.time % tests::second),
                                Bytes(frame.bytes.begin(), frame.bytes.end()), frame.length);
  }
  std::vector<std::filesystem::path> paths;
  for (const CaptureBytes& part : parts) {
    paths.push_back(folder / std::to_string(paths.size()));
    const std::string text = part.text();
    write_file(paths.back(), std::as_bytes(std::span(text)));
  }
  nad::Capture merged(paths);
  nad::FlowMeter meter;
  for (nad::Frame frame; merged.next(frame);) {
    meter.add(frame);
  }
  CHECK((text_of(meter.flush()) == text_of(nad::read(*path))));
}

TEST_CASE("Malformed packets are counted by their kind, also where bad rows are errors") {
  CaptureBytes file;
  file.pcap_header(false);
  file.pcap_packet(1, 0, segment(true, 1001, syn, 1));
  Bytes longer = segment(true, 1002, syn, 1);
  longer[17] = 200;
  file.pcap_packet(2, 0, longer);
  file.pcap_packet(3, 0, longer);
  file.pcap_packet(4, 0, tests::ethernet(0x0806, tests::filler(28)));
  nad::ReadReport report;
  CHECK(read_text(file.text(), {}, &report).rows() == 1);
  CHECK(report.skipped == std::map<std::string, std::uint64_t>{{"packet whose IP length does not fit the frame", 2}});
  CHECK(report.notes.empty());
  CaptureBytes none;
  none.pcap_header(false);
  none.pcap_packet(4, 0, tests::ethernet(0x0806, tests::filler(28)));
  CHECK(read_text(none.text(), {}, &report).rows() == 0);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0] == "none of the 1 packets is a whole packet of IP");
  nad::ReadOptions few;
  few.flow.max_flows = 1;
  read_text(five_cases(), few, &report);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].find("4 flows ended early because more than 1 were open") == 0);
}

TEST_CASE("Options that mean nothing are refused") {
  nad::ReadOptions options;
  options.separator = ';';
  CHECK(message_of(five_cases(), options).find("the option separator means nothing") != std::string::npos);
  options = {};
  options.encoding = "latin-1";
  CHECK(message_of(five_cases(), options).find("encoding") != std::string::npos);
  options = {};
  options.format = "csv";
  CHECK(message_of(five_cases(), options).find("is a packet capture") != std::string::npos);
  options.format = "pcap";
  CHECK(read_text(five_cases(), options).rows() == 5);
  CHECK(message_of("a,b\n1,2\n", options).find("not of the format 'pcap'") != std::string::npos);
  options = {};
  options.flow.udp_idle = 5.0;
  CHECK(message_of("a,b\n1,2\n", options).find("is no packet capture") != std::string::npos);
  CHECK(read_text(five_cases(), options).rows() == 5);
}
