// A WAV file made louder or softer: what a player is given, so that the volume is ours on every
// system. Source of the format: "Multimedia Programming Interface and Data Specifications 1.0"
// (RIFF WAVE), and WAVEFORMATEXTENSIBLE as Microsoft documents it. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "collector/base/result.h"

namespace memwatch::notify {

inline constexpr std::size_t kMaxWavBytes = std::size_t{16} << 20;

struct Sound {
  std::string wav;  // a whole file
  std::chrono::milliseconds length{0};
};

// Samples of 8, 16, 24 or 32 bits (integers), any rate and number of channels; `volume` from 0 to
// 1. Errors: damaged, with `name` as subject. Bytes are hostile: a file of the user's.
Result<Sound> scaled_wav(std::string_view file, double volume, const std::string& name);

}  // namespace memwatch::notify
