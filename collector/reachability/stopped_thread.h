// One thread of another process that stands still, with its registers. To be read by the thread
// that stopped it. Linux, x86-64 registers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace memwatch::reachability {

struct StoppedThread {
  pid_t tid = 0;
  bool has_registers = false;
  bool is_plain_stop = false;  // for us alone, with no signal under way
  std::uint64_t stack_pointer = 0, thread_pointer = 0, instruction = 0;
  std::int64_t system_call = -1;         // that it is in, by number
  std::vector<std::uint64_t> registers;  // general registers, and what may be pointers in others
  int held_signal = 0;                   // to be delivered when it goes on
};

// As ptrace tells them. They stay unknown where it does not.
void read_registers(StoppedThread& thread);

}  // namespace memwatch::reachability
