// Measures the way from packets to flows: reading, decoding, metering, and the tables of both schemas. Prints a table
// and, with --json, writes every sample.
//
//   nad_benchmark_flow FOLDER                              # the captures of a folder, mixed and multiplied
//   nad_benchmark_flow FOLDER --packets 2000000 --rounds 5 --mix mixed.pcap
//
// The mixed capture holds all captures of the folder again and again, with other addresses each time, some at the same
// time; --mix keeps it, for other programs to read.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "measure.hpp"
#include "nad/nad.hpp"
#include "report.hpp"

namespace {

using benchmark::Contest;
using benchmark::Report;

struct Arguments {
  std::string folder;
  std::string json_file;
  std::string mix;
  std::size_t rounds = 5;
  std::size_t packets = 1'000'000;
};

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  arguments.folder =
      benchmark::parse(words, {{"--packets", [&](const std::string& value) { arguments.packets = std::stoul(value); }},
                               {"--rounds", [&](const std::string& value) { arguments.rounds = std::stoul(value); }},
                               {"--mix", [&](const std::string& value) { arguments.mix = value; }},
                               {"--json", [&](const std::string& value) { arguments.json_file = value; }}});
  return arguments;
}

struct Kept {
  std::int64_t time;  ///< since the beginning of its capture
  std::uint32_t length;
  std::vector<std::uint8_t> bytes;
};

/// All Ethernet captures of a folder, each from time 0 on.
std::vector<Kept> kept_packets(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Kept> packets;
  for (const std::filesystem::path& path : paths) {
    try {
      nad::Capture capture(path);
      std::int64_t begin = -1;
      for (nad::Frame frame; capture.next(frame);) {
        if (frame.link == nad::LinkType::ethernet) {
          begin = begin < 0 ? frame.time : begin;
          packets.push_back(
              {std::max<std::int64_t>(frame.time - begin, 0), frame.length, {frame.bytes.begin(), frame.bytes.end()}});
        }
      }
    } catch (const nad::Error&) {
      continue;  // no capture, or none of Ethernet
    }
  }
  if (packets.empty()) {
    throw std::runtime_error("no Ethernet capture in " + folder);
  }
  return packets;
}

/// Other addresses of IPv4 for each copy: the same host of two copies is two hosts.
void change_addresses(std::vector<std::uint8_t>& frame, std::uint32_t copy) {
  if (frame.size() < 34 || frame[12] != 8 || frame[13] != 0) {
    return;
  }
  for (const std::size_t at : {std::size_t{27}, std::size_t{31}}) {
    frame[at] = static_cast<std::uint8_t>(frame[at] ^ (copy & 0xffU));
    frame[at + 1] = static_cast<std::uint8_t>(frame[at + 1] ^ (copy >> 8U & 0xffU));
  }
}

void put(std::ofstream& out, std::uint32_t value) { out.write(reinterpret_cast<const char*>(&value), sizeof value); }

