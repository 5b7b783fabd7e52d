// A directory tree of small files for one test: a recorded /proc or /sys/fs/cgroup.
#pragma once

#include <string>
#include <string_view>

namespace memwatch::procfs_testing {

class FakeFiles {
 public:
  FakeFiles();
  ~FakeFiles();
  FakeFiles(const FakeFiles&) = delete;
  FakeFiles& operator=(const FakeFiles&) = delete;

  // Creates the directories above it, too. `path` begins with '/'.
  void add(const std::string& path, std::string_view text) const;
  void add_directory(const std::string& path) const;
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
};

}  // namespace memwatch::procfs_testing
