#include "tools/render/alert_channels.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/render/human.h"
#include "tools/render/printable.h"

namespace memwatch::render {

namespace {

using alerts::ChannelState;
using Layout = JsonWriter::Layout;

constexpr const char* kSound = "sound";

// "volume 0.5, failure 0.7, spike silent": most types share one.
std::string volumes(const ChannelState& channel) {
  if (channel.volumes.empty()) return {};
  const auto sharing = [&](double volume) {
    return std::count_if(channel.volumes.begin(), channel.volumes.end(),
                         [&](const auto& one) { return one.second == volume; });
  };
  const double usual = std::max_element(channel.volumes.begin(), channel.volumes.end(),
                                        [&](const auto& a, const auto& b) {
                                          return sharing(a.second) < sharing(b.second);
                                        })
                           ->second;
  const auto told = [](double volume) {
    return volume > 0 ? fmt::format("{:g}", volume) : std::string("silent");
  };
  std::string text = (usual > 0 ? "volume " : "") + told(usual);
  for (const auto& [type, volume] : channel.volumes) {
    if (volume != usual) text += fmt::format(", {} {}", alerts::type_name(type), told(volume));
  }
  return text;
}

std::string state_of(const ChannelState& channel) {
  std::string text = human_count(channel.delivered) + " delivered";
  if (channel.failed > 0) text += fmt::format(", {} given up", human_count(channel.failed));
  if (channel.waiting > 0) text += fmt::format(", {} waiting", human_count(channel.waiting));
  if (const std::string loud = volumes(channel); !loud.empty()) text += "; " + loud;
  if (!channel.trouble.empty()) text += "; the last one failed: " + printable(channel.trouble);
  return text;
}

}  // namespace

void write_channels(Page& page, const std::vector<ChannelState>& channels) {
  page.blank();
  page.line(page.paint(Tone::strong, "Alerts are told by"));
  for (const ChannelState& channel : channels) {
    page.sentence(channel.trouble.empty() ? Tone::plain : Tone::bad,
                  channel.name + ": " + state_of(channel), 2);
  }
  const bool is_heard = std::any_of(channels.begin(), channels.end(),
                                    [](const auto& channel) { return channel.name == kSound; });
  if (!is_heard) {
    page.sentence(Tone::faint, "sound: off; [alerts.sound] in memwatch.toml turns it on", 2);
  }
}

void write_channel_troubles(Page& page, const std::vector<ChannelState>& channels) {
  for (const ChannelState& channel : channels) {
    if (channel.trouble.empty()) continue;
    page.sentence(Tone::bad,
                  fmt::format("{}: {}{}", channel.name, printable(channel.trouble),
                              channel.waiting > 0 ? fmt::format("; {} wait", channel.waiting)
                                                  : std::string()));
  }
}

void write_channels_json(const std::vector<ChannelState>& channels, JsonWriter& json) {
  json.begin_array(Layout::lines);
  for (const ChannelState& channel : channels) {
    json.begin_object();
    json.member("name", channel.name);
    json.member("delivered", channel.delivered);
    json.member("failed", channel.failed);
    json.member("waiting", std::uint64_t{channel.waiting});
    json.key("trouble").string_or_null(channel.trouble);
    if (!channel.volumes.empty()) {
      json.key("volumes").begin_object();
      for (const auto& [type, volume] : channel.volumes) {
        json.key(alerts::type_name(type)).real(volume);
      }
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace memwatch::render