/// Writes so many packets; how many bytes they had on the wire.
std::uint64_t write_mix(const std::vector<Kept>& packets, std::size_t count, const std::filesystem::path& path) {
  constexpr std::int64_t apart = 2'000'000'000;  // a copy begins so long after the one before
  struct Turn {
    std::int64_t time;
    std::uint32_t copy;
    std::uint32_t place;
  };
  std::vector<Turn> turns;
  turns.reserve(count);
  for (std::uint32_t copy = 0; turns.size() < count; ++copy) {
    for (std::uint32_t place = 0; place < packets.size() && turns.size() < count; ++place) {
      turns.push_back({apart * copy + packets[place].time, copy, place});
    }
  }
  std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.time < b.time; });
  std::ofstream out(path, std::ios::binary);
  for (const std::uint32_t word : {0xa1b23c4dU, 0x00040002U, 0U, 0U, 262144U, 1U}) {
    put(out, word);
  }
  std::uint64_t bytes = 0;
  std::vector<std::uint8_t> frame;
  for (const Turn& turn : turns) {
    const Kept& packet = packets[turn.place];
    frame = packet.bytes;
    change_addresses(frame, turn.copy);
    put(out, static_cast<std::uint32_t>(1'600'000'000 + turn.time / 1'000'000'000));
    put(out, static_cast<std::uint32_t>(turn.time % 1'000'000'000));
    put(out, static_cast<std::uint32_t>(frame.size()));
    put(out, packet.length);
    out.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
    bytes += packet.length;
  }
  if (!out.flush()) {
    throw std::runtime_error("cannot write " + path.string());
  }
  return bytes;
}

/// A file that is removed at the end, unless it was asked for.
class Mix {
 public:
  explicit Mix(const std::string& path)
      : path_(path.empty() ? std::filesystem::temp_directory_path() / "nad-benchmark-mix.pcap"
                           : std::filesystem::path(path)),
        keep_(!path.empty()) {}
  Mix(const Mix&) = delete;
  Mix& operator=(const Mix&) = delete;
  ~Mix() {
    std::error_code ignored;
    if (!keep_) {
      std::filesystem::remove(path_, ignored);
    }
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

std::size_t meter_file(const std::filesystem::path& path, const nad::FlowOptions& options) {
  nad::Capture capture(path);
  nad::FlowMeter meter(options);
  std::size_t rows = 0;
  for (nad::Frame frame; capture.next(frame);) {
    meter.add(frame);
    if (meter.ended() == 8192) {
      rows += meter.take().rows();
    }
  }
  return rows + meter.flush().rows();
}

/// CPU time of the calling thread, in seconds.
double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// CPU time of what happens at once: reading and decoding, each shard, and joining rows with windows over all of them.
/// The digest is of the windows; every row counts at its place.
struct ShardTimes {
  double reading = 0.0;
  double shard = 0.0;
  double joining = 0.0;
  double digest = 0.0;
};

ShardTimes shard_times(const std::filesystem::path& path, std::size_t shards) {
  const nad::HostWindows step;
  const auto state = step.begin();
  ShardTimes times;
  double place = 0.0;
  const std::clock_t begin = std::clock();
  const double reading_begin = thread_seconds();
  nad::ShardedMeter meter({}, shards, [&](const nad::Table& flows) {
    const nad::Table windows = step.apply(flows, state.get());
    times.joining = thread_seconds();  // this thread does nothing else
    for (const std::int64_t count : windows["dst_host_srv_count"].integers()) {
      times.digest += ++place * static_cast<double>(count);
    }
  });
  nad::Capture capture(path);
  for (nad::Frame frame; capture.next(frame);) {
    meter.add(frame);
  }
  meter.finish();
  times.reading = thread_seconds() - reading_begin;
  const double all = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  times.shard = (all - times.reading - times.joining) / static_cast<double>(shards);
  return times;
}

/// What shards are worth. Wall time would need a processor for each thread that nobody else uses; the thread that has
/// most to do tells the same on a busy machine.
void measure_shards(const Arguments& arguments, const std::filesystem::path& mix, Report& report) {
  double digest = 0.0;
  bool same = true;
  for (const std::size_t shards : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
    std::vector<double> longest;
    std::vector<double> all;
    for (std::size_t round = 0; round <= arguments.rounds; ++round) {
      const ShardTimes times = shard_times(mix, shards);
      if (round > 0) {
        longest.push_back(std::max({times.reading, times.shard, times.joining}));
        all.push_back(times.reading + times.joining + times.shard * static_cast<double>(shards));
      }
      digest = shards == 1 ? times.digest : digest;
      same = same && times.digest == digest;
    }
    const double packets = static_cast<double>(arguments.packets) / 1e6;
    const std::string what = "flows and host windows, shards: " + std::to_string(shards);
    report.add({.what = what + ", busiest thread",
                .value = packets / benchmark::median(longest),
                .unit = "million packets/s",
                .spread = benchmark::spread(longest),
                .samples = longest});
    report.add({.what = what + ", all threads",
                .value = packets / benchmark::median(all),
                .unit = "million packets/s",
                .spread = benchmark::spread(all),
                .samples = all});
  }
  report.note("windows of one shard, of two and of four", std::string(same ? "the same" : "they differ"));
}

void measure_mix(const Arguments& arguments, Report& report) {
  const Mix mix(arguments.mix);
  const std::uint64_t bytes = write_mix(kept_packets(arguments.folder), arguments.packets, mix.path());
  volatile std::size_t sink = 0;
  std::vector<Contest> contests;
  contests.emplace_back("read", [&] {
    nad::Capture capture(mix.path());
    for (nad::Frame frame; capture.next(frame);) {
      sink = frame.bytes.size();
    }
  });
  contests.emplace_back("read and decode", [&] {
    nad::Capture capture(mix.path());
    nad::Decoder decoder;
    nad::Packet packet;
    for (nad::Frame frame; capture.next(frame);) {
      decoder.decode(frame, packet);
      sink = packet.ip_bytes;
    }
  });
  contests.emplace_back("read, decode, meter, table of flows", [&] { sink = meter_file(mix.path(), {}); });
  contests.emplace_back("read, decode, meter, table kdd28",
                        [&] { sink = meter_file(mix.path(), {.schema = nad::FlowSchema::kdd28}); });
  contests.emplace_back("nad::read", [&] { sink = nad::read(mix.path()).rows(); });
  benchmark::take_turns(contests, arguments.rounds);
  const auto packets = static_cast<double>(arguments.packets);
  for (const Contest& contest : contests) {
    benchmark::Figure figure{.what = contest.name,
                             .value = packets / benchmark::median(contest.cpu) / 1e6,
                             .unit = "million packets/s",
                             .spread = benchmark::spread(contest.cpu),
                             .samples = contest.cpu};
    if (contest.name.find("flows") != std::string::npos) {
      figure.goal = benchmark::at_least(2.0);
    }
    report.add(figure);
  }
  report.note("packets", arguments.packets);
  report.note("flows", meter_file(mix.path(), {}));
  report.note("bytes on the wire", static_cast<std::size_t>(bytes));
  measure_shards(arguments, mix.path(), report);
}

/// A SYN from each of a million sources, and what they take.
void measure_flood(const Arguments& arguments, Report& report) {
  constexpr std::uint32_t sources = 1'000'000;
  std::array<std::uint8_t, 54> frame = {};
  frame[12] = 8;
  frame[14] = 0x45;
  frame[17] = 40;
  frame[23] = 6;
  frame[46] = 0x50;
  frame[47] = 2;
  std::size_t bytes = 0;
  std::size_t rows = 0;
  std::vector<Contest> contests;
  contests.emplace_back("flood", [&] {
    nad::FlowMeter meter;
    for (std::uint32_t source = 0; source < sources; ++source) {
      std::memcpy(frame.data() + 26, &source, sizeof source);
      meter.add(nad::Frame{.time = source, .bytes = frame});
    }
    bytes = meter.stats().bytes;
    rows = meter.flush().rows();
  });
  benchmark::take_turns(contests, std::min<std::size_t>(arguments.rounds, 3));
  report.add({.what = "a million flows of one packet, with their table",
              .value = sources / benchmark::median(contests[0].cpu) / 1e6,
              .unit = "million packets/s",
              .spread = benchmark::spread(contests[0].cpu),
              .samples = contests[0].cpu});
  report.add({.what = "memory of a million flows at a time",
              .value = static_cast<double>(bytes) / 1e6,
              .unit = "MB",
              .goal = benchmark::at_most(512.0)});
  report.note("rows of the flood", rows);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = parse({argv, static_cast<std::size_t>(argc)});
    Report report;
    report.note("benchmark", std::string("flow"));
    measure_mix(arguments, report);
    measure_flood(arguments, report);
    report.print(stdout);
    if (!arguments.json_file.empty()) {
      report.write_json(arguments.json_file);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
