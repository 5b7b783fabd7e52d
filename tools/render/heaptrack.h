// heaptrack's data format, version 3, as heaptrack_print and heaptrack_gui from 1.2 on read it: a
// log of allocations and frees in text. What it shows of calls, temporary allocations, the peak and
// leaks, in sum and per stack, is what was recorded; the order of events in between is made up, see
// collector/analysis/allocation_script.h. A reallocation is an allocation and a free, as heaptrack
// itself counts it; stacks that were cut off end there.
//
// A line begins with its kind; numbers are in hex; strings, instruction pointers and traces are
// numbered from 1 in order of appearance, allocation kinds ("a") from 0:
//   v VERSION 3                       s LENGTH TEXT
//   X COMMAND                         i ADDRESS MODULE [FUNCTION FILE LINE]…  innermost first
//   I PAGE-SIZE PAGES                 t INSTRUCTION PARENT
//   c MILLISECONDS   R RSS-PAGES      a SIZE TRACE      + KIND      - KIND     # comment
//
// Thread safety: as the selection's. Errors: the output's own.
#pragma once

#include <cstdint>

#include "collector/model/session.h"
#include "tools/render/output.h"

namespace memwatch::render {

// How many allocations the file has, each of them a line or two of a dozen bytes. From a damaged
// session it may be any number, so ask before writing.
std::uint64_t heaptrack_calls(const model::Process& process);
inline constexpr std::uint64_t kMostHeaptrackCalls = 4'000'000'000;

void write_heaptrack(const model::Session& session, const model::Process& process, Output& output);

}  // namespace memwatch::render
