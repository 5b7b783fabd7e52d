#include "collector/reachability/examination.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "collector/procfs/process_list.h"

namespace memwatch::reachability {

namespace {

using Clock = std::chrono::steady_clock;

StoppedThread as_stopped(const WaitingThread& waiting) {
  StoppedThread thread;
  thread.tid = waiting.tid;
  thread.has_registers = true;
  thread.stack_pointer = waiting.stack_pointer + 128;  // nothing below it is the program's
  thread.registers.assign(waiting.registers.begin(), waiting.registers.end());
  return thread;
}

bool is_block_of_stack(const Block& block, const StoppedThread& thread) {
  return thread.stack_pointer >= block.address && thread.stack_pointer < block.address + block.size;
}

void add_roots(const RootPlan& plan, const std::vector<StoppedThread>& threads,
               const Subject& subject, Examination& result) {
  Scan& scan = *result.scan;
  result.sources = plan.sources;
  for (const RootRange& root : plan.ranges) scan.add_root(root.source, root.range);
  const auto source = [&](RootSource::Kind kind, pid_t tid) {
    result.sources.push_back({.kind = kind, .path = {}, .tid = tid, .range = {}});
    return static_cast<std::uint32_t>(result.sources.size() - 1);
  };
  for (const StoppedThread& thread : threads) {
    if (!thread.has_registers) continue;
    scan.add_root_words(source(RootSource::Kind::registers, thread.tid), thread.registers);
  }
  const std::uint32_t loader = source(RootSource::Kind::loader, 0);
  for (const Block& block : scan.blocks()) {
    if (subject.is_root_site && subject.is_root_site(block.site)) {
      scan.add_root_block(loader, block.address);
    }
    for (const StoppedThread& thread : threads) {
      if (thread.has_registers && is_block_of_stack(block, thread)) {
        scan.add_root_block(source(RootSource::Kind::stack, thread.tid), block.address);
      }
    }
  }
}

// Looks through memory, the process's own or a copy of it, and judges.
void look_through(Memory& memory, const Subject& subject, const RootFacts& facts,
                  const std::vector<StoppedThread>& threads, std::vector<Block> blocks,
                  const std::function<void()>& on_progress, Examination& result) {
  const std::vector<procfs::MemoryMapping>& maps = result.memory->maps();
  const RootPlan plan = plan_roots(memory, maps, blocks, threads, facts);
  result.scan = std::make_unique<Scan>(std::move(blocks), memory);
  result.scan->on_progress = on_progress;
  add_roots(plan, threads, subject, result);
  result.scan->read_blocks();
  const bool with_holders = subject.holders.sites > 0 || subject.holders.address.has_value();
  // Layouts are looked up in memory, so it has to stay as it is for the verdict as well.
  result.verdicts = judge(*result.scan, with_holders);
  if (with_holders) {
    result.holders = find_holders(*result.scan, result.verdicts, subject.holders);
    recognise_thread_local(*result.scan, result.sources, maps, result.holders);
  }
}

void say_if_incomplete(std::uint64_t unreadable_bytes, Examination& result) {
  if (unreadable_bytes > 0 && result.why_incomplete.empty()) {
    result.why_incomplete = "a part of its memory could not be read";
  }
}

// On a thread of its own, while the caller's looks after the process, which has gone on.
void look_through_copy(const Subject& subject, const RootFacts& facts,
                       const std::vector<StoppedThread>& threads, std::vector<Block> blocks,
                       Examination& result) {
  auto done = std::async(std::launch::async, [&] {
    look_through(*result.copy, subject, facts, threads, std::move(blocks), {}, result);
  });
  constexpr std::chrono::milliseconds kBeat{1};
  while (done.wait_for(kBeat) != std::future_status::ready) {
    if (subject.heartbeat) subject.heartbeat();
  }
  done.get();
  say_if_incomplete(result.copy->unreadable_bytes(), result);
}

}  // namespace

Examination examine(Subject& subject) {
  Examination result;
  StoppedThreads stopped;
  const auto open_memory = [&subject] {
    return std::make_unique<ProcessMemory>(
        subject.pid, subject.memory_descriptor,
        procfs::read_memory_maps(subject.pid, subject.maps_descriptor));
  };
  // One that goes on stands still only while its memory is copied, if there is room for that.
  if (!subject.waiting) {
    const std::unique_ptr<ProcessMemory> before = open_memory();
    if (before->why_unreadable().empty())
      result.copy = MemoryCopy::reserve(*before, subject.heartbeat);
  }
  const Clock::time_point start = Clock::now();
  const auto release = [&] {
    if (subject.release) subject.release();
    if (subject.waiting) {
      constexpr std::chrono::milliseconds kPatience{50};
      stopped.await_end(kPatience);
    } else {
      stopped.go_on();
    }
    result.pause_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  };

  // At its end a process with one thread, which waits for us, stands still already.
  const bool is_alone = subject.waiting && procfs::threads_of_process(subject.pid) ==
                                               std::vector{subject.waiting->tid};
  if (!is_alone) {
    result.why_incomplete = stopped.stop(subject.pid, subject.waiting ? subject.waiting->tid : 0);
    if (!result.why_incomplete.empty()) {
      result.why_incomplete = "its threads ran on while memory was read: " + result.why_incomplete;
    }
  }
  std::vector<StoppedThread> threads = stopped.threads();
  if (subject.waiting) threads.push_back(as_stopped(*subject.waiting));

  result.memory = open_memory();
  result.why_not = result.memory->why_unreadable();
  RootFacts facts;
  if (!result.why_not.empty()) {
    subject.drain();
    release();
    return result;
  }
  subject.drain();
  if (result.copy != nullptr && !result.copy->take(*result.memory)) result.copy.reset();
  result.was_copied = result.copy != nullptr;
  if (result.was_copied) {
    // Was it still there at the end? Memory of a process that died reads as nothing.
    if (!result.memory->why_unreadable().empty()) {
      result.why_not = "it ended while its memory was read";
    }
    release();
    std::vector<Block> blocks = subject.take_blocks(facts);
    if (result.why_not.empty()) {
      look_through_copy(subject, facts, threads, std::move(blocks), result);
    }
    return result;
  }
  std::vector<Block> blocks = subject.take_blocks(facts);
  look_through(*result.memory, subject, facts, threads, std::move(blocks), subject.heartbeat,
               result);
  say_if_incomplete(result.scan->figures().unreadable_bytes, result);
  if (!result.memory->why_unreadable().empty()) {
    result.why_not = "it ended while its memory was read";
  }
  release();
  return result;
}

}  // namespace memwatch::reachability
