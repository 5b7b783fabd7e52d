// Which module a pc belongs to, told to the collector through the segment's module table, so that
// frames of libraries that are unloaded before the end keep their names. Asked only when a stack
// node is made, so once per distinct frame. Any thread, any signal handler; lock-free.
#pragma once

#include <cstdint>

namespace memwatch::preload {

// Index into the segment's module table, 0 when the pc belongs to no module or the table is full.
std::uint32_t module_of(std::uintptr_t pc);

// After a dlclose: drops modules that are gone. True when any was.
bool forget_unloaded_modules();

// In a forked child or for a new segment: every module is told anew.
void forget_modules();

}  // namespace memwatch::preload
