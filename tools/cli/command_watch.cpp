#include "tools/cli/command_watch.h"

#include <memory>
#include <string>

#include "tools/cli/daemon_answer.h"
#include "tools/cli/message.h"

namespace memwatch::cli {

namespace {

struct Options {
  std::string action, name;
};

int wrong_usage(const std::string& why) {
  print_error("watch: " + why);
  return exit_status::kWrongUsage;
}

int execute(const Options& options) {
  if (options.action == "list") {
    if (!options.name.empty()) return wrong_usage("list takes no name");
    return print_daemon_answer(
        {"watch", "list"}, "the list is empty: every process that carries the library is watched");
  }
  if (options.action != "add" && options.action != "remove") {
    return wrong_usage(options.action + ": expected add, remove or list");
  }
  if (options.name.empty()) return wrong_usage("name a program, such as server or 'worker-*'");
  return print_daemon_answer({"watch", options.action, options.name});
}

}  // namespace

Command register_watch(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("watch", "Add a program to those that the daemon watches, remove, list");
  const auto options = std::make_shared<Options>();
  app->add_option("ACTION", options->action, "add, remove or list")->required();
  app->add_option("NAME", options->name, "The program's name, with * for any characters");
  app->footer(
      "An empty list watches every process that carries the library. Names are kept when the\n"
      "daemon ends; those of memwatch.toml are changed there.\n"
      "Examples:\n"
      "  memwatch watch add server\n"
      "  memwatch watch add 'worker-*'\n"
      "  memwatch watch list");
  return Command{app, [options] { return execute(*options); },
                 "memwatch watch add|remove|list [NAME]"};
}

}  // namespace memwatch::cli
