// Damaged files, one kind of damage after the other. Whatever is changed, loading ends in an Error that says what is
// wrong; nothing is accepted silently, and nothing else is thrown.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model_file_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::Bytes;
using model_file::error_of;
using model_file::put;

Bytes sound_file() {
  return nad::save_bytes(model_file::small_forest(), {.feature_names = {"bytes", "duration", "port"}, .note = "n"});
}

struct Damage {
  const char* what;
  std::function<void(Bytes& file)> apply;
  const char* message;  ///< a part of what the error must say
};

/// The same error from memory and from a file.
void check_refused(const Bytes& file, const std::string& message, const TemporaryFolder& folder) {
  const auto from_memory = error_of([&] { nad::load_detector_bytes(file); });
  REQUIRE(from_memory.has_value());
  CHECK(from_memory->code() == nad::ErrorCode::bad_file);
  CHECK_MESSAGE(std::string(from_memory->what()).find(message) != std::string::npos, from_memory->what());

  write_file(folder / "damaged.nad", file);
  const auto from_disk = error_of([&] { nad::load_detector(folder / "damaged.nad"); });
  REQUIRE(from_disk.has_value());
  CHECK(from_disk->code() == nad::ErrorCode::bad_file);
  // the same words behind the name of the file
  const std::string path = (folder / "damaged.nad").string();
  CHECK(from_disk->what() == std::string(1, '\'').append(path).append("': ").append(from_memory->what()));
}

std::size_t header_length(const Bytes& file) { return model_file::get(file, model_file::header_length_at); }

std::size_t payload_at(const Bytes& file) { return model_file::header_at + header_length(file) + 8; }

/// Makes the checksum over the head right again.
void sign_head(Bytes& file) {
  const std::size_t covered = model_file::header_at + header_length(file);
  put(file, covered, model_file::crc(std::span(file).first(covered)));
}

Damage announces_header(std::uint64_t length, const char* message) {
  return {"length of the header", [length](Bytes& file) { put(file, model_file::header_length_at, length); }, message};
}

Damage announces_payload(std::uint64_t length, const char* message) {
  return {"length of the payload",
          [length](Bytes& file) {
            put(file, model_file::payload_length_at, length);
            sign_head(file);
          },
          message};
}

Damage is_instead(std::string_view content, const char* message) {
  return {"something else", [content](Bytes& file) { file = model_file::to_bytes(content); }, message};
}

const std::vector<Damage>& damages() {
  using namespace std::string_view_literals;
  static const std::vector<Damage> table = {
      {"nothing in it", [](Bytes& file) { file.clear(); }, "is empty"},
      is_instead("duration,bytes\n1,2\n"sv, "not a nad model file: it does not begin as one"),
      is_instead("\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94."sv, "a Python pickle, which nad never loads"),
      is_instead("PK\x03\x04\x14\0\0\0\x08\0"sv, "a zip archive"),
      is_instead("\x1f\x8b\x08\0\0\0\0\0\0\x03"sv, "a gzip file; decompress it first"),
      is_instead("{"sv, "not a nad model file"),
      is_instead("\x89"sv, "incomplete: it ends after 1 of at least 28 bytes"),
      is_instead("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv, "not a nad model file"),
      {"carriage returns removed", [](Bytes& file) { file.erase(file.begin() + 4); },
       "transfer in text mode that changes line ends"},
      {"the eighth bit removed", [](Bytes& file) { file[0] &= std::byte{0x7f}; }, "not a nad model file"},

      {"version 0", [](Bytes& file) { put(file, model_file::version_at, 0, 4); }, "no format version 0"},
      {"version 2",
       [](Bytes& file) {
         put(file, model_file::version_at, 2, 4);
         file = model_file::to_bytes(std::string(reinterpret_cast<const char*>(file.data()), 12) + "new layout");
       },
       "has format version 2, but nad " NAD_VERSION_STRING
       " reads versions up to 1; upgrade nad, or save the model again with this one"},
      {"the newest version", [](Bytes& file) { put(file, model_file::version_at, 0xffffffff, 4); },
       "has format version 4294967295"},

      announces_header(0, "header of the model file is damaged"),
      announces_header(std::uint64_t{1} << 63U, "announces a header of 9223372036854775808 bytes"),
      announces_header(~std::uint64_t{0}, "announces a header of 18446744073709551615 bytes"),
      announces_header((std::uint64_t{1} << 26U) + 1, "announces a header of 67108865 bytes"),
      announces_header(std::uint64_t{1} << 26U, "incomplete"),
      announces_payload(0, "bytes behind its end"),
      announces_payload(std::uint64_t{1} << 63U, "announces a payload of 9223372036854775808 bytes"),
      announces_payload(~std::uint64_t{0}, "announces a payload of 18446744073709551615 bytes"),
      announces_payload((std::uint64_t{1} << 63U) - 1, "incomplete: it ends after"),
      announces_payload(std::uint64_t{1} << 40U, "incomplete: it ends after"),

      {"header changed", [](Bytes& file) { file[model_file::header_at + 5] ^= std::byte{1}; },
       "header of the model file is damaged (its checksum does not match)"},
      {"checksum of the header changed", [](Bytes& file) { file[payload_at(file) - 1] ^= std::byte{1}; },
       "header of the model file is damaged (its checksum does not match)"},
      {"payload changed", [](Bytes& file) { file[payload_at(file)] ^= std::byte{1}; },
       "payload of the model file is damaged (its checksum does not match)"},
      {"checksum of the payload changed", [](Bytes& file) { file[file.size() - 9] ^= std::byte{1}; },
       "payload of the model file is damaged (its checksum does not match)"},

      {"the last byte missing", [](Bytes& file) { file.pop_back(); }, "incomplete"},
      {"the mark of completion missing", [](Bytes& file) { file.erase(file.end() - 8, file.end()); },
       "as if saving or copying it had been interrupted"},
      {"space reserved but the mark never written", [](Bytes& file) { put(file, file.size() - 8, 0); },
       "lacks the mark at its end: writing it was interrupted"},
      {"the end never written",
       [](Bytes& file) {
         std::fill(file.begin() + static_cast<std::ptrdiff_t>(payload_at(file)), file.end(), std::byte{0});
       },
       "lacks the mark at its end"},
      {"a byte behind the end", [](Bytes& file) { file.push_back(std::byte{'\n'}); }, "has 1 bytes behind its end"},
      {"the file twice",
       [](Bytes& file) {
         const Bytes once = file;
         model_file::append(file, once);
       },
       "bytes behind its end"},
  };
  return table;
}

TEST_CASE("each known damage has its message") {
  const TemporaryFolder folder;
  for (const Damage& damage : damages()) {
    CAPTURE(damage.what);
    Bytes file = sound_file();
    damage.apply(file);
    check_refused(file, damage.message, folder);
  }
}

TEST_CASE("every byte of the file matters") {
  for (const nad::IsolationForest& forest : model_file::small_forests()) {
    const Bytes sound = nad::save_bytes(forest);
    Bytes file = sound;
    std::size_t accepted = 0;
    std::size_t wrong_code = 0;
    for (std::size_t at = 0; at < file.size(); ++at) {
      for (const unsigned flip : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 255U}) {
        file[at] = sound[at] ^ static_cast<std::byte>(flip);
        const auto error = error_of([&] { nad::load_detector_bytes(file); });
        accepted += error ? 0U : 1U;
        wrong_code += error && error->code() != nad::ErrorCode::bad_file ? 1U : 0U;
      }
      file[at] = sound[at];
    }
    CHECK(accepted == 0);
    CHECK(wrong_code == 0);
    CHECK(!error_of([&] { nad::load_detector_bytes(file); }));
  }
}

