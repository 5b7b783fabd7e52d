#include "collector/reachability/examination.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <future>
#include <utility>

#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_list.h"
#include "collector/reachability/twin.h"
#include "collector/reachability/twin_room.h"

namespace memwatch::reachability {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

StoppedThread as_stopped(const WaitingThread& waiting) {
  StoppedThread thread;
  thread.tid = waiting.tid;
  thread.has_registers = true;
  thread.stack_pointer = waiting.stack_pointer + 128;  // nothing below it is the program's
  thread.registers.assign(waiting.registers.begin(), waiting.registers.end());
  return thread;
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
  // A stack that is itself a block of the program's.
  for (const StoppedThread& thread : threads) {
    if (thread.has_registers && scan.block_at(thread.stack_pointer)) {
      scan.add_root_block(source(RootSource::Kind::stack, thread.tid), thread.stack_pointer);
    }
  }
  if (!subject.is_root_site) return;
  const std::uint32_t loader = source(RootSource::Kind::loader, 0);
  for (const Block& block : scan.blocks()) {
    if (subject.is_root_site(block.site)) scan.add_root_block(loader, block.address);
  }
}

// Looks through memory, the process's own or a copy of it, and judges.
void look_through(Memory& memory, const Subject& subject, const RootFacts& facts,
                  const std::vector<StoppedThread>& threads, std::vector<Block> blocks,
                  const std::function<void()>& on_progress, Examination& result) {
  const std::vector<procfs::MemoryMapping>& maps = result.memory->maps();
  result.scan = std::make_unique<Scan>(std::move(blocks), memory);
  const RootPlan plan = plan_roots(memory, maps, result.scan->blocks(), threads, facts);
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

// So long that others should be looked after meanwhile: a tenth of a second where the machine is
// busy. A thread costs a process that ends at once as much as its check.
bool takes_long(const std::vector<Block>& blocks, const RootFacts& facts) {
  constexpr std::uint64_t kMuch = 16U << 20;
  std::uint64_t bytes = 0;
  for (const Block& block : blocks) bytes += block.size;
  for (const auto& mapping : facts.program_mappings) bytes += mapping.end - mapping.start;
  return bytes >= kMuch;
}

// On a thread of its own, while the caller's looks after the process, where that has gone on, and
// after others.
void look_through_beside(Memory& memory, const Subject& subject, const RootFacts& facts,
                         const std::vector<StoppedThread>& threads, std::vector<Block> blocks,
                         const std::function<void()>& on_beat, Examination& result) {
  std::future<void> done;
  try {
    done = std::async(std::launch::async, [&] {
      look_through(memory, subject, facts, threads, std::move(blocks), {}, result);
    });
  } catch (const std::system_error&) {  // no thread to be had (RLIMIT_NPROC, ulimit -u)
    return look_through(memory, subject, facts, threads, std::move(blocks), subject.heartbeat,
                        result);
  }
  constexpr std::chrono::milliseconds kBeat{1};
  while (done.wait_for(kBeat) != std::future_status::ready) {
    if (subject.heartbeat) subject.heartbeat();
    on_beat();
  }
  done.get();
}

// The steps, in their order, and what they share.
class Examiner {
 public:
  explicit Examiner(Subject& subject) : subject_(subject) {}

  Examination run() {
    if (subject_.waiting) {
      halt();
      begin();
    } else {
      // One that goes on stands still only while a twin of it is made or its memory is copied, if
      // there is room for that; where it was copied before, only for what it wrote to meanwhile.
      prepare();
      halt();
      begin();
      if (result_.running_copy != nullptr && !finish_running_copy()) {
        go_on();
        drop_running_copy();
        prepare();
        halt();
        begin();
      }
      if (wants_twin_ && !make_twin()) {
        go_on();
        twin_.reset();
        reserve_copy();
        halt();
        begin();
      }
    }
    if (!result_.why_not.empty()) {
      release();
    } else if (result_.running_copy != nullptr) {
      judge_running_copy();
    } else if (twin_ != nullptr) {
      judge_twin();
    } else if (take_copy()) {
      judge_copy();
    } else {
      judge_in_place();
    }
    explain_pause();
    result_.pause_seconds = pause_seconds_ + alone_seconds_;
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::unique_ptr<ProcessMemory> open_memory() const {
    return std::make_unique<ProcessMemory>(
        subject_.pid, subject_.memory_descriptor,
        procfs::read_memory_maps(subject_.pid, subject_.maps_descriptor));
  }

  void prepare() {
    const std::unique_ptr<ProcessMemory> before = open_memory();
    if (!before->why_unreadable().empty()) return;
    std::string& why = result_.why_long_pause;
    why = subject_.twin_call == 0 ? "not on this processor" : why_no_twin(subject_.pid, *before);
    if (why.empty() && make_running_copy(*before)) return;
    if (why.empty()) {
      auto flagged = procfs::read_fork_flags(subject_.pid);
      if (!flagged) why = "its mappings cannot be looked at closely";
      flagged_ = std::move(flagged).value_or(procfs::AddressRanges{});
    }
    if (why.empty()) {
      result_.copy = MemoryCopy::reserve(*before, ranges_without_twin(before->maps(), flagged_),
                                         subject_.heartbeat);
      if (result_.copy == nullptr) why = "it shares more memory than there is free";
    }
    wants_twin_ = why.empty();
    if (wants_twin_) {
      Twin::await_remains(subject_.pid, subject_.twin_call);
    } else {
      reserve_copy();
    }
  }

  // Once: one that wrote to too much would do so again.
  bool make_running_copy(ProcessMemory& before) {
    if (std::exchange(tried_running_copy_, true)) return false;
    auto made = RunningCopy::make(subject_.pid, subject_.twin_call, before, subject_.heartbeat,
                                  &alone_seconds_, &why_no_running_copy_);
    if (made == nullptr) return false;
    result_.copy = MemoryCopy::reserve(before, made->others(before.maps()), subject_.heartbeat);
    if (result_.copy == nullptr) {
      why_no_running_copy_ = "it shares more memory than there is free";
      return false;
    }
    result_.running_copy = std::move(made);
    if (procfs::threads_of_process(subject_.pid).size() >= RunningCopy::kManyThreads) {
      stopped_.hold_sleeping(subject_.pid, subject_.heartbeat);
      result_.running_copy->follow(before, subject_.heartbeat);
    }
    return true;
  }

  bool finish_running_copy() {
    if (!result_.running_copy->finish(*result_.memory, &why_no_running_copy_)) return false;
    if (!result_.copy->take(*result_.memory,
                            result_.running_copy->others(result_.memory->maps()))) {
      why_no_running_copy_ = "its mappings changed in the last moment";
      return false;
    }
    result_.snapshot = std::make_unique<TwinMemory>(*result_.running_copy, *result_.copy);
    go_on();
    return true;
  }

  void drop_running_copy() {
    result_.running_copy->let_go(subject_.heartbeat);
    result_.running_copy.reset();
    result_.copy.reset();
  }

  void reserve_copy() {
    const std::unique_ptr<ProcessMemory> now = open_memory();
    if (!now->why_unreadable().empty()) return;
    result_.copy = MemoryCopy::reserve(*now, changeable_ranges(now->maps()), subject_.heartbeat);
  }

  bool take_copy() {
    if (result_.copy != nullptr &&
        !result_.copy->take(*result_.memory, changeable_ranges(result_.memory->maps()))) {
      result_.copy.reset();
    }
    return result_.copy != nullptr;
  }

  void halt() {
    start_ = Clock::now();
    is_halted_ = true;
    // At its end a process with one thread, which waits for us, stands still already.
    const bool is_alone = subject_.waiting && procfs::threads_of_process(subject_.pid) ==
                                                  std::vector{subject_.waiting->tid};
    if (is_alone) return;
    const std::string why =
        stopped_.stop(subject_.pid, subject_.waiting ? subject_.waiting->tid : 0);
    start_ = stopped_.since();
    if (why.empty()) {
      threads_seconds_ = seconds_between(stopped_.since(), stopped_.all_since());
      stopped_number_ = stopped_.threads().size();
      return;
    }
    result_.why_incomplete = "its threads ran on while memory was read: " + why;
    if (!subject_.waiting) go_on();  // the attempt alone was a pause
    if (wants_twin_) {
      wants_twin_ = false;
      reserve_copy();
    }
  }

  // What is true of the moment in which it stands still.
  void begin() {
    threads_ = stopped_.everyone();
    if (subject_.waiting) threads_.push_back(as_stopped(*subject_.waiting));
    result_.memory = open_memory();
    result_.why_not = result_.memory->why_unreadable();
    // Asked now: nobody is given the pid of a thread that we hold.
    if (procfs::process_start_ticks(subject_.pid) != subject_.start_time) {
      go_on();
      wants_twin_ = false;
      result_.running_copy.reset();
      result_.copy.reset();
      result_.why_not = "it has ended";
    }
    subject_.drain();
  }

  bool make_twin() {
    wants_twin_ = false;
    const Clock::time_point before = Clock::now();
    twin_ = Twin::make(subject_.pid, stopped_, subject_.twin_call, &result_.why_long_pause);
    fork_seconds_ = seconds_between(before, Clock::now());
    if (twin_ == nullptr) return false;
    const std::vector<procfs::MemoryMapping>& maps = result_.memory->maps();
    if (!result_.copy->take(*result_.memory, ranges_without_twin(maps, flagged_))) {
      result_.why_long_pause = "its mappings changed in the last moment";
      return false;
    }
    result_.twin_memory = std::make_unique<ProcessMemory>(twin_->pid(), -1, maps);
    result_.snapshot = std::make_unique<TwinMemory>(*result_.twin_memory, *result_.copy);
    go_on();
    return twin_->settle(&result_.why_long_pause);
  }

  void go_on() {
    if (!is_halted_) return;
    is_halted_ = false;
    const Clock::time_point before = Clock::now();
    stopped_.go_on();
    // One that waits for us is held by other means than ptrace.
    const Clock::time_point end = stopped_.until() > start_ ? stopped_.until() : Clock::now();
    threads_seconds_ += seconds_between(before, end);
    pause_seconds_ += seconds_between(start_, end);
  }

  void release() {
    if (subject_.release) subject_.release();
    if (subject_.waiting) {
      constexpr std::chrono::milliseconds kPatience{50};
      stopped_.await_end(kPatience);
    }
    go_on();
  }

  void judge_twin() {
    release();
    std::vector<Block> blocks = subject_.take_blocks(facts_);
    bool was_alive = true;
    look_through_beside(
        *result_.snapshot, subject_, facts_, threads_, std::move(blocks),
        [&] { was_alive = twin_->is_alive() && was_alive; }, result_);
    if (!twin_->is_alive() || !was_alive || !result_.twin_memory->why_unreadable().empty()) {
      result_.why_not =
          "the copy of it that was read was ended (for want of memory, by another "
          "program, or because it executed one)";
    }
    say_if_incomplete(result_.copy->unreadable_bytes() + result_.scan->figures().unreadable_bytes);
    alone_seconds_ += twin_->end();
  }

  void judge_running_copy() {
    release();
    std::vector<Block> blocks = subject_.take_blocks(facts_);
    result_.running_copy->let_go(subject_.heartbeat);
    look_through_beside(
        *result_.snapshot, subject_, facts_, threads_, std::move(blocks), [] {}, result_);
    say_if_incomplete(result_.copy->unreadable_bytes() + result_.running_copy->unreadable_bytes());
  }

  void judge_copy() {
    // Was it still there at the end? Memory of a process that died reads as nothing.
    if (!result_.memory->why_unreadable().empty()) {
      result_.why_not = "it ended while its memory was read";
    }
    release();
    std::vector<Block> blocks = subject_.take_blocks(facts_);
    if (!result_.why_not.empty()) return;
    look_through_beside(
        *result_.copy, subject_, facts_, threads_, std::move(blocks), [] {}, result_);
    say_if_incomplete(result_.copy->unreadable_bytes());
  }

  void judge_in_place() {
    std::vector<Block> blocks = subject_.take_blocks(facts_);
    if (takes_long(blocks, facts_)) {
      look_through_beside(
          *result_.memory, subject_, facts_, threads_, std::move(blocks), [] {}, result_);
    } else {
      look_through(*result_.memory, subject_, facts_, threads_, std::move(blocks),
                   subject_.heartbeat, result_);
    }
    say_if_incomplete(result_.scan->figures().unreadable_bytes);
    if (!result_.memory->why_unreadable().empty()) {
      result_.why_not = "it ended while its memory was read";
    }
    release();
  }

  void explain_pause() {
    std::string& why = result_.why_long_pause;
    if (subject_.waiting || twin_ != nullptr || result_.running_copy != nullptr || why.empty() ||
        threads_.empty()) {
      why.clear();
    } else if (result_.copy != nullptr) {
      why = "while its memory was copied, since no twin of it could be made: " + why;
    } else {
      why = "until all of it was judged, since no twin of it could be made (" + why +
            ") and half of the free memory is too little for a copy";
    }
    if (!why.empty() || subject_.waiting) return;
    const auto say = [&why](double seconds, const std::string& what) {
      constexpr long kLongMs = 5;
      const long ms = std::lround(seconds * 1000);
      if (ms < kLongMs) return;
      why += (why.empty() ? "" : ", ") + std::to_string(ms) + " ms of it " + what;
    };
    // Where there are few it is the machine that is busy.
    if (stopped_number_ >= RunningCopy::kManyThreads) {
      say(threads_seconds_, "while " + std::to_string(stopped_number_) + " of its " +
                                std::to_string(threads_.size()) +
                                " threads came to a stop and went on, one by one");
      say(alone_seconds_, "one thread alone, which waited for a processor");
    }
    if (twin_ != nullptr && !why_no_running_copy_.empty()) {
      say(fork_seconds_,
          "for a fork, since it could not be copied while it ran: " + why_no_running_copy_);
    }
  }

  void say_if_incomplete(std::uint64_t unreadable_bytes) {
    if (unreadable_bytes > 0 && result_.why_incomplete.empty()) {
      result_.why_incomplete = "a part of its memory could not be read";
    }
  }

  Subject& subject_;
  Examination result_;
  std::unique_ptr<Twin> twin_;  // its end stops a thread: after all have gone on
  StoppedThreads stopped_;
  std::vector<StoppedThread> threads_;  // as they were
  RootFacts facts_;
  bool wants_twin_ = false, is_halted_ = false, tried_running_copy_ = false;
  procfs::AddressRanges flagged_;  // not to be had from a twin
  Clock::time_point start_;
  double pause_seconds_ = 0;    // all of it
  double threads_seconds_ = 0;  // of that, until all stood still and since they need not
  double alone_seconds_ = 0;    // besides, one thread
  double fork_seconds_ = 0;     // of that, until there was a twin
  std::string why_no_running_copy_;
  std::size_t stopped_number_ = 0;
};

}  // namespace

Examination examine(Subject& subject) {
  return Examiner(subject).run();
}

}  // namespace memwatch::reachability
