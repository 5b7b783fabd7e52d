// A copy of a process's private memory that is made while it runs: all of it, then again and again
// what it has written to meanwhile (written_pages.h), until that is little; the rest in the moment
// in which it stands still. So the pause does not grow with the heap but for the millisecond per
// gigabyte of looking, where a twin (twin.h) takes the time of a fork.
//
// Takes as much memory as it copies. Not for processes that write to more than it can follow: see
// `why_not`. All calls from the thread that stops the process, but for read() and next_present(),
// which any number of threads may call once it is finished. Linux.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/reachability/process_memory.h"
#include "collector/reachability/written_pages.h"

namespace memwatch::reachability {

// As large as what it mirrors; what was never touched of either takes no memory.
struct Mirror {
  Range range;
  unsigned char* bytes = nullptr;
};

class RunningCopy : public Memory {
 public:
  // With less memory, and fewer threads (each has a stack), a twin is had as quickly.
  static constexpr std::uint64_t kWorthIt = std::uint64_t{32} << 20;
  static constexpr std::size_t kManyThreads = 32;

  // `now`: the process, which runs, with its present maps. `call`: the address of its
  // protocol::TwinCall. `stopped_seconds`: what one thread of it stood still for is added.
  // `on_progress`: called every millisecond or so. Null: see `why_not`, which is empty where it is
  // not worth it; then all is as it was.
  static std::unique_ptr<RunningCopy> make(pid_t process, std::uint64_t call, ProcessMemory& now,
                                           const std::function<void()>& on_progress,
                                           double* stopped_seconds, std::string* why_not);
  ~RunningCopy() override;

  // What may hold pointers and is not in it, ascending: to be copied otherwise.
  [[nodiscard]] std::vector<Range> others(const std::vector<procfs::MemoryMapping>& maps) const;

  // Once more what it has written to since, while it runs: where something else took time.
  void follow(ProcessMemory& now, const std::function<void()>& on_progress) {
    take_written(now, on_progress);
  }

  // While the process stands still. `now`: with its maps of that moment; stays the source of what
  // never changes and is not in the copy, and has to outlive it. False: see `why_not`; it has
  // written to too much in the last moment.
  bool finish(ProcessMemory& now, std::string* why_not);

  // Once it has gone on: the process is as it was before. `on_progress` as above.
  void let_go(const std::function<void()>& on_progress) { pages_->let_go(on_progress); }

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override;
  Range next_present(std::uint64_t start, std::uint64_t end) override;

  [[nodiscard]] std::uint64_t unreadable_bytes() const { return unreadable_; }

 private:
  RunningCopy() = default;
  bool add_mirror(Range range, std::vector<Mirror>* to);
  void copy_constants(pid_t process, ProcessMemory& now);
  // The bytes copied; nothing: the process is not to be seen any more.
  std::optional<std::uint64_t> take_written(ProcessMemory& now,
                                            const std::function<void()>& on_progress);
  bool catch_up(ProcessMemory& now, const std::function<void()>& on_progress);
  [[nodiscard]] std::vector<std::vector<Range>> parts_to_look_at(
      const std::vector<procfs::MemoryMapping>& maps) const;
  void look(const std::vector<Range>& parts, std::vector<Range>* written);
  [[nodiscard]] std::uint64_t much() const;

  std::unique_ptr<WrittenPages> pages_;
  std::vector<Mirror> watched_, constants_;  // ascending
  std::uint64_t copied_ = 0, unreadable_ = 0;
  std::vector<Range> present_constants_;
  // Once it is finished, ascending: what the copy answers for, and what of that there is.
  std::vector<Range> covered_, present_;
  ProcessMemory* process_ = nullptr;
};

}  // namespace memwatch::reachability
