// Saving onto a disk: the name holds the old model or the new one, and what goes wrong is said.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#endif

#include "model_file_tools.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using model_file::Bytes;
using model_file::error_of;

nad::IsolationForest forest_of(double contamination) {
  return model_file::small_forest({.contamination = contamination});
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

void check_not_saved(const fs::path& path, const std::string& message) {
  const auto error = error_of([&] { nad::save(forest_of(0.1), path); });
  REQUIRE(error.has_value());
  CHECK(error->code() == nad::ErrorCode::io);
  const std::string said = error->what();
  CHECK_MESSAGE(said.starts_with("cannot save the model as '" + path.string() + "': "), said);
  CHECK_MESSAGE(said.find(message) != std::string::npos, said);
}

TEST_CASE("names with spaces and letters of any alphabet") {
  const TemporaryFolder folder;
  for (const fs::path& name : {fs::path("a model of mine.nad"), fs::path(u8"Prüfstand – модель 模型.nad"),
                               fs::path("no extension"), fs::path(std::string(250, 'x') + ".nad")}) {
    nad::save(forest_of(0.1), folder / name);
    CHECK(nad::load_detector(folder / name)->threshold() == forest_of(0.1).threshold());
    CHECK(!nad::read_header(folder / name).empty());
  }
  CHECK(files_in(folder.path()) == 4);
  const std::string said = error_of([&] { nad::load_detector(folder / fs::path(u8"weg – прочь.nad")); })->what();
  CHECK_MESSAGE(said.find("weg – прочь.nad'") != std::string::npos, said);
}

TEST_CASE("a model replaces another as a whole, and nothing else is left in the folder") {
  const TemporaryFolder folder;
  nad::save(forest_of(0.1), folder / "forest.nad");
  nad::save(forest_of(0.3), folder / "forest.nad");
  CHECK(read_file(folder / "forest.nad") == nad::save_bytes(forest_of(0.3)));
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a name without a folder means the current one") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const auto error = error_of([&] { nad::save(forest_of(0.1), "forest.nad"); });
  fs::current_path(before);
  CHECK(!error);
  CHECK(fs::exists(folder / "forest.nad"));
}

TEST_CASE("many threads that save under one name leave one whole model [threads]") {
  const TemporaryFolder folder;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&folder] {
      for (int round = 0; round < 10; ++round) {
        nad::save(forest_of(0.1), folder / "forest.nad");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(read_file(folder / "forest.nad") == nad::save_bytes(forest_of(0.1)));
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("places where no model can be saved") {
  const TemporaryFolder folder;
  check_not_saved(folder / "missing" / "forest.nad", "does not exist; create it first");
  check_not_saved(folder.path(), "that is a folder; add a file name such as model.nad");
  check_not_saved({}, "that is a folder");
  write_file(folder / "file", model_file::to_bytes("content"));
  check_not_saved(folder / "file" / "forest.nad", "no file can be created in the folder");
  check_not_saved(folder / (std::string(300, 'x') + ".nad"), "cannot be renamed");
  CHECK(files_in(folder.path()) == 1);
}

#if defined(__unix__) || defined(__APPLE__)

/// Permissions do not bind the superuser; for a while the test is somebody else.
class OrdinaryUser {
 public:
  OrdinaryUser() : was_superuser_(geteuid() == 0) {
    if (was_superuser_) {
      REQUIRE(seteuid(65534) == 0);
    }
  }
  ~OrdinaryUser() {
    if (was_superuser_) {
      static_cast<void>(seteuid(0) == 0);
    }
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  bool was_superuser_;
};

TEST_CASE("a folder that may not be written to, and a file that may not be read") {
  const TemporaryFolder folder;
  nad::save(forest_of(0.1), folder / "forest.nad");
  fs::permissions(folder / "forest.nad", fs::perms::none);
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
  std::optional<nad::Error> unreadable;
  {
    const OrdinaryUser user;
    check_not_saved(folder / "other.nad",
                    "no file can be created in the folder '" + folder.path().string() + "': Permission denied");
    unreadable = error_of([&] { nad::load_detector(folder / "forest.nad"); });
  }
  fs::permissions(folder.path(), fs::perms::owner_all);
  REQUIRE(unreadable.has_value());
  CHECK(unreadable->code() == nad::ErrorCode::io);
  CHECK_MESSAGE(std::string(unreadable->what()).find("forest.nad': Permission denied") != std::string::npos,
                unreadable->what());
}

TEST_CASE("a device is never replaced by a model") {
  check_not_saved("/dev/null", "something that is no regular file");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("when the disk is full the old model stays and no temporary file does") {
  const TemporaryFolder folder;
  nad::save(forest_of(0.1), folder / "forest.nad");
  const Bytes before = read_file(folder / "forest.nad");

  // a limit on the size of files makes writing fail half way, as a full disk does
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlim_t usual = limit.rlim_cur;
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  limit.rlim_cur = before.size() / 2;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const auto error = error_of([&] { nad::save(forest_of(0.3), folder / "forest.nad"); });
  limit.rlim_cur = usual;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, handler);

  REQUIRE(error.has_value());
  CHECK(error->code() == nad::ErrorCode::io);
  const std::string said = error->what();
  CHECK_MESSAGE(said.find("cannot save the model as '" + (folder / "forest.nad").string() +
                          "': writing the temporary file '") == 0,
                said);
  CHECK_MESSAGE(said.find("File too large") != std::string::npos, said);
  CHECK(read_file(folder / "forest.nad") == before);
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("replacing a model keeps its permissions, and a link stays a link") {
  const TemporaryFolder folder;
  nad::save(forest_of(0.1), folder / "private.nad");
  const fs::perms owner_only = fs::perms::owner_read | fs::perms::owner_write;
  fs::permissions(folder / "private.nad", owner_only);
  fs::create_symlink("private.nad", folder / "latest.nad");
  nad::save(forest_of(0.3), folder / "latest.nad");
  CHECK(fs::is_symlink(folder / "latest.nad"));
  CHECK(fs::status(folder / "private.nad").permissions() == owner_only);
  CHECK(read_file(folder / "private.nad") == nad::save_bytes(forest_of(0.3)));
  CHECK(files_in(folder.path()) == 2);
}

TEST_CASE("a new model gets the permissions that the user's mask gives any new file") {
  const TemporaryFolder folder;
  const mode_t mask = umask(027);
  nad::save(forest_of(0.1), folder / "forest.nad");
  umask(mask);
  CHECK(fs::status(folder / "forest.nad").permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read));
}

#endif

}  // namespace
