#include "collector/procfs/cgroup_location.h"

#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

constexpr std::size_t kMountinfoBytes = std::size_t{4} << 20;  // machines with many containers
constexpr std::size_t kLongestPath = 4096;

bool lists(std::string_view names, std::string_view wanted) {
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    if (names.substr(0, comma) == wanted) return true;
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
  }
  return false;
}

// The kernel writes blanks, line ends and backslashes in paths as three octal digits.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                  (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// "36 35 98:0 /root /mount/point rw,noatime shared:1 - cgroup cgroup rw,memory"
std::optional<CgroupMount> parse_mount(std::string_view line) {
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return std::nullopt;
  std::string_view after = line.substr(separator + 3), type, source, options;
  if (!next_word(after, type) || !next_word(after, source) || !next_word(after, options)) {
    return std::nullopt;
  }
  CgroupMount mount;
  if (type == "cgroup" && lists(options, "memory")) {
    mount.version = CgroupVersion::v1;
  } else if (type != "cgroup2") {
    return std::nullopt;
  }
  std::string_view before = line.substr(0, separator), word;
  for (int field = 1; next_word(before, word); ++field) {
    if (field == 4) mount.root = unescape(word);
    if (field == 5) mount.mount_point = unescape(word);
  }
  if (mount.mount_point.empty() || mount.mount_point.size() > kLongestPath) return std::nullopt;
  return mount;
}

// A group outside the reader's cgroup namespace or above the mounted root shows as "/..".
bool leaves_the_tree(std::string_view path) {
  return path.find("/..") != std::string_view::npos || !path.starts_with('/') ||
         path.size() > kLongestPath;
}

std::optional<CgroupLocation> below(const CgroupMount& mount, std::string_view path) {
  if (leaves_the_tree(path)) return std::nullopt;
  std::string_view root = mount.root;
  if (root.ends_with('/')) root.remove_suffix(1);
  if (leaves_the_tree(mount.root)) root = {};
  if (!path.starts_with(root)) return std::nullopt;
  path.remove_prefix(root.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;  // "/a" mounted, "/ab" asked
  if (path == "/") path = {};
  return CgroupLocation{mount.version, mount.mount_point, mount.mount_point + std::string(path)};
}

std::optional<CgroupLocation> find_below(CgroupVersion version,
                                         const std::optional<std::string>& path,
                                         const std::vector<CgroupMount>& mounts) {
  if (!path) return std::nullopt;
  for (const CgroupMount& mount : mounts) {
    if (mount.version != version) continue;
    if (std::optional<CgroupLocation> location = below(mount, *path)) return location;
  }
  return std::nullopt;
}

}  // namespace

CgroupMembership parse_cgroup(std::string_view text) {
  CgroupMembership membership;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    std::string_view path = line.substr(second + 1);
    // A removed group whose processes still end.
    if (path.ends_with(" (deleted)")) path.remove_suffix(10);
    if (line.substr(0, first) == "0" && controllers.empty()) membership.unified = path;
    if (lists(controllers, "memory")) membership.memory_v1 = path;
  }
  return membership;
}

std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  std::string_view line;
  while (next_line(mountinfo, line)) {
    if (std::optional<CgroupMount> mount = parse_mount(line)) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

std::optional<CgroupLocation> locate_cgroup(const CgroupMembership& membership,
                                            const std::vector<CgroupMount>& mounts) {
  if (auto location = find_below(CgroupVersion::v1, membership.memory_v1, mounts)) return location;
  return find_below(CgroupVersion::v2, membership.unified, mounts);
}

std::optional<CgroupLocation> locate_cgroup(pid_t pid, const std::string& proc_root) {
  const std::optional<std::string> membership = read_text(process_path(proc_root, pid, "cgroup"));
  if (!membership) return std::nullopt;
  const std::optional<std::string> mounts =
      read_text(proc_root + "/self/mountinfo", kMountinfoBytes);
  if (!mounts) return std::nullopt;
  return locate_cgroup(parse_cgroup(*membership), parse_cgroup_mounts(*mounts));
}

}  // namespace memwatch::procfs
