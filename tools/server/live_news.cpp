#include "tools/server/live_news.h"

#include <algorithm>
#include <utility>

#include "collector/daemon/memory_facts.h"
#include "tools/notify/alert_message.h"
#include "tools/render/breakdown_json.h"
#include "tools/render/output.h"

namespace memwatch::server {

namespace {

using daemon::ProcessStatus;

}  // namespace

void LiveNewsDesk::turn() {
  if (!stream_->has_readers()) {
    // Who comes in an hour must not be told what was an hour ago.
    changes_ = {};
    told_.clear();
    return;
  }
  if (Clock::now() < next_) return;
  next_ = Clock::now() + kBetweenLooks;
  const daemon::Status status = sources_.status();
  // Those who listened before are told what is new; what they were told holds for all.
  for (const LiveNews& news : changes_.update(status)) stream_->publish(news);
  if (stream_->has_new_readers()) {
    std::vector<LiveNews> everything = LiveChanges::everything(status);
    for (const auto& [pid, told] : told_) everything.push_back({"breakdown", told.second});
    stream_->welcome(everything);
  }
  explain_next(status);
}

void LiveNewsDesk::tell(const alerts::Notice& notice) {
  if (!stream_->has_readers()) return;
  stream_->publish(alert_news(notify::event_name(notice.kind), notice.alert));
}

std::chrono::milliseconds LiveNewsDesk::until_next(std::chrono::milliseconds at_most) const {
  if (!stream_->has_readers()) return at_most;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), at_most);
}

// The one with the next higher pid.
void LiveNewsDesk::explain_next(const daemon::Status& status) {
  const auto runs = [&status](pid_t pid) {
    return std::any_of(status.processes.begin(), status.processes.end(),
                       [pid](const ProcessStatus& p) { return p.pid == pid && p.is_running; });
  };
  std::erase_if(told_, [&](const auto& told) { return !runs(told.first); });
  if (is_explaining_ || Clock::now() < next_explanation_) return;
  pid_t next = 0, first = 0;
  for (const ProcessStatus& process : status.processes) {
    if (!process.is_running || process.live_blocks > kMostBlocks) continue;
    if (first == 0) first = process.pid;
    if (process.pid > last_explained_ && (next == 0 || process.pid < next)) next = process.pid;
  }
  const pid_t pid = next != 0 ? next : first;
  if (pid == 0) return;
  last_explained_ = pid;
  Result<daemon::Fleet::MemoryOfProcess> known = sources_.memory(pid);
  if (!known) return;
  const auto of = std::make_shared<const daemon::Fleet::MemoryOfProcess>(*std::move(known));
  is_explaining_ = sources_.work([self = self_, post = sources_.post, pid, of, now = status.now] {
    const Clock::time_point began = Clock::now();
    const auto explained = std::make_shared<Explained>();
    if (const Result<analysis::MemoryFacts> memory =
            daemon::read_memory_facts(pid, of->start_ticks)) {
      render::StringOutput output;
      explained->breakdown = analysis::break_down(of->heap, *memory);
      render::write_breakdown_json({pid, of->name, now}, *explained->breakdown, output);
      explained->text = output.text();
    }
    explained->took = Clock::now() - began;
    post([self, pid, explained] {
      if (*self != nullptr) (*self)->explained(pid, *explained);
    });
  });
}

void LiveNewsDesk::explained(pid_t pid, const Explained& explained) {
  is_explaining_ = false;
  next_explanation_ = Clock::now() + kRestPerLook * explained.took;
  // Who listened is gone: nobody is there to be told, and it will be old for who comes next.
  if (!explained.breakdown || !stream_->has_readers()) return;
  tell_breakdown(pid, explained.text, *explained.breakdown);
}

void LiveNewsDesk::tell_breakdown(pid_t pid, const std::string& text,
                                  const analysis::Breakdown& breakdown) {
  const BreakdownParts parts = parts_of(breakdown);
  const auto before = told_.find(pid);
  if (before != told_.end() && !has_changed(before->second.first, parts, breakdown.rss)) return;
  told_[pid] = {parts, text};
  stream_->publish({"breakdown", text});
}

}  // namespace memwatch::server
