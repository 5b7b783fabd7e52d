#include "collector/intake/registry.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>

#include "collector/intake/segment.h"
#include "collector/intake/segment_object.h"
#include "collector/procfs/process_identity.h"
#include "shared/rendezvous.h"

namespace memwatch::intake {

namespace {

template <typename T>
bool take_number(std::string_view& text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != '.') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

// Anybody may put a file of any name into a directory such as /dev/shm. A segment is believed if it
// is a plain file of the caller's own, or (for root) of the user the process belongs to, and nobody
// else may open it.
bool is_genuine(const SegmentName& segment) {
  struct stat status {};
  if (lstat((segment_directory() + "/" + segment.name).c_str(), &status) != 0 ||
      !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 || status.st_uid != segment.uid) {
    return false;
  }
  if (status.st_uid == geteuid()) return true;
  const auto owner = procfs::process_owner(segment.pid);
  return owner && (owner->real == status.st_uid || owner->effective == status.st_uid);
}

bool is_alive(const SegmentName& segment) {
  return procfs::process_start_ticks(segment.pid) == segment.start_time;
}

}  // namespace

std::vector<SegmentName> segment_names() {
  struct Close {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  std::vector<SegmentName> segments;
  const std::unique_ptr<DIR, Close> directory(opendir(segment_directory().c_str()));
  if (directory == nullptr) return segments;
  while (const dirent* entry = readdir(directory.get())) {
    SegmentName parsed;
    if (!parse_segment_name(entry->d_name, &parsed)) continue;
    if (parsed.uid == geteuid() || geteuid() == 0) segments.push_back(std::move(parsed));
  }
  std::sort(segments.begin(), segments.end(),
            [](const SegmentName& a, const SegmentName& b) { return a.pid < b.pid; });
  return segments;
}

bool is_living(const SegmentName& segment) {
  return is_alive(segment) && is_genuine(segment);
}

bool parse_segment_name(const std::string& name, SegmentName* parsed) {
  std::string_view text = name;
  constexpr std::string_view kPrefix = protocol::kSegmentPrefix;
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  if (!take_number(text, &parsed->uid) || !take_number(text, &parsed->pid) ||
      !take_number(text, &parsed->start_time)) {
    return false;
  }
  parsed->name = name;
  return text.size() == 16 && parsed->pid > 0 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<SegmentName> living_segments() {
  std::vector<SegmentName> segments = segment_names();
  std::erase_if(segments, [](const SegmentName& segment) { return !is_living(segment); });
  return segments;
}

void sweep_stale_segments() {
  for (const SegmentName& segment : segment_names()) {
    if (segment.uid != geteuid() || is_alive(segment)) continue;
    // A collector that is still reading the last records removes the name itself.
    const Result<Segment> opened = Segment::open(segment.name);
    if (opened && collector_in_charge(*opened) != 0) continue;
    SegmentObject::remove(segment.name);
  }
}

}  // namespace memwatch::intake
