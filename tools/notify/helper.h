// memwatch as its own helper: `memwatch --helper=NAME`, a hidden command for what must not stay in
// the daemon's memory. It is the daemon's own program file, whatever has become of its name
// meanwhile.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace memwatch::notify {

enum class Helper { post, locate, find_names };

std::vector<std::string> helper_argv(Helper helper);

// Of a program that was started as a helper: does its work, returns its exit status. None: it was
// not.
std::optional<int> run_as_helper(int argc, char** argv);

}  // namespace memwatch::notify
