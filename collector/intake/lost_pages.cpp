#include "collector/intake/lost_pages.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

namespace memwatch::intake {

// One watched mapping. Kept for good and used again, so that a handler may walk the list at any
// moment. `start` 0: free.
struct Entry {
  std::atomic<std::uintptr_t> start{0}, end{0};
  std::atomic<std::uint64_t> lost{0};
  Entry* next = nullptr;  // set before the entry can be seen
};

namespace {

// Release when an entry is put in front; matched by the acquire load in find().
std::atomic<Entry*> g_entries{nullptr};
std::mutex g_changes;  // of the list; never taken by the handler
struct sigaction g_before {};

Entry* find(std::uintptr_t address) {
  for (Entry* entry = g_entries.load(std::memory_order_acquire); entry != nullptr;
       entry = entry->next) {
    // Acquire: the end belongs to this start; matched by the release store of WatchedPages().
    const std::uintptr_t start = entry->start.load(std::memory_order_acquire);
    if (start != 0 && address >= start && address < entry->end.load(std::memory_order_relaxed)) {
      return entry;
    }
  }
  return nullptr;
}

void replace_page(int, siginfo_t* info, void*) {
  static const auto page_bytes = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  Entry* entry = find(address);
  if (entry != nullptr) {
    void* page = reinterpret_cast<void*>(address & ~(page_bytes - 1));
    if (mmap(page, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == page) {
      entry->lost.fetch_add(1, std::memory_order_relaxed);  // a count, read when it is asked for
      return;
    }
  }
  // Not ours, or no memory: the access is made again and ends as it would have.
  sigaction(SIGBUS, &g_before, nullptr);
}

void install_handler() {
  struct sigaction action {};
  action.sa_sigaction = replace_page;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGBUS, &action, &g_before);
}

Entry* free_entry() {
  for (Entry* entry = g_entries.load(std::memory_order_relaxed); entry != nullptr;
       entry = entry->next) {
    if (entry->start.load(std::memory_order_relaxed) == 0) return entry;
  }
  auto* entry = new Entry;
  entry->next = g_entries.load(std::memory_order_relaxed);
  g_entries.store(entry, std::memory_order_release);
  return entry;
}

}  // namespace

WatchedPages::WatchedPages(void* start, std::size_t bytes) {
  const std::lock_guard lock(g_changes);
  static const bool installed = (install_handler(), true);
  (void)installed;
  entry_ = free_entry();
  entry_->lost.store(0, std::memory_order_relaxed);
  const auto first = reinterpret_cast<std::uintptr_t>(start);
  entry_->end.store(first + bytes, std::memory_order_relaxed);
  entry_->start.store(first, std::memory_order_release);
}

WatchedPages::~WatchedPages() {
  const std::lock_guard lock(g_changes);
  entry_->start.store(0, std::memory_order_release);
}

std::uint64_t WatchedPages::lost() const {
  return entry_->lost.load(std::memory_order_relaxed);
}

}  // namespace memwatch::intake
