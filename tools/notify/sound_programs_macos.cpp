// afplay(1), a part of macOS, which wants to seek in what it plays. Compiled, never run
// (docs/platforms.md).
#include "tools/notify/sound_programs.h"

namespace memwatch::notify {

std::vector<SoundProgram> sound_programs() {
  return {{{"afplay"}, true}};
}

std::string no_sound_program() {
  return "no player: afplay, which belongs to macOS, is not in PATH";
}

}  // namespace memwatch::notify
