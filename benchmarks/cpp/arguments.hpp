#pragma once

/// What a benchmark of a file was called with: a file, and options that each have a value.
///
///   Arguments arguments;
///   arguments.file = benchmark::parse(words, {{"--json", [&](auto& value) { arguments.json_file = value; }}});

#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace benchmark {

using Options = std::map<std::string, std::function<void(const std::string&)>>;

/// The file; an error that lists the options where something else was given.
inline std::string parse(std::span<char*> words, const Options& options) {
  std::string usage = "usage: FILE";
  for (const auto& [name, take] : options) {
    usage += " [" + name + " VALUE]";
  }
  std::string file;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--")) {
      file = word;
      continue;
    }
    const auto option = options.find(word);
    if (option == options.end() || i + 1 == words.size()) {
      throw std::runtime_error((option == options.end() ? "unknown option " : "no value for ") + word + "; " + usage);
    }
    option->second(words[++i]);
  }
  if (file.empty()) {
    throw std::runtime_error("name a file of records, or a folder of captures; " + usage);
  }
  return file;
}

}  // namespace benchmark
