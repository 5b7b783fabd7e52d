// Whether to colour what goes to a descriptor. In this order: --color always or never; NO_COLOR set
// and not empty: no; CLICOLOR_FORCE set and not "0": yes; TERM=dumb: no; else whether it is a
// terminal. (https://no-color.org, https://bixense.com/clicolors) Thread safety: reads the
// environment, so before threads that change it. Errors: none.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace memwatch::cli {

inline constexpr std::array<std::string_view, 3> kColorWhen = {"auto", "always", "never"};

struct ColorSituation {
  std::string when = "auto";  // one of kColorWhen
  std::string no_color = "", clicolor_force = "", term = "";
  bool is_terminal = false;
};

bool decide_color(const ColorSituation& situation);

// The same with the environment and isatty(fd).
bool use_color(const std::string& when, int fd);

}  // namespace memwatch::cli
