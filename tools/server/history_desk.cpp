#include "tools/server/history_desk.h"

#include <chrono>
#include <utility>

#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::server {

namespace {

using history::SiteId;

constexpr std::size_t kMostSettled = 20'000, kMostStacks = 200;
constexpr std::int64_t kDayMs = 24 * 3'600'000;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Function function_named(std::string_view name) {
  for (std::uint32_t i = 0; i < kFunctionCount; ++i) {
    const auto function = static_cast<Function>(i);
    if (function_name(function) == name) return function;
  }
  return Function::none;
}

// Names of templates are as long as a page.
constexpr std::size_t kMostName = 100;

daemon::ShownSites::Labels labels_of(const std::map<SiteId, history::SiteName>& names) {
  daemon::ShownSites::Labels labels;
  for (const auto& [site, name] : names) {
    labels[site] = {render::shorten_function(render::printable(name.function), kMostName),
                    name.module};
  }
  return labels;
}

}  // namespace

void HistoryDesk::start() {
  history::Question latest;
  latest.since_ms = wall_ms() - kDayMs;
  latest.count = 2 * daemon::EventLog::kMaxEvents;  // releases are among them
  parts_.history().find_operations(latest, [self = self_, calls = &parts_.calls](auto found) {
    if (!found) return;  // the history has told why
    calls->add([self, operations = *std::move(found)] {
      if (*self != nullptr) (*self)->restore(operations);
    });
  });
}

void HistoryDesk::restore(const std::vector<history::Operation>& operations) {
  const auto now = daemon::EventLog::Clock::now();
  const std::int64_t now_ms = wall_ms();
  std::vector<daemon::EventLog::Earlier> events;
  for (const history::Operation& operation : operations) {
    if (operation.kind == history::OperationKind::release) continue;
    daemon::Event event;
    event.kind = operation.kind == history::OperationKind::failure ? daemon::Event::Kind::failure
                                                                   : daemon::Event::Kind::large;
    event.pid = operation.process.pid;
    event.tid = operation.tid;
    event.name = operation.process.name;
    event.function = function_named(operation.function);
    event.size = operation.size;
    event.error_number = operation.error_number;
    events.push_back(
        {std::move(event), now - std::chrono::milliseconds(now_ms - operation.time_ms)});
  }
  parts_.fleet.restore(std::move(events));
}

void HistoryDesk::look(std::int64_t time_ms) {
  history::Batch batch(parts_.fleet.samples(time_ms));
  batch.operations = parts_.fleet.take_operations();
  daemon::ConsumerNews news =
      parts_.fleet.consumers(time_ms, [this](SiteId site) { return settled_.contains(site); });
  batch.rounds = std::move(news.rounds);
  if (batch.rounds.empty()) return parts_.history().add(std::move(batch));
  if (stacks_.size() >= kMostStacks) stacks_.clear();  // of what could not be written
  for (daemon::SiteFrames& site : news.sites) {
    if (stacks_.size() >= kMostStacks) break;  // the next round brings it again
    stacks_[site.site] = {std::move(site.program), std::move(site.frames)};
  }
  std::vector<SiteId> sites;
  for (const history::ConsumerRound& round : batch.rounds) {
    for (const history::Consumer& consumer : round.consumers) sites.push_back(consumer.site);
  }
  parts_.history().add(std::move(batch), [self = self_, calls = &parts_.calls,
                                          sites = std::move(sites)](const auto& unnamed) {
    calls->add([self, sites, unnamed] {
      if (*self != nullptr) (*self)->written(sites, unnamed);
    });
  });
}

void HistoryDesk::written(const std::vector<SiteId>& sites, const std::vector<SiteId>& unnamed) {
  if (settled_.size() > kMostSettled) settled_.clear();
  settled_.insert(sites.begin(), sites.end());
  std::vector<notify::UnnamedStack> stacks;
  std::vector<SiteId> wanted;
  for (const SiteId site : unnamed) {
    auto stack = stacks_.extract(site);
    if (stack.empty()) {  // in a new file: it comes again, with its stack
      settled_.erase(site);
      continue;
    }
    wanted.push_back(site);
    stacks.push_back(std::move(stack.mapped()));
  }
  for (const SiteId site : sites) stacks_.erase(site);  // named by an earlier daemon
  name_shown();
  if (wanted.empty()) return;
  locator_.add(std::move(stacks), [self = self_, calls = &parts_.calls,
                                   wanted = std::move(wanted)](notify::Locator::Names names) {
    calls->add([self, wanted, names = std::move(names)] {
      if (*self != nullptr) (*self)->named(wanted, names);
    });
  });
}

// Those that could not be found out stay without a name until the daemon is started again.
void HistoryDesk::named(const std::vector<SiteId>& sites, notify::Locator::Names names) {
  if (!names) return;
  std::vector<std::pair<SiteId, history::SiteName>> pairs;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    pairs.emplace_back(sites[i], std::move((*names)[i]));
  }
  parts_.history().name_sites(std::move(pairs));
  name_shown();
}

void HistoryDesk::name_shown() {
  std::vector<SiteId> sites = parts_.fleet.nameless_sites();
  if (sites.empty()) return;
  parts_.history().find_names(
      std::move(sites), [self = self_, calls = &parts_.calls](history::History::NameAnswer found) {
        if (!found) return;  // the history has told why
        calls->add([self, names = *std::move(found)] {
          if (*self != nullptr) (*self)->parts_.fleet.name_sites(labels_of(names));
        });
      });
}

}  // namespace memwatch::server
