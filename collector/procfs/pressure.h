// Memory pressure (PSI): the share of time in which tasks waited for memory. Empty on kernels
// without PSI. Any thread. Source of the format: Documentation/accounting/psi.rst of Linux.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch::procfs {

struct Pressure {
  double some_avg10 = 0, some_avg60 = 0, some_avg300 = 0;  // percent; at least one task waited
  double full_avg10 = 0, full_avg60 = 0, full_avg300 = 0;  // percent; all of them waited
  std::uint64_t some_total_us = 0, full_total_us = 0;      // cumulative microseconds
};

// Empty where there is no "some" line.
std::optional<Pressure> parse_pressure(std::string_view text);

// Of one such file: a cgroup's memory.pressure or the machine's.
std::optional<Pressure> read_pressure(const std::string& path = "/proc/pressure/memory");

}  // namespace memwatch::procfs
