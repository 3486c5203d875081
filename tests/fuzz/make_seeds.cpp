// Writes sound inputs for the fuzzers to start from:
// FOLDER/{file,payload,pipeline,model,header,read,values,packets,arrow,config}/.

#include <nad/nad.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "../cpp/model_file_tools.hpp"
#include "../cpp/model_samples.hpp"
#include "../cpp/packet_builder.hpp"
#include "../cpp/pipeline_samples.hpp"
#include "record_seeds.hpp"

namespace {

void write(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) {
    throw std::runtime_error("cannot write " + path.string());
  }
}

/// Records behind the two bytes of options that fuzz_read takes: as they are, and left to the plain reader.
void write_records(const std::filesystem::path& folder, const std::string& name, const std::string& text) {
  const std::string options[] = {std::string(2, '\0'), std::string("\x01\0", 2), std::string("\x02\0", 2)};
  for (std::size_t i = 0; i < std::size(options); ++i) {
    const std::string input = options[i] + text;
    write(folder / (name + "-" + std::to_string(i)), std::as_bytes(std::span(input)));
  }
}

void write_values(const std::filesystem::path& folder) {
  int number = 0;
  for (const std::string text :
       {"2017-04-07T22:24:37.251547+0100", "1491600277.25", "7/4/2017 10:24:37 PM", "07.04.2017 22:24", "192.0.2.7",
        "2001:db8::192.0.2.1%eth0", "-9223372036854775808", "18446744073709551615", "1e-3", "-0.125", "0x1f", "inf"}) {
    write(folder / ("value-" + std::to_string(++number)), std::as_bytes(std::span(text)));
  }
}

/// Packets of many kinds, as both formats of captures and as frames alone, behind the two bytes of fuzz_packets.
void write_packets(const std::filesystem::path& folder, const std::filesystem::path& records) {
  using namespace tests;
  const Bytes web = ipv4({}, tcp({.flags = 2}));
  const Bytes answer =
      ipv4({.source = 0xc6336402, .destination = 0xc0000201}, tcp({.from = 80, .to = 40000, .flags = 18}, filler(9)));
  const Bytes piece = ipv4({.protocol = 17, .identification = 7, .fragment = 0x2000}, udp(5000, 53, filler(8)));
  const Bytes rest = ipv4({.protocol = 17, .identification = 7, .fragment = 2}, filler(8));
  const Bytes six = ipv6(1, 2, 0, Bytes{58, 0, 0, 0, 0, 0, 0, 0} + icmp(128, 0, filler(8)));
  const Bytes tunnel = ipv4({.protocol = 47}, Bytes{0, 0, 8, 0} + web);
  const Bytes vxlan = ipv4({.protocol = 17}, udp(9999, 4789, Bytes{8, 0, 0, 0, 0, 0, 5, 0} + ethernet(0x0800, answer)));
  std::vector<Bytes> frames;
  for (const Bytes& packet : {web, answer, piece, rest, tunnel, vxlan}) {
    frames.push_back(ethernet(0x0800, packet));
  }
  frames.push_back(ethernet(0x86dd, six));
  frames.push_back(ethernet(0x88a8, tag(2, 0x8100, tag(1, 0x8847, Bytes{0, 1, 1, 64} + web))));
  CaptureBytes old(true);
  CaptureBytes next;
  Bytes alone;
  old.pcap_header(true);
  next.section();
  next.interface(1);
  for (std::uint32_t i = 0; i < frames.size(); ++i) {
    old.pcap_packet(100 + 2 * i, i, frames[i]);
    next.enhanced(0, std::uint64_t{3'000'000} * i, frames[i]);
    alone.push_back(static_cast<std::uint8_t>(frames[i].size()));
    alone = alone + frames[i];
  }
  int number = 0;
  for (const Bytes& bytes : {old.bytes, next.bytes}) {
    for (const std::uint8_t options : {0, 1, 2, 8, 16}) {
      const Bytes input = Bytes{options, 0} + bytes;
      write(folder / ("capture-" + std::to_string(++number)), std::as_bytes(std::span(input)));
    }
    write_records(records, "capture-" + std::to_string(number), std::string(bytes.begin(), bytes.end()));
  }
  for (const std::uint8_t options : {128, 130, 137}) {
    const Bytes input = Bytes{options, 0} + alone;
    write(folder / ("frames-" + std::to_string(options)), std::as_bytes(std::span(input)));
  }
}

