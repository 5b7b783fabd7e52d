#include "tools/cli/command_daemon.h"

#include <memory>
#include <string>

#include "tools/cli/message.h"
#include "tools/cli/symbol_cache_directory.h"
#include "tools/cli/user_directories.h"
#include "tools/server/daemon.h"

namespace memwatch::cli {

namespace {

struct Options {
  std::string config, state_directory, listen;
  bool verbose = false;
};

int execute(const Options& options) {
  server::DaemonOptions daemon_options;
  daemon_options.must_exist = !options.config.empty();
  daemon_options.config_path =
      options.config.empty() ? config_directory() + "/memwatch.toml" : options.config;
  daemon_options.state_directory =
      options.state_directory.empty() ? state_directory() : options.state_directory;
  daemon_options.listen = options.listen;
  daemon_options.symbol_cache = symbol_cache_directory();
  if (daemon_options.state_directory.empty()) {
    print_error("daemon: no HOME, so no place for its state: name one with --state-dir");
    return exit_status::kWrongUsage;
  }
  Result<std::unique_ptr<server::Daemon>> created = server::Daemon::create(daemon_options);
  if (!created) {
    print_error(created.error());
    return exit_status::of(created.error().kind);
  }
  server::Daemon& watcher = **created;
  watcher.on_warning = [](const std::string& sentence) { print_warning(sentence); };
  watcher.on_notice = [](const std::string& sentence) { print_error(sentence); };
  if (options.verbose) watcher.on_process = watcher.on_notice;
  watcher.run();
  return exit_status::kDone;
}

}  // namespace

Command register_daemon(CLI::App& root) {
  CLI::App* const app =
      root.add_subcommand("daemon", "Watch every process that carries the library, for good");
  const auto options = std::make_shared<Options>();
  app->add_option("--config", options->config,
                  "What to watch and how [$XDG_CONFIG_HOME/memwatch/memwatch.toml, if it is there]")
      ->type_name("FILE")
      ->group("Watching");
  app->add_option("--state-dir", options->state_directory,
                  "Where it keeps what must survive it [$XDG_STATE_HOME/memwatch]")
      ->type_name("DIR")
      ->group("Watching");
  app->add_option(
         "--listen", options->listen,
         "Where to answer requests (REST); off: nowhere. Addresses that other machines can reach "
         "need a token, and a certificate: [http] of the configuration [127.0.0.1:7676]")
      ->type_name("ADDR:PORT")
      ->group("Watching");
  app->add_flag("-v,--verbose", options->verbose, "Say which processes come and go")
      ->group("Output");
  app->footer(
      "SIGTERM and Ctrl-C end it; the processes run on. SIGHUP reads the configuration again.\n"
      "Examples:\n"
      "  memwatch daemon &\n"
      "  LD_PRELOAD=/path/to/libmemwatch_preload.so ./server &\n"
      "  memwatch status");
  return Command{app, [options] { return execute(*options); }, "memwatch daemon [options]"};
}

}  // namespace memwatch::cli
