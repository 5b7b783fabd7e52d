#include "collector/daemon/shown_sites.h"

#include <algorithm>
#include <set>
#include <utility>

namespace memwatch::daemon {

using history::SiteId;

namespace {

template <typename Places>
auto find_site(Places& places, SiteId site) {
  return std::find_if(places.begin(), places.end(),
                      [site](const auto& place) { return place.site == site; });
}

template <typename Places>
bool has_site(const Places& places, SiteId site) {
  return find_site(places, site) != places.end();
}

// Whose place can be taken, or the end.
template <typename OfProcess>
auto left_the_round(OfProcess& process) {
  return std::find_if(process.shown.begin(), process.shown.end(), [&process](const auto& place) {
    return !has_site(process.latest, place.site);
  });
}

}  // namespace

bool ShownSites::has_place(const OfProcess& process) const {
  if (process.ever >= kEverOfProcess) return false;
  return (process.shown.size() < kOfProcess && shown_in_all_ < kInAll) ||
         left_the_round(process) != process.shown.end();
}

ShownSites::Place& ShownSites::make_place(OfProcess& process) {
  if (process.shown.size() < kOfProcess && shown_in_all_ < kInAll) {
    ++shown_in_all_;
    return process.shown.emplace_back();
  }
  return *left_the_round(process);
}

void ShownSites::fill(OfProcess& process) {
  const std::size_t count = std::min(process.latest.size(), kOfProcess);
  for (std::size_t i = 0; i < count; ++i) {
    const Place& candidate = process.latest[i];
    if (has_site(process.shown, candidate.site) || !labels_.contains(candidate.site)) continue;
    if (!has_place(process)) return;
    make_place(process) = candidate;
    ++process.ever;
  }
}

void ShownSites::look(pid_t pid, std::span<const Seen> round) {
  OfProcess& process = processes_[pid];
  process.latest.clear();
  for (const Seen& seen : round) {
    auto place = find_site(process.latest, seen.site);
    if (place == process.latest.end()) {
      place = process.latest.insert(place, {seen.site, {}});
    }
    place->stacks.push_back(seen.stack);
  }
  for (Place& shown : process.shown) {
    const auto now = find_site(process.latest, shown.site);
    if (now == process.latest.end()) continue;
    for (const model::StackId stack : now->stacks) {
      if (std::find(shown.stacks.begin(), shown.stacks.end(), stack) == shown.stacks.end()) {
        shown.stacks.push_back(stack);
      }
    }
  }
  fill(process);
  drop_unused_labels();
}

void ShownSites::forget(pid_t pid) {
  const auto at = processes_.find(pid);
  if (at == processes_.end()) return;
  shown_in_all_ -= at->second.shown.size();
  processes_.erase(at);
  drop_unused_labels();
}

std::vector<SiteId> ShownSites::nameless() const {
  std::set<SiteId> sites;
  for (const auto& [pid, process] : processes_) {
    if (!has_place(process)) continue;
    const std::size_t count = std::min(process.latest.size(), kOfProcess);
    for (std::size_t i = 0; i < count && sites.size() < kMostNameless; ++i) {
      if (!labels_.contains(process.latest[i].site)) sites.insert(process.latest[i].site);
    }
  }
  return {sites.begin(), sites.end()};
}

void ShownSites::name(Labels labels) {
  labels_.merge(std::move(labels));
  for (auto& [pid, process] : processes_) fill(process);
  drop_unused_labels();
}

void ShownSites::drop_unused_labels() {
  std::set<SiteId> used;
  for (const auto& [pid, process] : processes_) {
    for (const Place& place : process.shown) used.insert(place.site);
  }
  std::erase_if(labels_, [&used](const auto& entry) { return !used.contains(entry.first); });
}

void ShownSites::measure(const model::Process& process, ProcessMeasures* measures) const {
  const auto at = processes_.find(static_cast<pid_t>(process.pid));
  if (at == processes_.end() || at->second.shown.empty()) return;
  std::vector<std::pair<model::StackId, std::size_t>> stacks;
  for (const Place& place : at->second.shown) {
    for (const model::StackId stack : place.stacks) {
      stacks.emplace_back(stack, measures->sites.size());
    }
    SiteShare share;
    share.site = place.site;
    share.label = labels_.at(place.site);
    measures->sites.push_back(std::move(share));
  }
  std::sort(stacks.begin(), stacks.end());
  for (const model::Site& site : process.sites) {
    const auto found = std::lower_bound(stacks.begin(), stacks.end(),
                                        std::pair<model::StackId, std::size_t>(site.stack, 0));
    const bool is_shown = found != stacks.end() && found->first == site.stack;
    SiteShare& share = is_shown ? measures->sites[found->second] : measures->other_sites;
    share.live_bytes += site.live_bytes;
    share.live_blocks += site.live_blocks;
  }
}

}  // namespace memwatch::daemon
