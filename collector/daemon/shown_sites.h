// Which sites of each process stand in the metrics by name. What is scraped becomes a series that a
// database keeps, so the choice is small and sluggish where a ranking of consumers is neither:
//
//   comes in   among the kOfProcess largest of a round of consumers, once its name is known, and
//              there is a place: a free one, or that of a site that is no longer in the round
//   stays      until another one needs its place, also while nothing of it is live
//   bounds     kOfProcess of a process at a time, kEverOfProcess in all its time, kInAll of all
//              processes together: who comes first
//
// What is not shown is summed. Its owner looks names up; only those that are shown are kept.
// One owner, not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/daemon/measures.h"
#include "collector/history/consumer.h"
#include "collector/model/session.h"

namespace memwatch::daemon {

class ShownSites {
 public:
  static constexpr std::size_t kOfProcess = 10, kEverOfProcess = 100, kInAll = 500;

  // Of a round, largest first. One site may be several stacks.
  struct Seen {
    history::SiteId site = 0;
    model::StackId stack = model::kNone;
  };
  void look(pid_t pid, std::span<const Seen> round);
  void forget(pid_t pid);

  // Those that wait for their names alone, each once; at most kMostNameless, the next ones later.
  static constexpr std::size_t kMostNameless = 200;
  using Labels = std::map<history::SiteId, SiteLabel>;
  [[nodiscard]] std::vector<history::SiteId> nameless() const;
  void name(Labels labels);

  // Fills in `sites`, in the order in which they came, and `other_sites`.
  void measure(const model::Process& process, ProcessMeasures* measures) const;

 private:
  struct Place {
    history::SiteId site = 0;
    std::vector<model::StackId> stacks;
  };
  struct OfProcess {
    std::vector<Place> latest;  // of the last round, each site once
    std::vector<Place> shown;
    std::size_t ever = 0;
  };
  [[nodiscard]] bool has_place(const OfProcess& process) const;
  Place& make_place(OfProcess& process);  // there is one
  void fill(OfProcess& process);
  void drop_unused_labels();

  std::map<pid_t, OfProcess> processes_;
  Labels labels_;
  std::size_t shown_in_all_ = 0;
};

}  // namespace memwatch::daemon
