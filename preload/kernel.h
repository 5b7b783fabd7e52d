// What the recorder needs of the system it runs on: one header, a twin for each. Everything here
// leaves errno alone, takes no lock, allocates nothing, and is callable from anywhere: before libc
// is ready, in signal handlers, in forked children. None of it is needed per event.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace memwatch::preload {

std::uint32_t own_pid();
std::uint32_t effective_user();

// What names a process for good, together with its pid; 0 where it cannot be told. The collector
// has it from the kernel too (collector/procfs/process_identity), in the same unit.
std::uint64_t own_start_time();

// The calling thread; 0 is nobody.
std::uint32_t own_thread_id();
// Does this process have a thread of this id that has not ended?
bool is_thread_alive(std::uint32_t thread);
// Its name, sixteen bytes with a zero at the end; empty where there is none.
void read_thread_name(std::uint64_t (&name)[2]);

// Milliseconds that pass alike in all processes of the machine (CLOCK_MONOTONIC).
std::uint64_t monotonic_ms();
void sleep_ns(long nanoseconds);
// Lets others run.
void yield();
// Until the word is changed and its waiters are woken, or the time has passed.
void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value, long at_most_ns);

// 0 where the system has none to give now.
std::uint64_t random_word();

// The most that was resident at once since the process began, earlier images of it (before an exec)
// included; bytes.
std::uint64_t peak_resident_bytes();

// Of memory, as the system hands it out.
std::uintptr_t page_bytes();
// Zeroed private memory, untouched pages cost nothing; nullptr when the system refuses.
void* map_memory(std::size_t bytes);
// Whole pages of any mapping …
void unmap_memory(void* from, std::size_t bytes);
// … and private memory, zeroed, in their place.
void replace_memory(void* from, std::size_t bytes);
// Pages of private memory become what they were: zeroes that cost nothing.
void empty_memory(void* from, std::size_t bytes);

// No signal handler of the calling thread runs in the scope's life: for the few moments in which
// one must not find the shim half made.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  std::uint64_t before_ = 0;
};

}  // namespace memwatch::preload
