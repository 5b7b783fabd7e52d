// The daemon: fleet, control socket and signals in one loop on one thread. SIGTERM and SIGINT end
// it, the processes it records run on; SIGHUP reads the configuration again and keeps the old one
// if the new one is wrong. Once per program.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "collector/base/result.h"

namespace memwatch::server {

struct DaemonOptions {
  std::string config_path;
  bool must_exist = false;      // the configuration file was named by the user
  std::string state_directory;  // made if it is not there
  std::string listen;           // ADDRESS:PORT of the REST interface, "off"; "": as configured
  std::string symbol_cache;     // directory for names of functions; "": none
};

class Daemon {
 public:
  // Everything that can be wrong with the start: configuration, another daemon, directories.
  static Result<std::unique_ptr<Daemon>> create(DaemonOptions options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Lines for the log: what is wrong, what the daemon does, and each process that comes and goes.
  std::function<void(const std::string&)> on_warning, on_notice, on_process;

  // Until a signal ends it.
  void run();

 private:
  struct State;
  explicit Daemon(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace memwatch::server
