#pragma once

// Takes model files apart and puts them together again, written from the description in include/nad/README.md and not
// from the library's code, so that the tests and the fuzzers can damage every part and sign the result.

#include <nad/nad.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace model_file {

using Bytes = std::vector<std::byte>;

inline constexpr std::string_view magic = "\x89NAD\r\n\x1a\n";
inline constexpr std::string_view mark = "NAD.end\n";
inline constexpr std::size_t version_at = 8;
inline constexpr std::size_t header_length_at = 12;
inline constexpr std::size_t payload_length_at = 20;
inline constexpr std::size_t header_at = 28;

/// CRC-64/XZ, bit by bit.
inline std::uint64_t crc(std::span<const std::byte> bytes) {
  std::uint64_t remainder = ~std::uint64_t{0};
  for (const std::byte byte : bytes) {
    remainder ^= static_cast<std::uint64_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      const bool odd = (remainder & 1U) != 0;
      remainder >>= 1U;
      if (odd) {
        remainder ^= 0xc96c5795d7870f42ULL;
      }
    }
  }
  return ~remainder;
}

inline void put(Bytes& bytes, std::size_t at, std::uint64_t number, std::size_t width = 8) {
  for (std::size_t byte = 0; byte < width; ++byte) {
    bytes.at(at + byte) = static_cast<std::byte>(number >> (8 * byte));
  }
}

inline std::uint64_t get(std::span<const std::byte> bytes, std::size_t at, std::size_t width = 8) {
  std::uint64_t number = 0;
  for (std::size_t byte = 0; byte < width; ++byte) {
    number |= static_cast<std::uint64_t>(bytes[at + byte]) << (8 * byte);
  }
  return number;
}

inline Bytes to_bytes(std::string_view text) {
  Bytes bytes(text.size());
  if (!text.empty()) {
    std::memcpy(bytes.data(), text.data(), text.size());
  }
  return bytes;
}

inline void append(Bytes& to, std::span<const std::byte> more) { to.insert(to.end(), more.begin(), more.end()); }

struct Parts {
  std::string header;
  Bytes payload;
};

/// Of a file that is sound.
inline Parts split(const Bytes& file) {
  const std::size_t header_length = get(file, header_length_at);
  const std::size_t payload_length = get(file, payload_length_at);
  const std::size_t payload_at = header_at + header_length + 8;
  Parts parts;
  parts.header.assign(reinterpret_cast<const char*>(file.data()) + header_at, header_length);
  parts.payload.assign(file.begin() + static_cast<std::ptrdiff_t>(payload_at),
                       file.begin() + static_cast<std::ptrdiff_t>(payload_at + payload_length));
  return parts;
}

/// A file with both checksums right, whatever is in it.
inline Bytes join(const Parts& parts) {
  Bytes file = to_bytes(magic);
  file.resize(header_at);
  put(file, version_at, 1, 4);
  put(file, header_length_at, parts.header.size());
  put(file, payload_length_at, parts.payload.size());
  append(file, to_bytes(parts.header));
  file.resize(file.size() + 8);
  put(file, file.size() - 8, crc(std::span(file).first(file.size() - 8)));
  append(file, parts.payload);
  file.resize(file.size() + 8);
  put(file, file.size() - 8, crc(std::span(file).first(file.size() - 8)));
  append(file, to_bytes(mark));
  return file;
}

/// The payload of an isolation forest, field after field.
struct ForestPayload {
  explicit ForestPayload(const Bytes& bytes) : bytes_(&bytes) {
    n_estimators = number(8);
    max_samples_kind = number(1);
    max_samples = real();
    max_features_kind = number(1);
    max_features = real();
    max_depth = number(1) != 0 ? std::optional(number(8)) : std::nullopt;
    bootstrap = number(1);
    contamination = number(1) != 0 ? std::optional(real()) : std::nullopt;
    random_state = number(8);
    warm_start = number(1);
    ndim = number(8);
    split = number(1);
    ntry = number(8);
    unique_rows = number(1);
    missing = number(1);
    n_features = number(8);
    samples_per_tree = number(8);
    threshold = static_cast<std::uint32_t>(number(4));
    for (const std::size_t width : {4U, 4U, 4U, 4U, 4U, 1U, 4U, 4U, 4U, 4U}) {
      array_at.push_back(at_);
      std::vector<std::uint32_t>& array = arrays.emplace_back();
      for (std::uint64_t left = number(8); left > 0; --left) {
        array.push_back(static_cast<std::uint32_t>(number(width)));
      }
    }
    n_bytes = at_;
  }

