// What there is to show at one moment, as plain data: draw.h makes the picture of it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/top/process_table.h"
#include "tools/top/read_sites.h"

namespace memwatch::top {

enum class View : std::uint8_t { processes, sites, leaks };

// The largest sites of one process.
struct SitesView {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // with the pid: this process, not one that has its pid later
  std::string name;
  std::string trouble;         // why there are none, or no newer ones
  std::optional<Sites> sites;  // nothing: they were asked for
  std::size_t chosen = 0;
};

// What `memwatch leaks` said.
struct LeaksView {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::string name;
  bool knows_all = true;    // it is recorded exactly, from its start on
  bool is_watched = false;  // not recorded exactly: what it allocates now is watched first
  bool is_running = false;
  double seconds = 0;  // that it has been running for
  int status = 0;
  std::vector<std::string> lines;
  std::size_t first = 0;  // the line at the top
};

struct Screen {
  View view = View::processes;
  bool has_help = false;  // in front of it
  ProcessTable table;
  std::string trouble;  // why the figures are not of this moment; "" they are
  SitesView sites;
  LeaksView leaks;
};

}  // namespace memwatch::top
