#include "collector/procfs/cgroup.h"

#include <unistd.h>

#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

constexpr int kDeepest = 64;  // the kernel has no limit by default; trees of 10 are deep

struct FileNames {
  const char* usage;
  const char* limit;
  const char* events;
};

constexpr FileNames names_of(CgroupVersion version) {
  return version == CgroupVersion::v2
             ? FileNames{"/memory.current", "/memory.max", "/memory.events"}
             : FileNames{"/memory.usage_in_bytes", "/memory.limit_in_bytes", "/memory.oom_control"};
}

std::optional<std::uint64_t> read_number(const std::string& path) {
  const std::optional<std::string> text = read_text(path);
  return text ? parse_number(*text) : std::nullopt;
}

}  // namespace

std::uint64_t parse_limit(std::string_view text, CgroupVersion version) {
  const std::optional<std::uint64_t> value = parse_number(text);
  if (!value) return 0;  // "max"
  // v1 writes "no limit" as the largest multiple of the page size below 2^63.
  constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;
  if (version == CgroupVersion::v1 && *value >= kUnlimited) return 0;
  // A limit of 0 bytes is legal and means that nothing may be charged; 1 keeps it apart from none.
  return *value == 0 ? 1 : *value;
}

std::optional<CgroupMemory> read_cgroup_memory(const CgroupLocation& location) {
  if (::access(location.directory.c_str(), F_OK) != 0) return std::nullopt;
  const FileNames names = names_of(location.version);
  CgroupMemory memory;
  bool have_usage = false, have_kills = false;
  std::string directory = location.directory;
  for (int level = 0; level < kDeepest; ++level) {
    if (!have_usage) {
      if (const auto usage = read_number(directory + names.usage)) {
        memory.usage = *usage;
        have_usage = true;
      }
    }
    if (!have_kills) {
      if (const auto events = read_text(directory + names.events)) {
        if (const auto kills = find_value(*events, "oom_kill")) {
          memory.out_of_memory_kills = parse_number(*kills).value_or(0);
          have_kills = true;
        }
      }
    }
    if (const auto text = read_text(directory + names.limit)) {
      const std::uint64_t limit = parse_limit(*text, location.version);
      if (limit != 0 && (memory.limit == 0 || limit < memory.limit)) memory.limit = limit;
    }
    if (directory.size() <= location.mount_point.size()) break;
    directory.resize(directory.rfind('/'));
  }
  return memory;
}

std::uint64_t read_cgroup_reclaimable(const CgroupLocation& location) {
  const auto text = read_text(location.directory + "/memory.stat");
  if (!text) return 0;
  const auto value = find_value(
      *text, location.version == CgroupVersion::v2 ? "inactive_file" : "total_inactive_file");
  return value ? parse_number(*value).value_or(0U) : 0;
}

std::optional<Pressure> read_cgroup_pressure(const CgroupLocation& location) {
  if (location.version == CgroupVersion::v2) {
    if (auto pressure = read_pressure(location.directory + "/memory.pressure")) return pressure;
  }
  return read_pressure();
}

}  // namespace memwatch::procfs
