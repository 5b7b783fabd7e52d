#include "tools/cli/environment.h"

namespace memwatch::cli {

std::string environment_name(std::string_view long_option) {
  std::string name = "MEMWATCH_";
  for (const char c : long_option) {
    if (c == '-') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

void name_environment(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option == command.get_help_ptr() || option->get_lnames().empty()) continue;
    if (option->get_envname().empty()) {
      option->envname(environment_name(option->get_lnames().front()));
    }
  }
}

}  // namespace memwatch::cli
