#include "collector/daemon/consumer_rounds.h"

#include <utility>

#include "collector/analysis/call_site.h"
#include "collector/analysis/consumers.h"

namespace memwatch::daemon {

namespace {

using history::Consumer;

Consumer consumer_of(const model::Session& session, const analysis::Consumer& seen) {
  Consumer consumer;
  consumer.site = analysis::call_site(session, seen.stack);
  const model::CodeAddressId address = session.stacks[seen.stack].address;
  consumer.module = session.modules[session.code_addresses[address].module].path;
  consumer.live_bytes = seen.live_bytes;
  consumer.live_blocks = seen.live_blocks;
  consumer.allocated_bytes = seen.allocated_bytes;
  consumer.calls = seen.calls;
  consumer.peak_bytes = seen.peak_bytes;
  consumer.live_deviation = seen.live_deviation;
  return consumer;
}

// One library may be several modules, and so one site several stacks.
Consumer* same_site(std::vector<Consumer>& consumers, history::SiteId site) {
  for (Consumer& consumer : consumers) {
    if (consumer.site == site) return &consumer;
  }
  return nullptr;
}

void add(Consumer& sum, const Consumer& more) {
  sum.live_bytes += more.live_bytes;
  sum.live_blocks += more.live_blocks;
  sum.allocated_bytes += more.allocated_bytes;
  sum.calls += more.calls;
  sum.peak_bytes += more.peak_bytes;
  sum.live_deviation += more.live_deviation;  // at most
}

}  // namespace

ConsumerRounds::Mark ConsumerRounds::mark_of(const WatchedProcess& process) {
  const model::Process& facts = process.recorder().first_process();
  return {facts.heap.live_bytes, facts.totals.allocations + facts.totals.reallocations,
          facts.totals.frees};
}

void ConsumerRounds::add(const WatchedProcess& process, std::int64_t time_ms) {
  recording::Recorder& recorder = process.recorder();
  recorder.settle();
  const model::Session& session = recorder.session();
  const model::Process& facts = recorder.first_process();
  history::ConsumerRound round;
  round.process = {process.pid(), process.start_ticks(), process.names().shown};
  round.time_ms = time_ms;
  round.is_sample = facts.mode == model::Mode::sample;
  round.since_ms = process.watched_since_ms();
  round.is_whole = !process.was_joined();
  round.live_bytes = facts.heap.live_bytes;
  round.live_blocks = facts.heap.live_blocks;
  round.peak_bytes = facts.heap.peak_bytes;
  round.sites = facts.sites.size();
  std::vector<ShownSites::Seen> sites;
  for (const analysis::Consumer& seen : analysis::consuming_sites(facts, kTop)) {
    Consumer consumer = consumer_of(session, seen);
    sites.push_back({consumer.site, seen.stack});
    if (Consumer* const same = same_site(round.consumers, consumer.site)) {
      daemon::add(*same, consumer);
      continue;
    }
    if (!is_named || !is_named(consumer.site)) {
      news_.sites.push_back({consumer.site, facts.exe, recorder.innermost_frames(seen.stack)});
    }
    round.consumers.push_back(std::move(consumer));
  }
  if (on_round) on_round(process.pid(), sites);
  last_[process.pid()] = mark_of(process);
  news_.rounds.push_back(std::move(round));
}

void ConsumerRounds::look(const Processes& running, Clock::duration between, std::int64_t time_ms) {
  const auto now = Clock::now();
  turns_.set_between(between);
  std::erase_if(last_, [&](const auto& entry) { return !running.contains(entry.first); });
  for (const pid_t pid : turns_.due(running, now)) {
    const WatchedProcess& process = *running.at(pid);
    if (process.settings().mode == model::Mode::idle) continue;
    if (now - process.watched_since() < between) continue;
    const auto last = last_.find(pid);
    if (last != last_.end() && last->second == mark_of(process)) continue;
    const auto began = Clock::now();
    if (!turns_.has_time(began)) break;
    add(process, time_ms);
    turns_.judged(pid, began, Clock::now());
  }
}

void ConsumerRounds::ended(const WatchedProcess& process) {
  const auto last = last_.find(process.pid());
  if (last == last_.end()) return;
  if (last->second != mark_of(process)) add(process, 0);
  last_.erase(process.pid());
}

ConsumerNews ConsumerRounds::take(std::int64_t time_ms) {
  for (history::ConsumerRound& round : news_.rounds) {
    if (round.time_ms == 0) round.time_ms = time_ms;
  }
  return std::exchange(news_, {});
}

}  // namespace memwatch::daemon
