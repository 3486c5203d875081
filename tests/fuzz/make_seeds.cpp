// Writes sound inputs for the fuzzers to start from: FOLDER/{file,payload,header,read,values}/.

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

/// Records behind the two bytes of options that fuzz_read takes: as they are, and left to the plain reader.
void write_records(const std::filesystem::path& folder, const std::string& name, const std::string& text) {
  const std::string options[] = {std::string(2, '\0'), std::string("\x01\0", 2), std::string("\x02\0", 2)};
  for (std::size_t i = 0; i < std::size(options); ++i) {
    const std::string input = options[i] + text;
    write(folder / (name + "-" + std::to_string(i)), std::as_bytes(std::span(input)));
  }
}

void write_record_files(const std::filesystem::path& folder) {
  const std::string kdd =
      "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,"
      "0.11,0.00,0.00,0.00,0.00,0.00,";
  write_records(folder, "kdd99", kdd + "normal.\n" + kdd + "smurf.\n");
  write_records(folder, "nsl_kdd", kdd + "neptune,21\n" + kdd + "normal,7\n");
  write_records(folder, "csv",
                "time,address,port,share,name,ok,label\n2026-01-02 03:04:05.6,192.0.2.7,443,0.25,http,true,normal\n"
                "2026-01-02T03:04:06Z,2001:db8::1,NA,1e3,dns,false,odd\n");
  write_records(folder, "quoted", "\"a\",\"b, c\"\r\n\"say \"\"x\"\"\",1\r\n\"two\nlines\",-2.5\r\n");
  write_records(folder, "semicolon", "\xef\xbb\xbfWert;Zeit\n0,5;07.04.2026 22:24\n1,25;13.04.2026 10:00 PM\n");
  write_records(folder, "marked", "# a remark\n#ts\tuid\tn\n1491603877.5\tabc\t007\n1491603878\tdef\t12\n");
  write_records(folder, "odd", "sep=|\n a | 'b' |\n-|'x|y'|\n\n1|?|\n1|2\n");
  write_records(folder, "blanks", "a, b, c\n1, \"x, y\", 18446744073709551615\n2, z, 3\n");
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
    write_record_files(folder / "read");
    write_values(folder / "values");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