TEST_CASE("a header is refused as soon as one of its bytes is wrong") {
  const Bytes sound = sound_file();
  Bytes file = sound;
  const std::string header = nad::read_header_bytes(sound);
  for (std::size_t at = 0; at < payload_at(sound); ++at) {
    file[at] = sound[at] ^ std::byte{255};
    const auto error = error_of([&] { nad::read_header_bytes(file); });
    CHECK_MESSAGE(error.has_value(), "byte " << at);
    file[at] = sound[at];
  }
}

TEST_CASE("every length but the right one is refused") {
  const Bytes sound = sound_file();
  for (std::size_t length = 0; length < sound.size(); ++length) {
    const auto error = error_of([&] { nad::load_detector_bytes(std::span(sound).first(length)); });
    REQUIRE_MESSAGE(error.has_value(), "length " << length);
    CHECK(error->code() == nad::ErrorCode::bad_file);
    const std::string message = error->what();
    CHECK_MESSAGE(message.find(length == 0 ? "is empty" : "is incomplete: it ends after ") != std::string::npos,
                  message);
  }
  // without the last 8 bytes nothing but the mark is missing; every file that was cut must be refused from disk too
  const TemporaryFolder folder;
  for (std::size_t length = 0; length < sound.size(); length += 97) {
    write_file(folder / "cut.nad", std::span(sound).first(length));
    CHECK(error_of([&] { nad::load_detector(folder / "cut.nad"); })->code() == nad::ErrorCode::bad_file);
    CHECK(error_of([&] { nad::read_header(folder / "cut.nad"); })->code() == nad::ErrorCode::bad_file);
  }
}

TEST_CASE("what is no file to be read says so") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "models");
  struct Case {
    std::filesystem::path path;
    const char* message;
  };
  std::vector<Case> cases = {{folder / "missing.nad", "missing.nad': there is no such file"},
                             {folder / "no folder" / "x.nad", "there is no such file"},
                             {folder / "models", "models': it is a folder; name the model file inside it"},
                             {{}, "cannot read ''"}};
  if (std::filesystem::exists("/dev/null")) {
    cases.push_back({"/dev/null", "'/dev/null': it is not a regular file"});
  }
  for (const Case& each : cases) {
    for (const bool header_only : {false, true}) {
      const auto error = error_of([&] {
        if (header_only) {
          nad::read_header(each.path);
        } else {
          nad::load_detector(each.path);
        }
      });
      REQUIRE(error.has_value());
      CHECK(error->code() == nad::ErrorCode::io);
      CHECK_MESSAGE(std::string(error->what()).find(each.message) != std::string::npos, error->what());
    }
  }
}

}  // namespace
