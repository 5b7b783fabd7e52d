// How many events a second one core drains, by what the traced program does. The rings are written
// outside the timed part; times are processor time of the draining thread, so that a busy machine
// disturbs less.
#include <benchmark/benchmark.h>
#include <time.h>

#include "collector/intake/tracked_process.h"
#include "tests/bench/collector/workload.h"

namespace memwatch::collector_bench {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void drain(benchmark::State& state, const Life& life) {
  constexpr std::uint64_t kEventsPerDrain = 32'768;  // half of a long ring
  model::Session session;
  model::StackTable stacks(session);
  Workload program(life);
  intake::TrackedProcess process(program.take_segment(), stacks, "/p", ~0ULL, false);
  // Until the life is steady: as many blocks as it will have, and hardly a stack that is new.
  for (std::uint64_t written = 0;
       program.live_blocks() < life.live_blocks || written < 8ULL * life.stacks;) {
    written += program.write(kEventsPerDrain);
    process.drain();
  }
  std::uint64_t events = 0;
  for ([[maybe_unused]] const auto _ : state) {
    events += program.write(kEventsPerDrain);
    const double start = cpu_seconds();
    process.drain();
    state.SetIterationTime(cpu_seconds() - start);
  }
  process.collect_losses();
  if (!process.live().facts.losses.exact) state.SkipWithError("events were lost");
  if (process.live().facts.heap.live_blocks != program.live_blocks()) {
    state.SkipWithError("the live blocks are not the program's");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

void add(const char* name, const Life& life) {
  benchmark::RegisterBenchmark(name, [life](benchmark::State& state) { drain(state, life); })
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace
}  // namespace memwatch::collector_bench

int main(int argc, char** argv) {
  using memwatch::collector_bench::add;
  add("temporary", {.live_blocks = 64, .temporary_percent = 100});
  add("live_1k", {.live_blocks = 1000});
  add("live_100k", {.live_blocks = 100'000});
  add("live_4M", {.live_blocks = 4'000'000});
  add("sites_100k", {.live_blocks = 100'000, .stacks = 100'000});
  add("sites_100k_live_4M", {.live_blocks = 4'000'000, .stacks = 100'000});
  add("rings_8", {.live_blocks = 100'000, .rings = 8});
  add("reallocations", {.live_blocks = 100'000, .reallocation_percent = 60});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
