// The figures of several runs of one program together: middle, smallest and largest of each metric
// and of each stack, in the order in which the runs were added.
// Sessions are not kept; the stacks that a report may show are copied out of them.
// Thread safety: none. Errors: add() gives those of figures_of().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/analysis/stack_copies.h"
#include "collector/base/result.h"
#include "collector/gate/budget.h"
#include "collector/gate/decision.h"
#include "collector/gate/run_figures.h"

namespace memwatch::gate {

struct MeasuredStack {
  std::string text;                     // its identity: "parse <- load <- main"
  StackFigures figures{};               // the middle of each over the runs
  model::StackId stack = model::kNone;  // in Measurement::copies()
  std::uint64_t held_bytes = 0;         // by its leaked blocks, the middle over the runs
};

class Measurement {
 public:
  explicit Measurement(Budget budget) : budget_(std::move(budget)) {}

  // name: the run or file, for the error, which leaves everything as it was.
  Result<void> add(const model::Session& session, const std::string& name);

  [[nodiscard]] std::size_t runs() const { return runs_.size(); }
  [[nodiscard]] const Budget& budget() const { return budget_; }
  [[nodiscard]] const std::string& leak_method() const { return leak_method_; }
  [[nodiscard]] const std::string& allocator() const { return allocator_; }

  // Of `count` runs from `first` on; as many as there are.
  [[nodiscard]] Spread spread(Metric metric, std::size_t first, std::size_t count) const;
  [[nodiscard]] Spread picked(std::size_t limit, StackFigure figure, std::size_t first,
                              std::size_t count) const;
  // What leaked blocks hold: the middle over all runs.
  [[nodiscard]] std::uint64_t held_bytes() const;
  // How many stacks a limit picks, in the run that has most of them.
  [[nodiscard]] std::size_t picked_stacks(std::size_t limit) const;
  // The one with most of the figure, in the first run that has any; kNone without one.
  [[nodiscard]] model::StackId largest_picked(std::size_t limit, StackFigure figure) const;

  // Those that are among the largest of some run, in order of their texts.
  [[nodiscard]] std::vector<MeasuredStack> largest_stacks() const;
  // The middle figures of all others: their sums and the largest of each.
  struct Others {
    StackFigures sum{}, largest{};
    void add(const StackFigures& figures);
  };
  [[nodiscard]] Others other_stacks() const;

  [[nodiscard]] const model::Session& copies() const { return copies_.session(); }

 private:
  struct Named {
    std::string text;
    model::StackId stack = model::kNone;
  };
  void name_largest(const model::Session& session, const RunFigures& run);
  [[nodiscard]] StackFigures middle_of(std::uint64_t identity) const;
  [[nodiscard]] std::uint64_t held_by(std::uint64_t identity) const;

  Budget budget_;
  std::vector<RunFigures> runs_;
  std::string leak_method_, allocator_;
  std::unordered_map<std::uint64_t, Named> named_;
  analysis::StackCopies copies_;
};

}  // namespace memwatch::gate