  std::uint64_t n_estimators, max_samples_kind, max_features_kind, bootstrap, random_state, warm_start, ndim, split,
      ntry, unique_rows, missing, n_features, samples_per_tree;
  double max_samples, max_features;
  std::optional<std::uint64_t> max_depth;
  std::optional<double> contamination;
  std::uint32_t threshold;                         ///< the bits of a float
  std::vector<std::vector<std::uint32_t>> arrays;  ///< the bits of their values
  std::vector<std::size_t> array_at;               ///< where their sizes stand
  std::size_t n_bytes;

 private:
  std::uint64_t number(std::size_t width) {
    const std::uint64_t value = get(std::span(*bytes_).subspan(at_, width), 0, width);
    at_ += width;
    return value;
  }
  double real() { return std::bit_cast<double>(number(8)); }

  const Bytes* bytes_;
  std::size_t at_ = 0;
};

/// 60 rows of two clusters, the same on every machine.
inline nad::Matrix training_rows(std::size_t columns = 3, std::size_t rows = 60) {
  nad::Random random(/*seed=*/99);
  nad::Matrix x(rows, columns);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      x(row, column) = static_cast<float>(random.uniform() + (row % 5 == 0 ? 4.0 : 0.0));
    }
  }
  return x;
}

inline nad::IsolationForest small_forest(nad::IsolationForestOptions options = {}, std::size_t columns = 3) {
  options.n_estimators = 4;
  options.max_samples = 6;
  options.random_state = 5;
  nad::IsolationForest forest(options);
  forest.fit(training_rows(columns));
  return forest;
}

/// One forest of each shape that the file can hold.
inline std::vector<nad::IsolationForest> small_forests() {
  std::vector<nad::IsolationForest> forests;
  forests.push_back(small_forest({.contamination = 0.1}));
  forests.push_back(small_forest({.ndim = 2, .missing = nad::Missing::route}));
  forests.push_back(small_forest({.max_depth = 2, .missing = nad::Missing::impute}));
  return forests;
}

inline std::vector<std::uint32_t> bits(std::span<const float> values) {
  std::vector<std::uint32_t> result;
  for (const float value : values) {
    result.push_back(std::bit_cast<std::uint32_t>(value));
  }
  return result;
}

/// The Error that `action` ends with, or nothing. Any other exception goes through.
inline std::optional<nad::Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const nad::Error& error) {
    return error;
  }
  return std::nullopt;
}

/// A detector that was loaded from anything must survive everything that can be done to it.
inline void use(const nad::Detector& detector) {
  if (detector.n_features() > 64) {
    return;  // rows that wide are beyond a test; the trees were checked all the same
  }
  // seven kinds of rows in disorder, more than two blocks of the kernels: such a batch takes every way that a batch can
  nad::Matrix rows(520, detector.n_features());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      rows(row, column) = static_cast<float>(row * row % 7 + column % 3) * 0.8F - 1.0F;
    }
  }
  static_cast<void>(detector.anomaly_score(rows));
  static_cast<void>(detector.anomaly_score(rows.row(1)));
  static_cast<void>(detector.explain(rows.view().slice(0, 9)));
  static_cast<void>(detector.baseline());
  rows(3, 0) = std::bit_cast<float>(0x7fc00000U);  // NaN
  static_cast<void>(error_of([&] { static_cast<void>(detector.anomaly_score(rows)); }));
  static_cast<void>(error_of([&] { static_cast<void>(detector.explain(rows.view().slice(0, 9))); }));
  const Bytes again = nad::save_bytes(detector);
  static_cast<void>(nad::load_detector_bytes(again));
}

}  // namespace model_file
