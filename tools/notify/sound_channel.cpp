#include "tools/notify/sound_channel.h"

#include <cerrno>
#include <cstring>

#include "collector/procfs/text.h"
#include "tools/notify/wav.h"

namespace memwatch::notify {

namespace {

constexpr std::chrono::seconds kLongest{30};  // the next alert's sound waits for it

}  // namespace

std::string SoundChannel::bundled_sounds() {
  const std::string program = procfs::read_link("/proc/self/exe").value_or("");
  const std::string bin = program.substr(0, program.rfind('/'));
  return bin.substr(0, bin.rfind('/')) + "/share/memwatch/sounds";
}

std::string SoundChannel::payload(const alerts::Notice& notice) const {
  if (notice.kind == alerts::Notice::Kind::resolved) return {};
  if (settings_.volume_of(notice.alert.type) <= 0) return {};
  return std::string(alerts::type_name(notice.alert.type));
}

void SoundChannel::describe(alerts::ChannelState& state) const {
  for (const alerts::Type type : alerts::kTypes) {
    state.volumes.emplace_back(type, settings_.volume_of(type));
  }
}

Delivery SoundChannel::deliver(const std::string& payload, int stop) {
  if (payload.empty()) return {Delivery::Result::done, "silent: its volume is 0"};  // a test
  const std::optional<alerts::Type> type = alerts::type_named(payload);
  if (!type) return {Delivery::Result::failed, "there is no sound for " + payload};
  const std::string& own = settings_.file_of(*type);
  const std::string path = own.empty() ? bundled_ + "/" + payload + ".wav" : own;
  errno = 0;
  const auto file = procfs::read_text(path, kMaxWavBytes);
  if (!file) {
    return {Delivery::Result::failed,
            "play a sound: " + path + ": " + (errno != 0 ? std::strerror(errno) : "unreadable")};
  }
  const Result<Sound> sound = scaled_wav(*file, settings_.volume_of(*type), path);
  if (!sound) return {Delivery::Result::failed, sound.error().to_line()};
  if (sound->length > kLongest) {
    return {Delivery::Result::failed, "play a sound: " + path + ": it is longer than 30 s"};
  }
  return player_.play(*sound, stop);
}

}  // namespace memwatch::notify
