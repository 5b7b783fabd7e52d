#include "collector/analysis/failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace memwatch::analysis {

FailureReport find_failures(const Selection& selection) {
  FailureReport report;
  for (const model::Process* process : selection.processes()) {
    report.total += process->totals.failed;
    for (const model::Failure& failure : process->failures) {
      if (!selection.includes(failure.stack)) continue;
      report.rows.push_back(FailureRow{process, &failure});
      report.selected += failure.count;
      if (failure.injected) report.injected += failure.count;
    }
  }
  std::stable_sort(report.rows.begin(), report.rows.end(),
                   [](const FailureRow& a, const FailureRow& b) {
                     if (a.failure->count != b.failure->count) {
                       return a.failure->count > b.failure->count;
                     }
                     return a.failure->first_at < b.failure->first_at;
                   });
  return report;
}

// Only what allocation and mapping functions can fail with. A table rather than strerrorname_np,
// which musl and macOS do not have.
std::string errno_name(std::int32_t error_number) {
  switch (error_number) {
    case 0:
      return "";
    case ENOMEM:
      return "ENOMEM";
    case EINVAL:
      return "EINVAL";
    case EAGAIN:
      return "EAGAIN";
    case EPERM:
      return "EPERM";
    case EACCES:
      return "EACCES";
    case EBADF:
      return "EBADF";
    case EEXIST:
      return "EEXIST";
    case EFAULT:
      return "EFAULT";
    case ENFILE:
      return "ENFILE";
    case ENODEV:
      return "ENODEV";
    case EOVERFLOW:
      return "EOVERFLOW";
    case ETXTBSY:
      return "ETXTBSY";
    case ENOSYS:
      return "ENOSYS";
    case EINTR:
      return "EINTR";
    default:
      return fmt::format("errno {}", error_number);
  }
}

}  // namespace memwatch::analysis
