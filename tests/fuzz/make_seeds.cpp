// Writes sound inputs for the fuzzers to start from: FOLDER/{file,payload,header}/.

#include <nad/nad.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>

#include "../cpp/model_file_tools.hpp"

namespace {

void write(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) {
    throw std::runtime_error("cannot write " + path.string());
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
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
