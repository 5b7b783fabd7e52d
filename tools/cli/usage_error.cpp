#include "tools/cli/usage_error.h"

#include <fmt/format.h>

#include <string_view>

#include "tools/cli/suggest.h"

namespace memwatch::cli {
namespace {

std::string see_help(const Command* command) {
  if (command == nullptr) return "`memwatch --help` lists what there is";
  return fmt::format("`memwatch {} --help` lists what there is", command->app->get_name());
}

std::string context(const Command* command) {
  return command == nullptr ? "" : command->app->get_name() + ": ";
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string unknown_option(const CLI::App& root, const Command* command, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  const auto candidates = option_names(command == nullptr ? root : *command->app);
  const std::optional<std::string> meant =
      name.starts_with("--") ? nearest(name, candidates) : std::nullopt;
  return fmt::format("{}unknown option: {}: {}", context(command), name,
                     meant ? fmt::format("did you mean `{}`?", *meant) : see_help(command));
}

std::string unknown_command(const std::vector<Command>& commands, const std::string& word) {
  std::vector<std::string> names;
  for (const Command& each : commands) names.push_back(each.app->get_name());
  const std::optional<std::string> meant = nearest(word, names);
  return fmt::format("unknown command: {}: {}", word,
                     meant ? fmt::format("did you mean `{}`?", *meant) : see_help(nullptr));
}

// The part of the parser's message that names the option: "--view" of "--view: 1 required …".
std::string_view subject_of(std::string_view message) {
  return message.substr(0, message.find_first_of(": "));
}

}  // namespace

std::string usage_error(const CLI::App& root, const Command* command,
                        const std::vector<Command>& commands, const CLI::ParseError& error) {
  // A word that nothing took is nearly always the cause of whatever else is wrong.
  for (const std::string& word : root.remaining(true)) {
    if (word.starts_with('-') && word != "-" && word != "--") {
      return unknown_option(root, command, word);
    }
  }
  for (const std::string& word : root.remaining(true)) {
    if (word == "--") continue;
    if (command == nullptr) return unknown_command(commands, word);
    return fmt::format("{}unexpected argument: {}: {}", context(command), word, see_help(command));
  }
  const std::string message = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return fmt::format("{}{}: needs a value (or has one too many): {}", context(command),
                       subject_of(message), see_help(command));
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return fmt::format("{}{} is missing: usage: {}", context(command), subject_of(message),
                       command == nullptr ? "memwatch COMMAND" : command->usage);
  }
  return context(command) + message;
}

}  // namespace memwatch::cli
