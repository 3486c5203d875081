// Writes sound inputs for the fuzzers to start from: FOLDER/{file,payload,pipeline,model,header,read,values}/.

#include <nad/nad.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>

#include "../cpp/model_file_tools.hpp"
#include "../cpp/model_samples.hpp"
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
    write_values(folder / "values");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
