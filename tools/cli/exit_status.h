// The exit statuses of memwatch, as the command-line contract fixes them.
#pragma once

#include "collector/base/result.h"

namespace memwatch::cli::exit_status {

inline constexpr int kDone = 0;
inline constexpr int kConditionFailed = 1;  // doctor: it will not work; gate: regressed …
inline constexpr int kWrongUsage = 2;
inline constexpr int kBadInput = 3;  // unreadable, foreign, newer or damaged beyond use

// `run` alone: as env(1) and timeout(1) do, so that the target's own statuses stay recognisable.
inline constexpr int kRunFailed =
    125;  // wrong usage of run, or memwatch failed before the target ran
inline constexpr int kCannotExecute = 126;
inline constexpr int kNotFound = 127;
inline constexpr int kSignalBase = 128;  // + the signal that ended the target

// For every command but `run`.
constexpr int of(ErrorKind kind) {
  return kind == ErrorKind::usage ? kWrongUsage : kBadInput;
}

}  // namespace memwatch::cli::exit_status
