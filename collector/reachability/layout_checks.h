// Which of many interior edges are explained by the layout of what they point into? The same
// answers as explains_interior (known_layouts.h) edge by edge, but looked up in the order of the
// addresses, page by page, and by as many threads as the scan has: in a heap of strings every
// second block is pointed into, and a system call for each took ten times as long as all the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "collector/reachability/interior_index.h"
#include "collector/reachability/paged_memory.h"
#include "collector/reachability/scan.h"

namespace memwatch::reachability {

class LayoutChecks {
 public:
  explicit LayoutChecks(const Scan& scan);

  // Per edge, 1 if it is. Throws std::bad_alloc.
  std::vector<std::uint8_t> explained(const InteriorEdges& edges);

 private:
  void check(PagedMemory& memory, const InteriorEdges& edges, std::size_t number,
             std::vector<std::uint8_t>& answers) const;
  void check_many(const InteriorEdges& edges, std::vector<std::uint8_t>& answers);

  const Scan& scan_;
  std::vector<std::unique_ptr<PagedMemory>> memories_;  // per thread
};

}  // namespace memwatch::reachability
