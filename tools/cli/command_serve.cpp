#include "tools/cli/command_serve.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "collector/capture/session_reader.h"
#include "tools/cli/message.h"
#include "tools/cli/session_file.h"
#include "tools/cli/symbol_cache_directory.h"
#include "tools/server/recording_server.h"
#include "tools/server/recordings.h"

namespace memwatch::cli {

namespace {

struct Options {
  std::vector<std::string> sessions;
  std::string listen = "127.0.0.1:7676", certificate, key;
};

// The newest *.mw here: what `memwatch run` wrote last.
Result<std::string> newest_session() {
  namespace fs = std::filesystem;
  std::error_code error;
  std::string newest;
  fs::file_time_type newest_time{};
  for (fs::directory_iterator at(".", error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->path().extension() != ".mw" || !at->is_regular_file(gone)) continue;
    const fs::file_time_type time = at->last_write_time(gone);
    const std::string name = at->path().filename().string();
    if (gone || (!newest.empty() && (time < newest_time || (time == newest_time && name < newest))))
      continue;
    newest = name;
    newest_time = time;
  }
  if (!newest.empty()) return newest;
  return Error{ErrorKind::usage, "serve", "no session was named",
               error ? "this directory cannot be read: " + error.message()
                     : "none (*.mw) is in this directory",
               "memwatch serve SESSION..."};
}

Result<server::Recordings::Loaded> load(const std::string& path) {
  server::Recordings::Loaded loaded;
  Result<model::Session> session = capture::read_session(path, &loaded.warnings);
  if (!session) return session.error();
  symbolize_stacks(*session, all_stacks(*session));
  loaded.session = *std::move(session);
  return loaded;
}

int fail(const Error& error) {
  print_error(error);
  return exit_status::of(error.kind);
}

int execute(const Options& options) {
  std::vector<std::string> paths = options.sessions;
  if (paths.empty()) {
    const Result<std::string> newest = newest_session();
    if (!newest) return fail(newest.error());
    paths.push_back(*newest);
  }
  server::Recordings recordings(
      load, [](const std::string& sentence) { print_warning("serve: " + sentence); });
  for (const std::string& path : paths) {
    if (const auto opened = recordings.open(path); !opened) print_error(opened.error());
  }
  if (recordings.sessions() == 0) return exit_status::kBadInput;
  Result<std::unique_ptr<server::RecordingServer>> server = server::RecordingServer::create(
      {options.listen, symbol_cache_directory(), options.certificate, options.key}, recordings);
  if (!server) return fail(server.error());
  if (const std::string remark = (*server)->remark(); !remark.empty()) {
    print_warning("serve: " + remark);
  }
  print_error(fmt::format("serving {}, {} (Ctrl-C ends it)",
                          recordings.sessions() == 1
                              ? (paths.size() == 1 ? paths.front() : "1 session")
                              : fmt::format("{} sessions", recordings.sessions()),
                          (*server)->url()));
  (*server)->run();
  return exit_status::kDone;
}

}  // namespace

Command register_serve(CLI::App& root) {
  CLI::App* const app = root.add_subcommand("serve", "Show recorded sessions in a browser");
  const auto options = std::make_shared<Options>();
  app->add_option("SESSION", options->sessions,
                  "Session files [the newest *.mw in this directory]");
  app->add_option("--listen", options->listen,
                  "Where the page is, an address of this machine alone; port 0: a free one "
                  "[127.0.0.1:7676]")
      ->type_name("ADDR:PORT")
      ->group("Serving");
  CLI::Option* const certificate = app->add_option(
      "--certificate", options->certificate, "Serve https with this certificate (PEM), and --key");
  CLI::Option* const key =
      app->add_option("--key", options->key, "The key of --certificate (PEM, private)");
  for (CLI::Option* const option : {certificate, key}) option->type_name("FILE")->group("Serving");
  certificate->needs(key);
  key->needs(certificate);
  app->footer(
      "Ctrl-C ends it. A file that changes meanwhile is read again.\n"
      "Examples:\n"
      "  memwatch serve                        what was recorded last, in this directory\n"
      "  memwatch serve before.mw after.mw     both, in one list\n"
      "  memwatch serve --listen 127.0.0.1:0 *.mw");
  return Command{app, [options] { return execute(*options); },
                 "memwatch serve [options] [SESSION...]"};
}

}  // namespace memwatch::cli
