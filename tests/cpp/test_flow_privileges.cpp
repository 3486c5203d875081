// Rights that are given up once an interface is open; what needs root is left out elsewhere, and says so.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <arpa/inet.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "faults.hpp"
#include "messages.hpp"
#include "temporary_folder.hpp"

namespace {

using tests::contains;
using tests::message_of;

bool may_open(const std::filesystem::path& path) { return std::ifstream(path).good(); }

TEST_CASE("a user that there is not, and one that this process cannot become, are errors") {
  CHECK(contains(message_of([] { nad::drop_privileges("no such user"); }), "there is no user 'no such user'"));
  CHECK(contains(message_of([] { nad::drop_privileges(""); }), "there is no user ''"));
  if (!nad::is_superuser()) {
    CHECK(contains(message_of([] { nad::drop_privileges("root"); }), "only the superuser"));
  }
}

TEST_CASE("who gave up the rights of root has none of them, on any thread, and there is no way back") {
  if (!nad::is_superuser() || getpwnam("nobody") == nullptr) {
    MESSAGE("skipped: only root can become another user");
    return;
  }
  const TemporaryFolder folder;
  std::ofstream(folder / "secret") << "x";
  std::filesystem::permissions(folder / "secret", std::filesystem::perms::owner_read);
  CHECK(tests::status_of_child([&] {
          std::atomic<bool> given_up{false};
          std::atomic<int> of_thread{1};
          std::thread other([&] {
            while (!given_up) {
              std::this_thread::yield();
            }
            of_thread = getuid() != 0 && geteuid() != 0 && !may_open(folder / "secret") ? 0 : 2;
          });
          const bool could = may_open(folder / "secret");
          nad::drop_privileges("nobody");
          given_up = true;
          other.join();
          nad::drop_privileges("nobody");  // once more is nothing
          const bool back = setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0;
          const bool refused = contains(message_of([] { nad::drop_privileges("root"); }), "only the superuser");
          gid_t groups[64];
          const int count = getgroups(64, groups);
          bool in_group_of_root = getgid() == 0;
          for (int place = 0; place < count; ++place) {
            in_group_of_root = in_group_of_root || groups[place] == 0;
          }
          return !could                        ? 1
                 : of_thread != 0              ? of_thread.load()
                 : back                        ? 3
                 : !refused                    ? 4
                 : in_group_of_root            ? 5
                 : may_open(folder / "secret") ? 6
                                               : 0;
        }) == 0);
}

TEST_CASE("an interface stays open for somebody who could not have opened it") {
  if (!nad::is_superuser() || getpwnam("nobody") == nullptr || !nad::live_capture_available()) {
    MESSAGE("skipped: only root can open an interface and become another user, and nad needs libpcap for it");
    return;
  }
  const int status = tests::status_of_child([] {
    try {
      static_cast<void>(nad::LiveCapture("lo", {.filter = "udp port 45991"}));
    } catch (const nad::Error&) {
      return 77;
    }
    nad::LiveCapture capture("lo", {.filter = "udp port 45991", .user = "nobody"});
    if (getuid() == 0) {
      return 1;
    }
    if (message_of([] { nad::LiveCapture again("lo"); }) == "no error") {
      return 2;
    }
    const int sender = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(45991);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    nad::Frame frame;
    for (int attempt = 0; attempt < 50; ++attempt) {
      sendto(sender, "nad", 3, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
      if (capture.next(frame, 0.1)) {
        return 0;
      }
    }
    return 3;
  });
  if (status == 77) {
    MESSAGE("skipped: the loopback interface cannot be captured on here");
  } else {
    CHECK(status == 0);
  }
}

}  // namespace
