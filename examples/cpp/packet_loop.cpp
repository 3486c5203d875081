/// A model inside a loop over packets: they become flows, each flow is judged when it ends, and what is unlike the
/// traffic that the model learnt from is printed with its reasons.
///
///   packet_loop office.nad day.pcap        # or an interface: packet_loop office.nad eth0, with the right to capture
///
/// The model has learnt from flows of packets, too: train_model normal.pcap day.pcap office.nad.

#include <nad/nad.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

namespace {

constexpr double patience = 0.5;               // seconds without a packet after which flows are looked at all the same
constexpr std::size_t flows_at_a_time = 1000;  // are judged faster than one by one

void print_findings(nad::RecordScorer& scorer, const nad::Table& flows) {
  for (const nad::Finding& finding : scorer.detect(flows).reported) {
    std::cout << flows["src_ip"].format(finding.row) << " to " << flows["dst_ip"].format(finding.row) << " port "
              << flows["dst_port"].format(finding.row) << ": " << finding << '\n';
  }
  std::cout.flush();
}

void watch_file(const std::string& path, nad::FlowMeter& meter, nad::RecordScorer& scorer) {
  nad::Capture capture{std::filesystem::path(path)};
  for (nad::Frame frame; capture.next(frame);) {
    meter.add(frame);
    if (meter.ended() >= flows_at_a_time) {
      print_findings(scorer, meter.take(flows_at_a_time));
    }
  }
}

void watch_interface(const std::string& name, nad::FlowMeter& meter, nad::RecordScorer& scorer) {
  nad::LiveCapture capture(name);
  while (!capture.stopped()) {
    nad::Frame frame;
    while (meter.ended() < flows_at_a_time && capture.next(frame, patience)) {
      meter.add(frame);
    }
    print_findings(scorer, meter.take());
  }
}

void packet_loop(const std::string& model_path, const std::string& source) {
  nad::RecordScorer scorer(nad::Model::load(model_path));
  nad::FlowMeter meter;
  if (std::filesystem::exists(source)) {
    watch_file(source, meter, scorer);
  } else {
    watch_interface(source, meter, scorer);
  }
  meter.end_all();
  while (meter.ended() > 0) {
    print_findings(scorer, meter.take(flows_at_a_time));
  }
  std::cout << meter.stats().packets << " packets, " << scorer.records() << " flows\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: packet_loop MODEL.nad CAPTURE|INTERFACE\n");
    return 2;
  }
  try {
    packet_loop(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
