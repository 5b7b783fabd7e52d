// How fast a heap is marked: one gibibyte (or as many MiB as the argument says) of blocks that
// point to each other, in this process's own memory, so reading is a copy as process_vm_readv's is.
// THREADS: instead of as many as the heap is worth, 0: as many. BLOCK: only blocks of this size.
//
//   build/release/bin/reachability_bench [MiB [THREADS [BLOCK]]]
//
// Prints, for several sizes of blocks and shares of words that are pointers, gibibytes a second for
// sorting the blocks, for reading, for judging, and for all of it.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "collector/reachability/huge_pages.h"
#include "collector/reachability/verdict.h"

namespace {

using namespace memwatch::reachability;
using Clock = std::chrono::steady_clock;

// As the memory of another process is read, system call and copy included.
class CopiedMemory : public Memory {
 public:
  std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
    const iovec local{to, size}, remote{reinterpret_cast<void*>(address), size};
    const ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
  }
  Range next_present(std::uint64_t start, std::uint64_t end) override { return {start, end}; }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Where pointers lead to: one of the next 1024 blocks, any block, or behind the length with which
// any block begins, so that each has to be looked at.
enum class Where { near, far, inside };
constexpr const char* kNames[] = {"near", "far", "inside"};

void measure(std::uint64_t bytes, std::uint64_t block_size, unsigned percent, Where where,
             unsigned threads) {
  void* const heap =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (heap == MAP_FAILED) std::abort();
  const auto base = reinterpret_cast<std::uint64_t>(heap);
  const std::uint64_t spacing = block_size + 16;
  const std::uint64_t count = bytes / spacing;
  std::mt19937_64 random(1);
  std::vector<Block> blocks;
  reserve_huge(blocks, count);  // as the collector does
  for (std::uint64_t i = 0; i < count; ++i) {
    blocks.push_back({base + 16 + i * spacing, block_size, 0, static_cast<std::uint32_t>(i)});
    auto* words = reinterpret_cast<std::uint64_t*>(blocks.back().address);
    for (std::uint64_t w = 0; w < block_size / 8; ++w) {
      words[w] = random();
      if (words[w] % 100 >= percent) continue;
      const std::uint64_t to =
          where == Where::near ? (i + 1 + random() % 1024) % count : random() % count;
      words[w] = base + 16 + to * spacing + (where == Where::inside ? 8 : 0);
    }
    if (percent == 0) continue;
    const std::uint64_t next = base + 16 + (i + 1) % count * spacing;  // everything is reached
    words[where == Where::inside ? 1 : 0] = next;
    if (where == Where::inside) words[0] = block_size - 8;
  }
  CopiedMemory memory;
  std::shuffle(blocks.begin(), blocks.end(), random);  // as they come out of a hash table
  const auto start = Clock::now();
  Scan scan(std::move(blocks), memory, threads);
  const double sorting = seconds_since(start);
  const std::uint64_t root = base + 16;
  scan.add_root_words(0, {&root, 1});
  scan.read_blocks();
  const double reading = seconds_since(start);
  const Verdicts verdicts = judge(scan);
  const double total = seconds_since(start);
  const double gib = static_cast<double>(bytes) / (1ULL << 30);
  fmt::print("{:>8} {:>9} {:>7} {:>5}   {:8.2f} {:8.2f} {:8.2f} {:8.2f}\n", block_size, percent,
             kNames[static_cast<int>(where)],
             verdicts.kinds.back() == Kind::reachable ? "yes" : "no", gib / sorting,
             gib / (reading - sorting), gib / (total - reading), gib / total);
  munmap(heap, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t mebibytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024;
  const auto threads = static_cast<unsigned>(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
  const std::uint64_t only = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  fmt::print("{} MiB of heap, GiB a second\n", mebibytes);
  fmt::print("{:>8} {:>9} {:>7} {:>5}   {:>8} {:>8} {:>8} {:>8}\n", "block", "% words", "where",
             "all", "sorting", "reading", "judging", "all");
  for (const std::uint64_t size : {48ULL, 112ULL, 1008ULL, 65520ULL}) {
    if (only != 0 && size != only) continue;
    for (const unsigned percent : {0U, 10U, 25U}) {
      for (const Where where : {Where::near, Where::far, Where::inside}) {
        if (percent > 0 || where != Where::inside)
          measure(mebibytes << 20, size, percent, where, threads);
      }
    }
  }
  return 0;
}
