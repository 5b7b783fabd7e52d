// Alerts that are heard: a sound for each type, bundled or of the user's, when one begins or gets
// worse. Its end is silent. Nothing is tried again: a sound that comes late tells something else.
//
//   payload   the type's name
#pragma once

#include <string>
#include <utility>

#include "collector/daemon/alert_config.h"
#include "tools/notify/channel.h"
#include "tools/notify/sound_player.h"

namespace memwatch::notify {

class SoundChannel : public Channel {
 public:
  // `bundled`: the directory of TYPE.wav.
  SoundChannel(daemon::SoundSettings settings, std::string bundled = bundled_sounds(),
               SoundPlayer player = SoundPlayer())
      : settings_(std::move(settings)), bundled_(std::move(bundled)), player_(std::move(player)) {}

  [[nodiscard]] std::string name() const override { return "sound"; }
  [[nodiscard]] std::string payload(const alerts::Notice& notice) const override;
  void describe(alerts::ChannelState& state) const override;
  Delivery deliver(const std::string& payload, int stop) override;

  // PREFIX/share/memwatch/sounds of the running program, wherever its tree was moved.
  static std::string bundled_sounds();

 private:
  daemon::SoundSettings settings_;
  std::string bundled_;
  SoundPlayer player_;
};

}  // namespace memwatch::notify
