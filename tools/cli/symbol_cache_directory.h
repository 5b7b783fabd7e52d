// Where symbols are kept from one recording to the next: $MEMWATCH_SYMBOL_CACHE, else
// $XDG_CACHE_HOME/memwatch/symbols, else ~/.cache/memwatch/symbols. "off" in the variable: nowhere.
#pragma once

#include <string>

namespace memwatch::cli {

// "" for nowhere: switched off, or no absolute path to be had. Not while the environment changes.
std::string symbol_cache_directory();

}  // namespace memwatch::cli
