#include "tools/server/profile_delta.h"

#include <utility>
#include <vector>

namespace memwatch::server {

ProfileStart start_of(const model::Session& session) {
  const model::Process& process = session.processes.front();
  ProfileStart start;
  start.session_start = session.started_at;
  start.pid = process.pid;
  start.at = process.duration;
  for (const model::Site& site : process.sites) start.sites.emplace(site.stack, site);
  return start;
}

bool subtract(const ProfileStart& start, model::Session& session) {
  model::Process& process = session.processes.front();
  // The same number, copied: no rounding is between them.
  if (session.started_at != start.session_start || process.pid != start.pid) return false;
  std::vector<model::Site> changed;
  for (model::Site site : process.sites) {
    if (const auto before = start.sites.find(site.stack); before != start.sites.end()) {
      site.allocations -= before->second.allocations;
      site.reallocations -= before->second.reallocations;
      site.allocated_bytes -= before->second.allocated_bytes;
      site.live_blocks -= before->second.live_blocks;
      site.live_bytes -= before->second.live_bytes;
    }
    if (site.allocations != 0 || site.reallocations != 0 || site.allocated_bytes != 0 ||
        site.live_blocks != 0 || site.live_bytes != 0) {
      changed.push_back(site);
    }
  }
  process.sites = std::move(changed);
  process.start += start.at;
  process.duration -= start.at;
  return true;
}

}  // namespace memwatch::server
