#include "collector/daemon/measures.h"

#include <algorithm>
#include <map>

namespace memwatch::daemon {

namespace {

void add(LibraryShare& share, std::uint64_t live_bytes, std::uint64_t live_blocks,
         std::uint64_t peak_bytes) {
  share.live_bytes += live_bytes;
  share.live_blocks += live_blocks;
  share.peak_bytes += peak_bytes;
}

}  // namespace

ProcessMeasures measure(const model::Session& session, const model::Process& process,
                        std::size_t top) {
  ProcessMeasures measures;
  measures.pid = static_cast<pid_t>(process.pid);
  if (!process.timeline.empty()) {
    measures.last = process.timeline.back();
    measures.has_last = true;
  }
  std::vector<LibraryShare> by_module(session.modules.size());
  for (const model::Site& site : process.sites) {
    const model::CodeAddressId address = session.stacks[site.stack].address;
    add(by_module[session.code_addresses[address].module], site.live_bytes, site.live_blocks,
        site.peak_bytes);
  }
  // One file may be several modules, with and without a known build id.
  std::map<std::string_view, LibraryShare> by_path;
  for (std::size_t i = 0; i < by_module.size(); ++i) {
    const LibraryShare& share = by_module[i];
    if (share.live_bytes == 0 && share.peak_bytes == 0 && share.live_blocks == 0) continue;
    add(by_path[session.modules[i].path], share.live_bytes, share.live_blocks, share.peak_bytes);
  }
  for (auto& [path, share] : by_path) {
    share.path = path;
    measures.libraries.push_back(std::move(share));
  }
  std::stable_sort(
      measures.libraries.begin(), measures.libraries.end(),
      [](const LibraryShare& a, const LibraryShare& b) { return a.live_bytes > b.live_bytes; });
  while (measures.libraries.size() > top) {
    const LibraryShare& last = measures.libraries.back();
    add(measures.others, last.live_bytes, last.live_blocks, last.peak_bytes);
    measures.libraries.pop_back();
  }
  return measures;
}

}  // namespace memwatch::daemon
