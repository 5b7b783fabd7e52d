// pprof's profile.proto, uncompressed; a file of it is gzipped. Sample types alloc_objects,
// alloc_space, inuse_objects, inuse_space, in this order: calls and bytes over the whole run,
// blocks and bytes live at its end. A reallocation allocates one more object, since its block
// belongs to the stack that reallocated it. Field numbers are those of
// https://github.com/google/pprof/blob/main/proto/profile.proto.
//
// A session knows addresses as offsets in the module's file, and where a module was loaded does not
// matter to anybody. So the program itself keeps the addresses of its file, as if it had been
// loaded at 0, and each library gets a range of its own: a power of two in size, so that profiles
// of the same library agree on it, from 0x7f0000000000 on. A location is the call itself, one byte
// before the return address; inlined functions are lines of its location, innermost first.
//
// Thread safety: as the selection's. Errors: the output's own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

struct PprofOptions {
  // What is shown unless asked otherwise, and by what `top` chooses: leaked is leaked_space, a
  // fifth sample type that there is only then (bytes, the leak check's verdict), allocated
  // alloc_space, allocations alloc_objects; there are no others. Without one it is inuse_space if
  // anything was live at the end, else alloc_space.
  std::optional<analysis::Cost> cost;
  std::size_t top = 0;  // stacks; 0 all
  // By code address: the name that the linker has of the function there; "" or absent: unknown,
  // then the readable one stands in its place, as it does for inlined functions.
  std::vector<std::string> linkage_names = {};
};

// `process` is one of the selection's.
void write_pprof(const analysis::Selection& selection, const model::Process& process,
                 const PprofOptions& options, Output& output);

}  // namespace memwatch::render
