#include "collector/gate/baseline.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

namespace memwatch::gate {
namespace {

constexpr std::size_t kSmallProgram = 40;  // stacks; all of them are listed
constexpr std::size_t kMostPerFigure = 25;
constexpr std::uint64_t kLeastShare = 200;  // a 200th: half a percent

bool is_kept(std::size_t figure) {
  return figure != static_cast<std::size_t>(StackFigure::own_peak);
}

// The texts of the stacks worth a line.
std::set<std::string_view> worth_listing(const std::vector<MeasuredStack>& stacks,
                                         const StackFigures& others) {
  std::set<std::string_view> listed;
  if (stacks.size() <= kSmallProgram) {
    for (const MeasuredStack& stack : stacks) listed.insert(stack.text);
    return listed;
  }
  for (std::size_t figure = 0; figure < kStackFigureCount; ++figure) {
    if (!is_kept(figure)) continue;
    std::uint64_t sum = others[figure];
    for (const MeasuredStack& stack : stacks) sum += stack.figures[figure];
    std::vector<const MeasuredStack*> ranking;
    for (const MeasuredStack& stack : stacks) {
      if (stack.figures[figure] > sum / kLeastShare) ranking.push_back(&stack);
    }
    // Ties by text, so that the choice does not depend on how the program was built.
    std::sort(ranking.begin(), ranking.end(), [&](const auto* a, const auto* b) {
      return a->figures[figure] != b->figures[figure] ? a->figures[figure] > b->figures[figure]
                                                      : a->text < b->text;
    });
    if (ranking.size() > kMostPerFigure) ranking.resize(kMostPerFigure);
    for (const MeasuredStack* stack : ranking) listed.insert(stack->text);
  }
  return listed;
}

}  // namespace

Baseline baseline_of(const Measurement& measurement, std::optional<Environment> environment,
                     Listing listing) {
  Baseline baseline;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    baseline.metrics[i] = measurement.spread(static_cast<Metric>(i), 0, measurement.runs());
  }
  baseline.leak_method = measurement.leak_method();
  baseline.environment = std::move(environment);
  Measurement::Others others = measurement.other_stacks();
  const std::vector<MeasuredStack> stacks = measurement.largest_stacks();
  const std::set<std::string_view> listed = worth_listing(stacks, others.sum);
  for (const MeasuredStack& stack : stacks) {
    if (listing == Listing::all_named || listed.count(stack.text) > 0) {
      baseline.stacks.push_back(BaselineStack{stack.text, stack.figures});
    } else {
      others.add(stack.figures);
    }
  }
  baseline.others = others.sum;
  baseline.largest_other = others.largest;
  constexpr auto kNotKept = static_cast<std::size_t>(StackFigure::own_peak);
  baseline.others[kNotKept] = baseline.largest_other[kNotKept] = 0;
  return baseline;
}

}  // namespace memwatch::gate