void write_text(const std::filesystem::path& path, char kind, const std::string& text) {
  const std::string input = kind + text;
  write(path, std::as_bytes(std::span(input)));
}

/// What fuzz_config reads, behind the byte that says what it is.
void write_config(const std::filesystem::path& folder) {
  int number = 0;
  for (const std::vector<nad::FeatureStep>& steps : pipeline_samples::steps()) {
    write_text(folder / ("steps-" + std::to_string(++number)), '\0', nad::to_json(steps));
  }
  write_text(folder / "allow-lines", '\1',
             "src=10.0.3.17 dst_port=873,8000-8100 who=\"anna\" why=\"nightly backup\" until=2027-01-01\n"
             "ip=192.0.2.0/24,2001:db8::/32 # a remark\nserver_name=*.example.org\n");
  write_text(folder / "allow-json", '\2',
             R"([{"src": "10.0.3.17", "dst_port": [873, "8000-8100"], "until": "2027-01-01"}])");
  nad::Alert alert;
  alert.src = nad::Address::parse("10.0.0.1");
  alert.dst = nad::Address::parse("2001:db8::1");
  alert.src_port = 4000;
  alert.last_seen = 1'767'571'200'000'000'000;
  write_text(folder / "alert", '\3', nad::to_eve(alert));
  nad::Deduplicator deduplicator;
  nad::KeyFolder keys;
  for (int time = 0; time < 5; ++time) {
    alert.last_seen += 1'000'000'000;
    static_cast<void>(deduplicator.add(alert));
    static_cast<void>(keys.fold(alert));
  }
  write_text(folder / "deduplicator", '\4', deduplicator.save_state());
  write_text(folder / "folder", '\5', keys.save_state());
  write_text(folder / "runs", '\6', nad::RunWatch().save_state());
  write_text(folder / "beats", '\7', nad::BeatWatch().save_state());
  write_text(folder / "place-in-file", '\x8', nad::file_source("/nowhere/a.csv")->position());
  write_text(folder / "place-in-folder", '\x9',
             R"({"folder":"/nowhere/many","done":{"a.csv":1767571200000000000,"b\u0000ff.csv":3},"finished":2,)"
             R"("file":"c.csv","records":7,"metered":["d.pcap"],"frames":9,"silence":0})");
  write_text(folder / "place-in-log", '\xa',
             R"({"log":"/nowhere/a.log","device":2049,"inode":77,"byte":4096,"changed":1767571200000000000,)"
             R"("beginning":17446744073709551615,"file":3})");
}

/// Bytes that fuzz_arrow makes columns of many kinds of.
void write_arrow(const std::filesystem::path& folder) {
  nad::Random random(4);
  for (int number = 0; number < 60; ++number) {
    std::string input;
    for (int byte = 0; byte < 200; ++byte) {
      input += static_cast<char>(random.below(byte < 4 ? 256 : 251));
    }
    write(folder / ("array-" + std::to_string(number)), std::as_bytes(std::span(input)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_seeds FOLDER\n");
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1];
    int number = 0;
    for (const nad::IsolationForest& forest : model_file::small_forests()) {
      const model_file::Bytes file =
          nad::save_bytes(forest, {.feature_names = {"bytes", "duration", "port"}, .note = "seed"});
      const model_file::Parts parts = model_file::split(file);
      const std::string name = "forest-" + std::to_string(++number);
      write(folder / "file" / name, file);
      write(folder / "payload" / name, parts.payload);
      write(folder / "header" / name, model_file::to_bytes(parts.header));
    }
    for (const nad::FeaturePipeline& pipeline : pipeline_samples::small_pipelines()) {
      const model_file::Parts parts = model_file::split(nad::save_bytes(pipeline));
      model_file::Bytes input = {static_cast<std::byte>(pipeline.features().size())};
      model_file::append(input, parts.payload);
      write(folder / "pipeline" / ("pipeline-" + std::to_string(++number)), input);
    }
    for (const nad::Model& model : model_samples::small_models()) {
      const model_file::Parts parts = model_file::split(model.save_bytes());
      model_file::Bytes input = {static_cast<std::byte>(model.pipeline().features().size())};
      model_file::append(input, parts.payload);
      write(folder / "model" / ("model-" + std::to_string(++number)), input);
    }
    for (const auto& [name, text] : record_seeds()) {
      write_records(folder / "read", name, text);
    }
    write_packets(folder / "packets", folder / "read");
    write_values(folder / "values");
    write_arrow(folder / "arrow");
    write_config(folder / "config");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
