#include "collector/daemon/watch_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "collector/base/unique_fd.h"
#include "collector/daemon/config.h"
#include "collector/procfs/text.h"

namespace memwatch::daemon {
namespace {

constexpr std::size_t kMaxNames = 4096;
constexpr std::size_t kMaxFileBytes = std::size_t{2} << 20;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error refusal(const char* attempted, const std::string& name, std::string why,
              std::string remedy = {}) {
  return Error{ErrorKind::usage, attempted, name, std::move(why), std::move(remedy)};
}

}  // namespace

Result<WatchList> WatchList::open(std::string path) {
  WatchList list(std::move(path));
  errno = 0;
  const auto text = procfs::read_text(list.path_, kMaxFileBytes);
  if (!text) {
    if (errno == ENOENT) return list;
    return system_error("read the names that were added to the watch list", list.path_, errno);
  }
  std::string_view rest = *text;
  for (std::string_view line; procfs::next_line(rest, line);) {
    const std::string name(line);
    if (why_no_name(name).empty() && !contains(list.added_, name) &&
        list.added_.size() < kMaxNames) {
      list.added_.push_back(name);
    }
  }
  return list;
}

bool WatchList::watches(const ProgramNames& program) const {
  if (is_empty()) return true;
  const auto fits = [&](const std::string& name) { return program.match(name); };
  return std::any_of(configured_.begin(), configured_.end(), fits) ||
         std::any_of(added_.begin(), added_.end(), fits);
}

Result<void> WatchList::add(const std::string& name) {
  const std::string why = why_no_name(name);
  if (!why.empty()) return refusal("watch", name, why);
  if (contains(configured_, name) || contains(added_, name)) {
    return refusal("watch", name, "it is watched already");
  }
  if (added_.size() >= kMaxNames) return refusal("watch", name, "there are 4096 names already");
  std::vector<std::string> names = added_;
  names.push_back(name);
  if (const Result<void> saved = save(names); !saved) return saved;
  added_ = std::move(names);
  return {};
}

Result<void> WatchList::remove(const std::string& name) {
  if (contains(configured_, name)) {
    return refusal("watch no longer", name, "it is on the list of the configuration file",
                   "take it out there, then reload: kill -HUP of the daemon");
  }
  if (!contains(added_, name)) {
    return refusal("watch no longer", name, "it is not on the list",
                   "memwatch watch list shows what is");
  }
  std::vector<std::string> names = added_;
  std::erase(names, name);
  if (const Result<void> saved = save(names); !saved) return saved;
  added_ = std::move(names);
  return {};
}

Result<void> WatchList::save(const std::vector<std::string>& names) const {
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  const std::string temporary = path_ + ".new";
  const UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool written =
      file.is_open() &&
      write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(file.get()) == 0 && rename(temporary.c_str(), path_.c_str()) == 0;
  if (written) return {};
  Error error = system_error("keep the watch list", path_, errno);
  unlink(temporary.c_str());
  return error;
}

}  // namespace memwatch::daemon
