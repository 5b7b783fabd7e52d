// A world in virtual time: every event goes straight into the collector's model of a process, with
// its exact time, and epochs end as the recorder would end them. Five minutes take milliseconds.
#pragma once

#include <unordered_map>

#include "collector/model/live_process.h"
#include "tests/leak-corpus/world.h"

namespace memwatch::leak_corpus {

struct VirtualRun {
  double seconds = 300;
  bool sampled = false;  // blocks 1024 times as large, drawn every 512 KiB
};

// What was recorded of one run; site n has stack n + 1.
model::Process play(const Program& program, std::uint64_t seed, const VirtualRun& run);

}  // namespace memwatch::leak_corpus
