// Names for the sites of the history, found by a child process as an alert's site is (locate.h):
// many at once, so that debug information is read once for all of them.
//
//   child's standard input    for each stack: its program's path \n, its frames as locate.h has
//                             them, an empty line
//   its standard output       for each: FUNCTION \n FILE \n LINE \n MODULE \n STACK \n, empty lines
//                             where it is not known
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collector/history/consumer.h"
#include "tools/notify/locate.h"

namespace memwatch::notify {

struct UnnamedStack {
  std::string program;  // whose functions are the program's own
  Frames frames;        // innermost first
};

// The daemon's side. Blocks, some seconds at most. One for each stack; none: they could not be
// found out.
std::optional<std::vector<history::SiteName>> find_names(const std::vector<UnnamedStack>& stacks,
                                                         int stop);

// The child's side.
int run_find_names();

std::string encode_stacks(const std::vector<UnnamedStack>& stacks);
std::vector<UnnamedStack> decode_stacks(const std::string& input);
// As /api/v1/consumers names them. Reads debug information.
std::vector<history::SiteName> names_of(const std::vector<UnnamedStack>& stacks);
std::string encode_names(const std::vector<history::SiteName>& names);
std::vector<history::SiteName> decode_names(const std::string& output);

}  // namespace memwatch::notify
