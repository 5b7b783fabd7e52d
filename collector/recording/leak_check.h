// Leak checks of recorded processes: at a process's end, when it waits to be looked at
// (PROTOCOL.md, "The end under a leak check"), or while it runs. The verdicts are kept per block
// until the record ends, since the C library frees a little more after the check, and become rows
// then. Called from the recorder's thread. Internal to the recorder.
#pragma once

#include <functional>
#include <string>

#include "collector/model/session.h"
#include "collector/reachability/examination.h"
#include "collector/recording/process_record.h"

namespace memwatch::recording {

// auto_: by reachability where it can be had, else by lifetime; full: the same, told if it could
// not be had; none: not at all.
enum class LeakCheckMode : std::uint8_t { auto_, full, none };

// Does the process wait for its check?
bool awaits_leak_check(const ProcessRecord& record);

// Looks at it and lets it end. `heartbeat` is called while memory is read.
void check_at_exit(ProcessRecord& record, const model::Session& session,
                   const std::function<void()>& heartbeat);

// Looks at a process that goes on: its facts as they are now, with the verdicts and the ways that
// were wished for; of one that is watched (leak_watches.h) those of the watch, which stops. `now`
// in seconds of the session. The record itself is as it was.
model::Process judge_living(ProcessRecord& record, const model::Session& session,
                            const reachability::HoldersWish& holders, double now,
                            const std::function<void()>& heartbeat);

// Makes the rows of the process, as its record ends, where there are verdicts.
void settle_leaks(ProcessRecord& record, LeakCheckMode mode);

// Says why there are none, once it is known how the process ended.
void explain_missing_check(model::Process& process);

}  // namespace memwatch::recording
