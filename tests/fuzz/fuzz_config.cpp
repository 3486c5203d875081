// The input is a text that an administrator, or an earlier run, has left: steps of a pipeline, an allow-list, an alert,
// what a deduplicator, a folder of keys, runs, beats, known classes and sources keep in a checkpoint. Its first byte
// says which.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "use_table.hpp"

namespace {

void use_alert(const nad::Alert& alert) {
  require(nad::alert_from_eve(nad::to_eve(alert)).count == alert.count);
  for (const nad::AlertFormat format :
       {nad::AlertFormat::eve, nad::AlertFormat::ecs, nad::AlertFormat::cef, nad::AlertFormat::text}) {
    const std::string line = nad::format_alert(alert, format);
    require(nad::detail::is_utf8(line) && line.find('\n') == std::string::npos);
  }
}

/// What was restored goes on, and can be stored again.
template <class Kept>
void use_state(std::string_view text) {
  Kept kept{};
  kept.restore_state(text);
  const std::string saved = kept.save_state();
  Kept again{};
  again.restore_state(saved);
  require(again.save_state() == saved);
}

/// The place that was kept is gone to, and can be kept again. No such file is there.
template <class Open>
void use_position(const Open& open, std::string_view text) {
  const std::unique_ptr<nad::RecordSource> source = open();
  source->go_to(text);
  const std::string saved = source->position();
  const std::unique_ptr<nad::RecordSource> again = open();
  again->go_to(saved);
  require(again->position() == saved);
  static_cast<void>(again->replay(text, saved));
}

void use(std::uint8_t kind, std::string_view text) {
  switch (kind % 11) {
    case 0: {
      const std::vector<nad::FeatureStep> steps = nad::steps_from_json(text);
      const std::string written = nad::to_json(steps);
      require(nad::to_json(nad::steps_from_json(written)) == written);
      static_cast<void>(nad::FeaturePipeline(steps));
      break;
    }
    case 1:
    case 2: {
      const nad::AllowList allowed = nad::AllowList::parse(text);
      static_cast<void>(allowed.match(nad::Alert()));
      break;
    }
    case 3:
      use_alert(nad::alert_from_eve(text));
      break;
    case 4: {
      nad::Deduplicator deduplicator;
      deduplicator.restore_state(text);
      static_cast<void>(deduplicator.save_state());
      for (const nad::Alert& alert : deduplicator.flush()) {
        use_alert(alert);
      }
      break;
    }
    case 5:
      use_state<nad::KeyFolder>(text);
      break;
    case 6:
      use_state<nad::RunWatch>(text);
      break;
    case 7:
      use_state<nad::BeatWatch>(text);
      break;
    case 8:
      use_position([] { return nad::file_source("/nowhere/a.csv"); }, text);
      break;
    case 9:
      use_position([] { return nad::folder_source("/nowhere/many"); }, text);
      break;
    default:
      use_position([] { return nad::follow_log("/nowhere/a.log"); }, text);
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string text(data + 1, data + size);
  try {
    use(data[0], text);
  } catch (const nad::Error& error) {
    require(nad::detail::is_utf8(error.what()));
  }
  return 0;
}
