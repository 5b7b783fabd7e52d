#include "tests/unit/procfs/fake_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace memwatch::procfs_testing {

FakeFiles::FakeFiles()
    : root_((std::filesystem::temp_directory_path() / "memwatch-procfs-XXXXXX").string()) {
  if (::mkdtemp(root_.data()) == nullptr) std::abort();
}

FakeFiles::~FakeFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

void FakeFiles::add(const std::string& path, std::string_view text) const {
  add_directory(std::filesystem::path(path).parent_path().string());
  std::ofstream(root_ + path, std::ios::binary) << text;
}

void FakeFiles::add_directory(const std::string& path) const {
  std::filesystem::create_directories(root_ + path);
}

}  // namespace memwatch::procfs_testing
