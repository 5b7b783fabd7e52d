// libproc and sysctl: what the kernel tells of processes of the same user without any right to
// trace them. There is no file system to name, so `proc_root` is not looked at.
#include <libproc.h>
#include <sys/proc.h>
#include <sys/sysctl.h>

#include <cstring>

#include "collector/procfs/process_identity.h"

namespace memwatch::procfs {
namespace {

std::optional<proc_bsdinfo> basic_facts(pid_t pid) {
  proc_bsdinfo facts{};
  const int got = proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &facts, sizeof facts);
  if (got != static_cast<int>(sizeof facts)) return std::nullopt;
  return facts;
}

}  // namespace

// Microseconds since 1970, as preload/macos/kernel.cpp has it.
std::optional<std::uint64_t> process_start_ticks(pid_t pid, const std::string&) {
  const std::optional<proc_bsdinfo> facts = basic_facts(pid);
  if (!facts) return std::nullopt;
  return facts->pbi_start_tvsec * 1'000'000 + facts->pbi_start_tvusec;
}

std::optional<Executable> process_executable(pid_t pid, const std::string&) {
  char path[PROC_PIDPATHINFO_MAXSIZE];
  const int size = proc_pidpath(pid, path, sizeof path);
  if (size <= 0) return std::nullopt;
  return Executable{std::string(path, static_cast<std::size_t>(size)), false};
}

// KERN_PROCARGS2: the number of arguments, the program's path, zeroes, the arguments, each with a
// zero.
std::vector<std::string> process_command(pid_t pid, const std::string&) {
  int name[] = {CTL_KERN, KERN_PROCARGS2, pid};
  std::size_t size = 0;
  if (sysctl(name, 3, nullptr, &size, nullptr, 0) != 0) return {};
  std::string text(size, '\0');
  if (sysctl(name, 3, text.data(), &size, nullptr, 0) != 0) return {};
  text.resize(size);
  int count = 0;
  if (text.size() < sizeof count) return {};
  std::memcpy(&count, text.data(), sizeof count);
  std::size_t at = text.find('\0', sizeof count);
  at = at == std::string::npos ? at : text.find_first_not_of('\0', at);
  std::vector<std::string> command;
  while (count-- > 0 && at < text.size()) {
    const std::size_t end = text.find('\0', at);
    command.push_back(text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return command;
}

// Threads are known by the low halves of their numbers here, which the kernel cannot be asked for;
// they tell their names themselves when they claim a ring.
std::string thread_name(pid_t, pid_t, const std::string&) {
  return {};
}

std::optional<Owner> process_owner(pid_t pid, const std::string&) {
  const std::optional<proc_bsdinfo> facts = basic_facts(pid);
  if (!facts) return std::nullopt;
  return Owner{facts->pbi_ruid, facts->pbi_uid};
}

std::optional<int> zombie_wait_status(pid_t pid, const std::string&) {
  const std::optional<proc_bsdinfo> facts = basic_facts(pid);
  if (!facts || facts->pbi_status != SZOMB) return std::nullopt;
  return static_cast<int>(facts->pbi_xstatus);
}

// macOS has no such limits that it would keep.
std::optional<std::uint64_t> address_space_limit(pid_t pid, const std::string&) {
  if (!basic_facts(pid)) return std::nullopt;
  return 0;
}

std::optional<std::uint64_t> data_limit(pid_t pid, const std::string& proc_root) {
  return address_space_limit(pid, proc_root);
}

}  // namespace memwatch::procfs
