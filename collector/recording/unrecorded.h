// What ran without being recorded, and why, as notes for the reader: a process that has a record
// with nothing in it, calls or stacks that found no room, children that have no record at all.
// Internal to the recorder; the process's image has ended or is let go.
#pragma once

#include "collector/intake/unrecorded_children.h"
#include "collector/recording/process_record.h"
#include "collector/recording/started_programs.h"

namespace memwatch::recording {

// Has it not taken the memory that was made for it?
bool has_taken_nothing(const ProcessRecord& record);

// Why nothing of it was recorded; nullptr: it was, or there was nothing: a signal ended it while it
// waited for its answer. `facts` say how it ended.
const char* why_unrecorded(const ProcessRecord& record, const model::Process& facts);

// Says why events or stacks are missing, or everything, and what helps.
void note_what_is_missing(const ProcessRecord& record, model::Process* facts);

// The same of who had taken nothing and whose end nobody had told when its record ended.
void note_nothing_taken(model::Process* facts);

// Counts them, those included that wanted a segment when none could be made, and says why.
void note_unrecorded_children(const intake::UnrecordedChildren& children, std::uint64_t declined,
                              model::Process* facts);

// Says that it executed a program of which nothing was heard.
void note_went_on_unrecorded(model::Process* facts);

// Says the same of children that were not forked, so that they have no record either, and counts
// those that waited in vain.
void note_unrecorded_programs(const StartedPrograms::Unrecorded& programs, model::Process* facts);

}  // namespace memwatch::recording
