#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "collector/procfs/text.h"
#include "collector/reachability/borrowed_call.h"
#include "collector/reachability/written_pages.h"

namespace memwatch::reachability {

namespace {

// include/uapi/linux/fs.h and userfaultfd.h of Linux 6.7, which older headers lack.
struct PageRegion {
  std::uint64_t start, end, categories;
};
struct ScanArguments {
  std::uint64_t size, flags, start, end, walk_end, regions, region_count, most_pages;
  std::uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
constexpr unsigned long kPageMapScan = _IOWR('f', 16, ScanArguments);
constexpr std::uint64_t kProtectMatching = 1;                               // PM_SCAN_…
constexpr std::uint64_t kWatched = 1, kWritten = 2;                         // PAGE_IS_…
constexpr std::uint64_t kPresent = 8, kSwapped = 16;                        // as well
constexpr std::uint64_t kAsynchronous = 1U << 15, kUnpopulated = 1U << 13;  // UFFD_FEATURE_WP_…
constexpr int kUserModeOnly = 1;  // UFFD_USER_MODE_ONLY: allowed to everyone

// A few huge pages: read in a millisecond, and no huge page is cut at its ends.
constexpr std::uint64_t kWindow = std::uint64_t{4} << 20;
constexpr std::uint64_t kStep = std::uint64_t{16} << 20;

using Regions = std::array<PageRegion, kWindow / 4096>;

UniqueFd open_page_map(pid_t process) {
  const std::string path = procfs::process_path("/proc", process, "pagemap");
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// The number of regions, or -1. `walked`: as far as they are told.
int scan(int page_map, std::uint64_t flags, Range range, std::uint64_t mask, PageRegion* regions,
         std::size_t count, std::uint64_t most_pages, std::uint64_t* walked) {
  ScanArguments arguments{};
  arguments.size = sizeof arguments;
  arguments.flags = flags;
  arguments.start = range.start;
  arguments.end = range.end;
  arguments.regions = reinterpret_cast<std::uint64_t>(regions);
  arguments.region_count = count;
  arguments.most_pages = most_pages;
  arguments.category_mask = mask;
  arguments.category_anyof_mask = kPresent | kSwapped;
  arguments.return_mask = kWatched | kWritten;
  const int got = ioctl(page_map, kPageMapScan, &arguments);
  *walked = arguments.walk_end;
  return got;
}

// All pages that exist. False: the kernel does not tell.
bool visit_regions(int page_map, Range range, const std::function<void(const SeenPages&)>& visit) {
  Regions regions;
  for (std::uint64_t at = range.start; at < range.end;) {
    const int got = scan(page_map, 0, {at, range.end}, 0, regions.data(), regions.size(), 0, &at);
    if (got < 0) return false;
    // Of more than 512 the kernel may tell the end of an earlier part (Linux 6.18).
    if (got > 0) at = std::max(at, regions[static_cast<std::size_t>(got) - 1].end);
    for (int i = 0; i < got; ++i) {
      const PageRegion& region = regions[static_cast<std::size_t>(i)];
      visit({{region.start, region.end},
             (region.categories & kWatched) != 0,
             (region.categories & kWritten) != 0});
    }
  }
  return true;
}

bool is_asynchronous(int watch) {
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = kAsynchronous | kUnpopulated;
  return ioctl(watch, UFFDIO_API, &api) == 0;
}

bool is_known_here() {
  const UniqueFd own(
      static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly)));
  return own.is_open() && is_asynchronous(own.get());
}

// Two watches of one range there cannot be, and the program's has to be possible.
bool has_own(pid_t process) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(procfs::process_path("/proc", process, "fd"), error),
       end;
       !error && at != end; at.increment(error)) {
    std::array<char, 64> target{};
    const ssize_t size = readlink(at->path().c_str(), target.data(), target.size());
    if (size > 0 &&
        std::string_view(target.data(), static_cast<std::size_t>(size)).find("userfaultfd") !=
            std::string_view::npos) {
      return true;
    }
  }
  return false;
}

UniqueFd copy_of_descriptor(pid_t process, int descriptor) {
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!handle.is_open()) return {};
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, handle.get(), descriptor, 0)));
}

