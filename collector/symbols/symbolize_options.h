// What a user may choose about symbolising. Plain data; copied into every worker.
#pragma once

#include <string>
#include <vector>

namespace memwatch::symbols {

struct SymbolizeOptions {
  // Further roots laid out like /usr/lib/debug, looked through before it.
  std::vector<std::string> debug_paths;
  // Ask the servers named in DEBUGINFOD_URLS for debug files that are not found here. Without it
  // nothing in this folder touches the network, whatever the environment says.
  bool use_debuginfod = false;
  // Where symbols are kept from one recording to the next (symbol_cache.h); "": nowhere. Used by
  // symbolize_session alone.
  std::string cache_directory = {};
};

}  // namespace memwatch::symbols
