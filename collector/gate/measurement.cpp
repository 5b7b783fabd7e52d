#include "collector/gate/measurement.h"

#include <algorithm>
#include <set>
#include <utility>

#include "collector/analysis/stack_identity.h"
#include "collector/gate/environment.h"

namespace memwatch::gate {
namespace {

// Of each figure and run: a report shows ten, a baseline lists at most twenty-five.
constexpr std::size_t kNamedPerFigure = 100;

template <typename ValueOf>
Spread spread_over(const std::vector<RunFigures>& runs, std::size_t first, std::size_t count,
                   ValueOf value_of) {
  std::vector<std::uint64_t> values;
  for (std::size_t i = first; i < runs.size() && i - first < count; ++i) {
    values.push_back(value_of(runs[i]));
  }
  return spread_of(values);
}

}  // namespace

Result<void> Measurement::add(const model::Session& session, const std::string& name) {
  Result<RunFigures> run = figures_of(session, budget_, name);
  if (!run) return run.error();
  if (!runs_.empty() && run->leak_method != leak_method_) {
    return Error{
        ErrorKind::damaged,
        "measure",
        name,
        "leaks were judged by " + run->leak_method + ", those of the run before by " + leak_method_,
        {}};
  }
  leak_method_ = run->leak_method;
  if (allocator_.empty()) allocator_ = allocator_of(session);
  name_largest(session, *run);
  for (PickedStacks& picked : run->picked) {
    for (model::StackId& stack : picked.at) {
      if (stack != model::kNone) stack = copies_.copy(session, stack);
    }
  }
  runs_.push_back(*std::move(run));
  return {};
}

void Measurement::name_largest(const model::Session& session, const RunFigures& run) {
  const analysis::StackIdentities identities(session);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranking;  // value, identity
  for (std::size_t figure = 0; figure < kStackFigureCount; ++figure) {
    ranking.clear();
    for (const auto& [identity, row] : run.stacks) {
      if (row.figures[figure] > 0) ranking.emplace_back(row.figures[figure], identity);
    }
    const std::size_t keep = std::min(kNamedPerFigure, ranking.size());
    std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(keep),
                      ranking.end(), std::greater<>());
    for (std::size_t i = 0; i < keep; ++i) {
      const auto [entry, is_new] = named_.try_emplace(ranking[i].second);
      if (!is_new) continue;
      const model::StackId stack = run.stacks.at(ranking[i].second).stack;
      entry->second = Named{identities.text_of(stack), copies_.copy(session, stack)};
    }
  }
}

Spread Measurement::spread(Metric metric, std::size_t first, std::size_t count) const {
  return spread_over(runs_, first, count, [&](const RunFigures& run) {
    return run.metrics[static_cast<std::size_t>(metric)];
  });
}

Spread Measurement::picked(std::size_t limit, StackFigure figure, std::size_t first,
                           std::size_t count) const {
  return spread_over(runs_, first, count, [&](const RunFigures& run) {
    return run.picked[limit].figures[static_cast<std::size_t>(figure)];
  });
}

std::uint64_t Measurement::held_bytes() const {
  return spread_over(runs_, 0, runs_.size(), [](const RunFigures& run) { return run.held_bytes; })
      .middle;
}

std::size_t Measurement::picked_stacks(std::size_t limit) const {
  std::size_t most = 0;
  for (const RunFigures& run : runs_) most = std::max(most, run.picked[limit].stacks);
  return most;
}

model::StackId Measurement::largest_picked(std::size_t limit, StackFigure figure) const {
  for (const RunFigures& run : runs_) {
    const model::StackId stack = run.picked[limit].at[static_cast<std::size_t>(figure)];
    if (stack != model::kNone) return stack;
  }
  return model::kNone;
}

StackFigures Measurement::middle_of(std::uint64_t identity) const {
  StackFigures middle{};
  for (std::size_t figure = 0; figure < kStackFigureCount; ++figure) {
    middle[figure] = spread_over(runs_, 0, runs_.size(), [&](const RunFigures& run) {
                       const auto row = run.stacks.find(identity);
                       return row == run.stacks.end() ? 0 : row->second.figures[figure];
                     }).middle;
  }
  return middle;
}

std::uint64_t Measurement::held_by(std::uint64_t identity) const {
  return spread_over(runs_, 0, runs_.size(),
                     [&](const RunFigures& run) {
                       const auto row = run.stacks.find(identity);
                       return row == run.stacks.end() ? 0 : row->second.held_bytes;
                     })
      .middle;
}

std::vector<MeasuredStack> Measurement::largest_stacks() const {
  std::vector<MeasuredStack> stacks;
  for (const auto& [identity, named] : named_) {
    stacks.push_back(
        MeasuredStack{named.text, middle_of(identity), named.stack, held_by(identity)});
  }
  std::sort(stacks.begin(), stacks.end(),
            [](const MeasuredStack& a, const MeasuredStack& b) { return a.text < b.text; });
  return stacks;
}

void Measurement::Others::add(const StackFigures& figures) {
  for (std::size_t i = 0; i < kStackFigureCount; ++i) {
    sum[i] += figures[i];
    largest[i] = std::max(largest[i], figures[i]);
  }
}

Measurement::Others Measurement::other_stacks() const {
  std::set<std::uint64_t> others;
  for (const RunFigures& run : runs_) {
    for (const auto& [identity, row] : run.stacks) {
      if (named_.count(identity) == 0) others.insert(identity);
    }
  }
  Others result;
  for (const std::uint64_t identity : others) result.add(middle_of(identity));
  return result;
}

}  // namespace memwatch::gate
