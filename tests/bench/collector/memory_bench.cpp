// What the collector's memory grows by: bytes per live block and per stack node, at sizes where
// tables have just grown and in between. Prints the most that operator new had handed out at any
// moment, copies made while growing included, and the most that was resident between two drains,
// which also knows the large parts of the table of blocks, mapped and not made by new.
//
//   memory_bench                  those
//   memory_bench --steady EVENTS  what is resident while a steady life of so many events goes on,
//   at
//                                 each tenth of it; exit status 1 if that grew after the first
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include "collector/intake/tracked_process.h"
#include "tests/bench/collector/workload.h"

namespace {

// Volatile: a compiler may take for granted that operator new changes no variables.
volatile std::uint64_t allocated = 0, most_allocated = 0;

void* count(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  allocated = allocated + malloc_usable_size(memory);
  if (allocated > most_allocated) most_allocated = allocated;
  return memory;
}

void uncount(void* memory) {
  allocated = allocated - malloc_usable_size(memory);
  std::free(memory);
}

// Private memory of this process that is resident, in bytes; without the segment, which is shared.
std::uint64_t resident() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::uint64_t kilobytes = 0;
    if (word == "RssAnon:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

void* operator new(std::size_t size) {
  return count(std::malloc(size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return count(std::aligned_alloc(static_cast<std::size_t>(alignment), size));
}
void operator delete(void* memory) noexcept {
  uncount(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  uncount(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  uncount(memory);
}

namespace memwatch::collector_bench {
namespace {

// The program's own tables are made before; what is measured is the collector's. Each in a process
// of its own, where no memory is left over from the one before.
void measure(const char* what, const Life& life) {
  if (const pid_t child = fork(); child != 0) {
    waitpid(child, nullptr, 0);
    return;
  }
  constexpr std::uint64_t kEventsPerDrain = 32'768;
  Workload program(life);
  program.reserve();
  const std::uint64_t rows = life.stacks_in_turn ? program.stack_nodes() : life.live_blocks;
  const std::uint64_t allocated_before = allocated;
  most_allocated = allocated_before;
  const std::uint64_t resident_before = resident();
  std::uint64_t most_resident = 0;
  model::Session session;
  model::StackTable stacks(session);
  intake::TrackedProcess process(program.take_segment(), stacks, "/p", ~0ULL, false);
  while (program.live_blocks() < life.live_blocks) {
    program.write(kEventsPerDrain);
    process.drain();
    most_resident = std::max(most_resident, resident());
  }
  process.live().settle();
  const auto per_row = [rows](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(rows);
  };
  std::printf("%-12s %9llu  %6.1f bytes each by new at most, %6.1f resident at most\n", what,
              static_cast<unsigned long long>(rows), per_row(most_allocated - allocated_before),
              per_row(most_resident - std::min(most_resident, resident_before)));
  std::fflush(stdout);
  _exit(0);
}

// 100 000 blocks at any moment of 10 000 sites, eight threads that free each other's blocks.
int live_steadily(std::uint64_t events) {
  constexpr std::uint64_t kEventsPerDrain = 32'768;
  constexpr std::uint64_t kTenths = 10, kSlack = 64U << 10;
  const Life life{.live_blocks = 100'000, .stacks = 10'000, .rings = 8, .reallocation_percent = 10};
  Workload program(life);
  program.reserve();
  model::Session session;
  model::StackTable stacks(session);
  intake::TrackedProcess process(program.take_segment(), stacks, "/p", ~0ULL, false);
  std::uint64_t written = 0, first = 0, last = 0;
  for (std::uint64_t tenth = 1; tenth <= kTenths; ++tenth) {
    while (written < events / kTenths * tenth) {
      written += program.write(kEventsPerDrain);
      process.drain();
    }
    last = resident();
    if (tenth == 1) first = last;
    std::printf("%13llu events  %8.2f MiB resident\n", static_cast<unsigned long long>(written),
                static_cast<double>(last) / (1U << 20));
    std::fflush(stdout);
  }
  process.collect_losses();
  if (!process.live().facts.losses.exact) std::puts("events were lost");
  return last > first + kSlack || !process.live().facts.losses.exact ? 1 : 0;
}

}  // namespace
}  // namespace memwatch::collector_bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--steady") {
    return memwatch::collector_bench::live_steadily(std::strtoull(argv[2], nullptr, 10));
  }
  using memwatch::collector_bench::measure;
  for (const std::uint64_t blocks :
       {100'000U, 600'000U, 1'000'000U, 1'600'000U, 3'300'000U, 6'400'000U}) {
    measure("live blocks", {.live_blocks = blocks});
  }
  for (const std::uint32_t stacks : {20'000U, 40'000U, 80'000U, 140'000U, 200'000U, 300'000U}) {
    measure("stack nodes", {.live_blocks = stacks, .stacks = stacks, .stacks_in_turn = true});
  }
  return 0;
}
