// Plays a sound by a program of the system (sound_programs.h): a process of its own, since the
// libraries bring threads, D-Bus and X11 along; whether it has played is its exit status. The one
// that has played is asked first the next time. Blocks for as long as the sound lasts, and a few
// seconds more where a player hangs; one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/notify/channel.h"
#include "tools/notify/sound_programs.h"
#include "tools/notify/wav.h"

namespace memwatch::notify {

class SoundPlayer {
 public:
  // A player without a server to talk to may try for long.
  static constexpr std::chrono::milliseconds kPatience{10'000};

  // `patience`: beyond the sound's own length.
  explicit SoundPlayer(std::vector<SoundProgram> players = sound_programs(),
                       std::chrono::milliseconds patience = kPatience)
      : players_(std::move(players)), patience_(patience) {}

  // Which one has played it, or why none has: each with its reason.
  Delivery play(const Sound& sound, int stop);

 private:
  std::vector<SoundProgram> players_;
  std::chrono::milliseconds patience_;
  std::size_t first_ = 0;  // that has played last
};

}  // namespace memwatch::notify
