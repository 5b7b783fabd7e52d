// The name of the place that an alert is about, found by a child process, since debug information
// may take seconds and hundreds of megabytes to read: none of that stays in the daemon.
//
//   child's standard input    for each frame, innermost first: OFFSET EXACT(0|1) BUILD-ID|- PATH \n
//   its standard output       FUNCTION \n FILE \n LINE \n MODULE \n, empty lines where it is not
//   known
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/alerts/alert.h"
#include "collector/recording/recorder.h"

namespace memwatch::notify {

using Frames = std::vector<recording::Alert::Frame>;

// The daemon's side. Blocks, some seconds at most; what could not be found is empty, but for the
// module, which is known anyway.
alerts::Site locate_site(const Frames& frames, int stop);

// The child's side.
int run_locate();
std::string read_input(std::size_t most);  // standard input, to its end

std::string encode_frames(const Frames& frames);
Frames decode_frames(const std::string& input);  // what makes no sense is left out
alerts::Site site_of(const Frames& frames);      // reads debug information

}  // namespace memwatch::notify
