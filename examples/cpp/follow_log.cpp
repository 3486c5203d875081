/// Follows a log that Zeek (or Suricata, or another program) writes, also when it is rotated, and prints an alert for
/// what is unlike the traffic that the model learnt from. Ctrl-C ends it.
///
///   follow_log office.nad /var/log/zeek/conn.log [STATE]
///
/// With a file for its state it goes on where it was when it starts again: no alert is lost or repeated.

#include <nad/nad.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

namespace {

std::atomic<nad::Monitor*> running{nullptr};

void stop_running(int /*signal*/) {
  if (nad::Monitor* monitor = running.load()) {
    monitor->stop();
  }
}

void follow_log(const std::string& model_path, const std::string& log, const std::string& state) {
  nad::Monitor monitor(nad::Model::load(model_path), {.checkpoint = state});
  monitor.on_alert([](const nad::Alert& alert) { std::cout << nad::to_text(alert) << std::endl; });
  monitor.on_note([](const std::string& note) { std::cerr << note << '\n'; });

  running = &monitor;
  std::signal(SIGINT, stop_running);
  std::signal(SIGTERM, stop_running);
  monitor.run(*nad::follow_log(log));  // monitor.watch also takes captures, folders and interfaces
  running = nullptr;

  const nad::MonitorStats stats = monitor.stats();
  std::cout << stats.records << " records, " << stats.alerts << " alerts, " << stats.written << " lines\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: follow_log MODEL.nad LOG [STATE]\n");
    return 2;
  }
  try {
    follow_log(argv[1], argv[2], argc == 4 ? argv[3] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
