// Reading another process leaves its memory as it is.
#include "collector/reachability/process_memory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace memwatch::reachability {
namespace {

constexpr std::size_t kBytes = std::size_t{16} << 20;

// Of the mapping that begins there, in bytes: what is the process's alone, "Private_Clean" (a page
// that was copied to be read) and "Private_Dirty".
std::uint64_t private_bytes(pid_t process, const void* start) {
  std::ostringstream head;
  head << std::hex << reinterpret_cast<std::uint64_t>(start) << '-';
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps");
  bool is_it = false;
  std::uint64_t bytes = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find("-") < line.find(" ") && line.find(':') > line.find(' ')) {
      is_it = line.starts_with(head.str());
    }
    if (!is_it || !line.starts_with("Private_")) continue;
    if (line.starts_with("Private_Hugetlb:")) return bytes;
    bytes += std::stoull(line.substr(line.find(':') + 1)) * 1024;
  }
  return UINT64_MAX;
}

TEST(ProcessMemory, WhatAForkedChildSharesStaysShared) {
  // A mapping of its own: between two that may not be touched.
  void* const fence = mmap(nullptr, kBytes + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(fence, MAP_FAILED);
  auto* const shared = static_cast<unsigned char*>(fence) + 4096;
  ASSERT_EQ(mprotect(shared, kBytes, PROT_READ | PROT_WRITE), 0);
  madvise(shared, kBytes, MADV_NOHUGEPAGE);
  std::memset(shared, 7, kBytes);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    for (;;) pause();
  }
  ProcessMemory memory(child, -1, procfs::read_memory_maps(child));
  std::vector<unsigned char> got(kBytes);
  const auto start = reinterpret_cast<std::uint64_t>(shared);
  EXPECT_EQ(memory.read(start, got.data(), kBytes), kBytes) << memory.why_unreadable();
  EXPECT_EQ(got, std::vector<unsigned char>(kBytes, 7));
  EXPECT_EQ(private_bytes(child, shared), 0U);
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  munmap(fence, kBytes + 8192);
}

}  // namespace
}  // namespace memwatch::reachability
