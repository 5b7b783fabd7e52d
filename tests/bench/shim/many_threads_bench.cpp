// The same place in several threads at once, each with blocks of its own: what they share is the
// segment, the numbers that keep events in order, and the machine. CPU time per event is the figure
// that should not grow with the threads.
#include <benchmark/benchmark.h>

#include <memory>

#include "tests/bench/shim/bench_process.h"
#include "tests/bench/shim/hook.h"

namespace memwatch::bench {
namespace {

std::unique_ptr<BenchProcess> g_process;

void begin(const benchmark::State&) {
  g_process = std::make_unique<BenchProcess>(protocol::Control::exact, Reading::keeps_up);
}

void end(const benchmark::State&) {
  g_process.reset();
}

void exact_pair_contended(benchmark::State& state) {
  std::uint64_t event = 0;
  for ([[maybe_unused]] auto iteration : state) {
    const std::uint64_t address = made_up_address(++event, state.thread_index());
    hook_malloc(address);
    hook_free(address);
  }
}
BENCHMARK(exact_pair_contended)->Setup(begin)->Teardown(end)->ThreadRange(1, 8);

}  // namespace
}  // namespace memwatch::bench
