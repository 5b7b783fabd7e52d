// Which programs are watched, by name: those of the configuration and those that were added while
// the daemon runs. The latter are kept in a file of the state directory, a name on a line, which is
// replaced as a whole. An empty list watches every process that carries the library.
// One owner, not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/daemon/program_names.h"

namespace memwatch::daemon {

class WatchList {
 public:
  // `path`: where added names are kept. A file that is not there is an empty one; lines that are no
  // names are left out.
  static Result<WatchList> open(std::string path);

  void set_configured(std::vector<std::string> names) { configured_ = std::move(names); }

  [[nodiscard]] bool is_empty() const { return configured_.empty() && added_.empty(); }
  [[nodiscard]] bool watches(const ProgramNames& program) const;
  [[nodiscard]] const std::vector<std::string>& configured() const { return configured_; }
  [[nodiscard]] const std::vector<std::string>& added() const { return added_; }

  // Errors of kind usage: no name, there already (add), not there or fixed by the configuration
  // (remove). Others: the file could not be written; the list is as it was.
  Result<void> add(const std::string& name);
  Result<void> remove(const std::string& name);

 private:
  explicit WatchList(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Result<void> save(const std::vector<std::string>& names) const;

  std::string path_;
  std::vector<std::string> configured_, added_;
};

}  // namespace memwatch::daemon
