// The words for facts that several views state, so that the same thing is said the same way: how a
// process ended, how exact a recording is, what "not freed" may be called.
// Words are literal: "not freed at exit" for a lifetime finding, never "leaked".
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/analysis/leaks.h"
#include "collector/analysis/summary.h"
#include "collector/model/session.h"

namespace memwatch::render {

// "exit 0", "killed by SIGSEGV", "still running", "replaced by exec", "lost".
std::string end_phrase(const model::Process& process);

// The same of a process in a recorded session: "running when last seen" where the session has no
// end of its own.
std::string end_phrase(const model::Session& session, const model::Process& process);

// "3 processes"; "3 processes, 5 programs" where exec replaced some.
std::string processes_phrase(const analysis::Selection& selection,
                             const analysis::Summary& summary);

// "not freed at exit"; "not freed when killed"; "live at the end" of the recording; "not freed at
// the end" for a mixture.
std::string not_freed_phrase(analysis::EndOfRecording end);

// "Leaked for certain", where that may be said of definite leaks.
std::string definite_title(const analysis::LeakReport& leaks);

// "2.4 MiB of it in what they hold": the part of a definite leak's cost that is not in its own
// blocks; "" where there is none.
std::string held_phrase(const analysis::RankedSite& leak);

// "± 1.2 MiB", the 95 % error of a figure with this standard deviation; "" of an exact one.
std::string error_phrase(std::uint64_t deviation);

// What was lost, one sentence part per kind: "3 allocations dropped"; empty for an exact session.
std::vector<std::string> loss_phrases(const model::Losses& losses);

// "exact: every call recorded, nothing lost", "every call recorded up to its last checkpoint",
// "sampled: estimates, about one sample every 512 KiB" …
std::string exactness_phrase(const analysis::Summary& summary);

// "malloc of 64.0 GiB failed with ENOMEM".
std::string failure_phrase(const model::Failure& failure);

// The file name of the program: "server" of "/usr/bin/server"; the command's where exe is unknown;
// shortened to 32 columns.
std::string program_name(const model::Process& process);

// "SIGSEGV", else "signal 35".
std::string signal_name(std::int32_t number);

}  // namespace memwatch::render
