// The directories of the XDG base directory specification that memwatch keeps files in. "" where
// neither the variable nor HOME tells. Reads the environment; not while it changes.
#pragma once

#include <string>

namespace memwatch::cli {

std::string config_directory();  // $XDG_CONFIG_HOME/memwatch, else ~/.config/memwatch
std::string state_directory();   // $XDG_STATE_HOME/memwatch, else ~/.local/state/memwatch

}  // namespace memwatch::cli