void unregister(int watch, Range range) {
  uffdio_range whole{range.start, range.end - range.start};
  // Fails where nothing is mapped there any more.
  if (ioctl(watch, UFFDIO_UNREGISTER, &whole) != 0) return;
}

}  // namespace

std::unique_ptr<WrittenPages> WrittenPages::of(pid_t process, std::uint64_t call,
                                               double* stopped_seconds, std::string* why_not) {
  if (!is_known_here()) {
    *why_not = "it needs Linux 6.7, and that userfaultfd is allowed";
    return nullptr;
  }
  if (has_own(process)) {
    *why_not = "it uses userfaultfd itself";
    return nullptr;
  }
  UniqueFd page_map = open_page_map(process);
  UniqueFd watch;
  SystemCall make;
  make.number = SYS_userfaultfd;
  make.arguments = {O_CLOEXEC | O_NONBLOCK | kUserModeOnly};
  make.on_descriptor = [&](int descriptor) { watch = copy_of_descriptor(process, descriptor); };
  StoppedThreads one;
  *why_not = one.stop_one(process);
  if (!why_not->empty()) return nullptr;
  // The only one: it was chosen so that it can be borrowed.
  const BorrowedCall done = call_in(process, one.threads().front(), call, make);
  one.go_on();
  if (one.until() > one.since()) {
    *stopped_seconds += std::chrono::duration<double>(one.until() - one.since()).count();
  }
  if (!page_map.is_open() || !watch.is_open() || !is_asynchronous(watch.get())) {
    *why_not = done.why_not.empty() ? "the system refused" : done.why_not;
    return nullptr;
  }
  return std::unique_ptr<WrittenPages>(new WrittenPages(std::move(watch), std::move(page_map)));
}

bool WrittenPages::watch(Range range) {
  uffdio_register wanted{};
  wanted.range = {range.start, range.end - range.start};
  wanted.mode = UFFDIO_REGISTER_MODE_WP;
  if (ioctl(watch_.get(), UFFDIO_REGISTER, &wanted) != 0) return false;
  watched_.push_back(range);
  return true;
}

// The range's end: none.
std::uint64_t WrittenPages::next_existing(Range range, bool written_alone) {
  PageRegion first{};
  std::uint64_t walked = 0;
  const int got =
      scan(page_map_.get(), 0, range, written_alone ? kWritten : 0, &first, 1, 1, &walked);
  return got > 0 ? first.start : range.end;
}

bool WrittenPages::take_written(Range range, const std::function<void(Range)>& visit) {
  Regions regions;
  for (std::uint64_t at = next_existing(range, true); at < range.end;
       at = next_existing({at, range.end}, true)) {
    Range window{at, std::min(range.end, (at / kWindow + 1) * kWindow)};
    // One that is huge begins before what was found of it.
    window.start = std::max(range.start, at / kWindow * kWindow);
    const int got = scan(page_map_.get(), kProtectMatching, window, kWritten, regions.data(),
                         regions.size(), 0, &window.start);
    if (got < 0) return false;
    for (int i = 0; i < got; ++i) {
      visit({regions[static_cast<std::size_t>(i)].start, regions[static_cast<std::size_t>(i)].end});
    }
    at = window.end;
    if (at >= range.end) break;
  }
  return true;
}

bool WrittenPages::look(Range range, const std::function<void(const SeenPages&)>& visit) {
  return visit_regions(page_map_.get(), range, visit);
}

void WrittenPages::let_go(const std::function<void()>& on_progress) {
  for (const Range& range : watched_) {
    // From one end to the other, so that there is never more than one mapping in two parts. Holes
    // cost nothing.
    for (std::uint64_t at = range.start; at < range.end;) {
      const std::uint64_t filled = next_existing({at, range.end}, false);
      const std::uint64_t until = std::min(range.end, (filled / kStep + 1) * kStep);
      unregister(watch_.get(), {at, until});
      at = until;
      if (on_progress) on_progress();
    }
  }
  watched_.clear();
  watch_.reset();
}

void visit_existing(pid_t process, Range range, const std::function<void(Range)>& visit) {
  visit_regions(open_page_map(process).get(), range,
                [&](const SeenPages& pages) { visit(pages.range); });
}

}  // namespace memwatch::reachability
