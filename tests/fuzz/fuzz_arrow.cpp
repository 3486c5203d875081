// The input describes an Arrow array: its format, lengths, buffers and children, sound or not. Each buffer is as long
// as the format says for the length and the offset, and texts lie inside theirs, in any order: the interface does not
// tell how long buffers are, so no importer could notice more. All else may be wrong, and is an error then.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../cpp/arrow_by_hand.hpp"
#include "use_table.hpp"

namespace {

using by_hand::Bytes;
using Array = by_hand::Memory<ArrowArray>;
using Schema = by_hand::Memory<ArrowSchema>;

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t byte() {
    const std::uint8_t value = size_ > 0 ? *data_ : std::uint8_t{0};
    data_ += size_ > 0 ? 1 : 0;
    size_ -= size_ > 0 ? 1U : 0U;
    return value;
  }
  std::size_t below(std::size_t most) { return byte() % most; }
  bool seldom() { return byte() > 250; }

  Bytes bytes(std::size_t count) {
    Bytes result(count);
    const std::size_t given = std::min(count, size_);
    if (given > 0) {
      std::memcpy(result.data(), data_, given);
    }
    data_ += given;
    size_ -= given;
    return result;
  }
  std::string text(std::size_t most) {
    const Bytes some = bytes(below(most + 1));
    return {reinterpret_cast<const char*>(some.data()), some.size()};
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

struct Format {
  const char* name;
  std::size_t bits;  ///< of a value; 0: none
};

constexpr std::array<Format, 35> fixed = {
    {{"n", 0},        {"b", 1},        {"c", 8},    {"C", 8},    {"s", 16},   {"S", 16},        {"i", 32},
     {"I", 32},       {"l", 64},       {"L", 64},   {"e", 16},   {"f", 32},   {"g", 64},        {"tdD", 32},
     {"tdm", 64},     {"tts", 32},     {"ttm", 32}, {"ttu", 64}, {"ttn", 64}, {"tss:", 64},     {"tsm:UTC", 64},
     {"tsu:", 64},    {"tsn:", 64},    {"tDs", 64}, {"tDm", 64}, {"tDu", 64}, {"tDn", 64},      {"w:4", 32},
     {"d:10,2", 128}, {"d:38,9", 128}, {"tiM", 32}, {"tiD", 64}, {"w:0", 0},  {"d:9,2,32", 32}, {"d:5,-2", 128}}};

/// Where texts begin and end: inside their buffer, and mostly one behind the other.
template <class Offset>
Bytes offsets(Input& input, std::size_t count, std::size_t within) {
  std::vector<Offset> places(count + 1);
  for (Offset& place : places) {
    place = static_cast<Offset>(input.below(within + 1));
  }
  if (!input.seldom()) {
    std::sort(places.begin(), places.end());
  }
  Bytes result(places.size() * sizeof(Offset));
  std::memcpy(result.data(), places.data(), result.size());
  return result;
}

std::pair<ArrowArray, ArrowSchema> make(Input& input, std::size_t depth, std::size_t rows) {
  Array array;
  Schema schema;
  const std::size_t offset = input.below(6);
  const std::size_t count = rows + offset;
  schema.name = input.seldom() ? input.text(8) : "c" + std::to_string(input.below(4));
  std::int64_t length = static_cast<std::int64_t>(rows);
  if (input.below(3) == 0) {
    array.buffers.emplace_back();
  } else {
    array.buffers.push_back(input.bytes((count + 7) / 8));
  }
  const std::size_t choice = input.byte();
  bool with_dictionary = false;
  if (choice < 140) {
    const Format& format = fixed[choice % fixed.size()];
    schema.format = format.name;
    if (std::string(format.name) == "n") {
      array.buffers.clear();
    } else {
      array.buffers.push_back(input.bytes((count * format.bits + 7) / 8));
    }
    with_dictionary = depth < 2 && input.byte() > 200;
  } else if (choice < 200) {
    const bool is_large = choice % 2 == 0;
    schema.format = choice % 4 < 2 ? (is_large ? "U" : "u") : (is_large ? "Z" : "z");
    const std::size_t within = input.below(40);
    array.buffers.push_back(is_large ? offsets<std::int64_t>(input, count, within)
                                     : offsets<std::int32_t>(input, count, within));
    array.buffers.push_back(input.bytes(within));
  } else if (choice < 220) {
    schema.format = choice % 2 == 0 ? "vu" : "vz";
    array.buffers.push_back(input.bytes(16 * count));
    const std::size_t variadic = input.below(3);
    std::vector<std::int64_t> sizes(variadic);
    for (std::int64_t& size : sizes) {
      size = static_cast<std::int64_t>(input.below(40));
      array.buffers.push_back(input.bytes(static_cast<std::size_t>(size)));
    }
    Bytes of_sizes(variadic * sizeof(std::int64_t));
    if (variadic > 0) {
      std::memcpy(of_sizes.data(), sizes.data(), of_sizes.size());
    }
    array.buffers.push_back(of_sizes);
  } else if (choice < 245 && depth < 2) {
    schema.format = "+s";
    for (std::size_t left = input.below(4); left > 0; --left) {
      const bool is_short = input.seldom();
      auto [child, of_child] = make(input, depth + 1, is_short ? input.below(9) : count);
      array.children.push_back(child);
      schema.children.push_back(of_child);
    }
  } else {
    schema.format = input.text(9);
    array.buffers.push_back(input.bytes(16 * count));
  }
  if (with_dictionary) {
    auto [values, of_values] = make(input, depth + 1, input.below(6));
    array.dictionary.push_back(values);
    schema.dictionary.push_back(of_values);
  }
  if (input.seldom()) {
    constexpr std::array<const char*, 4> keys = {"nad.role", "nad.origin", "nad.type", "another"};
    schema.metadata = by_hand::metadata(keys[input.below(keys.size())], input.text(12));
  }
  for (const Bytes& buffer : array.buffers) {
    array.pointers.push_back(buffer.empty() ? nullptr : buffer.data());
  }
  const std::size_t buffers = array.buffers.size();
  ArrowArray made = Array::make(std::move(array));
  auto* const own = static_cast<Array*>(made.private_data);
  made.length = input.seldom() ? -length : length;
  made.offset = input.seldom() ? -1 : static_cast<std::int64_t>(offset);
  made.null_count = input.below(2) == 0 ? -1 : static_cast<std::int64_t>(input.below(12)) - 2;
  made.n_buffers = static_cast<std::int64_t>(input.seldom() ? input.below(buffers + 1) : buffers);
  made.buffers = own->pointers.data();
  ArrowSchema described = Schema::make(std::move(schema));
  auto* const kept = static_cast<Schema*>(described.private_data);
  described.format = kept->format.c_str();
  described.name = input.seldom() ? nullptr : kept->name.c_str();
  described.metadata = kept->metadata.empty() ? nullptr : kept->metadata.data();
  described.flags = static_cast<std::int64_t>(input.below(8));
  if (input.seldom()) {
    described.n_children = 0;
  }
  return {made, described};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  auto [array, schema] = make(input, 0, input.below(9));
  try {
    const nad::Table table = nad::import_arrow(&array, &schema);
    use_table(table);
    ArrowArray out{};
    ArrowSchema of_out{};
    nad::export_arrow(table, &out, &of_out);
    const nad::Table again = nad::import_arrow(&out, &of_out);
    require(again.rows() == table.rows() && again.columns() == table.columns());
  } catch (const nad::Error& error) {
    require(nad::detail::is_utf8(error.what()));
  }
  require(array.release == nullptr && schema.release == nullptr && by_hand::alive == 0);
  return 0;
}
