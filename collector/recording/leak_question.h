// Who wants to know of the leaks of a process that is recorded and goes on, and what.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>

#include "collector/base/result.h"
#include "collector/model/session.h"
#include "collector/reachability/holders.h"

namespace memwatch::recording {

struct LeakQuestion {
  pid_t pid = 0;
  // Of the process that is meant, in ticks; 0: whoever is recorded under that pid.
  std::uint64_t start_time = 0;
  reachability::HoldersWish holders{};
  // Of a process that is not recorded exactly: how long what it allocates is watched.
  std::chrono::milliseconds watch{10'000};
  // Asked while the watch lasts, often. Empty: it waits.
  enum class Asker : std::uint8_t { waits, wants_it_now, is_gone };
  std::function<Asker()> asker{};
  std::function<void()> watching{};  // called when the watch begins; may be empty
  // Called once, unless the asker is gone: a session with the process alone, in which its leaks are
  // judged as far as they could be (Process::leak_check).
  std::function<void(Result<model::Session>)> answer{};
};

}  // namespace memwatch::recording
