// A few threads for one step of the scan, and how many are worth it. Threads are the collector's,
// never the target's; the caller's is one of them, and all have ended when run() returns, which is
// also what makes visible to the caller what the others wrote (std::thread's join). Where a thread
// cannot be started, the caller does its share. What a share throws is thrown again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

namespace memwatch::reachability {

// The program that is looked at wants to run as well, and two read memory about as fast as it goes.
inline constexpr unsigned kMostThreads = 2;

// For so many bytes of blocks: to start a thread costs as much as a look at 100 KiB.
inline unsigned threads_worth(std::uint64_t bytes) {
  constexpr std::uint64_t kWorthAThread = std::uint64_t{16} << 20;
  if (bytes < kWorthAThread) return 1;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
}

// share(0) by the caller's thread, share(1) … by others.
inline void run_crew(unsigned threads, const std::function<void(unsigned)>& share) {
  std::vector<std::exception_ptr> thrown(threads);
  const auto guarded = [&](unsigned number) {
    try {
      share(number);
    } catch (...) {
      thrown[number] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(threads);
  unsigned started = 1;
  try {
    for (; started < threads; ++started) others.emplace_back(guarded, started);
  } catch (const std::system_error&) {  // the caller does the rest
  }
  guarded(0);
  for (; started < threads; ++started) guarded(started);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& exception : thrown) {
    if (exception) std::rethrow_exception(exception);
  }
}

}  // namespace memwatch::reachability
