// The programs of this system that play a WAV file. A twin for each system; pure.
#pragma once

#include <string>
#include <vector>

namespace memwatch::notify {

struct SoundProgram {
  std::vector<std::string> argv;  // the first without a directory: searched for in PATH
  // It wants a file's path as its last word; the others read their standard input.
  bool wants_a_path = false;
};

// The first to ask first.
std::vector<SoundProgram> sound_programs();

// What to say where there is none of them.
std::string no_sound_program();

}  // namespace memwatch::notify
