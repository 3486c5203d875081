// The headers of model files, whose text is put together piece by piece, beside what nlohmann makes of the same.

#include <doctest/doctest.h>
#include <nad/nad.hpp>
#include <nad/persist/header_text-inl.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "messages.hpp"
#include "model_file_tools.hpp"
#include "model_samples.hpp"
#include "pipeline_samples.hpp"

namespace {

using Tree = nlohmann::ordered_json;

/// As nlohmann would lay it out.
void check_layout(const std::string& header) { CHECK(header == Tree::parse(header).dump(1) + "\n"); }

TEST_CASE("pieces of a header are what nlohmann writes of a tree") {
  nad::detail::HeaderText header;
  header.begin('{').key("none").begin('[').end(']').key("empty").begin('{').end('}');
  header.key("quoted \"\n").value("a\\b\tc").key("open").value(std::optional<double>());
  header.key("numbers").begin('[').value(0.1).value(100.0).value(1e-7).value(1e300).value(-0.0);
  header.value(std::numeric_limits<double>::infinity())
      .value(true)
      .value(std::uint64_t{18446744073709551615U})
      .end(']');
  header.key("lists").begin('[').value(std::vector<std::string>{"x", "y"}).value(std::vector<std::string>());
  header.end(']').key("given").json(R"({"b": [1, {"c": null}], "a": -2.50, "t": "\u00e4"})").end('}');
  const Tree expected = {{"none", Tree::array()},
                         {"empty", Tree::object()},
                         {"quoted \"\n", "a\\b\tc"},
                         {"open", nullptr},
                         {"numbers", {0.1, 100.0, 1e-7, 1e300, -0.0, "inf", true, 18446744073709551615U}},
                         {"lists", {{"x", "y"}, Tree::array()}},
                         {"given", {{"b", {1, {{"c", nullptr}}}}, {"a", -2.5}, {"t", "\xc3\xa4"}}}};
  CHECK(header.text() == expected.dump(1));
  CHECK(tests::contains(tests::message_of([] { nad::detail::HeaderText().value("\xff"); }), "not UTF-8"));
  CHECK(tests::contains(tests::message_of([] { nad::detail::HeaderText().key("\xff"); }), "not UTF-8"));
  CHECK(tests::contains(tests::message_of([] { nad::detail::HeaderText().json("{\"a\": }"); }), "not JSON"));
}

TEST_CASE("headers are laid out as ever, and say of steps what a configuration says") {
  for (const nad::FeaturePipeline& pipeline : pipeline_samples::small_pipelines()) {
    const std::string header = nad::read_header_bytes(nad::save_bytes(pipeline, "note"));
    check_layout(header);
    CHECK(Tree::parse(header)["steps"].dump() == Tree::parse(nad::to_json(pipeline.steps())).dump());
  }
  for (const nad::Model& model : model_samples::small_models()) {
    const std::string header = nad::read_header_bytes(model.save_bytes("note"));
    check_layout(header);
    CHECK(Tree::parse(header)["steps"].dump() == Tree::parse(nad::to_json(model.pipeline().steps())).dump());
    CHECK(Tree::parse(header)["note"] == "note");
  }
}

TEST_CASE("headers of golden files are written again as they are") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NAD_TEST_DATA)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with("_v1.nad")) {
      continue;
    }
    Tree golden = Tree::parse(nad::read_header(entry.path()));
    const bool has_note = golden.erase("note") != 0;  // which is no part of what is loaded
    const std::string again = nad::read_header_bytes(
        name.starts_with("model_")              ? nad::Model::load(entry.path()).save_bytes()
        : name.starts_with("feature_pipeline_") ? nad::save_bytes(nad::load<nad::FeaturePipeline>(entry.path()))
                                                : nad::save_bytes(*nad::load_detector(entry.path())));
    golden.erase("feature_names");
    Tree written = Tree::parse(again);
    written.erase("feature_names");  // of a detector alone they are the caller's
    CHECK_MESSAGE(written.dump() == golden.dump(), name << (has_note ? ", but for its note" : ""));
    check_layout(again);
    ++files;
  }
  CHECK(files > 20);
}

}  // namespace
