#include "tools/top/process_table.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tools/render/status_words.h"

namespace memwatch::top {

namespace {

using daemon::ProcessStatus;

bool are_the_same(const ProcessStatus& a, const ProcessStatus& b) {
  return a.pid == b.pid && a.start_ticks == b.start_ticks && a.name == b.name &&
         a.source == b.source;
}

}  // namespace

void ProcessTable::update(daemon::Status status) {
  // Times are the daemon's own: an answer that was long on its way changes no rate.
  const double passed = status.uptime - status_.uptime;
  const bool is_same_daemon = status.pid == status_.pid && passed >= 0;
  std::map<pid_t, const Row*> before;
  for (const Row& row : rows_) before.emplace(row.process.pid, &row);
  std::vector<Row> rows;
  for (ProcessStatus& process : status.processes) {
    if (!process.is_running) continue;
    Row row{std::move(process), std::nullopt};
    const auto earlier = before.find(row.process.pid);
    const std::uint64_t allocations = row.process.totals.allocations;
    if (row.process.source == daemon::Source::recorded && is_same_daemon &&
        earlier != before.end() && are_the_same(earlier->second->process, row.process) &&
        allocations >= earlier->second->process.totals.allocations) {
      const std::uint64_t more = allocations - earlier->second->process.totals.allocations;
      // Two answers within the same instant tell nothing new.
      row.rate = passed > 0 ? static_cast<double>(more) / passed : earlier->second->rate;
    }
    rows.push_back(std::move(row));
  }
  status.processes.clear();
  status_ = std::move(status);
  const pid_t chosen = chosen_row() != nullptr ? chosen_row()->process.pid : 0;
  rows_ = std::move(rows);
  sort();
  const auto kept = std::find_if(rows_.begin(), rows_.end(),
                                 [&](const Row& row) { return row.process.pid == chosen; });
  if (kept != rows_.end()) chosen_ = static_cast<std::size_t>(kept - rows_.begin());
  move(0);
}

void ProcessTable::sort_by(SortKey key) {
  reversed_ = key == key_ && !reversed_;
  key_ = key;
  const pid_t chosen = chosen_row() != nullptr ? chosen_row()->process.pid : 0;
  sort();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].process.pid == chosen) chosen_ = i;
  }
}

void ProcessTable::sort() {
  const auto comes_first = [this](const Row& a, const Row& b) {
    const ProcessStatus &p = a.process, &q = b.process;
    switch (key_) {
      case SortKey::heap: {
        const auto heap = [](const ProcessStatus& of) {
          return std::pair(render::knows_heap(of), of.live_bytes);
        };
        return heap(p) > heap(q);
      }
      case SortKey::rss:
        return p.rss > q.rss;
      case SortKey::rate:
        return a.rate.value_or(-1) > b.rate.value_or(-1);
      case SortKey::pid:
        return p.pid < q.pid;
      case SortKey::name:
        return p.name < q.name;
    }
    return false;
  };
  // Equal ones by pid, so that rows do not change places for nothing.
  std::sort(rows_.begin(), rows_.end(),
            [](const Row& a, const Row& b) { return a.process.pid < b.process.pid; });
  std::stable_sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) {
    return reversed_ ? comes_first(b, a) : comes_first(a, b);
  });
}

const Row* ProcessTable::chosen_row() const {
  return chosen_ < rows_.size() ? &rows_[chosen_] : nullptr;
}

void ProcessTable::move(long rows) {
  const long last = static_cast<long>(rows_.size()) - 1;
  const long wanted = static_cast<long>(chosen_) + rows;
  chosen_ = static_cast<std::size_t>(std::max(0L, std::min(wanted, last)));
}

}  // namespace memwatch::top
