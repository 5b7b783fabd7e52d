// A bound on the work that one piece of debug information may cause. Debug information is a graph
// of offsets; a damaged or hostile one can make a walk revisit the same bytes without end, although
// every single step is in bounds. Not thread-safe.
#pragma once

#include <cstdint>

namespace memwatch::symbols {

class WorkBudget {
 public:
  explicit WorkBudget(std::uint64_t steps) : left_(steps) {}

  // False once the budget is used up; the walk then stops with what it has.
  bool spend() {
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  [[nodiscard]] bool exhausted() const { return left_ == 0; }

 private:
  std::uint64_t left_;
};

}  // namespace memwatch::symbols
