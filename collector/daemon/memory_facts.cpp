#include "collector/daemon/memory_facts.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "collector/procfs/process_identity.h"
#include "collector/procfs/process_list.h"
#include "collector/procfs/process_sample.h"
#include "collector/procfs/text.h"

namespace memwatch::daemon {

namespace {

// So many pages are looked up, 64 GiB; beyond that they are taken to be spread evenly.
constexpr std::uint64_t kMostPages = std::uint64_t{16} << 20;
constexpr std::uint64_t kPage = 4096;

// The last but one word of /proc/PID/task/TID/syscall; nothing of a thread that runs just now.
std::optional<std::uint64_t> stack_pointer_of(pid_t pid, pid_t tid) {
  const auto text = procfs::read_text("/proc/" + std::to_string(pid) + "/task/" +
                                      std::to_string(tid) + "/syscall");
  if (!text) return std::nullopt;
  std::string_view rest = *text, word, last, before;
  while (procfs::next_word(rest, word)) {
    before = last;
    last = word;
  }
  if (!before.starts_with("0x")) return std::nullopt;
  before.remove_prefix(2);
  std::uint64_t pointer = 0;
  const auto [end, error] =
      std::from_chars(before.data(), before.data() + before.size(), pointer, 16);
  if (error != std::errc{} || end != before.data() + before.size()) return std::nullopt;
  return pointer;
}

}  // namespace

Result<analysis::MemoryFacts> read_memory_facts(pid_t pid, std::uint64_t start_ticks) {
  analysis::MemoryFacts facts;
  const std::string subject = "process " + std::to_string(pid);
  const Error ended{ErrorKind::not_found, "look at the memory", subject, "it has ended", {}};
  auto mappings = procfs::read_smaps(pid);
  if (!mappings) {
    if (procfs::process_start_ticks(pid) != start_ticks) return ended;
    return system_error("look at the memory", subject + ": /proc/PID/smaps", EACCES);
  }
  facts.mappings = *std::move(mappings);
  const procfs::PageMap page_map(pid);
  facts.has_pages = page_map.is_open();
  std::uint64_t looked_at = 0;
  for (const auto& [mapping, rss, swap] : facts.mappings) {
    const std::uint64_t size = mapping.end - mapping.start;
    if (mapping.is_file() || rss == 0 || rss == size) continue;
    looked_at += size / kPage;
    if (looked_at > kMostPages) break;
    if (auto pages = page_map.read(mapping.start, mapping.end)) {
      facts.pages.push_back(*std::move(pages));
    }
  }
  for (const pid_t tid : procfs::threads_of_process(pid)) {
    if (const auto pointer = stack_pointer_of(pid, tid)) facts.stack_pointers.push_back(*pointer);
  }
  if (const auto status = procfs::read_text(procfs::process_path("/proc", pid, "status"))) {
    if (const auto value = procfs::find_value(*status, "VmPTE")) {
      facts.page_tables = procfs::parse_kilobytes(*value).value_or(0);
    }
  }
  if (const auto sample = procfs::sample_process(pid)) {
    facts.vms = sample->vms;
    facts.minor_faults = sample->minor_faults;
    facts.major_faults = sample->major_faults;
  }
  // Asked last: whoever still is that process was it all the time.
  if (procfs::process_start_ticks(pid) != start_ticks) return ended;
  return facts;
}

}  // namespace memwatch::daemon
