// Which pages of another process have been written to since one asked, while it runs: by
// userfaultfd with asynchronous write protection, of Linux 6.7
// (Documentation/admin-guide/mm/userfaultfd.rst, pagemap.rst: PAGEMAP_SCAN). A write to a watched
// page never waits for us: the kernel notes it and lets it through, about a microsecond for each
// page and each time that one asks.
//
// The descriptor is made by a thread of the process (borrowed_call.h), which closes its own in the
// same errand: the process has none. (A child that another
// thread forks in that moment has one, of no use to it, until it executes a program or ends.) When
// ours is closed, whoever closes it, the kernel ends the watch; by let_go() that is in small steps,
// in which the process waits for no more than a millisecond where it maps memory.
//
// Writes by devices into pages that were handed to them before (O_DIRECT, io_uring's buffers) are
// not seen: data, not pointers of the program's.
//
// While they are watched, mappings do not grow together with new ones beside them: a process that
// maps a part of a mapping anew (MAP_FIXED) and moves the whole by mremap in that moment is
// refused.
//
// All calls from one thread. Linux, any processor that has a TwinCall.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/base/unique_fd.h"
#include "collector/reachability/memory.h"

namespace memwatch::reachability {

// Pages side by side and alike, of one mapping.
struct SeenPages {
  Range range;
  bool is_watched = false, is_written = false;
};

class WrittenPages {
 public:
  // Of a process that runs; one thread of it stands still for that. `call`: the address of its
  // protocol::TwinCall. `stopped_seconds` is added to. Null: see `why_not`; then all is as it was.
  static std::unique_ptr<WrittenPages> of(pid_t process, std::uint64_t call,
                                          double* stopped_seconds, std::string* why_not);
  ~WrittenPages() { let_go({}); }
  WrittenPages(const WrittenPages&) = delete;
  WrittenPages& operator=(const WrittenPages&) = delete;

  // Private anonymous memory, whole mappings. False: it cannot be watched.
  bool watch(Range range);

  // Visits what has been written to of a watched range since the last time, at the first time all
  // pages that exist, in the order of addresses, a few megabytes at most at once: what is written
  // to from the moment of the visit on is told the next time. What is mapped there anew is passed
  // over. False: the process is not to be seen any more.
  bool take_written(Range range, const std::function<void(Range)>& visit);

  // Visits all pages that exist, of a range of any mappings, ascending, and changes nothing. Of
  // those that are not watched all are written. False: the process is not to be seen any more.
  bool look(Range range, const std::function<void(const SeenPages&)>& visit);

  // All is as it was before. `on_progress`: called every millisecond or so.
  void let_go(const std::function<void()>& on_progress);

 private:
  WrittenPages(UniqueFd watch, UniqueFd page_map)
      : watch_(std::move(watch)), page_map_(std::move(page_map)) {}
  std::uint64_t next_existing(Range range, bool written_alone);

  UniqueFd watch_, page_map_;
  std::vector<Range> watched_;
};

// Visits the pages that exist of a range, whether watched or not; nothing where the kernel cannot
// tell.
void visit_existing(pid_t process, Range range, const std::function<void(Range)>& visit);

}  // namespace memwatch::reachability
