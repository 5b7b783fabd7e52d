// Turns what changed in a session since the last checkpoint into chunks. Callers: the session
// writer. Never fails but by std::bad_alloc; not thread-safe; touches no file.
//
// Order within a group: session, modules, code addresses, stacks, symbols, processes, rows. A row
// refers only to rows that come earlier in the file.
#pragma once

#include <string_view>
#include <vector>

#include "collector/capture/chunk_writer.h"
#include "collector/capture/shadow.h"
#include "collector/model/session.h"

namespace memwatch::capture {

// False where the session lost rows of a table that only grows, or processes: then it is no
// continuation of what was written, and only a full snapshot can say it.
bool continues(const model::Session& session, const Shadow& shadow);

// Appends the chunks of all changes to `chunks` (none: nothing changed) and brings `shadow` up to
// date. `thorough` also looks for changes in symbols that were already written, which a normal
// checkpoint takes as final to stay cheap.
void encode_changes(const model::Session& session, bool thorough, Shadow& shadow,
                    ChunkWriter& chunks);

// The chunk that makes everything before it count.
void encode_commit(const model::Session& session, Shadow& shadow, ChunkWriter& chunks);

// The chunk that stands where the next group could not be written.
void encode_cut_short(std::string_view why, ChunkWriter& chunks);

// The parts of encode_changes.
TableSizes sizes_of(const model::Session& session);
void encode_tables(const model::Session& session, bool thorough, Shadow& shadow,
                   ChunkWriter& chunks);
void encode_processes(const model::Session& session, Shadow& shadow, ChunkWriter& chunks);

}  // namespace memwatch::capture
