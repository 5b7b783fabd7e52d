// PipeWire's, PulseAudio's and ALSA's: where two of them are installed the earlier one is what the
// others are redirected to.
#include "tools/notify/sound_programs.h"

namespace memwatch::notify {

std::vector<SoundProgram> sound_programs() {
  // pw-play takes its standard input for bare samples of its own choice, which is noise.
  return {{{"pw-play"}, true}, {{"paplay", "--client-name=memwatch"}}, {{"aplay", "-q", "-"}}};
}

std::string no_sound_program() {
  return "no player: none of pw-play, paplay and aplay is installed (Debian: pulseaudio-utils, "
         "pipewire-bin or alsa-utils)";
}

}  // namespace memwatch::notify
