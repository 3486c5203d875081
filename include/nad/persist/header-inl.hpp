#pragma once

// The JSON header of a model file: for people and programs that want to know what is inside without loading it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "nad/config.hpp"
#include "nad/core/error.hpp"
#include "nad/persist/header_text-inl.hpp"
#include "nad/persist/layout-inl.hpp"

namespace nad::detail {

/// A detector's own part of the header.
template <class D>
void write_summary(HeaderText& header, const D& detector) {
  header.begin('{');
  describe(detector, [&header](const char* what, const auto& value) { header.key(what).value(value); });
  header.key("options").begin('{');
  for_each_option(detector.options(),
                  [&header](const char* option, const auto& value) { header.key(option).value(value); });
  header.end('}').end('}');
}

/// What every header begins with.
inline void begin_header(HeaderText& header, std::string_view kind, std::size_t n_features) {
  header.begin('{').key("format_version").value(format_version);
  header.key("nad_version").value(NAD_VERSION_STRING);
  header.key("kind").value(kind);
  header.key("n_features").value(n_features);
}

/// Adds the note; gives the text.
inline std::string finish_header(HeaderText& header, const std::string& note) {
  if (!note.empty()) {
    header.key("note").value(note);
  }
  return header.end('}').take() + "\n";
}

/// What loading wants to know of a header.
struct HeaderFacts {
  std::string kind;
  std::uint64_t n_features = 0;
};

/// Reads the facts out of the JSON as it comes by, without building a tree of it in memory, which would take many times
/// the size of the text. Members that it does not know are checked for syntax and passed over.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderFacts facts;
  std::string problem;
  std::uint64_t n_feature_names = 0;
  bool has_feature_names = false;

  bool null() override { return plain_value(); }
  bool boolean(bool) override { return plain_value(); }
  bool number_integer(number_integer_t) override { return plain_value(); }
  bool number_float(number_float_t, const string_t&) override { return plain_value(); }
  bool binary(binary_t&) override { return plain_value(); }

  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ == 1 && member_ == "n_features") {
      facts.n_features = value;
      return true;
    }
    return plain_value();
  }

  bool string(string_t& value) override {
    if (depth_ == 1 && member_ == "kind") {
      facts.kind = std::move(value);
      return true;
    }
    if (depth_ == 2 && in_names_) {
      ++n_feature_names;
      return true;
    }
    return plain_value();
  }

  bool start_object(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (depth_ == 1) {
      member_ = std::move(name);
      bool* const seen = member_ == "kind"            ? &seen_kind_
                         : member_ == "n_features"    ? &seen_n_features_
                         : member_ == "feature_names" ? &has_feature_names
                                                      : nullptr;
      if (seen != nullptr && std::exchange(*seen, true)) {
        return fail("'" + member_ + "' stands there twice");
      }
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    return fail("it is not JSON at its byte " + std::to_string(position));
  }

  void finish() {
    if (problem.empty() && (!seen_kind_ || !seen_n_features_)) {
      fail(std::string("'") + (seen_kind_ ? "n_features" : "kind") + "' is missing");
    }
    if (problem.empty() && has_feature_names && n_feature_names != facts.n_features) {
      fail(std::to_string(n_feature_names) + " feature names for " + std::to_string(facts.n_features) + " columns");
    }
  }

 private:
  static constexpr std::size_t deepest = 32;

  bool fail(const std::string& what) {
    if (problem.empty()) {
      problem = what;
    }
    return false;
  }

  bool has_own_type() const {
    return depth_ == 1 && (member_ == "kind" || member_ == "n_features" || member_ == "feature_names");
  }

  bool plain_value() {
    if (depth_ == 0) {
      return fail("it is not a JSON object");
    }
    if (in_names_) {
      return fail("a feature name is not text");
    }
    return !has_own_type() || fail("'" + member_ + "' is of the wrong type");
  }

  bool open(bool is_array) {
    if (depth_ == deepest) {
      return fail("it is nested too deeply");
    }
    const bool is_whole_header = depth_ == 0 && !is_array;
    const bool is_names = depth_ == 1 && is_array && member_ == "feature_names";
    if (!is_whole_header && !is_names && !plain_value()) {
      return false;
    }
    in_names_ = is_names;
    ++depth_;
    return true;
  }

  bool close() {
    --depth_;
    in_names_ = false;
    return true;
  }

  std::size_t depth_ = 0;
  std::string member_;
  bool in_names_ = false;
  bool seen_kind_ = false;
  bool seen_n_features_ = false;
};

inline HeaderFacts read_facts(std::string_view header) {
  HeaderReader reader;
  nlohmann::json::sax_parse(header.begin(), header.end(), &reader);
  reader.finish();
  if (!reader.problem.empty()) {
    throw bad_file("the header of the model file makes no sense: " + reader.problem);
  }
  return std::move(reader.facts);
}

}  // namespace nad::detail
