// Sources of packets as they come: nothing waits for long, and a stop judges what goes on.

#include <doctest/doctest.h>
#include <nad/nad.hpp>
#include <nad/source/capture_records-inl.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "monitor_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using monitor_samples::adds_up;
using monitor_samples::office;
using monitor_samples::wait_until;

/// An interface that brings the frames of a capture at once, and then nothing.
class PlayedInterface : public nad::detail::FrameGiver {
 public:
  PlayedInterface(const std::filesystem::path& path, std::atomic<std::size_t>& given) : capture_(path), given_(given) {}

  Given next(nad::Frame& frame) override {
    if (capture_.next(frame)) {
      ++given_;
      return Given::frame;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return Given::nothing_now;
  }
  void tell(nad::SourceStats& stats) override { stats.packets = given_; }

 protected:
  nad::Capture capture_;
  std::atomic<std::size_t>& given_;
};

/// One that brings a frame now and then, never silent; after some of them it waits until it is told to go on.
class TricklingInterface final : public PlayedInterface {
 public:
  TricklingInterface(const std::filesystem::path& path, std::atomic<std::size_t>& given, std::atomic<bool>& goes_on)
      : PlayedInterface(path, given), goes_on_(goes_on) {}

  Given next(nad::Frame& frame) override {
    constexpr std::size_t some = 200;
    if (given_ == some) {
      CHECK(wait_until([&] { return goes_on_.load(); }));
      return Given::end;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    REQUIRE(PlayedInterface::next(frame) == Given::frame);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    frame.time = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    return Given::frame;
  }

 private:
  std::atomic<bool>& goes_on_;
};

/// What a source makes of an interface.
std::unique_ptr<nad::RecordSource> listen(const nad::CaptureSourceOptions& options,
                                          nad::detail::CaptureRecords::Open open) {
  return std::make_unique<nad::detail::CaptureRecords>("the interface of a test", true, options, std::move(open));
}

std::unique_ptr<nad::RecordSource> play(std::atomic<std::size_t>& given, const nad::CaptureSourceOptions& options) {
  return listen(options, [&given] { return std::make_unique<PlayedInterface>(office().capture, given); });
}

std::size_t packets_of_office() {
  nad::Capture capture(office().capture);
  std::size_t packets = 0;
  for (nad::Frame frame; capture.next(frame);) {
    ++packets;
  }
  return packets;
}

TEST_CASE("[threads] a stop judges the flows that go on at an interface") {
  const std::size_t packets = packets_of_office();
  for (const std::size_t shards : {std::size_t{1}, std::size_t{2}}) {
    CAPTURE(shards);
    std::atomic<std::size_t> given{0};
    nad::CaptureSourceOptions options{.shards = shards};
    options.source.batch_rows = 16;
    options.most_tables = 100'000;  // the capture comes faster than a network brings it
    options.source.read.flow.tcp_idle = options.source.read.flow.udp_idle = 1e9;  // time passes to today meanwhile
    options.source.read.flow.tcp_attempt = options.source.read.flow.tcp_close = 1e9;
    options.source.read.flow.icmp_idle = options.source.read.flow.other_idle = 1e9;
    nad::Monitor monitor(*office().model, {.stop_seconds = 60.0});
    const auto source = play(given, options);
    std::thread stopper([&] {
      CHECK(wait_until([&] { return given == packets; }));
      monitor.stop();
    });
    monitor.run(*source);
    stopper.join();
    const nad::MonitorStats stats = monitor.stats();
    CHECK(source->ended());
    CHECK(stats.input.lost == 0);
    CHECK(stats.records == nad::read(office().capture, {.flow = options.source.read.flow}).rows());
    CHECK(adds_up(stats));
    CHECK(stats.deduplicator.pending == 0);
    CHECK(stats.last_error.empty());
  }
}

TEST_CASE("[threads] a stop has an end, however much an interface still holds") {
  const std::size_t packets = packets_of_office();
  std::atomic<std::size_t> given{0};
  nad::CaptureSourceOptions options;
  options.source.batch_rows = 1;
  options.most_tables = 1;
  nad::Monitor monitor(*office().model, {.stop_seconds = 0.0});
  const auto source = play(given, options);
  std::thread stopper([&] {
    CHECK(wait_until([&] { return given == packets; }));
    monitor.stop();
  });
  monitor.run(*source);
  stopper.join();
  CHECK_FALSE(source->ended());
  CHECK(monitor.stats().last_error.find("stop_seconds") != std::string::npos);
}

TEST_CASE("[threads] an interface is opened before the checkpoint, whose files belong to whoever goes on then") {
  const TemporaryFolder folder;
  const std::size_t packets = packets_of_office();
  std::atomic<std::size_t> given{0};
  std::size_t opened = 0;
  bool was_locked = false;
  const auto source = listen({.most_tables = 100'000}, [&] {
    ++opened;
    was_locked = std::filesystem::exists(folder / "office.checkpoint.lock");
    return std::make_unique<PlayedInterface>(office().capture, given);
  });
  nad::Monitor monitor(*office().model, {.checkpoint = folder / "office.checkpoint"});
  std::thread stopper([&] {
    CHECK(wait_until([&] { return given == packets; }));
    monitor.stop();
  });
  monitor.run(*source);
  stopper.join();
  CHECK(opened == 1);
  CHECK_FALSE(was_locked);
  CHECK(std::filesystem::exists(folder / "office.checkpoint.lock"));
  CHECK(std::filesystem::exists(folder / "office.checkpoint"));
}

TEST_CASE("[threads] a few packets a second do not keep records waiting") {
  std::atomic<std::size_t> given{0};
  nad::CaptureSourceOptions options;
  options.source.most_wait = 0.01;
  options.source.read.flow.tcp_attempt = 0.001;
  options.source.read.flow.udp_idle = 0.001;
  options.source.read.flow.tcp_close = 0.001;
  std::atomic<bool> goes_on{false};
  const auto source =
      listen(options, [&] { return std::make_unique<TricklingInterface>(office().capture, given, goes_on); });
  CHECK(wait_until([&] { return source->next(0.1).has_value(); }));
  goes_on = true;
}

}  // namespace
