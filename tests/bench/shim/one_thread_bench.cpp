// Each path of the shim that a program with one thread can be on, in nanoseconds per event. The
// call depth is that of Google Benchmark and ten links, unless a benchmark says otherwise.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "tests/bench/programs/call_path.h"
#include "tests/bench/shim/bench_process.h"
#include "tests/bench/shim/hook.h"

namespace memwatch::bench {
namespace {

using protocol::Control;

constexpr int kLinksAbove = 10;

// Runs the benchmark's loop at the end of a call path, so that its frames are known and real.
void at_depth(benchmark::State& state, void (*loop)(benchmark::State&)) {
  struct Work {
    benchmark::State& state;
    void (*loop)(benchmark::State&);
  } work{state, loop};
  call path[kLinksAbove + 1];
  make_call_path(path, kLinksAbove, [](const call*, void* argument) {
    const Work& todo = *static_cast<Work*>(argument);
    todo.loop(todo.state);
  });
  walk_call_path(path, &work);
}

void allocate_at_one_place(benchmark::State& state) {
  std::uint64_t event = 0;
  for ([[maybe_unused]] auto iteration : state) hook_malloc(made_up_address(++event));
}

void plain_malloc_and_free(benchmark::State& state) {
  void* blocks[64] = {};
  std::uint64_t event = 0;
  for ([[maybe_unused]] auto iteration : state) {
    void*& block = blocks[++event % 64];
    std::free(block);
    block = std::malloc(24);
    benchmark::DoNotOptimize(block);
  }
  for (void* block : blocks) std::free(block);
}
BENCHMARK(plain_malloc_and_free);

void not_traced(benchmark::State& state) {
  at_depth(state, allocate_at_one_place);
}
BENCHMARK(not_traced);

void idle(benchmark::State& state) {
  const BenchProcess process(Control::idle, Reading::keeps_up);
  at_depth(state, allocate_at_one_place);
}
BENCHMARK(idle);

void allocate_and_free(benchmark::State& state) {
  std::uint64_t event = 0;
  for ([[maybe_unused]] auto iteration : state) {
    const std::uint64_t address = made_up_address(++event);
    hook_malloc(address);
    hook_free(address);
  }
}

// Pairs, since a free has to find out whether its block was sampled. Of 24 bytes one in 20,000 is
// recorded; with a byte between samples each is.
void sample_passed_over_pair(benchmark::State& state) {
  const BenchProcess process(Control::sample, Reading::keeps_up);
  at_depth(state, allocate_and_free);
}
BENCHMARK(sample_passed_over_pair);

void sample_recorded_pair(benchmark::State& state) {
  const BenchProcess process(Control::sample, Reading::keeps_up, 1);
  at_depth(state, allocate_and_free);
}
BENCHMARK(sample_recorded_pair);

void exact_same_stack(benchmark::State& state) {
  const BenchProcess process(Control::exact, Reading::keeps_up);
  at_depth(state, allocate_at_one_place);
}
BENCHMARK(exact_same_stack);

// The functions of the call path once more, this time as leaves: 256 places to allocate at.
void allocate_in_turn(benchmark::State& state) {
  std::uint64_t event = 0;
  const call end{
      [](const call*, void* address) { hook_malloc(*static_cast<std::uint64_t*>(address)); }};
  call leaf[2] = {{}, end};
  for ([[maybe_unused]] auto iteration : state) {
    leaf[0] = kCallPathLinks[++event % kLinks];
    std::uint64_t address = made_up_address(event);
    walk_call_path(leaf, &address);
  }
}

void exact_new_inner_frames(benchmark::State& state) {
  const BenchProcess process(Control::exact, Reading::keeps_up);
  at_depth(state, allocate_in_turn);
}
BENCHMARK(exact_new_inner_frames);

// `choices` picks one of two functions at each level, the outermost by the lowest bit.
void allocate_by_choices(std::uint32_t choices, int levels, std::uint64_t event) {
  call path[32];
  for (int level = 0; level < levels; ++level) {
    path[level] = kCallPathLinks[2 * level + static_cast<int>(choices >> level & 1)];
  }
  path[levels].function = [](const call*, void* address) {
    hook_malloc(*static_cast<std::uint64_t*>(address));
  };
  std::uint64_t address = made_up_address(event);
  walk_call_path(path, &address);
}

// 2^14 stacks in an order in which one after another differ from the outermost level on.
constexpr int kKnownLevels = 14;

void allocate_on_known_stacks(benchmark::State& state) {
  std::uint64_t event = 0;
  for ([[maybe_unused]] auto iteration : state) {
    allocate_by_choices(static_cast<std::uint32_t>(event), kKnownLevels, event);
    ++event;
  }
}

// What the calls alone take: to be subtracted from the next.
void not_traced_other_stack(benchmark::State& state) {
  allocate_on_known_stacks(state);
}
BENCHMARK(not_traced_other_stack);

void exact_other_known_stack(benchmark::State& state) {
  const BenchProcess process(Control::exact, Reading::keeps_up);
  for (std::uint32_t event = 0; event < 1U << kKnownLevels; ++event) {
    allocate_by_choices(event, kKnownLevels, event);
  }
  allocate_on_known_stacks(state);
}
BENCHMARK(exact_other_known_stack);

// Stacks that nobody has seen before: as many as leave room in the segment, about six new nodes
// each.
void exact_never_seen_stack(benchmark::State& state) {
  constexpr int kLevels = 24;
  const BenchProcess process(Control::exact, Reading::keeps_up);
  std::uint32_t event = 0;
  for ([[maybe_unused]] auto iteration : state) {
    ++event;
    allocate_by_choices(event, kLevels, event);
  }
}
BENCHMARK(exact_never_seen_stack)->Iterations(200'000);

void free_in_turn(benchmark::State& state) {
  std::uint64_t event = 0;
  for ([[maybe_unused]] auto iteration : state) hook_free(made_up_address(++event));
}

void exact_free(benchmark::State& state) {
  const BenchProcess process(Control::exact, Reading::keeps_up);
  at_depth(state, free_in_turn);
}
BENCHMARK(exact_free);

void exact_full_ring_dropped(benchmark::State& state) {
  const BenchProcess process(Control::exact, Reading::not_at_all);
  for (std::uint64_t event = 0; process.dropped() == 0; ++event)
    hook_malloc(made_up_address(event));
  at_depth(state, allocate_at_one_place);
}
BENCHMARK(exact_full_ring_dropped);

}  // namespace
}  // namespace memwatch::bench
