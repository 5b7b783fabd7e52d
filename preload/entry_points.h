// What the exported functions have in common. Every one of them is a forward: real function,
// record.
#pragma once

#define MEMWATCH_EXPORT extern "C" __attribute__((visibility("default")))
