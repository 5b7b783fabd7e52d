// The writable memory of a process as it was at one moment, copied while it stood still, so that it
// need not stand still while it is looked through: a copy is memory bandwidth, the look at a heap
// of small blocks is ten times as long. Memory for it is made ready before, since touching new
// pages is slower than filling them, and two threads copy.
//
// What cannot change (read-only mappings: code, tables of functions) is read from the process
// itself. Single owner; not thread-safe. Errors: reserve() gives nothing where memory is short, and
// take() is false where the process grew beyond the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "collector/reachability/process_memory.h"

namespace memwatch::reachability {

// The parts of these mappings that may hold pointers: writable ones, and data that the loader made
// read-only after it had filled it in. Not memwatch's own segment.
std::vector<Range> changeable_ranges(const std::vector<procfs::MemoryMapping>& maps);

// How much of them was ever touched.
std::uint64_t present_bytes(ProcessMemory& process, const std::vector<Range>& ranges);

// Of the machine.
std::uint64_t available_memory();

class MemoryCopy : public Memory {
 public:
  // Room for what is there of these ranges now, and for some growth. Null: it would take more than
  // half of the memory that the system has left. `on_progress`: called now and then.
  static std::unique_ptr<MemoryCopy> reserve(ProcessMemory& process,
                                             const std::vector<Range>& ranges,
                                             const std::function<void()>& on_progress = {});
  ~MemoryCopy() override;

  // While it stands still: these ranges, ascending. `process` has its present maps, and stays the
  // source of what is not copied; it has to outlive the copy.
  bool take(ProcessMemory& process, std::vector<Range> ranges);

  std::size_t read(std::uint64_t address, void* to, std::size_t size) override;
  Range next_present(std::uint64_t start, std::uint64_t end) override;

  [[nodiscard]] std::uint64_t unreadable_bytes() const { return unreadable_; }
  // What the copy answers for, ascending.
  [[nodiscard]] const std::vector<Range>& covered() const { return covered_; }

 private:
  struct Piece {
    Range range;  // of the process
    std::uint64_t at = 0;
  };
  MemoryCopy(unsigned char* room, std::uint64_t bytes) : room_(room), room_bytes_(bytes) {}
  void copy(ProcessMemory& process);
  std::uint64_t copy_piece(ProcessMemory& process, const Piece& piece);
  [[nodiscard]] const Piece* piece_with(std::uint64_t address) const;

  unsigned char* room_;
  std::uint64_t room_bytes_, used_ = 0, unreadable_ = 0;
  std::vector<Range> covered_;  // what the copy answers for, whether it was there or not
  std::vector<Piece> pieces_;   // ascending
  ProcessMemory* process_ = nullptr;
};

}  // namespace memwatch::reachability
