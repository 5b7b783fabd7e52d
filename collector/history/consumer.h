// Who used the heap of a process at a moment, as it is kept: the sites with most of it, and the
// sums over all. Plain data; sizes in bytes, times in milliseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collector/history/sample.h"

namespace memwatch::history {

// A stack by its modules (file name and build id) and the offsets in them, so that one program's
// site is the same after a restart of it, of the daemon or of the machine.
using SiteId = std::uint64_t;

struct Consumer {
  SiteId site = 0;
  std::string module;  // of the innermost frame: all that is known until the site has been named
  std::uint64_t live_bytes = 0, live_blocks = 0;
  std::uint64_t allocated_bytes = 0, calls = 0;  // cumulative
  std::uint64_t peak_bytes = 0;                  // share of the peak until then
  std::uint64_t live_deviation = 0;              // of live_bytes; 0 where they are exact
};

struct ConsumerRound {
  ProcessKey process;
  std::int64_t time_ms = 0;
  bool is_sample = false;  // figures are estimates
  // Since then it is recorded: rounds of one recording compare. Not whole: it ran before already,
  // and what it had by then is not known.
  std::int64_t since_ms = 0;
  bool is_whole = true;
  // Of all sites of the process, `sites` of them.
  std::uint64_t live_bytes = 0, live_blocks = 0, peak_bytes = 0, sites = 0;
  std::vector<Consumer> consumers;  // those with most, largest first
};

// What debug information says of a site; empty where nothing is known.
struct SiteName {
  std::string function, file, module;
  std::uint32_t line = 0;
  std::string stack;  // analysis::StackIdentities::text_of: also of a program that was built again

  bool operator==(const SiteName&) const = default;
};

struct ConsumerHistory {
  std::vector<ConsumerRound> rounds;  // oldest first
  std::map<SiteId, SiteName> sites;   // all that the rounds name
};

// In one answer.
constexpr std::uint64_t kMostRoundsAsked = 5000;

// Rounds from `question.since_ms` on, the latest `question.count` of them. With `ends_alone` two of
// each process: its latest, and of the same recording the one that held when the time began (the
// first in it, where there is none before).
struct ConsumerQuestion {
  Question question;
  bool ends_alone = false;
};

}  // namespace memwatch::history
