#include "collector/analysis/processes.h"

#include <cstdint>
#include <map>
#include <utility>

namespace memwatch::analysis {

std::vector<ProcessRow> list_processes(const Selection& selection) {
  // pids in order of first appearance; each with its images. A pid that the system gave away twice
  // during one session stays one row group, which only affects where its rows stand.
  std::map<std::uint32_t, std::vector<const model::Process*>> images;
  std::vector<std::uint32_t> pids;
  for (const model::Process* process : selection.processes()) {
    std::vector<const model::Process*>& of_pid = images[process->pid];
    if (of_pid.empty()) pids.push_back(process->pid);
    of_pid.push_back(process);
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> children;
  std::vector<std::uint32_t> roots;
  for (const std::uint32_t pid : pids) {
    const std::uint32_t parent = images[pid].front()->ppid;
    if (parent != pid && images.contains(parent)) {
      children[parent].push_back(pid);
    } else {
      roots.push_back(pid);
    }
  }

  std::vector<ProcessRow> rows;
  std::map<std::uint32_t, bool> listed;
  const auto list_tree = [&](std::uint32_t root) {
    std::vector<std::pair<std::uint32_t, std::size_t>> open{{root, 0}};
    while (!open.empty()) {
      const auto [pid, depth] = open.back();
      open.pop_back();
      if (std::exchange(listed[pid], true)) continue;
      for (const model::Process* process : images[pid]) rows.push_back({process, depth});
      const std::vector<std::uint32_t>& below = children[pid];
      for (auto child = below.rbegin(); child != below.rend(); ++child) {
        open.emplace_back(*child, depth + 1);
      }
    }
  };
  for (const std::uint32_t root : roots) list_tree(root);
  // Parents that name each other in a circle exist only in damaged data; they are listed flat.
  for (const std::uint32_t pid : pids) {
    if (!listed[pid]) list_tree(pid);
  }
  return rows;
}

}  // namespace memwatch::analysis
