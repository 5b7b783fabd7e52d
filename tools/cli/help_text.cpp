#include "tools/cli/help_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/render/page.h"
#include "tools/render/printable.h"

namespace memwatch::cli {
namespace {

constexpr std::size_t kWidth = 90;
constexpr std::size_t kWidestNames = 28;  // longer option names get their text on the next line

// "-o, --output FILE"
std::string option_names(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) names += "--" + name + ", ";
  if (names.size() >= 2) names.resize(names.size() - 2);
  if (option.get_snames().empty()) names = "    " + names;
  if (option.get_type_size() != 0 && !option.get_type_name().empty()) {
    names += " " + option.get_type_name();
  }
  return names;
}

void write_option(render::Page& page, const CLI::Option& option, std::size_t column) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty()) text += " [" + option.get_default_str() + "]";
  const std::string names = "  " + option_names(option);
  render::RenderOptions narrow;
  narrow.width = kWidth - column;
  render::Page wrapped(narrow);
  wrapped.sentence(render::Tone::plain, text);
  std::string lines = std::move(wrapped).take();
  std::string first = names;
  if (render::display_width(names) + 2 > column) {
    page.line(names);
    first.clear();
  }
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    page.line(first + std::string(column - std::min(column, render::display_width(first)), ' ') +
              lines.substr(0, end));
    lines.erase(0, end + 1);
    first.clear();
  }
}

std::vector<std::string> groups_of(const CLI::App& app) {
  std::vector<std::string> groups;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    if (std::find(groups.begin(), groups.end(), option->get_group()) == groups.end()) {
      groups.push_back(option->get_group());
    }
  }
  // The help flag is always registered first; its group belongs at the end.
  const auto other = std::find(groups.begin(), groups.end(), "Other");
  if (other != groups.end()) std::rotate(other, other + 1, groups.end());
  return groups;
}

}  // namespace

std::string overview(const std::vector<Command>& commands) {
  render::RenderOptions options;
  options.width = kWidth;
  render::Page page(options);
  page.line(fmt::format("memwatch {}: where the memory of a program goes, call by call",
                        MEMWATCH_VERSION));
  page.blank();
  const bool can_run = std::any_of(commands.begin(), commands.end(), [](const Command& command) {
    return command.app->get_name() == "run";
  });
  if (can_run) {
    page.line("Try it:");
    page.line("  memwatch run -- ./program");
    page.blank();
  }
  page.line("Commands:");
  for (const Command& command : commands) {
    page.line(fmt::format("  {:<11} {}", command.app->get_name(), command.app->get_description()));
  }
  page.blank();
  page.line("`memwatch COMMAND --help` tells more; `memwatch --version` prints the version.");
  return std::move(page).take();
}

std::string command_help(const Command& command) {
  const CLI::App& app = *command.app;
  render::RenderOptions options;
  options.width = kWidth;
  render::Page page(options);
  page.sentence(render::Tone::plain, app.get_description() + ".");
  page.blank();
  page.line("Usage: " + command.usage);
  for (const std::string& group : groups_of(app)) {
    page.blank();
    page.line(group + ":");
    std::size_t column = 0;
    for (const CLI::Option* option : app.get_options()) {
      const std::size_t width = 2 + render::display_width(option_names(*option)) + 2;
      if (!option->get_positional() && width <= kWidestNames) column = std::max(column, width);
    }
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional() || option->get_group() != group) continue;
      write_option(page, *option, std::max<std::size_t>(column, 16));
    }
  }
  if (!app.get_footer().empty()) {
    page.blank();
    std::string footer = app.get_footer();
    while (!footer.empty()) {
      const std::size_t end = std::min(footer.find('\n'), footer.size());
      page.line(footer.substr(0, end));
      footer.erase(0, end + 1);
    }
  }
  if (groups_of(app).size() > 1) {
    page.blank();
    page.sentence(
        render::Tone::plain,
        "Options can also be set in the environment, --top as MEMWATCH_TOP and so on; the "
        "command line wins.");
  }
  return std::move(page).take();
}

}  // namespace memwatch::cli
